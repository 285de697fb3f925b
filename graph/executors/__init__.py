"""What a session holds: the driver's own processes, threads, the calling thread, or a cluster."""
