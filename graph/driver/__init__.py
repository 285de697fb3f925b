"""The process that schedules: a loop over messages, and the managers that it calls."""
