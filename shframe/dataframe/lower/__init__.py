"""From nodes to tasks, one family a file."""
