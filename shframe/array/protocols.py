"""NumPy's protocols: what its ufuncs and functions do when they are given an Array."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

import shframe.array
from shframe.array import elementwise, linalg, ndarray, reductions
from shframe.errors import ChunkMismatch, InvalidArgument, UnsupportedType

VERSIONS = ("2022.12", "2023.12", "2024.12")


def ufunc_called(
    ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], keywords: dict[str, Any]
) -> Any:
    """The result of a ufunc or of one of its methods."""
    outs = keywords.pop("out", None)
    if keywords.pop("where", True) is not True:
        raise UnsupportedType(
            f"{ufunc.__name__}(where=...) is not supported\n  use xp.where(condition, new, old)"
        )
    result = _result(ufunc, method, inputs, keywords)
    if outs is None or result is NotImplemented:
        return result
    results = result if isinstance(result, tuple) else (result,)
    written = tuple(
        made if out is None else _written(out, made, ufunc.__name__)
        for out, made in zip(outs, results, strict=True)
    )
    return written if isinstance(result, tuple) else written[0]


def _result(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    if method == "__call__" and ufunc in (np.matmul, np.vecdot):
        call = linalg.matmul if ufunc is np.matmul else linalg.vecdot
        return call(*inputs, **keywords)
    if method == "__call__":
        results = elementwise.called(ufunc, inputs, _only_dtype(ufunc, keywords))
        return results if ufunc.nout > 1 else results[0]
    if method == "reduce":
        axis = keywords.pop("axis", 0)
        return reductions.folded(ufunc, *inputs, axis=axis, **keywords)
    if method == "accumulate":
        return reductions.scanned(ufunc, *inputs, **keywords)
    if method == "outer":
        return elementwise.UFunc(ufunc).outer(*inputs, **keywords)
    return NotImplemented


def _only_dtype(ufunc: np.ufunc, keywords: dict[str, Any]) -> Any:
    others = sorted(keywords.keys() - {"dtype"})
    if others:
        raise UnsupportedType(
            f"{ufunc.__name__}() does not take {', '.join(others)} with lazy arrays; dtype= it does"
        )
    return keywords.get("dtype")


def _written(out: Any, made: ndarray.Array, name: str) -> Any:
    """`out` with the values of a result, as NumPy's in-place operators have it."""
    if out.shape != made.shape:
        raise ChunkMismatch(
            f"{name}: a result of shape {made.shape} does not fit into one of shape {out.shape}"
        )
    if not np.can_cast(made.dtype, out.dtype, casting="same_kind"):
        raise UnsupportedType(f"{name}: values of {made.dtype} cannot be put into {out.dtype}")
    if isinstance(out, ndarray.Array):
        out.expr = elementwise.astype(made, out.dtype).expr
    else:
        np.copyto(out, np.asarray(made), casting="same_kind")
    return out


def function_called(func: Any, types: Any, args: Any, keywords: Any) -> Any:
    """The result of a NumPy function: ours of the same name.

    Raises: UnsupportedType when there is none, or it lacks a keyword.
    """
    name = func.__name__
    ours = getattr(shframe.array, name, None) if name in shframe.array.__all__ else None
    if ours is None or not callable(ours):
        raise UnsupportedType(
            f"numpy.{name} is not supported for lazy arrays\n"
            "  compute() gives a NumPy array, map_blocks() applies a function to each block"
        )
    given = {key: value for key, value in keywords.items() if value is not np._NoValue}
    if given.pop("out", None) is not None:
        raise InvalidArgument(f"numpy.{name}(out=...) is not supported for lazy arrays")
    try:
        inspect.signature(ours).bind(*args, **given)
    except TypeError as error:
        raise UnsupportedType(f"numpy.{name} of a lazy array: {error}") from error
    return ours(*args, **given)


def namespace(api_version: str | None) -> Any:
    """The array API namespace; raises InvalidArgument for another version than those known."""
    if api_version is not None and api_version not in VERSIONS:
        raise InvalidArgument(
            f"no array API {api_version!r}; there are {', '.join(map(repr, VERSIONS))}"
        )
    return shframe.array
