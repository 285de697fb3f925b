"""NumPy's protocols: what its ufuncs and functions do when they are given an Array."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

import shframe.array
from shframe.array import linalg, ndarray
from shframe.array.functions import elementwise, reductions
from shframe.errors import ChunkMismatch, InvalidArgument, UnsupportedType

VERSIONS = ("2022.12", "2023.12", "2024.12")


FACTS: dict[Any, Callable[..., Any]] = {  # what is known without computing
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: a.ndim,
    np.size: lambda a, axis=None: a.size if axis is None else a.shape[axis],
    np.iscomplexobj: lambda x: x.dtype.kind == "c",
    np.isrealobj: lambda x: x.dtype.kind != "c",
}


def ufunc_called(
    ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], keywords: dict[str, Any]
) -> Any:
    """The result of a ufunc or of one of its methods."""
    outs = keywords.pop("out", None)
    if method != "reduce" and keywords.pop("where", True) is not True:
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
    """The result of a NumPy function: ours of the same name, with the arguments named by NumPy.

    Raises: UnsupportedType when there is none, or it lacks an argument.
    """
    if func in FACTS:
        return FACTS[func](*args, **keywords)
    name = func.__name__
    ours = getattr(shframe.array, name, None) if name in shframe.array.__all__ else None
    here = func in (getattr(np, name, None), getattr(np.linalg, name, None))
    if ours is None or not callable(ours) or not here:
        raise UnsupportedType(
            f"{func.__module__}.{name} is not supported for lazy arrays\n"
            "  compute() gives a NumPy array, map_blocks() applies a function to each block"
        )
    placed, named = _arguments(func, args, keywords)
    lacking = [key for key in named if key not in _parameters(ours)]
    if lacking:
        raise UnsupportedType(
            f"numpy.{name}({lacking[0]}=...) is not supported for lazy arrays\n"
            f"  its arguments are {', '.join(_parameters(ours))}"
        )
    return ours(*placed, **named)


_signature = functools.cache(inspect.signature)


def _parameters(call: Any) -> list[str]:
    return list(_signature(call).parameters)


def _arguments(
    func: Any, args: tuple[Any, ...], keywords: dict[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """What a NumPy function cannot do without, in its order, and what else it is given that is
    not its default, by NumPy's names."""
    signature = _signature(func)
    placed: list[Any] = []
    named: dict[str, Any] = {}
    for name, value in signature.bind(*args, **keywords).arguments.items():
        parameter = signature.parameters[name]
        if parameter.kind is parameter.VAR_POSITIONAL:
            placed += value
        elif parameter.kind is parameter.VAR_KEYWORD:
            named |= value
        elif parameter.kind is parameter.POSITIONAL_ONLY or parameter.default is parameter.empty:
            placed.append(value)
        elif not _is_default(value, parameter.default):
            named[name] = value
    return placed, named


def _is_default(value: Any, default: Any) -> bool:
    return value is default or (type(value) is type(default) and value == default)


def namespace(api_version: str | None) -> Any:
    """The array API namespace; raises InvalidArgument for another version than those known."""
    if api_version is not None and api_version not in VERSIONS:
        raise InvalidArgument(
            f"no array API {api_version!r}; there are {', '.join(map(repr, VERSIONS))}"
        )
    return shframe.array
