"""Errors of tasks: how they travel, what is shown of them, what can be run again."""
