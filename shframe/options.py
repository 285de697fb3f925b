"""Options of a session, from keywords and environment variables."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass, fields, replace
from typing import Any

from shframe.argument_checks import check_integer
from shframe.errors import InvalidArgument
from shframe.executor_choice import is_local

TASKS_IN_BUDGET = 16  # partitions for each worker: inputs and results of 4 tasks, twice
CACHED = 4  # this part of the budget may be columns that were read from files
LEAST_PARTITION = 1 << 20  # bytes: of less, the task costs more than its work


@dataclass(frozen=True)  # no slots: cached properties are kept with the options
class Options:
    """The options of `sf.init`.

    workers: processes (or threads) that run tasks; None: one per core that we may use.
    memory: bytes, or a string such as "4GB", that the store may hold; None: 60 % of the
        available memory.
    spill_folder: where objects go that do not fit into memory, on a real disk; None: the folder
        for temporary files, or another one that is not in memory.
    spill_limit: bytes on disk, or a string such as "50GB"; 0: nothing goes to disk; None: nine
        tenths of what is free on the disk.
    file_cache: bytes, or a string such as "1GB", of what may stay decoded in the store of columns
        that were read from files more than once; 0: nothing; None: a quarter of `memory`. It
        makes way for all else before anything goes to the disk.
    executor: "processes", "threads" or "sync" (everything in the calling thread); "ray",
        "dask://host:port" or a distributed.Client: all graphs run on that cluster.
    inline_bytes: a computation of our own kernels on fewer bytes runs in the driver; on up to
        16 times as many, too, when it is the first, while workers are started for the next. Of
        an array's plan 64 times as many may pass through its steps.
    progress: show a tqdm progress bar while computing.
    """

    workers: int | None = None
    memory: int | str | None = None
    spill_folder: str | os.PathLike[str] | None = None
    spill_limit: int | str | None = None
    file_cache: int | str | None = None
    executor: Any = "processes"
    inline_bytes: int = 1 << 20
    progress: bool = False

    def __post_init__(self) -> None:
        _ = is_local(self.executor)
        if self.workers is not None:
            _ = check_integer("workers", self.workers, 1)
        _ = check_integer("inline_bytes", self.inline_bytes, 0)  # 0 means never
        if self.memory is not None:
            _ = self.budget
        _ = self.spill_bytes
        if self.file_cache is not None:
            _ = self.file_cache_bytes
        if self.spill_folder is not None:
            from shframe.store.shared_memory.spill_file import check_folder

            check_folder(self.spill_folder)

    @classmethod
    def build(cls, **given: Any) -> Options:
        """Keywords first, then SHFRAME_WORKERS and the like, then the defaults."""
        known = {field.name for field in fields(cls)}
        for name in given:
            if name not in known:
                names = ", ".join(sorted(known))
                raise InvalidArgument(f"no option {name!r}, only {names}")
        return replace(_from_environment(), **given)

    @functools.cached_property
    def budget(self) -> int:
        """Bytes that the store may hold."""
        from shframe.store.limits.budget import default_budget, parse_bytes

        return default_budget() if self.memory is None else parse_bytes(self.memory)

    @property
    def spill_bytes(self) -> int | None:
        """Bytes that may be on disk; None: limited by the room on the disk."""
        from shframe.store.limits.budget import parse_bytes

        return None if self.spill_limit is None else parse_bytes(self.spill_limit)

    @property
    def file_cache_bytes(self) -> int:
        """Bytes that the file cache may hold."""
        from shframe.store.limits.budget import parse_bytes

        if self.file_cache is None:
            return self.budget // CACHED
        return parse_bytes(self.file_cache)

    @functools.cached_property
    def partition_bytes(self) -> int:
        """Bytes of a partition in memory, so that a task of each worker fits into the budget with
        its inputs, its result and its temporaries."""
        return max(self.budget // (TASKS_IN_BUDGET * self.worker_count), LEAST_PARTITION)

    @functools.cached_property
    def worker_count(self) -> int:
        """The number of workers: as set, or the cores that this process may use."""
        from shframe.store.limits.cpu_count import available_cores

        return self.workers or available_cores()


def _from_environment() -> Options:
    values: dict[str, Any] = {}
    for field in fields(Options):
        text = os.environ.get(f"SHFRAME_{field.name.upper()}")
        if text is None:
            continue
        values[field.name] = _parse(field.name, text)
    return Options(**values)


def _parse(name: str, text: str) -> Any:
    if name in ("memory", "spill_folder", "spill_limit", "file_cache", "executor"):
        return text
    if name == "progress":
        return text.lower() in ("1", "true", "yes", "on")
    try:
        return int(text)
    except ValueError:
        raise InvalidArgument(f"SHFRAME_{name.upper()}={text!r} must be an integer") from None
