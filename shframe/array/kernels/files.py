"""Kernels that read files of blocks."""

from __future__ import annotations

from typing import Any

import numpy as np


def load_npy(
    *, names: tuple[str, ...], starts: tuple[int, ...], axis: int, mode: Any, origin: Any
) -> np.ndarray[Any, Any]:
    """The block in the file that is at this origin."""
    name = names[starts.index(origin[axis])]
    return np.array(np.load(name, mmap_mode=mode))
