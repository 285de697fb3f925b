"""A real cluster of each kind on this machine, for all tests of this folder, and what they leave.

Clusters start processes, threads and connections when they see fit, so a single test is asked
what it left on the cluster and in the store; that nothing else remains is asked when all are done.
"""

from __future__ import annotations

import gc
import os
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

import shframe as sf
from shframe import session as sessions
from shframe.session import Session
from tests.conftest import (
    SEGMENTS,
    descendants,
    live_objects,
    open_descriptors,
    pool_processes,
    until,
    warmed,
)

ENGINES = ("dask", "ray")
# what Dask leaves of a connection that it had only begun when its client or cluster was closed
UNCLOSED = r"unclosed <socket.*laddr=\('0.0.0.0', 0\)>"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """These tests come last: a process that Ray's threads stay in is not one to fork."""
    items.sort(key=_is_here)
    for item in filter(_is_here, items):
        item.add_marker(pytest.mark.filterwarnings(rf"ignore:{UNCLOSED}:ResourceWarning"))


def _is_here(item: pytest.Item) -> bool:
    return item.path.parent.name == "engines"


@pytest.fixture(scope="package", autouse=True)
def nothing_remains() -> Iterator[None]:
    """When the clusters are gone, so are their processes and threads, and our segments.

    Ray's core keeps its log files, timers and C++ threads until the process ends.
    """
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # Dask starts one for the process, which it keeps
    gc.collect()
    pids, threads = _processes(), set(threading.enumerate())
    yield
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", UNCLOSED, ResourceWarning)
        gc.collect()
        until(lambda: _processes() <= pids and _threads() <= threads, 15.0)
    assert _processes() <= pids
    assert _threads() <= threads
    assert not [what for what in open_descriptors().values() if what.startswith(SEGMENTS)]


def _processes() -> set[int]:
    """Processes below this one but for those of the session and the server kept for the next."""
    return descendants(os.getpid()) - pool_processes()


def _threads() -> set[threading.Thread]:
    """Threads but for one that distributed keeps for serialisation, and those of Ray's core."""
    return {
        thread
        for thread in threading.enumerate()
        if not (thread.name.startswith("Dask-Offload") or isinstance(thread, _CoreThread))
    }


_CoreThread: Any = threading._DummyThread  # type: ignore[attr-defined]  # not started by Python


@pytest.fixture(scope="package")
def dask_cluster(nothing_remains: None) -> Iterator[Any]:
    """A LocalCluster of two processes, which tries a task twice that ends its worker."""
    import dask
    from distributed import LocalCluster

    few = dask.config.set({"distributed.scheduler.allowed-failures": 1})
    with few, LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster:
        yield cluster


@pytest.fixture(scope="package")
def ray_cluster(nothing_remains: None) -> Iterator[None]:
    """A Ray of two CPUs, which tries a task twice that ends its worker."""
    os.environ["RAY_TASK_MAX_RETRIES"] = "1"  # Ray reads it when it is imported
    import ray

    ray.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="error",
        object_store_memory=300 << 20,
    )
    yield
    ray.shutdown()
    del os.environ["RAY_TASK_MAX_RETRIES"]


def address(cluster: Any) -> str:
    """How shframe calls a LocalCluster."""
    return "dask://" + cluster.scheduler_address.removeprefix("tcp://")


@pytest.fixture(scope="module", params=ENGINES)
def any_session(request: pytest.FixtureRequest) -> Iterator[Session]:
    """A session whose graphs all run on a cluster."""
    cluster = request.getfixturevalue(f"{request.param}_cluster")
    executor = "ray" if request.param == "ray" else address(cluster)
    made = sf.init(executor=executor, workers=2, memory="1GB", inline_bytes=0)
    warmed(made)
    yield made
    sf.shutdown()


def held_on_cluster() -> int:
    """Values that this process holds on the clusters of the current session."""
    current = sessions._default
    if current is None:
        return 0
    return sum(_held(engine) for engine in current._engines._connected.values())


def _held(engine: Any) -> int:
    if engine.closed:
        return 0
    if hasattr(engine, "client"):
        return len(engine.client.futures)
    import ray

    return len(ray._private.worker.global_worker.core_worker.get_all_reference_counts())


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fail a test after which an object is here or a value on the cluster that was not."""
    gc.collect()
    objects, held = live_objects(), held_on_cluster()
    yield
    until(lambda: live_objects() <= objects and held_on_cluster() <= held)
    assert live_objects() <= objects
    assert held_on_cluster() <= held
