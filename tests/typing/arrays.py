"""What an editor knows of arrays. Checked, never run."""

from __future__ import annotations

from typing import assert_type

import shframe.array as xp
from shframe.array.ndarray import Array

x = xp.ones((3, 3))

assert_type(x, Array)
assert_type(xp.sum(x, axis=0), Array)
assert_type(xp.sin(x), Array)
assert_type(x[0], Array)
assert_type(x.T, Array)
assert_type(x.persist(), Array)
assert_type(x + 1, Array)
assert_type(1 + x, Array)
assert_type(x @ x, Array)
assert_type(-x, Array)
assert_type(x > 0, Array)
