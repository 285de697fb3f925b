"""shframe: a lazy pandas- and NumPy-shaped engine over one copy of the data in shared memory.

    import shframe as sf
    sf.read_parquet("trips/").query("fare > 0").groupby("zone").agg({"fare": "mean"}).compute()

    import shframe.array as xp
    xp.mean(xp.sin(x) ** 2, axis=0).compute()

    ref = sf.put(x); sf.get(ref)

The names below are imported from their rooms when first used: `import shframe` itself loads
neither pandas nor NumPy nor pyarrow.
"""

from __future__ import annotations

import importlib
import sys
import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shframe import array, errors, exceptions
    from shframe.dataframe import (
        DataFrame,
        Index,
        Series,
        from_arrow,
        from_pandas,
        read_csv,
        read_parquet,
    )
    from shframe.debugging import debug
    from shframe.generators import ObjectRefGenerator
    from shframe.graph.objectref import ObjectRef
    from shframe.inventory import compact, memory
    from shframe.objects import as_completed, get, put, wait
    from shframe.remote import ActorHandle, cancel, get_actor, kill, method, remote
    from shframe.session import Session, init, is_initialized, shutdown
    from shframe.sharing import attach, publish, published, unpublish
    from shframe.status import status
    from shframe.tracing import last_trace, timeline

__version__ = "0.1.0"

_HOMES = {
    "ActorHandle": "shframe.remote",
    "DataFrame": "shframe.dataframe",
    "Index": "shframe.dataframe",
    "ObjectRef": "shframe.graph.objectref",
    "ObjectRefGenerator": "shframe.generators",
    "Series": "shframe.dataframe",
    "Session": "shframe.session",
    "as_completed": "shframe.objects",
    "attach": "shframe.sharing",
    "cancel": "shframe.remote",
    "compact": "shframe.inventory",
    "debug": "shframe.debugging",
    "from_arrow": "shframe.dataframe",
    "from_pandas": "shframe.dataframe",
    "get": "shframe.objects",
    "get_actor": "shframe.remote",
    "init": "shframe.session",
    "is_initialized": "shframe.session",
    "kill": "shframe.remote",
    "last_trace": "shframe.tracing",
    "memory": "shframe.inventory",
    "method": "shframe.remote",
    "publish": "shframe.sharing",
    "published": "shframe.sharing",
    "put": "shframe.objects",
    "read_csv": "shframe.dataframe",
    "read_parquet": "shframe.dataframe",
    "remote": "shframe.remote",
    "shutdown": "shframe.session",
    "status": "shframe.status",
    "timeline": "shframe.tracing",
    "unpublish": "shframe.sharing",
    "wait": "shframe.objects",
}
_ROOMS = ("array", "errors", "exceptions")

__all__ = [
    "ActorHandle",
    "DataFrame",
    "Index",
    "ObjectRef",
    "ObjectRefGenerator",
    "Series",
    "Session",
    "__version__",
    "array",
    "as_completed",
    "attach",
    "cancel",
    "compact",
    "debug",
    "errors",
    "exceptions",
    "from_arrow",
    "from_pandas",
    "get",
    "get_actor",
    "init",
    "is_initialized",
    "kill",
    "last_trace",
    "memory",
    "method",
    "publish",
    "published",
    "put",
    "read_csv",
    "read_parquet",
    "remote",
    "shutdown",
    "status",
    "timeline",
    "unpublish",
    "wait",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
    elif name in _ROOMS:
        value = importlib.import_module(f"shframe.{name}")
    else:
        raise AttributeError(f"module 'shframe' has no attribute {name!r}")
    globals()[name] = value
    return value


class _Package(types.ModuleType):
    """`sf.remote` and `sf.status` are functions that live in modules of the same name: importing
    the module does not put it in the function's place."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, types.ModuleType)):
            super().__setattr__(name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        return importlib.import_module, (self.__name__,)


sys.modules[__name__].__class__ = _Package


def __dir__() -> list[str]:
    return sorted(__all__)
