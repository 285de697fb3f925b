"""Which executor is meant, what is said when there is none, and when its cluster is gone."""

from __future__ import annotations

import importlib.util
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

import shframe as sf
import shframe.array as xp
from shframe.errors import ClusterUnreachable, InvalidArgument, TaskFailed, WorkerDied
from shframe.executor_choice import is_local
from tests.conftest import until
from tests.engines.conftest import address
from tests.graph.test_executors import Stubborn


@pytest.fixture
def here() -> Iterator[Any]:
    """A session of this machine, which starts no worker before it is asked."""
    yield sf.init(executor="sync", workers=2, memory="1GB")
    sf.shutdown()


@pytest.fixture
def client(dask_cluster: Any) -> Iterator[Any]:
    from distributed import Client

    with Client(dask_cluster, set_as_default=False) as made:
        yield made


def test_local_names_and_clusters_are_told_apart() -> None:
    assert [is_local(name) for name in ("processes", "threads", "sync")] == [True] * 3
    assert not is_local("ray")
    assert not is_local("dask://host:8786")


@pytest.mark.parametrize("asked", ["dusk", "dask", "dask://host", "dask://:80", "", 3, object()])
def test_another_executor_is_refused_with_those_that_there_are(here: Any, asked: Any) -> None:
    x = xp.ones((3,))
    with pytest.raises(InvalidArgument, match=r"no executor .*\n.*'processes'.*distributed.Client"):
        x.compute(executor=asked)
    with pytest.raises(InvalidArgument, match="no executor"):
        x.persist(executor=asked)
    with pytest.raises(InvalidArgument, match="no executor"):
        sf.init(executor=asked)


def test_nobody_answers_at_an_address(here: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from shframe.graph.executors import dask_cluster as engine_dask

    assert engine_dask.CONNECT_SECONDS <= 5
    monkeypatch.setattr(engine_dask, "CONNECT_SECONDS", 1)
    with pytest.raises(ClusterUnreachable, match=r"127.0.0.1:9 within 1 s"):
        xp.ones((3,)).compute(executor="dask://127.0.0.1:9")


@pytest.mark.parametrize(
    ("module", "asked"), [("distributed", "dask://127.0.0.1:9"), ("ray", "ray")]
)
def test_a_missing_package_is_named_with_its_extra(
    here: Any, monkeypatch: pytest.MonkeyPatch, module: str, asked: str
) -> None:
    extra = asked.partition(":")[0]
    engine = f"shframe.graph.executors.{extra}_cluster"
    assert importlib.util.find_spec(engine) is not None
    monkeypatch.delitem(sys.modules, engine, raising=False)
    monkeypatch.setitem(sys.modules, module, None)  # what an import finds that is not there
    with pytest.raises(ImportError, match=rf"pip install 'shframe\[{extra}\]'"):
        xp.ones((3,)).compute(executor=asked)


def test_a_client_is_an_executor_and_stays_open(here: Any, client: Any) -> None:
    frame = pd.DataFrame({"v": range(100)})
    lazy = sf.from_pandas(frame, npartitions=3)
    kept = (lazy * 2).persist(executor=client)
    assert kept.v.sum().compute(executor=client) == 9900
    kept.v.sum().compute()  # fetched from the client that is still open
    sf.shutdown()
    assert client.status == "running"


def test_a_plan_is_made_for_the_workers_of_the_cluster(client: Any) -> None:
    """A shuffle has at least two parts for each worker."""
    frame = pd.DataFrame({"k": [1, 2, 3, 1], "v": [4, 2, 1, 5]})
    sf.init(executor="sync", workers=1, inline_bytes=0)
    try:
        medians = sf.from_pandas(frame, npartitions=2).groupby("k").agg({"v": "median"})
        parts = {}
        for executor in ("sync", client):
            pd.testing.assert_frame_equal(
                medians.compute(executor=executor), frame.groupby("k").agg({"v": "median"})
            )
            calls = [span.call for span in sf.last_trace().spans]
            parts[executor] = sum("aggregate_whole_range" in call for call in calls)
        assert parts == {"sync": 2, client: 4}
    finally:
        sf.shutdown()


def test_results_on_the_cluster_go_with_their_last_handle(here: Any, client: Any) -> None:
    kept = xp.ones((4, 4), chunks=2).persist(executor=client)
    assert len(client.futures) == 4
    more = (kept + 1).persist(executor=client)
    assert len(client.futures) == 8
    del kept
    assert until(lambda: len(client.futures) == 4)
    np.testing.assert_array_equal(more.compute(executor=client), np.full((4, 4), 2.0))


def test_what_a_lost_worker_held_is_made_again(here: Any, client: Any) -> None:
    kept = (xp.ones((4, 4), chunks=1) + 1).persist(executor=client)
    assert kept.sum().compute(executor=client) == 32
    os.kill(min(sf.last_trace().pids), signal.SIGKILL)
    assert kept.sum().compute(executor=client) == 32


def test_a_value_is_put_onto_the_cluster(here: Any, client: Any) -> None:
    made = here.where(client).put(np.arange(1000))
    assert made.nbytes == 8000
    np.testing.assert_array_equal(sf.get(made), np.arange(1000))
    writable = made.value(writable=True)
    writable[0] = 1
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(made)


def test_a_closed_client_is_refused_and_so_are_its_results(here: Any, dask_cluster: Any) -> None:
    from distributed import Client

    client = Client(dask_cluster, set_as_default=False)
    x = xp.arange(10, chunks=5)
    kept = (x + 1).persist(executor=client)
    client.close()
    with pytest.raises(ClusterUnreachable, match="closed"):
        x.compute(executor=client)
    with pytest.raises(ClusterUnreachable, match="closed"):
        kept.compute()
    assert x.sum().compute() == 45


def test_an_asynchronous_client_is_refused(here: Any, dask_cluster: Any) -> None:
    import asyncio

    from distributed import Client

    async def ask() -> None:
        async with Client(dask_cluster.scheduler_address, asynchronous=True) as client:
            with pytest.raises(InvalidArgument, match="asynchronous"):
                xp.ones((3,)).compute(executor=client)

    asyncio.run(ask())


def raise_stubborn(part: Any) -> Any:
    raise Stubborn("cannot travel")


@pytest.mark.parametrize("engine", ["dask", "ray"])
def test_an_error_that_cannot_travel_becomes_task_failed(
    here: Any, request: pytest.FixtureRequest, engine: str
) -> None:
    cluster = request.getfixturevalue(f"{engine}_cluster")
    executor = "ray" if engine == "ray" else address(cluster)
    lazy = xp.ones((4,), chunks=2).map_blocks(raise_stubborn, dtype="f8")
    with pytest.raises(TaskFailed, match="Stubborn"):
        lazy.compute(executor=executor)


def die(block: Any) -> Any:
    os._exit(3)


@pytest.mark.parametrize("engine", ["dask", "ray"])
def test_a_task_that_kills_its_worker_ends_the_computation(
    here: Any, request: pytest.FixtureRequest, engine: str
) -> None:
    cluster = request.getfixturevalue(f"{engine}_cluster")
    executor = "ray" if engine == "ray" else address(cluster)
    x = xp.ones((4,), chunks=4)
    with pytest.raises(WorkerDied):
        x.map_blocks(die, dtype="f8").compute(executor=executor)
    assert x.sum().compute(executor=executor) == 4


def interrupted_soon() -> None:
    time.sleep(0.3)
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("engine", ["dask", "ray"])
def test_ctrl_c_comes_back_at_once_and_the_cluster_goes_on(
    here: Any, request: pytest.FixtureRequest, engine: str
) -> None:
    cluster = request.getfixturevalue(f"{engine}_cluster")
    executor = "ray" if engine == "ray" else address(cluster)
    x = xp.ones((2,), chunks=1)
    assert x.sum().compute(executor=executor) == 2
    slow = x.map_blocks(lambda block: time.sleep(2) or block, dtype="f8")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    interrupter = threading.Thread(target=interrupted_soon)
    try:
        interrupter.start()
        begin = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            slow.compute(executor=executor)
        assert time.monotonic() - begin < 1.5
    finally:
        signal.signal(signal.SIGINT, before)
        interrupter.join()
    assert x.sum().compute(executor=executor) == 2


def test_ray_is_started_when_there_is_none_and_ends_with_the_session(here: Any) -> None:
    """In a process of its own: this one may have a Ray already."""
    import subprocess

    code = (
        "import ray, shframe as sf, shframe.array as xp\n"
        "assert xp.arange(10, chunks=5).sum().compute(executor='ray') == 45\n"
        "assert ray.is_initialized()\n"
        "sf.shutdown()\n"
        "assert not ray.is_initialized()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
