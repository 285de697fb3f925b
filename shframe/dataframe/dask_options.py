"""Options that Dask has beside pandas' arguments, where they only tell how it computes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from shframe.errors import UnsupportedType

Method = TypeVar("Method", bound=Callable[..., Any])
AGGREGATIONS = ("split_every", "split_out", "shuffle_method", "shuffle", "meta")
MOVES = ("npartitions", "shuffle_method", "shuffle", "broadcast")


def refuse_engine(method: str, engine: Any, how: Any = None) -> None:
    """Raises: UnsupportedType where engine= or engine_kwargs= of pandas ask for something."""
    if engine not in (None, "cython") or how:
        raise UnsupportedType(
            f"{method}() takes no engine={engine!r}: pandas' kernels run on all workers"
        )


def accept(*names: str, engine_at: int | None = None) -> Callable[[Method], Method]:
    """A method that takes these options of Dask too, without effect: the plan chooses.

    engine_at: the place of engine= among pandas' arguments, which engine_kwargs= follows; both are
    taken where they ask for nothing.
    """

    def decorate(method: Method) -> Method:
        @functools.wraps(method)
        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            for name in names:
                kwargs.pop(name, None)
            engine, how = kwargs.pop("engine", None), kwargs.pop("engine_kwargs", None)
            refuse_engine(method.__name__, engine, how)
            if engine_at is not None and len(args) > engine_at:
                refuse_engine(method.__name__, *args[engine_at : engine_at + 2])
                args = (*args[:engine_at], *args[engine_at + 2 :])
            return method(self, *args, **kwargs)

        return call  # type: ignore[return-value]

    return decorate


def accept_all(
    owner: type, methods: str, *names: str, engines: dict[str, int] | None = None
) -> None:
    """The same for several methods of a class; engines: engine_at by the method's name."""
    for name in methods.split():
        decorate = accept(*names, engine_at=(engines or {}).get(name))
        setattr(owner, name, decorate(getattr(owner, name)))
