"""What ran where, from which line of the user, and what had to be copied."""
