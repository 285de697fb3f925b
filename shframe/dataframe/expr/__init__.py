"""The nodes of a frame expression, and where their rows come from."""
