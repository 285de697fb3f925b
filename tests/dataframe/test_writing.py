"""Data sets that are written: what pandas would write, complete or not at all, nothing lost."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from decimal import Decimal
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
from shframe.errors import InvalidArgument, UnsupportedType, WriteFailed
from shframe.session import Session
from tests.dataframe.frames import FEW, same

VALUES: dict[str, tuple[Any, list[Any]]] = {
    "int64": ("int64", [-(2**63), 2**63 - 1, 0, 1]),
    "uint8": ("uint8", [0, 255]),
    "float32": ("float32", [0.1, -0.0, float("nan"), float("inf")]),
    "bool": ("bool", [True, False]),
    "str": ("str", ["a", "b/c", "%41", "", "=", "é", None]),
    "objects": ("object", ["a", None]),
    "truths": ("object", [True, None, False]),
    "nothing": ("object", [None]),
    "bytes": ("object", [b"a", b"\xff", None]),
    "category": (pd.CategoricalDtype(["y", "x", "never"], ordered=True), ["x", "y", None]),
    "numbered": (pd.CategoricalDtype([3, 1, 2]), [3, 1, None]),
    "boolean": ("boolean", [True, None]),
    "Float64": ("Float64", [0.5, None]),
    "seconds": ("datetime64[s]", [0, 1]),
    "zoned": ("datetime64[us, Europe/Berlin]", [0, 10**15]),
    "arrow": ("int64[pyarrow]", [1, 2**53 + 1, None]),
}
LABELS: list[Any] = ["a", "b", "a.b", "a/b", "%41", "", "é", "k=v", 1, None]
INDEXES: dict[str, Callable[[int], Any]] = {
    "counted": lambda rows: pd.RangeIndex(rows),
    "named": lambda rows: pd.RangeIndex(rows, name="place"),
    "later": lambda rows: pd.RangeIndex(2, rows + 2),
    "steps": lambda rows: pd.RangeIndex(0, 2 * rows, 2),
    "twice": lambda rows: pd.Index([n * 7 % 5 for n in range(rows)], dtype="int64"),
    "words": lambda rows: pd.Index([f"w{n % 3}" for n in range(rows)], dtype="str", name="word"),
    "levels": lambda rows: pd.MultiIndex.from_arrays(
        [pd.Index([n % 2 for n in range(rows)], dtype="int64"), pd.RangeIndex(rows)],
        names=["one", None],
    ),
}
WORK: dict[str, Callable[[Any], Any]] = {
    "all": lambda frame: frame,
    "but one": lambda frame: frame[frame.row != 1],
    "first": lambda frame: frame[frame.row < 2],
    "none": lambda frame: frame[frame.row < 0],
    "tail": lambda frame: frame.tail(3),
    "counted anew": lambda frame: frame[frame.row != 1].reset_index(drop=True),
    "backwards": lambda frame: frame.sort_values("row", ascending=False),
}


@st.composite
def frames(draw: Callable[..., Any], labels: list[Any] | None = None) -> pd.DataFrame:
    """Frames of all kinds of columns, labels and indexes; `row` counts the rows."""
    rows = draw(st.sampled_from([0, 1, 3, 9, 9]))
    named = draw(st.lists(st.sampled_from(labels or LABELS), min_size=1, max_size=3, unique=True))
    columns = []
    for _ in named:
        dtype, values = VALUES[draw(st.sampled_from(sorted(VALUES)))]
        chosen = draw(st.lists(st.sampled_from(values), min_size=rows, max_size=rows))
        columns.append(pd.Series(chosen, dtype=dtype))
    frame = pd.concat(columns, axis=1)
    frame.columns = pd.Index(named, dtype="object")
    frame["row"] = np.arange(rows)
    frame.index = INDEXES[draw(st.sampled_from(sorted(INDEXES)))](rows)
    return frame


def hidden(folder: Any) -> list[str]:
    return [name for name in os.listdir(folder) if name.startswith(".")]


@pytest.mark.filterwarnings("ignore:The DataFrame has column names of mixed type")
@FEW
@given(
    frame=frames(),
    work=st.sampled_from(sorted(WORK)),
    npartitions=st.integers(1, 4),
    index=st.sampled_from([None, None, True, False]),
)
def test_what_is_written_is_read_as_what_pandas_writes(
    session: Session, frame: pd.DataFrame, work: str, npartitions: int, index: bool | None
) -> None:
    lazy = WORK[work](sf.from_pandas(frame, npartitions=npartitions))
    with tempfile.TemporaryDirectory() as folder:
        WORK[work](frame).to_parquet(Path(folder, "theirs"), index=index)
        lazy.to_parquet(Path(folder, "ours"), index=index)
        expected = pd.read_parquet(Path(folder, "theirs"))
        same(sf.read_parquet(Path(folder, "ours")).compute(), expected)
        same(pd.read_parquet(Path(folder, "ours")), expected)
        assert not hidden(Path(folder, "ours"))


def spelled(folder: Path) -> set[str]:
    return {str(path.parent.relative_to(folder)) for path in folder.rglob("*.parquet")}


@FEW
@given(
    frame=frames(["a", "b", "c"]),
    work=st.sampled_from(sorted(WORK)),
    npartitions=st.integers(1, 4),
    data=st.data(),
)
def test_folders_of_keys_are_those_of_pandas(
    session: Session, frame: pd.DataFrame, work: str, npartitions: int, data: st.DataObject
) -> None:
    labels = list(frame.columns[:-1])
    keys = data.draw(st.lists(st.sampled_from(labels), min_size=1, max_size=2, unique=True))
    lazy = WORK[work](sf.from_pandas(frame, npartitions=npartitions))
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder, "ours"), Path(folder, "theirs")
        try:
            WORK[work](frame).to_parquet(theirs, partition_cols=keys)
        except (pa.ArrowException, NotImplementedError):  # a kind of key that has no text
            with pytest.raises(UnsupportedType):
                lazy.to_parquet(ours, partition_cols=keys)
            assert not ours.exists()
            return
        lazy.to_parquet(ours, partition_cols=keys)
        written = WORK[work](frame)
        assert len(sf.read_parquet(ours)) == len(written)
        if len(written):
            assert spelled(ours) == spelled(theirs)
            found, expected = (
                pq.read_table(path, partitioning=None, columns=["row"]).to_pandas().row
                for path in (ours, theirs)
            )
            assert sorted(found) == sorted(expected) == sorted(written.row)


def test_keys_that_are_missing_are_kept(session: Session, tmp_path: Path) -> None:
    missing: list[list[Any]] = [["a", None], [1.5, None], [pd.Timestamp(2020, 1, 1), pd.NaT]]
    for n, values in enumerate([*missing, [None, None], [True, None]]):
        frame = pd.DataFrame({"k": values * 3, "v": range(6)})
        sf.from_pandas(frame, npartitions=3).to_parquet(tmp_path / str(n), partition_cols="k")
        found = sf.read_parquet(tmp_path / str(n)).compute().sort_values("v")
        assert found.v.tolist() == list(range(6))
        assert found.k.isna().tolist() == frame.k.isna().tolist()


def test_a_key_has_one_spelling_in_all_partitions(session: Session, tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "k": [Decimal("1.5"), Decimal("-22.25"), Decimal("1.5"), None],
            "j": [None] * 4,
            "v": range(4),
        }
    )
    lazy = sf.from_pandas(frame, npartitions=4)
    lazy.to_parquet(tmp_path / "ours", partition_cols=["k", "j"])
    frame.to_parquet(tmp_path / "theirs", partition_cols=["k", "j"])
    assert spelled(tmp_path / "ours") == spelled(tmp_path / "theirs")
    assert sorted(sf.read_parquet(tmp_path / "ours").compute().v) == [0, 1, 2, 3]


def test_a_data_set_that_is_there_is_replaced(session: Session, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    frame = pd.DataFrame({"v": range(300), "k": ["a", "b", "c"] * 100})
    lazy = sf.from_pandas(frame, npartitions=5)
    (tmp_path / "out").mkdir()
    (folder / "README.txt").write_text("mine")
    for work, keys in [
        (lambda f: f, None),
        (lambda f: f[f.v < 60], None),
        (lambda f: f, ["k"]),
        (lambda f: f[f.k == "a"], ["k"]),
        (lambda f: f[["v"]], None),
    ]:
        work(lazy).to_parquet(folder, partition_cols=keys)
        found = sf.read_parquet(folder).compute()
        assert sorted(found.v) == sorted(work(frame).v)
        assert set(found.columns) == set(work(frame).columns)
        assert (folder / "README.txt").read_text() == "mine"
        assert not hidden(folder)
    assert not [path for path in folder.iterdir() if path.is_dir()]


def test_a_frame_can_be_written_over_what_it_is_read_from(session: Session, tmp_path: Path) -> None:
    sf.from_pandas(pd.DataFrame({"v": range(90)}), npartitions=3).to_parquet(tmp_path)
    for kept in (60, 20):
        lazy = sf.read_parquet(tmp_path)
        lazy[lazy.v < kept].reset_index(drop=True).to_parquet(tmp_path)
        same(sf.read_parquet(tmp_path).compute(), pd.DataFrame({"v": range(kept)}))


def fail(part: pd.DataFrame) -> pd.DataFrame:
    if 25 in set(part.v):
        raise RuntimeError("a row is not wanted")
    return part


@pytest.mark.parametrize("keys", [None, ["k"]])
def test_a_write_that_fails_leaves_what_was_there(
    session: Session, tmp_path: Path, keys: Any
) -> None:
    frame = pd.DataFrame({"v": range(30), "k": list("abc") * 10})
    lazy = sf.from_pandas(frame, npartitions=3)
    lazy.to_parquet(tmp_path / "out", partition_cols=keys)
    before = sorted(tmp_path.rglob("*"))
    bad = lazy.map_partitions(fail, meta=frame.iloc[:0])
    with pytest.raises(RuntimeError, match="not wanted"):
        bad.to_parquet(tmp_path / "out", partition_cols=keys)
    with pytest.raises(RuntimeError, match="not wanted"):
        bad.to_parquet(tmp_path / "other" / "deep", partition_cols=keys)
    mixed = pd.DataFrame({"v": pd.Series([1] * 10 + ["a"] * 10, dtype="object"), "k": "x"})
    with pytest.raises(UnsupportedType, match="Field v has incompatible types"):
        sf.from_pandas(mixed, npartitions=2).to_parquet(tmp_path / "out", partition_cols=keys)
    assert sorted(tmp_path.rglob("*")) == before
    assert sorted(sf.read_parquet(tmp_path / "out").compute().v) == list(range(30))


def test_files_of_others_are_neither_mixed_in_nor_removed(session: Session, tmp_path: Path) -> None:
    frame = pd.DataFrame({"v": range(4)})
    frame.to_parquet(tmp_path / "mine.parquet")
    lazy = sf.from_pandas(frame, npartitions=2)
    with pytest.raises(WriteFailed, match=r"'mine\.parquet'"):
        lazy.to_parquet(tmp_path)
    with pytest.raises(WriteFailed, match=r"mine\.parquet' is a file"):
        lazy.to_parquet(tmp_path / "mine.parquet")
    with pytest.raises(WriteFailed, match="deeper"):
        lazy.to_parquet(tmp_path / "mine.parquet" / "deeper")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.parquet"]
    same(pd.read_parquet(tmp_path), frame)


def test_what_cannot_be_written_is_said_at_the_call(session: Session, tmp_path: Path) -> None:
    frame = pd.DataFrame([[1, 2], [3, 4]], columns=["a", "b"])
    lazy = sf.from_pandas(frame, npartitions=2)
    with pytest.raises(InvalidArgument, match="Cannot use all columns for partition columns"):
        lazy.to_parquet(tmp_path / "out", partition_cols=["a", "b"])
    with pytest.raises(InvalidArgument, match="named twice"):
        lazy.to_parquet(tmp_path / "out", partition_cols=["a", "a"])
    for name in ("_a", ".a", "a/b", "a=b", "%41"):
        with pytest.raises(InvalidArgument, match="is lost when folders"):
            lazy.rename(columns={"a": name}).to_parquet(tmp_path / "out", partition_cols=[name])
    with pytest.raises(UnsupportedType, match="Duplicate column names"):
        lazy.rename(columns={"b": "a"}).to_parquet(tmp_path / "out")
    with pytest.raises(UnsupportedType, match="complex"):
        sf.from_pandas(frame.astype("complex128")).to_parquet(tmp_path / "out")
    with pytest.raises(InvalidArgument, match="Unsupported compression"):
        lazy.to_parquet(tmp_path / "out", compression="none such")
    assert not (tmp_path / "out").exists()


def test_rows_are_appended(session: Session, tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"a": [1, 2, 3, 4], "s": ["x", None, "y", "x"], "f": [1.0, 2.0, None, 4.0]}
    )
    for name, how in (("plain", {}), ("folders", {"partition_cols": ["s"]})):
        folder = tmp_path / name
        lazy = sf.from_pandas(frame, npartitions=3)
        lazy.to_parquet(folder, append=True, **how)
        lazy.assign(a=lazy.a + 10).to_parquet(folder, append=True, **how)
        lazy[lazy.a < 0].to_parquet(folder, append=True, **how)
        found = sf.read_parquet(folder).compute()
        expected = pd.concat([frame, frame.assign(a=frame.a + 10)], ignore_index=True)
        assert sorted(found.a) == sorted(expected.a)
        assert found.s.isna().sum() == 2
        before = sorted(folder.rglob("*.parquet"))
        for other in (lazy.assign(more=1), lazy.drop(columns="f"), lazy.assign(a=lazy.a * 1.5)):
            with pytest.raises(InvalidArgument, match="append=True"):
                other.to_parquet(folder, append=True, **how)
        with pytest.raises(InvalidArgument, match="folders by"):
            lazy.to_parquet(folder, append=True, partition_cols=["a"])
        assert sorted(folder.rglob("*")) == sorted({*before, *(folder.rglob("s=*"))})
    lazy.to_parquet(tmp_path / "plain")
    same(sf.read_parquet(tmp_path / "plain").compute(), frame)


def test_options_of_the_format(session: Session, tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": range(100), "k": ["x", "y"] * 50})
    lazy = sf.from_pandas(frame, npartitions=3)
    how = {"row_group_size": 10, "write_statistics": False, "compression": "zstd"}
    lazy.to_parquet(tmp_path / "plain", **how)
    lazy.to_parquet(tmp_path / "folders", partition_on="k", **how)
    for path in tmp_path.rglob("*.parquet"):
        group = pq.read_metadata(path).row_group(0)
        assert group.num_rows == 10
        assert group.column(0).statistics is None
        assert group.column(0).compression == "ZSTD"
    with pytest.raises(InvalidArgument, match="takes no blocks="):
        lazy.to_parquet(tmp_path / "plain", blocks=3)
    with pytest.raises(InvalidArgument, match="both partition_on and partition_cols"):
        lazy.to_parquet(tmp_path / "plain", partition_on="k", partition_cols="k")
    with pytest.raises(UnsupportedType, match="compute=False"):
        lazy.to_parquet(tmp_path / "plain", compute=False)
