"""One file a rule: what rewrites a frame's plan before it becomes tasks."""
