"""The order of stages from an expression to a task graph, and schemas that are learned."""
