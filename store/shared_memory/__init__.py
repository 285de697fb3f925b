"""Where bytes are stored: segments, their blocks, pins of what is read, and the spill file."""
