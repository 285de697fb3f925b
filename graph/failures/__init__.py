"""Errors of tasks: how they are pickled, what is shown of them, what can be run again."""
