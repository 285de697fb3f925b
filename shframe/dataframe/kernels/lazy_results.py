"""Results of users' functions that are lazy: a program that names the library in them (it makes a
Series with it, say) gets what it would get from pandas."""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any


def computed(value: Any) -> Any:
    """The value, computed if it is lazy."""
    lazy = sys.modules.get("shframe.lazy.collection")  # not there: nothing lazy was made
    if lazy is not None and isinstance(value, lazy.Lazy):
        return value.compute()
    return value


def with_computed_results(function: Any) -> Any:
    """A function whose results are computed, where it names the library; else the same function,
    as pandas knows some by identity."""
    if not isinstance(function, types.FunctionType) or not _names_library(function):
        return function

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return computed(function(*args, **kwargs))

    return call


def _names_library(function: types.FunctionType) -> bool:
    """Whether something of the library is among the globals that it names, or in its closure."""
    known = function.__globals__
    named = [known.get(name) for name in _names(function.__code__)]
    held = [_content(cell) for cell in function.__closure__ or ()]
    return any(map(_is_of_library, [*named, *held]))


def _names(code: Any) -> Iterator[str]:
    yield from code.co_names
    for one in code.co_consts:
        if isinstance(one, types.CodeType):
            yield from _names(one)


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # it is empty until the function around has run on
        return None


def _is_of_library(value: Any) -> bool:
    if isinstance(value, types.ModuleType):
        return value.__name__.split(".")[0] == "shframe"
    home = getattr(value, "__module__", None)
    return isinstance(value, Callable) and str(home).split(".")[0] == "shframe"  # type: ignore[arg-type]
