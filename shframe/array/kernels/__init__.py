"""What runs in workers on chunks; knows no node of a plan."""

from shframe.array.kernels import blockwise, reducing, tiles

__all__ = ["blockwise", "reducing", "tiles"]
