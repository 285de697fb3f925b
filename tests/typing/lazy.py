"""What an editor knows of delayed calls and of compute(). Checked, never run."""

from __future__ import annotations

from typing import Any, assert_type

import shframe as sf
from shframe.lazy.delayed import Delayed, DelayedFunction


def double(x: int) -> int:
    return 2 * x


value = sf.delayed(1)
function = sf.delayed(double)

assert_type(sf.compute(value, 1), tuple[Any, ...])
assert_type(sf.persist(value), tuple[Any, ...])
assert_type(value, Delayed)
assert_type(value + 1, Delayed)
assert_type(function, DelayedFunction)
assert_type(function(1), Delayed)
assert_type(1 - value, Delayed)
assert_type(value[0], Delayed)
assert_type(-value, Delayed)
