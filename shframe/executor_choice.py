"""The choice of an executor: its names, and the clusters that a session has connected to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from shframe.errors import ClusterUnreachable, InvalidArgument

if TYPE_CHECKING:
    from shframe.graph.executors.base import Executor
    from shframe.graph.executors.cluster import Engine

LOCAL = ("processes", "threads", "sync")
_DASK = re.compile(r"dask://(?P<address>[^/\s]+:\d+)/?")


_cores: ContextVar[int | None] = ContextVar("cores", default=None)


@contextmanager
def planned_for(executor: Executor | Engine) -> Iterator[None]:
    """Plan for the workers of a cluster if the plan will run on one."""
    cores = getattr(executor, "cores", None)
    token = _cores.set(cores)
    try:
        yield
    finally:
        _cores.reset(token)


def planned_cores() -> int | None:
    """Tasks that the cluster of the plan runs at once; None: the plan is for this machine."""
    return _cores.get()


def is_local(asked: object) -> bool:
    """Whether an executor of this machine is meant. Raises: InvalidArgument: there is none."""
    if isinstance(asked, str):
        if asked in LOCAL:
            return True
        if asked == "ray" or _DASK.fullmatch(asked):
            return False
    elif _is_client(asked):
        return False
    found = repr(asked) if isinstance(asked, str) else f"a {type(asked).__name__}"
    raise InvalidArgument(
        f"no executor {found}\n"
        f"  use one of {', '.join(map(repr, LOCAL))}, 'ray', 'dask://host:port', or a "
        "distributed.Client"
    )


def _is_client(asked: object) -> bool:
    """Whether it is a distributed.Client; by its names, so that nothing is imported for it."""
    return any(
        base.__name__ == "Client" and base.__module__.partition(".")[0] == "distributed"
        for base in type(asked).__mro__
    )


_SCHEDULERS = {
    **dict.fromkeys(("threads", "threading"), "threads"),
    **dict.fromkeys(("processes", "multiprocessing"), "processes"),
    **dict.fromkeys(("sync", "synchronous", "single-threaded"), "sync"),
}


def executor_of(executor: Any, scheduler: Any) -> Any:
    """The executor that is asked for; scheduler: under the name that Dask has for it.

    Raises: InvalidArgument where both are given.
    """
    if scheduler is None:
        return executor
    if executor is not None:
        raise InvalidArgument("pass executor= or scheduler=, which is Dask's name for it")
    return _SCHEDULERS.get(scheduler, scheduler) if isinstance(scheduler, str) else scheduler


class Engines:
    """The engines that a session has used; each is created at first use."""

    def __init__(self) -> None:
        self._connected: dict[Any, Engine] = {}

    def engine(self, asked: Any) -> Engine:
        """The engine for "ray", "dask://host:port" or a distributed.Client.

        Raises: ImportError if its package is missing, ClusterUnreachable if nothing answers.
        """
        for key in [key for key, engine in self._connected.items() if engine.closed]:
            self._connected.pop(key).close()
        if asked not in self._connected:
            self._connected[asked] = _connect(asked)
        return self._connected[asked]

    def close(self) -> None:
        """Close all of them."""
        while self._connected:
            self._connected.popitem()[1].close()


def _connect(asked: Any) -> Engine:
    if asked == "ray":
        try:
            from shframe.graph.executors.ray_cluster import started
        except ImportError as error:
            raise _not_installed("ray", error) from error
        return started()
    try:
        from shframe.graph.executors.dask_cluster import DaskEngine, connected
    except ImportError as error:
        raise _not_installed("dask", error) from error
    if isinstance(asked, str):
        found = _DASK.fullmatch(asked)
        assert found is not None, "is_local() has checked it"
        return DaskEngine(connected(found["address"]), owned=True)
    if asked.asynchronous:
        raise InvalidArgument(
            "the distributed.Client is asynchronous\n  create it with asynchronous=False"
        )
    if asked.status != "running":
        raise ClusterUnreachable(
            f"the distributed.Client is {asked.status}\n  connect a new one to its scheduler"
        )
    return DaskEngine(asked, owned=False)


def _not_installed(extra: str, error: ImportError) -> ImportError:
    return ImportError(f"this executor needs {extra}: pip install 'shframe[{extra}]' ({error})")
