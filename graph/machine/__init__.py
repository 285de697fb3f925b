"""The pages that the kernel gives a process, and what it says of one."""
