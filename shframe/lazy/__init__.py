"""What all lazy things share: collections, compute(), delayed calls."""
