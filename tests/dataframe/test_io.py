"""Files: what is read equals what pandas reads, what is written comes back, damage is named."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shframe as sf
from shframe.dataframe.sources import csv_source
from shframe.errors import (
    ColumnNotFound,
    InvalidArgument,
    SourceDamaged,
    SourceNotFound,
    UnsupportedType,
)
from shframe.session import Session
from tests.dataframe.frames import FEW, Case, cases, same, write


@pytest.fixture
def numbers(tmp_path: Path) -> Path:
    """A folder of three files, each of four row groups of ten rows; `n` counts all rows."""
    folder = tmp_path / "numbers"
    folder.mkdir()
    for file in range(3):
        n = np.arange(file * 40, file * 40 + 40)
        frame = pd.DataFrame({"n": n, "half": n / 2, "word": [f"w{v % 4}" for v in n]})
        table = pa.Table.from_pandas(frame, preserve_index=False)
        pq.write_table(table, folder / f"part-{file}.parquet", row_group_size=10)
    return folder


def explained(frame: Any) -> str:
    plan = frame.explain().partition("Optimised plan:")[2]
    return next(line for line in plan.splitlines() if "Read " in line)


# --- Parquet, read ------------------------------------------------------------------------


@FEW
@given(case=cases(), group=st.integers(1, 9))
def test_a_file_is_read_as_pandas_reads_it(session: Session, case: Case, group: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "one.parquet")
        frame = case.frame
        if isinstance(frame.index, pd.RangeIndex) or frame.empty:
            frame = frame.reset_index(drop=True)
        frame.to_parquet(path, row_group_size=group)
        expected = pd.read_parquet(path)
        same(sf.read_parquet(path).compute(), expected)
        same(sf.read_parquet(path, columns=["t", "i"]).compute(), expected[["t", "i"]])
        same(
            sf.read_parquet(path).query("i > 0").k.sum().compute(), expected.query("i > 0").k.sum()
        )


def test_file_folder_pattern_and_list(session: Session, numbers: Path) -> None:
    expected = pd.read_parquet(numbers)
    files = sorted(numbers.iterdir())
    same(sf.read_parquet(numbers).compute(), expected)
    same(sf.read_parquet(str(numbers)).compute(), expected)
    same(sf.read_parquet(numbers / "*.parquet").compute(), expected)
    same(sf.read_parquet(files).compute(), expected)
    same(sf.read_parquet(files[1]).compute(), pd.read_parquet(files[1]))


def test_hive_folders_become_columns(session: Session, numbers: Path, tmp_path: Path) -> None:
    root = tmp_path / "hive"
    frame = pd.read_parquet(numbers)
    frame["year"] = frame.n % 3 + 2020
    frame.to_parquet(root, partition_cols=["year", "word"])
    lazy = sf.read_parquet(root)
    expected = pd.read_parquet(root)
    assert dict(lazy.dtypes) == dict(expected.dtypes)
    same(lazy.compute(), expected)
    same(lazy[["word", "n"]].compute(), expected[["word", "n"]])
    chosen = lazy[lazy.year == 2021]
    same(chosen.compute(), expected[expected.year == 2021])
    kept, every = re.search(r"(\d+) of (\d+) row groups", explained(chosen)).groups()
    assert int(every) == 3 * int(kept) > 0


FILTERS = st.tuples(
    st.just("n"), st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), st.integers(-5, 125)
) | st.tuples(st.just("word"), st.sampled_from(["in", "not in"]), st.just(["w0", "w3"]))


@FEW
@given(filters=st.lists(FILTERS, min_size=1, max_size=3))
def test_filters_are_those_of_pandas(
    session: Session, numbers: Path, filters: list[tuple[str, str, Any]]
) -> None:
    found = sf.read_parquet(numbers, filters=filters).compute()
    same(found, pd.read_parquet(numbers, filters=filters))


def test_rows_keep_their_index_where_row_groups_between_are_skipped(
    session: Session, numbers: Path, tmp_path: Path
) -> None:
    lazy, frame = sf.read_parquet(numbers), pd.read_parquet(numbers)
    asked = [1, 35, 77]
    same(lazy[lazy.n.isin(asked)].compute(), frame[frame.n.isin(asked)])
    for piece in (frame.iloc[5:], frame.iloc[3::2], frame.iloc[5:].rename_axis("name")):
        piece.to_parquet(tmp_path / "one.parquet", row_group_size=10)
        lazy, read = (
            sf.read_parquet(tmp_path / "one.parquet"),
            pd.read_parquet(tmp_path / "one.parquet"),
        )
        same(lazy.compute(), read)
        same(lazy[lazy.n.isin(asked)].compute(), read[read.n.isin(asked)])


@pytest.mark.parametrize("index", [None, "n", ["word", "n"]])
def test_filters_keep_a_stored_index(session: Session, tmp_path: Path, index: Any) -> None:
    frame = pd.DataFrame({"n": range(9), "v": range(9), "word": list("abcabcabc")})
    path = tmp_path / "one.parquet"
    (frame.set_index(index) if index else frame.iloc[2:]).to_parquet(path)
    asked = [("v", ">", 4)]
    same(sf.read_parquet(path, filters=asked).compute(), pd.read_parquet(path, filters=asked))


@FEW
@given(low=st.integers(-5, 125), span=st.integers(0, 60))
def test_row_groups_without_a_wanted_row_are_not_read(
    session: Session, numbers: Path, low: int, span: int
) -> None:
    lazy = sf.read_parquet(numbers)
    chosen = lazy[(lazy.n >= low) & (lazy.n < low + span)]
    groups = [range(n, n + 10) for n in range(0, 120, 10)]
    wanted = [g for g in groups if g[-1] >= low and g[0] < low + span]
    assert f"{len(wanted)} of 12 row groups" in explained(chosen)
    frame = pd.read_parquet(numbers)
    same(chosen.compute(), frame[(frame.n >= low) & (frame.n < low + span)])


def test_only_needed_columns_and_rows_are_read(session: Session, numbers: Path) -> None:
    lazy = sf.read_parquet(numbers)
    assert "1 of 3 columns" in explained(lazy.half.sum())
    assert "2 of 3 columns" in explained(lazy[lazy.n > 3].half.mean())
    assert "2 of 12 row groups" in explained(lazy.head(13))
    same(lazy.head(13).compute(), pd.read_parquet(numbers).head(13))
    same(lazy.tail(13).compute(), pd.read_parquet(numbers).tail(13))


def test_a_changed_file_is_read_again(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pd.DataFrame({"a": [1, 2, 3]}).to_parquet(path)
    assert sf.read_parquet(path).a.sum().compute() == 6
    pd.DataFrame({"a": [10, 20, 30, 40]}).to_parquet(path)
    assert sf.read_parquet(path).a.sum().compute() == 100


# --- Parquet, written -----------------------------------------------------------------------


@FEW
@given(case=cases().filter(lambda case: len(case.frame) > 0))
def test_what_is_written_comes_back(session: Session, case: Case) -> None:
    frame, lazy = case.frame.reset_index(drop=True), case.lazy().reset_index(drop=True)
    with tempfile.TemporaryDirectory() as folder:
        lazy.to_parquet(Path(folder, "out"), index=False)
        same(sf.read_parquet(Path(folder, "out")).compute(), frame)
        same(pd.read_parquet(Path(folder, "out")), frame)


def test_hive_folders_are_written(session: Session, numbers: Path, tmp_path: Path) -> None:
    sf.read_parquet(numbers).to_parquet(tmp_path / "out", partition_cols=["word"], index=False)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [f"word=w{n}" for n in range(4)]
    back = pd.read_parquet(tmp_path / "out").astype({"word": "str"})
    expected = pd.read_parquet(numbers)
    same(back.sort_values("n", ignore_index=True)[list(expected.columns)], expected)


def broken(part: pd.DataFrame) -> pd.DataFrame:
    if 25 in set(part.a):
        raise RuntimeError("a row is not wanted")
    return part


def test_a_failed_write_leaves_nothing(session: Session, tmp_path: Path) -> None:
    lazy = sf.from_pandas(pd.DataFrame({"a": range(30)}), npartitions=3)
    bad = lazy.map_partitions(broken, meta=pd.DataFrame({"a": pd.Series([], dtype="int64")}))
    with pytest.raises(RuntimeError, match="not wanted"):
        bad.to_parquet(tmp_path / "out")
    assert not (tmp_path / "out").exists()


# --- CSV --------------------------------------------------------------------------------------


@FEW
@given(case=cases())
def test_csv_is_read_as_pandas_reads_it(session: Session, case: Case) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "one.csv")
        case.frame.to_csv(path, index=False)
        same(sf.read_csv(path).compute(), pd.read_csv(path))


def test_csv_in_ranges_has_the_dtypes_of_the_whole(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_source, "SAMPLE", 1 << 12)
    monkeypatch.setattr(csv_source, "LEAST_BLOCK", 1 << 12)
    path = tmp_path / "long.csv"
    rows = 6_000
    frame = pd.DataFrame({"n": np.arange(rows), "late": 1, "word": "abc", "mixed": 7})
    frame["late"] = frame.late.astype("float64").where(frame.n != rows - 1, 2.5)
    frame["mixed"] = frame.mixed.astype("str").where(frame.n < rows - 5, "x")
    frame.to_csv(path, index=False)
    lazy = sf.read_csv(path)
    assert lazy.npartitions > 2
    same(lazy.compute(), pd.read_csv(path, low_memory=False))
    assert lazy.n.sum().compute() == rows * (rows - 1) // 2


def test_csv_options(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text("a;b\n1,5;2020-01-01\n-;2021-02-03\n")
    options: dict[str, Any] = {"sep": ";", "decimal": ",", "na_values": ["-"], "parse_dates": ["b"]}
    same(sf.read_csv(path, **options).compute(), pd.read_csv(path, **options))
    with pytest.raises(InvalidArgument, match="no option 'skip'"):
        sf.read_csv(path, skip=3)


# --- what cannot be read ----------------------------------------------------------------------


def test_missing_sources_are_named(session: Session, tmp_path: Path) -> None:
    for ask in (sf.read_parquet, sf.read_csv):
        with pytest.raises(SourceNotFound, match="absent"):
            ask(tmp_path / "absent")
    with pytest.raises(FileNotFoundError):
        sf.read_parquet(tmp_path / "absent-*.parquet")
    with pytest.raises(SourceNotFound, match="holds no Parquet file"):
        sf.read_parquet(tmp_path)
    with pytest.raises(InvalidArgument):
        sf.read_parquet([])


def test_damaged_files_are_named(session: Session, numbers: Path) -> None:
    second = numbers / "part-1.parquet"
    second.write_bytes(second.read_bytes()[:-20])
    with pytest.raises(SourceDamaged, match=r"part-1\.parquet"):
        sf.read_parquet(second)
    with pytest.raises(SourceDamaged, match=r"part-1\.parquet"):
        sf.read_parquet(numbers).compute()


def test_damaged_pages_are_named(session: Session, numbers: Path) -> None:
    first = numbers / "part-0.parquet"
    content = bytearray(first.read_bytes())
    content[4:200] = b"\xff" * 196
    first.write_bytes(content)
    with pytest.raises(SourceDamaged, match=r"part-0\.parquet"):
        sf.read_parquet(numbers).compute()


def test_unknown_columns_and_filters(session: Session, numbers: Path) -> None:
    with pytest.raises(ColumnNotFound, match="half"):
        sf.read_parquet(numbers, columns=["hlaf"])
    with pytest.raises(InvalidArgument, match="a list of names"):
        sf.read_parquet(numbers, columns="half")
    with pytest.raises(InvalidArgument, match="no operator '~'"):
        sf.read_parquet(numbers, filters=[("n", "~", 3)])
    with pytest.raises(UnsupportedType):
        sf.from_pandas([1, 2])
    with pytest.raises(InvalidArgument):
        sf.from_pandas(pd.DataFrame({"a": [1]}), npartitions=0)


def test_from_arrow_has_the_dtypes_of_to_pandas(session: Session) -> None:
    table = pa.table({"a": [1, 2, None], "s": ["x", None, "y"], "d": pa.array(["u", "v", "u"])})
    same(sf.from_arrow(table, npartitions=3).compute(), table.to_pandas())


# --- results belong to the caller ---------------------------------------------------------------


@FEW
@given(case=cases().filter(lambda case: len(case.frame) > 0))
def test_results_can_be_written(session: Session, case: Case) -> None:
    lazy = case.lazy().reset_index(drop=True)
    found, expected = lazy.compute(), case.frame.reset_index(drop=True)
    for frame in (found, expected):
        write(frame)
    same(found, expected)
    same(lazy.compute(), case.frame.reset_index(drop=True))
    values = lazy.i.compute()
    values.iloc[0] = 99
    assert values.iloc[0] == 99
    same(lazy.i.compute(), case.frame.i.reset_index(drop=True))


def test_categories_of_a_file_are_kept(session: Session, tmp_path: Path) -> None:
    frame = pd.DataFrame({"c": pd.Categorical(["a", "b", None, "a"]), "v": [1, 2, 3, 4]})
    for n in range(3):
        frame.to_parquet(tmp_path / f"{n}.parquet")
    expected = pd.concat([frame] * 3, ignore_index=True)
    same(sf.read_parquet(tmp_path).compute(), expected)
    same(sf.read_parquet(tmp_path)[["c"]].head(2).compute(), expected[["c"]].head(2))


def test_a_read_that_others_share_is_not_pruned(session: Session, numbers: Path) -> None:
    lazy, frame = sf.read_parquet(numbers), pd.read_parquet(numbers)
    few = lazy[lazy.n < 50][["n", "half"]]
    same(
        lazy.merge(few, on="n", how="left").compute(),
        frame.merge(frame[frame.n < 50][["n", "half"]], on="n", how="left"),
    )
