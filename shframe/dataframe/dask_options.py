"""Options that Dask has beside pandas' arguments, where they only tell how it computes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from shframe.errors import UnsupportedType

Method = TypeVar("Method", bound=Callable[..., Any])
AGGREGATIONS = ("split_every", "split_out", "shuffle_method", "shuffle", "meta")
MOVES = ("npartitions", "shuffle_method", "shuffle", "broadcast")


def accept(*names: str) -> Callable[[Method], Method]:
    """A method that takes these options of Dask too, without effect: the plan chooses.

    engine= and engine_kwargs= of pandas are taken where they ask for nothing: "numba" is not
    supported.
    """

    def decorate(method: Method) -> Method:
        @functools.wraps(method)
        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            for name in names:
                kwargs.pop(name, None)
            engine, how = kwargs.pop("engine", None), kwargs.pop("engine_kwargs", None)
            if engine not in (None, "cython") or how:
                raise UnsupportedType(
                    f"{method.__name__}() takes no engine={engine!r}: pandas' kernels run on all "
                    "workers"
                )
            return method(self, *args, **kwargs)

        return call  # type: ignore[return-value]

    return decorate


def accept_all(owner: type, methods: str, *names: str) -> None:
    """The same for several methods of a class."""
    for name in methods.split():
        setattr(owner, name, accept(*names)(getattr(owner, name)))
