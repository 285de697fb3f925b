"""Remote functions and actors, with what stands on them."""
