"""What a session does: memory, status, timeline, and the debugger of a failed task."""
