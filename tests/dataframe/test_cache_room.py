"""The room of the file cache: as the session says, and less when others need it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import shframe as sf
from shframe.errors import InvalidSize
from shframe.session import Session
from tests.dataframe.test_cached_columns import FRAME, ROWS, decoded, stored

__all__ = ["stored"]  # a fixture


@contextmanager
def opened(**options: Any) -> Iterator[Session]:
    try:
        yield sf.init(workers=2, inline_bytes=0, **options)
    finally:
        sf.shutdown()


def test_a_read_larger_than_the_cache_keeps_nothing(stored: Path) -> None:
    with opened(memory="2GB", file_cache="1MB") as session:
        for _ in range(3):
            assert sf.read_parquet(stored)["n"].sum().compute() == FRAME["n"].sum()
            assert session.file_cache.nbytes == 0


def test_values_that_were_used_long_ago_make_room(stored: Path) -> None:
    limit = 12 * ROWS  # one column of eight bytes, but not two
    with opened(memory="2GB", file_cache=limit) as session:
        for name in ["n", "n", "x", "x", "n", "n", "n"]:
            found = sf.read_parquet(stored)[name].sum().compute()
            assert found == pytest.approx(FRAME[name].sum(), rel=1e-12)
            assert session.file_cache.nbytes <= limit
        assert decoded(session) == 0


def test_columns_go_before_objects_move_to_the_disk(stored: Path) -> None:
    with opened(memory=24 << 20, file_cache=10 << 20) as session:
        store: Any = session.executor.store
        for _ in range(2):
            sf.read_parquet(stored)[["n", "x"]].sum().compute()
        assert session.file_cache.nbytes >= 16 * ROWS
        refs = [sf.put(np.full(1 << 18, n)) for n in range(10)]  # 20 of 24 MiB
        assert session.file_cache.nbytes < 16 * ROWS
        assert store.spilled_bytes() == 0
        assert sf.read_parquet(stored)["n"].sum().compute() == FRAME["n"].sum()
        assert [int(sf.get(ref)[0]) for ref in refs] == list(range(10))


def test_its_size_is_an_option() -> None:
    with opened(memory="1GB") as session:
        assert session.file_cache.most == 250_000_000
    with opened(memory="1GB", file_cache="10MB") as session:
        assert session.file_cache.most == 10_000_000
    with opened(file_cache=0) as session:
        assert session.file_cache.most == 0
    with pytest.raises(InvalidSize, match="much"):
        sf.init(file_cache="much")
