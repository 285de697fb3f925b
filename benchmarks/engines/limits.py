"""How many threads and how much memory the engines get: the same for all, by the environment.

The runner sets $SHFRAME_BENCH_WORKERS and $SHFRAME_BENCH_MEMORY (bytes) for its processes, and
$SHFRAME_BENCH_FILE_CACHE (bytes) for one whose shframe keeps no columns of files.
"""

from __future__ import annotations

import os
from typing import Any


def threads() -> int:
    """Workers or threads of each engine."""
    return int(os.environ.get("SHFRAME_BENCH_WORKERS") or len(os.sched_getaffinity(0)))


def memory() -> int | None:
    """The budget of each engine in bytes, where it has one."""
    return _bytes_of("SHFRAME_BENCH_MEMORY")


def _bytes_of(name: str) -> int | None:
    given = os.environ.get(name)
    return int(given) if given else None


def shframe_options() -> dict[str, Any]:
    """Arguments of sf.init()."""
    options = {"memory": memory(), "file_cache": _bytes_of("SHFRAME_BENCH_FILE_CACHE")}
    given = {name: value for name, value in options.items() if value is not None}
    return {"workers": threads(), **given}


def duckdb_options() -> dict[str, Any]:
    """Settings of a connection."""
    budget = memory()
    limit = {} if budget is None else {"memory_limit": f"{budget}B"}
    return {"threads": threads(), **limit}
