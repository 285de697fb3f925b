"""Asking NumPy: the dtype of a result, and what is wrong with arguments, are learned by calling
NumPy's own function on samples: arrays of the same dtypes with at most one element along an axis.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from shframe.array.expr.nodes import Node
from shframe.array.grid.axes import AxisNotFound
from shframe.errors import InvalidArgument, UnsupportedType

NpArray = np.ndarray[Any, Any]
NO_VALUE: Any = np._NoValue  # what NumPy takes for an argument that was not given


def sample_shape(shape: Sequence[int], *, least: int = 0) -> tuple[int, ...]:
    """As many axes, of one element at most, and of `least` at least."""
    return tuple([max(min(length, 1), least) for length in shape])


def sample_of(shape: Sequence[int], dtype: np.dtype[Any]) -> NpArray:
    """Ones, with as many axes, and an axis without elements where there is one."""
    return np.ones(sample_shape(shape), dtype)


def ask(call: Callable[..., Any], name: str, *samples: Any) -> NpArray:
    """What NumPy returns for samples.

    Raises: UnsupportedType, AxisNotFound, InvalidArgument, with NumPy's own sentence.
    """
    with np.errstate(all="ignore"):
        try:
            return np.asarray(call(*samples))
        except np.exceptions.AxisError as error:
            raise AxisNotFound(str(error)) from error
        except TypeError as error:
            kinds = ", ".join(map(_kind, samples))
            raise UnsupportedType(f"{error}\n  {name} of {kinds}") from error
        except ValueError as error:
            if isinstance(error, UnicodeError):
                raise
            raise InvalidArgument(f"{error}\n  in {name}") from error


def ask_dtype(
    call: Callable[..., Any], x: Node, name: str, *, least: int = 0, **how: Any
) -> np.dtype[Any]:
    """The dtype that a NumPy reduction returns; raises what NumPy says of the arguments.

    least: 1 for a function that returns a value, with a warning, for no elements.
    """
    given = {key: value for key, value in how.items() if value is not NO_VALUE}
    shape = sample_shape(x.shape, least=least)
    try:
        hash(tuple(given.values()))
    except TypeError:
        return _ask_dtype.__wrapped__(call, name, shape, x.dtype, **given)
    return _ask_dtype(call, name, shape, x.dtype, **given)


# typed: 1.0 is no axis, although it is equal to 1
@functools.lru_cache(maxsize=1024, typed=True)
def _ask_dtype(
    call: Callable[..., Any], name: str, shape: tuple[int, ...], of: np.dtype[Any], /, **how: Any
) -> np.dtype[Any]:
    found: list[Any] = []

    def note(values: NpArray) -> Any:
        found.append(call(values, **how))
        return found[0]

    made: np.dtype[Any] = ask(note, name, np.ones(shape, of)).dtype
    # of Python objects a reduction returns one of them, whose type says nothing
    return made if isinstance(found[0], np.ndarray | np.generic) else of


def dtype_of(dtype: Any) -> np.dtype[Any]:
    """The dtype that a user means; raises UnsupportedType with NumPy's sentence."""
    try:
        found: np.dtype[Any] = np.dtype(dtype)
    except TypeError as error:
        raise UnsupportedType(f"dtype={dtype!r}: {error}") from None
    return found


def _kind(value: Any) -> str:
    return str(value.dtype) if isinstance(value, np.ndarray) else repr(value)
