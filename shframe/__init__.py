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
from typing import TYPE_CHECKING, Any

from shframe.joblib_registry import announce as _announce

if TYPE_CHECKING:
    from shframe import array, errors, exceptions
    from shframe.actorpool import ActorPool
    from shframe.computing import compute, persist
    from shframe.dask_scheduler import dask_get
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
    from shframe.delaying import delayed
    from shframe.futures import Executor
    from shframe.generators import ObjectRefGenerator
    from shframe.graph.objects.object_ref import ObjectRef
    from shframe.inventory import compact, memory
    from shframe.joblib_registry import register_joblib
    from shframe.objects import as_completed, get, put, wait
    from shframe.pool import Pool
    from shframe.queues import Queue
    from shframe.reporting import status
    from shframe.serializability import inspect_serializability
    from shframe.session import Session, init, is_initialized, shutdown
    from shframe.sharing import attach, publish, published, unpublish
    from shframe.tasks import ActorHandle, cancel, get_actor, kill, method, remote
    from shframe.tracing import last_trace, timeline

__version__ = "0.1.0"

_HOMES = {
    "ActorHandle": "shframe.tasks",
    "ActorPool": "shframe.actorpool",
    "DataFrame": "shframe.dataframe",
    "Executor": "shframe.futures",
    "Index": "shframe.dataframe",
    "ObjectRef": "shframe.graph.objects.object_ref",
    "ObjectRefGenerator": "shframe.generators",
    "Pool": "shframe.pool",
    "Queue": "shframe.queues",
    "Series": "shframe.dataframe",
    "Session": "shframe.session",
    "as_completed": "shframe.objects",
    "attach": "shframe.sharing",
    "cancel": "shframe.tasks",
    "compact": "shframe.inventory",
    "compute": "shframe.computing",
    "dask_get": "shframe.dask_scheduler",
    "debug": "shframe.debugging",
    "delayed": "shframe.delaying",
    "from_arrow": "shframe.dataframe",
    "from_pandas": "shframe.dataframe",
    "get": "shframe.objects",
    "get_actor": "shframe.tasks",
    "init": "shframe.session",
    "inspect_serializability": "shframe.serializability",
    "is_initialized": "shframe.session",
    "kill": "shframe.tasks",
    "last_trace": "shframe.tracing",
    "memory": "shframe.inventory",
    "method": "shframe.tasks",
    "persist": "shframe.computing",
    "publish": "shframe.sharing",
    "published": "shframe.sharing",
    "put": "shframe.objects",
    "read_csv": "shframe.dataframe",
    "read_parquet": "shframe.dataframe",
    "register_joblib": "shframe.joblib_registry",
    "remote": "shframe.tasks",
    "shutdown": "shframe.session",
    "status": "shframe.reporting",
    "timeline": "shframe.tracing",
    "unpublish": "shframe.sharing",
    "wait": "shframe.objects",
}
_ROOMS = ("array", "errors", "exceptions")

__all__ = [
    "ActorHandle",
    "ActorPool",
    "DataFrame",
    "Executor",
    "Index",
    "ObjectRef",
    "ObjectRefGenerator",
    "Pool",
    "Queue",
    "Series",
    "Session",
    "__version__",
    "array",
    "as_completed",
    "attach",
    "cancel",
    "compact",
    "compute",
    "dask_get",
    "debug",
    "delayed",
    "errors",
    "exceptions",
    "from_arrow",
    "from_pandas",
    "get",
    "get_actor",
    "init",
    "inspect_serializability",
    "is_initialized",
    "kill",
    "last_trace",
    "memory",
    "method",
    "persist",
    "publish",
    "published",
    "put",
    "read_csv",
    "read_parquet",
    "register_joblib",
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


_announce()


def __dir__() -> list[str]:
    return sorted(__all__)
