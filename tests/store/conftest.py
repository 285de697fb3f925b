"""Stores for tests, and the check that a test leaves no segment behind, open or mapped."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from shframe.store import Ledger, LocalStore


def segments_in_use() -> list[str]:
    """Descriptors of this process that are segments, and its mappings of segments."""
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.append(os.readlink(entry))
        except OSError:  # the descriptor of the listing itself
            continue
    found += Path("/proc/self/maps").read_text().splitlines()
    return [line for line in found if "memfd:shframe" in line or "/shframe-" in line]


@pytest.fixture(autouse=True)
def _no_segment_left() -> Iterator[None]:
    yield
    if segments_in_use():
        gc.collect()  # slow, and rarely needed: views in reference cycles
    assert segments_in_use() == []


@pytest.fixture
def local() -> Iterator[LocalStore]:
    """A store of one process, closed when the test is over."""
    ledger = Ledger.create()
    store = LocalStore(0, 256 << 20, ledger)
    yield store
    store.close()
    ledger.close()
