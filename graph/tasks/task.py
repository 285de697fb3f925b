"""Task and Key: one call of a function on results of other tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from shframe.graph.tasks.function import Function


class Key(NamedTuple):
    """The name of a task's result: its layer's name and its place in the layer."""

    name: str
    index: tuple[int, ...] = ()  # type: ignore[assignment]  # tuple.index is not used of a key

    def __str__(self) -> str:
        return f"({self.name!r}, {', '.join(map(str, self.index))})" if self.index else self.name


@dataclass(frozen=True, slots=True)
class Task:
    """Calls `function(*values of inputs, *args)`; the value it returns is the result `key`.

    nbytes: bytes that the call is expected to read and make, 0: about what its inputs hold. Only
        work that is known to be small may run in the driver.
    fan_in: whether all inputs that no other task reads may be fused into this task, not only one.
    target: the lent segment of a final object that the call fills in part (result_buffer.window).
    """

    key: Key
    function: Function
    inputs: tuple[Key, ...] = ()
    args: tuple[Any, ...] = ()
    nbytes: int = 0
    fan_in: bool = False
    target: int | None = None
