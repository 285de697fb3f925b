"""NumPy's protocols: what its ufuncs and functions do when they are given an Array."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from shframe.array.functions import elementwise, products, reductions, running, ufuncs
from shframe.array.functions.convert import node_of
from shframe.errors import InvalidArgument, UnsupportedType

VERSIONS = ("2022.12", "2023.12", "2024.12", "2025.12")


FACTS: dict[Any, Callable[..., Any]] = {  # what is known without computing
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: a.ndim,
    np.size: lambda a, axis=None: a.size if axis is None else a.shape[axis],
    np.iscomplexobj: lambda x: x.dtype.kind == "c",
    np.isrealobj: lambda x: x.dtype.kind != "c",
}


PRODUCTS: dict[str, Callable[..., Any]] = {
    "matmul": products.matmul,
    "matvec": products.matvec,
    "vecdot": products.vecdot,
    "vecmat": products.vecmat,
}


def call_ufunc(
    ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], keywords: dict[str, Any]
) -> Any:
    """The node, or several, of a ufunc or one of its methods; NotImplemented when there is none."""
    if method != "reduce" and keywords.pop("where", True) is not True:
        raise UnsupportedType(
            f"{ufunc.__name__}(where=...) is supported with out= only\n"
            "  use xp.where(condition, new, old)"
        )
    if method == "__call__" and ufunc.__name__ in PRODUCTS:
        return PRODUCTS[ufunc.__name__](*map(node_of, inputs), **keywords)
    if method == "__call__":
        results = elementwise.call_ufunc(ufunc, *inputs, **_options(ufunc, keywords))
        return results if ufunc.nout > 1 else results[0]
    if method == "outer":
        return ufuncs.outer(ufunc, *inputs, **_options(ufunc, keywords))
    if method == "reduceat":
        return reductions.reduceat(ufunc, node_of(inputs[0]), *inputs[1:], **keywords)
    if method not in ("reduce", "accumulate"):
        return NotImplemented
    x, *others = inputs
    if method == "accumulate":
        return running.accumulate(ufunc, node_of(x), *others, **keywords)
    axis = keywords.pop("axis", 0)
    return reductions.reduce(ufunc, node_of(x), *others, axis=axis, **keywords)


def _options(ufunc: np.ufunc, keywords: dict[str, Any]) -> dict[str, Any]:
    """The options of a ufunc that change its values; raises for those of memory that we lack."""
    named = dict(keywords)
    order = named.pop("order", "K")
    named.pop("subok", None)  # there is one class
    others = sorted(named.keys() - {"dtype", "casting", "signature"})
    if order == "F" or others:
        raise UnsupportedType(
            f"{ufunc.__name__}() of lazy arrays does not support {', '.join(others) or 'order=F'}"
        )
    return named


def call_function(public: Any, func: Any, args: Any, keywords: Any) -> Any:
    """The result of a NumPy function: ours of the same name, with the arguments named by NumPy.

    public: the module of our functions.
    Raises: UnsupportedType when there is none, or it lacks an argument.
    """
    if func in FACTS:
        return FACTS[func](*args, **keywords)
    name = func.__name__
    ours = _ours(public, func)
    if ours is None:
        raise UnsupportedType(
            f"{func.__module__}.{name} is not supported for lazy arrays\n"
            "  compute() returns a NumPy array, map_blocks() applies a function to each block"
        )
    placed, named = _arguments(func, args, keywords)
    lacking = [key for key in named if key not in _parameters(ours)]
    if lacking:
        raise UnsupportedType(
            f"numpy.{name}({lacking[0]}=...) is not supported for lazy arrays\n"
            f"  its arguments are {', '.join(_parameters(ours))}"
        )
    return ours(*placed, **named)


def _ours(public: Any, func: Any) -> Callable[..., Any] | None:
    """Our function of the same name in the room that NumPy has it in."""
    name = func.__name__
    for numpys, room in ((np, public), (np.linalg, public.linalg), (np.fft, public.fft)):
        if getattr(numpys, name, None) is func and name in room.__all__:
            found = getattr(room, name)
            return found if callable(found) else None
    return getattr(public, name) if func is np.lib.stride_tricks.sliding_window_view else None


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


def check_version(api_version: str | None) -> None:
    """Raises InvalidArgument for another version of the array API than those known."""
    if api_version is not None and api_version not in VERSIONS:
        raise InvalidArgument(
            f"no array API {api_version!r}; supported are {', '.join(map(repr, VERSIONS))}"
        )
