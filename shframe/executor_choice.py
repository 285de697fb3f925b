"""Which executor is meant: the names that can be asked for, and the engines of one session."""

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
    """Let plans be made for the workers of a cluster where they will run on one."""
    cores = getattr(executor, "cores", None)
    token = _cores.set(cores)
    try:
        yield
    finally:
        _cores.reset(token)


def planned_cores() -> int | None:
    """Tasks that the cluster runs at once which the plan is for; None: it is for this machine."""
    return _cores.get()


def is_local(asked: object) -> bool:
    """Whether an executor of this machine is meant; raises InvalidArgument for none at all."""
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
        f"  there are {', '.join(map(repr, LOCAL))}, 'ray', 'dask://host:port' and a "
        "distributed.Client"
    )


def _is_client(asked: object) -> bool:
    """Whether it is a distributed.Client; told by names, so that nothing is imported for it."""
    return any(
        base.__name__ == "Client" and base.__module__.partition(".")[0] == "distributed"
        for base in type(asked).__mro__
    )


class Engines:
    """The engines that a session has used; each is made when it is first asked for."""

    def __init__(self) -> None:
        self._made: dict[Any, Engine] = {}

    def engine(self, asked: Any) -> Engine:
        """The engine for "ray", "dask://host:port" or a distributed.Client.

        Raises: ImportError when its package is missing, ClusterUnreachable when nobody answers.
        """
        for key in [key for key, engine in self._made.items() if engine.closed]:
            self._made.pop(key).close()
        if asked not in self._made:
            self._made[asked] = _made(asked)
        return self._made[asked]

    def close(self) -> None:
        """Let all of them go."""
        while self._made:
            self._made.popitem()[1].close()


def _made(asked: Any) -> Engine:
    if asked == "ray":
        try:
            from shframe.graph.executors.ray_cluster import started
        except ImportError as error:
            raise _missing("ray", error) from error
        return started()
    try:
        from shframe.graph.executors.dask_cluster import DaskEngine, connected
    except ImportError as error:
        raise _missing("dask", error) from error
    if isinstance(asked, str):
        found = _DASK.fullmatch(asked)
        assert found is not None, "is_local() looked at it"
        return DaskEngine(connected(found["address"]), owned=True)
    if asked.asynchronous:
        raise InvalidArgument(
            "the distributed.Client is asynchronous\n  make one with asynchronous=False"
        )
    if asked.status != "running":
        raise ClusterUnreachable(
            f"the distributed.Client is {asked.status}\n  connect a new one to its scheduler"
        )
    return DaskEngine(asked, owned=False)


def _missing(extra: str, error: ImportError) -> ImportError:
    return ImportError(f"this executor needs {extra}: pip install 'shframe[{extra}]' ({error})")
