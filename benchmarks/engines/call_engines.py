"""The other engines that run Python calls, behind one face: start, submit, results, stop.

All have two workers, start with their processes warm, and import what they need when they are
started, so that the runner works where they are not installed.
"""

from __future__ import annotations

import concurrent.futures
import logging
import multiprocessing
import warnings
from collections.abc import Callable, Sequence
from typing import Any

WORKERS = 2
Call = Callable[..., Any]


class Peer:
    """An engine. calls: how many calls it is given where shframe gets 10,000: slow ones get fewer,
    and the runner's time is scaled up by their count."""

    name: str
    share = 1.0

    def start(self) -> None:
        """Have the workers up."""

    def submit(self, function: Call, *args: Any) -> Any:
        """A handle on one call; handles among the arguments are inputs if `chains` is true."""
        raise AssertionError(f"{self.name} lacks submit")

    def results(self, handles: Sequence[Any]) -> list[Any]:
        """The values of handles."""
        return [handle.result() for handle in handles]

    def stop(self) -> None:
        """End the workers."""


class Shframe(Peer):
    """`f.remote` and `sf.get`."""

    name = "shframe"

    def stop(self) -> None:
        import shframe as sf

        sf.shutdown()

    def start(self) -> None:
        import shframe as sf

        if not sf.is_initialized():
            sf.init(workers=WORKERS)
        self._remote: dict[Call, Any] = {}

    def submit(self, function: Call, *args: Any) -> Any:
        import shframe as sf

        if function not in self._remote:
            self._remote[function] = sf.remote(function)
        return self._remote[function].remote(*args)

    def results(self, handles: Sequence[Any]) -> list[Any]:
        import shframe as sf

        return sf.get(list(handles))


class ShframeExecutor(Peer):
    """`sf.Executor`."""

    name = "sf.Executor"

    def start(self) -> None:
        import shframe as sf

        if not sf.is_initialized():
            sf.init(workers=WORKERS)
        self._pool = sf.Executor()

    def submit(self, function: Call, *args: Any) -> Any:
        return self._pool.submit(function, *args)

    def stop(self) -> None:
        import shframe as sf

        self._pool.shutdown()
        sf.shutdown()


class Ray(Peer):
    """`ray.remote` and `ray.get`."""

    name = "ray"
    share = 0.2

    def start(self) -> None:
        import ray

        if not ray.is_initialized():
            ray.init(
                num_cpus=WORKERS,
                object_store_memory=1 << 30,
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
        self._remote: dict[Call, Any] = {}

    def submit(self, function: Call, *args: Any) -> Any:
        import ray

        if function not in self._remote:
            self._remote[function] = ray.remote(function)
        return self._remote[function].remote(*args)

    def results(self, handles: Sequence[Any]) -> list[Any]:
        import ray

        return ray.get(list(handles))  # type: ignore[no-any-return]

    def stop(self) -> None:
        import ray

        ray.shutdown()


class Distributed(Peer):
    """`Client.submit` and `Client.gather` on a LocalCluster of processes with one thread each."""

    name = "distributed"
    share = 0.1

    def start(self) -> None:
        import distributed

        self._client = distributed.Client(
            n_workers=WORKERS,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            silence_logs=logging.ERROR,
        )
        self._client.wait_for_workers(WORKERS)

    def submit(self, function: Call, *args: Any) -> Any:
        return self._client.submit(function, *args, pure=False)

    def results(self, handles: Sequence[Any]) -> list[Any]:
        return self._client.gather(list(handles))  # type: ignore[no-any-return]

    def stop(self) -> None:
        self._client.shutdown()


class StandardPool(Peer):
    """A pool of the standard library's interface."""

    def submit(self, function: Call, *args: Any) -> Any:
        return self._pool.submit(function, *args)

    def stop(self) -> None:
        self._pool.shutdown()

    _pool: Any


class ProcessPool(StandardPool):
    """`concurrent.futures.ProcessPoolExecutor`."""

    name = "ProcessPoolExecutor"

    def start(self) -> None:
        self._pool = concurrent.futures.ProcessPoolExecutor(WORKERS)


class Loky(StandardPool):
    """`loky.ProcessPoolExecutor`."""

    name = "loky"
    share = 0.5

    def start(self) -> None:
        import loky

        self._pool = loky.ProcessPoolExecutor(WORKERS)


class MultiprocessingPool(Peer):
    """`multiprocessing.Pool.apply_async`."""

    name = "multiprocessing.Pool"

    def start(self) -> None:
        with warnings.catch_warnings():  # of forking with threads, from Python 3.12 on
            warnings.simplefilter("ignore", DeprecationWarning)
            self._pool = multiprocessing.Pool(WORKERS)

    def submit(self, function: Call, *args: Any) -> Any:
        return self._pool.apply_async(function, args)

    def results(self, handles: Sequence[Any]) -> list[Any]:
        return [handle.get() for handle in handles]

    def stop(self) -> None:
        self._pool.terminate()
        self._pool.join()


_ALL: tuple[type[Peer], ...] = (
    Shframe,
    ShframeExecutor,
    Ray,
    Distributed,
    ProcessPool,
    MultiprocessingPool,
    Loky,
)
PEERS = {peer.name: peer for peer in _ALL}
WITH_CHAINS = ["shframe", "ray", "distributed"]  # a handle may be an argument


def leaf(n: int) -> int:
    """What the smallest task does."""
    return n
