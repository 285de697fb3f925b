"""Tasks, the graphs of them, their functions and arguments."""
