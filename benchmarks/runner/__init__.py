"""Running jobs in fresh processes, and what is kept and shown of them."""
