"""What all lazy objects share: collections, compute(), delayed calls."""
