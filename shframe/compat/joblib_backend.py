"""The joblib backend: `joblib.parallel_config("shframe")` runs what joblib runs in the session.

A large array among the arguments of many tasks is put into the store once for each Parallel call,
and read in place by the workers: read-only, as joblib's own backend maps large arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from joblib.parallel import (
    AutoBatchingMixin,
    FallbackToBackend,
    ParallelBackendBase,
    SequentialBackend,
    register_parallel_backend,
)

from shframe import session
from shframe.compat.concurrent_futures import Executor, Future
from shframe.errors import InvalidArgument
from shframe.lazy.argument_packing import LargeValues, pack, unpack


class Backend(AutoBatchingMixin, ParallelBackendBase):  # type: ignore[misc]  # joblib has no types
    """One Parallel call after another, on the workers of the session."""

    supports_retrieve_callback = True
    default_n_jobs = -1

    _executor: Executor | None = None
    _large: LargeValues | None = None

    def effective_n_jobs(self, n_jobs: int | None) -> int:
        """How many tasks run at once; -1: as many as there are workers."""
        if n_jobs == 0:
            raise InvalidArgument("n_jobs must not be 0\n  -1 uses all workers")
        workers = session.executor().workers
        if n_jobs is None:
            return 1
        return min(n_jobs, workers) if n_jobs > 0 else max(workers + 1 + n_jobs, 1)

    def configure(
        self,
        n_jobs: int = 1,
        parallel: Any = None,
        prefer: Any = None,
        require: Any = None,
        **_: Any,
    ) -> int:
        """Begin to serve a Parallel object."""
        count = self.effective_n_jobs(n_jobs)
        if count == 1:
            raise FallbackToBackend(SequentialBackend(nesting_level=self.nesting_level))
        self.parallel = parallel
        self._executor = Executor(count)
        return count

    def start_call(self) -> None:
        """A Parallel call begins."""
        self._large = LargeValues(session.executor().put)

    def stop_call(self) -> None:
        """A Parallel call has ended: its data are freed when no task reads them any more."""
        self._large = None

    def submit(
        self, func: Callable[[], Any], callback: Callable[[Any], Any] | None = None
    ) -> Future:
        """Run a batch of calls."""
        assert self._executor is not None, "joblib configures a backend before it submits"
        large = self._large or LargeValues(session.executor().put)
        payload, refs = pack(func, large.ref_of, "a call of joblib.Parallel")
        future = self._executor._submit_reading(_run, payload, *refs)
        if callback is not None:
            future.add_done_callback(callback)
        return future

    def retrieve_result_callback(self, out: Future) -> Any:
        """The results of a batch, or its error raised."""
        return out.result()

    def terminate(self) -> None:
        """A Parallel object is done."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None
        self._large = None
        self.reset_batch_stats()

    def abort_everything(self, ensure_ready: bool = True) -> None:
        """A task has raised: cancel the others."""
        if self._executor is not None:
            self._executor._give_up()
            self._executor = None
        if ensure_ready:
            self.configure(n_jobs=self.parallel.n_jobs, parallel=self.parallel)

    def get_nested_backend(self) -> tuple[ParallelBackendBase, int | None]:
        """Parallel calls inside of tasks run one after another: the workers are busy already."""
        level = (self.nesting_level or 0) + 1
        return SequentialBackend(nesting_level=level), None


def _run(payload: bytes, *values: Any) -> Any:
    """Called in a worker."""
    return unpack(payload, values)()


def register() -> None:
    """Register the backend with joblib."""
    register_parallel_backend("shframe", Backend)
