"""Arguments of a kernel in which places stand for the results of other tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shframe.dataframe.kernels.lazy_results import with_computed_results
from shframe.graph.tasks.function import UserCode


class Place:
    """Stands in an argument for one of the kernel's further inputs."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def __shframe_token__(self) -> str:
        return f"place-{self.number}"


def fill_places(value: Any, inputs: Sequence[Any]) -> Any:
    """The argument with the inputs at their places, in plain containers too."""
    kind = type(value)
    if kind is Place:
        return inputs[value.number]
    if kind in (list, tuple, set):
        return kind(fill_places(one, inputs) for one in value)
    if kind is dict:
        return {fill_places(k, inputs): fill_places(v, inputs) for k, v in value.items()}
    return value


def as_written(value: Any) -> Any:
    """A user's function as the user wrote it, in plain containers too; what it returns is computed
    if it is lazy."""
    if isinstance(value, UserCode):
        return with_computed_results(value.function)
    if type(value) in (list, tuple):
        return type(value)(map(as_written, value))
    if type(value) is dict:
        return {key: as_written(one) for key, one in value.items()}
    return value
