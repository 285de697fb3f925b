"""Damaged Parquet files: what pandas reads from them, or an error that names the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import shframe as sf
from shframe.errors import ShframeError, SourceDamaged
from shframe.session import Session
from tests.examples import examples

ROWS = 60


def sample() -> pd.DataFrame:
    n = np.arange(ROWS)
    return pd.DataFrame(
        {
            "n": n,
            "half": n / 2,
            "word": [f"w{v % 7}é" for v in n],
            "line": [f"line {v}" for v in n],
            "day": pd.date_range("2020", periods=ROWS).as_unit("us"),
            "third": n % 3 == 0,
            "gaps": pd.Series(n, dtype="float64").where(n % 5 > 0),
            "kind": pd.Categorical([f"k{v % 4}" for v in n]),
        }
    )


WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    "pandas": lambda frame, path: frame.set_index("word").to_parquet(path),
    "pyarrow": lambda frame, path: pq.write_table(
        pa.Table.from_pandas(frame), path, row_group_size=20
    ),
    "plain": lambda frame, path: pq.write_table(
        pa.Table.from_pandas(frame), path, use_dictionary=False, compression="none"
    ),
    "pages": lambda frame, path: pq.write_table(
        pa.Table.from_pandas(frame), path, row_group_size=20, data_page_version="2.0"
    ),
    "polars": lambda frame, path: pl.from_pandas(frame).write_parquet(path),
}


def damage(content: bytes, random: Any) -> bytes:
    """The content with some bytes flipped, cut out, put in, zeroed or turned round."""
    footer = int.from_bytes(content[-8:-4], "little") + 8
    start = random.choice([0, len(content) - footer])
    low = int(random.integers(start, len(content)))
    high = low + int(random.choice([1, 4, 16, 64, 400]))
    middle = content[low:high]
    changed = {
        "flip": bytes([middle[0] ^ (1 << int(random.integers(8)))]) + middle[1:],
        "zero": bytes(len(middle)),
        "ones": b"\xff" * len(middle),
        "cut": b"",
        "more": bytes(random.integers(0, 256, 5, dtype="uint8")) + middle,
        "turn": middle[::-1],
    }
    return content[:low] + changed[random.choice(sorted(changed))] + content[high:]


def read(path: Path) -> Any:
    lazy = sf.read_parquet(path)
    lazy[lazy.n > 30].half.sum().compute()
    frame = lazy.compute()
    for label in frame.columns:
        frame[label].tolist()
    return frame


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A file of each writer; polars opens descriptors that stay when it is first used."""
    path = tmp_path_factory.mktemp("written") / "one.parquet"
    found = {}
    for name, write in WRITERS.items():
        write(sample(), path)
        found[name] = path.read_bytes()
    return found


@pytest.mark.parametrize("writer", sorted(WRITERS))
def test_a_damaged_file_is_read_as_pandas_reads_it_or_named(
    session: Session, tmp_path: Path, contents: dict[str, bytes], writer: str
) -> None:
    path, content = tmp_path / "one.parquet", contents[writer]
    path.write_bytes(content)
    whole = pd.read_parquet(path)
    random = np.random.default_rng([19, len(writer)])
    for _ in range(examples(25)):
        path.write_bytes(damage(content, random))
        told = ""
        try:
            found = read(path)
        except ShframeError as error:
            told = str(error)
        if told:
            assert "one.parquet" in told
        elif not found.equals(whole):  # a footer may say that a value is missing where none is
            pd.testing.assert_frame_equal(found, pd.read_parquet(path), check_dtype=False)


def test_a_changed_page_of_our_own_files_is_found(session: Session, tmp_path: Path) -> None:
    frame = pd.DataFrame({"n": np.arange(1000) * 7, "half": np.arange(1000) / 2})
    sf.from_pandas(frame, npartitions=1).to_parquet(tmp_path, compression=None)
    (path,) = tmp_path.glob("*.parquet")
    content = path.read_bytes()
    for place in (100, 3000, 9000):
        zeroed = content[:place] + bytes(64) + content[place + 64 :]
        path.write_bytes(zeroed)
        with pytest.raises(SourceDamaged, match=r"part-00000\.parquet.*row group 0, column"):
            sf.read_parquet(tmp_path).compute()


def test_text_that_is_none_is_found(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "one.parquet"
    table = pa.table({"ok": ["a"] * 3, "text": ["abc", "def", "xyz"]})
    pq.write_table(table, path, use_dictionary=False, compression="none")
    path.write_bytes(path.read_bytes().replace(b"def", b"d\xfff"))
    with pytest.raises(SourceDamaged, match=r"one\.parquet.*column 'text'"):
        sf.read_parquet(path).compute()


@pytest.mark.parametrize(
    "metadata", [b"{", b"[]", b'{"index_columns": [{}]}', b'{"index_columns": ["gone"]}', b"\xff"]
)
def test_metadata_that_pandas_did_not_write_is_named(
    session: Session, tmp_path: Path, metadata: bytes
) -> None:
    path = tmp_path / "one.parquet"
    pq.write_table(pa.table({"a": [1, 2]}).replace_schema_metadata({b"pandas": metadata}), path)
    try:
        expected = pd.read_parquet(path)
    except Exception:
        with pytest.raises(SourceDamaged, match=r"one\.parquet"):
            sf.read_parquet(path).compute()
        return
    pd.testing.assert_frame_equal(sf.read_parquet(path).compute(), expected)
