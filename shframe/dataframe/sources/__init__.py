"""Data sets: what files hold, before anything of them is read by a worker."""
