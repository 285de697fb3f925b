"""Where data sets are kept, and how each is made once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path


def folder() -> Path:
    """$SHFRAME_BENCH_DATA; else benchmarks/data in a checkout, a folder of the user's cache for
    an installed package."""
    named = os.environ.get("SHFRAME_BENCH_DATA")
    if named:
        return Path(named)
    here = Path(__file__).resolve().parents[1]
    checkout = (here.parent / "pyproject.toml").exists()
    return here / "data" if checkout else Path.home() / ".cache" / "shframe" / "benchmarks"


def make_once(name: str, write: Callable[[Path], None]) -> Path:
    """The folder of a data set; `write` fills it if it is missing, whole or not at all."""
    path = folder() / name
    if not path.exists():
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        try:
            write(unfinished)
            unfinished.rename(path)
        except OSError:
            if not path.exists():  # else another process was faster
                raise
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return path
