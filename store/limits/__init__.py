"""What this process may use: memory, cores, and how that is measured."""
