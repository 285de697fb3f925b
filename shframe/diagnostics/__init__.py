"""What users ask when they wonder: memory, status, the timeline, a failed task again."""
