"""The examples of the users' pages and of public docstrings run as they stand."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import shframe as sf

ROOT = Path(__file__).parents[1]
PAGES = ["docs/arrays.md", "docs/frames.md", "docs/sharing-data.md", "docs/tasks.md"]
ROOMS = [
    "shframe.tasks.actor_pool",
    "shframe.lazy.compute",
    "shframe.lazy.delayed",
    "shframe.compat.concurrent_futures",
    "shframe.compat.joblib_registry",
    "shframe.compat.multiprocessing_pool",
    "shframe.tasks.queue",
    "shframe.diagnostics.serializability",
]


@pytest.fixture(autouse=True)
def no_session() -> None:
    sf.shutdown()


@pytest.mark.parametrize("page", PAGES)
def test_every_snippet_of_the_page_gives_what_it_shows(page: str) -> None:
    ran = doctest.testfile(str(ROOT / page), module_relative=False, encoding="utf-8")
    assert ran.attempted > 20
    assert ran.failed == 0


@pytest.mark.parametrize("room", ROOMS)
def test_every_example_of_the_room_gives_what_it_shows(room: str) -> None:
    ran = doctest.testmod(importlib.import_module(room))
    assert ran.attempted > 2
    assert ran.failed == 0
    assert not sf.is_initialized()
