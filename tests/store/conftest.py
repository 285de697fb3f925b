"""Stores for tests, and the check that a test leaves no descriptor and no byte behind."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from shframe.store import Ledger, LocalStore


def open_descriptors() -> set[str]:
    """What the descriptors of this process point at, but for the listing itself."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.add(f"{entry.name} {os.readlink(entry)}")
        except OSError:
            continue
    return found


@pytest.fixture(autouse=True)
def _no_segment_left() -> Iterator[None]:
    gc.collect()
    before = {one for one in open_descriptors() if "shframe" in one}
    yield
    gc.collect()
    left = {one for one in open_descriptors() if "shframe" in one} - before
    mapped = [
        line
        for line in Path("/proc/self/maps").read_text().splitlines()
        if "memfd:shframe" in line
    ]
    assert not left, "the test left descriptors of segments open"
    assert not mapped, "the test left segments mapped"


@pytest.fixture
def local() -> Iterator[LocalStore]:
    ledger = Ledger.create()
    store = LocalStore(0, 256 << 20, ledger)
    yield store
    store.close()
    ledger.close()
