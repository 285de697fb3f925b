"""Parquet data sets of several files: what only all of them tell is the same in every partition."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import shframe as sf
from shframe.dataframe.sources import parquet_source
from shframe.errors import (
    ColumnNotFound,
    InvalidArgument,
    SourceDamaged,
    SourceNotFound,
    UnsupportedType,
)
from shframe.session import Session
from tests.dataframe.frames import FEW, same

NAMES = ["a", "b", "a.b", "a.b.c", "a/b", "%41", "", "1", "k=v", "é"]
NAN = float("nan")
TYPES: dict[str, tuple[Any, list[Any]]] = {
    "int8": (pa.int8(), [-128, 127, 0, 5]),
    "int64": (pa.int64(), [-(2**63), 2**63 - 1, 2**53 + 1, 0, 1, 2]),
    "uint32": (pa.uint32(), [0, 2**31, 2**32 - 1]),
    "uint64": (pa.uint64(), [0, 2**63, 2**64 - 1]),
    "float32": (pa.float32(), [0.1, -0.0, 0.0, float("inf"), NAN, 1.5]),
    "float64": (pa.float64(), [0.1, -0.0, 0.0, float("-inf"), NAN, 2.0**53]),
    "bool": (pa.bool_(), [True, False]),
    "text": (pa.string(), ["", "a", "b", "é", "a\x00b", "z" * 70]),
    "category": (pa.dictionary(pa.int8(), pa.string()), ["p", "q", "r"]),
    "time": (pa.timestamp("us"), [pd.Timestamp(1969, 1, 1), pd.Timestamp(2020, 1, 5)]),
    "zoned": (pa.timestamp("us", "Europe/Berlin"), [pd.Timestamp("2020-06-01", tz="UTC")]),
    "struct": (pa.struct([("b", pa.int64()), ("a.b", pa.string())]), [{"b": 1, "a.b": "x"}]),
    "list": (pa.list_(pa.int64()), [[], [1, 2]]),
    "null": (pa.null(), [None]),
}
NEAR = {"int64": ["int8", "float64", "null"], "text": ["category", "null"], "category": ["text"]}
SPELLED = ["1", "2", "007", "-1", "-0", "0", "+1", " 1", "2024_01", "٣", "3000000000", "1.5"]
SPELLED += ["a%2Fb", "%41", "", "x=y", "True", "1e3", "2147483647", "-2147483648", "é"]
SIGNS = ["==", "!=", "<", "<=", ">", ">="]


@dataclass(frozen=True)
class Files:
    """A folder's files as tables, rows in a row group, whether statistics are written."""

    tables: list[Any]
    group: int
    statistics: bool


@st.composite
def columns(draw: Callable[..., Any], kind: str, rows: int) -> Any:
    """A column of a kind; a third of the values are missing in every second one."""
    typed, values = TYPES[kind]
    gaps = draw(st.booleans())
    choices = st.sampled_from([*values, *values, None] if gaps else values)
    return pa.array(draw(st.lists(choices, min_size=rows, max_size=rows)), typed)


@st.composite
def files(draw: Callable[..., Any]) -> Files:
    """Up to three files; later ones lack a column, have another type, another order or more."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    kinds = {name: draw(st.sampled_from(sorted(TYPES))) for name in names}
    tables = []
    for n in range(draw(st.integers(1, 3))):
        mine = dict(kinds)
        change = draw(st.sampled_from(["none", "none", "type", "absent", "more", "order"]))
        if n and change == "type":
            mine[names[0]] = draw(st.sampled_from(NEAR.get(mine[names[0]], [mine[names[0]]])))
        if n and change == "absent" and len(names) > 1:
            del mine[names[-1]]
        if n and change == "more":
            mine["more"] = "int64"
        if n and change == "order":
            mine = dict(reversed(mine.items()))
        rows = draw(st.sampled_from([0, 1, 5]))
        tables.append(pa.table({name: draw(columns(kind, rows)) for name, kind in mine.items()}))
    return Files(tables, draw(st.sampled_from([1, 2, 9])), draw(st.integers(0, 3)) > 0)


def write(case: Files, folder: str) -> None:
    for n, table in enumerate(case.tables):
        pq.write_table(
            table,
            Path(folder, f"{n}.parquet"),
            row_group_size=case.group,
            write_statistics=case.statistics,
        )


def loses_values(case: Files) -> bool:
    """Whether pandas reads text as missing: where a category comes after a column of nulls."""
    first = case.tables[0].schema
    return any(
        pa.types.is_null(field.type)
        and field.name in table.column_names
        and pa.types.is_dictionary(table.schema.field(field.name).type)
        for field in first
        for table in case.tables
    )


@FEW
@given(case=files(), data=st.data())
def test_files_are_read_as_pandas_reads_them(
    session: Session, monkeypatch: pytest.MonkeyPatch, case: Files, data: st.DataObject
) -> None:
    monkeypatch.setattr(parquet_source, "LEAST_PARTITION", 1)
    monkeypatch.setattr(parquet_source, "SHARED_PARTITION", 1)
    assume(not loses_values(case))
    with tempfile.TemporaryDirectory() as folder:
        write(case, folder)
        try:
            expected = pd.read_parquet(folder)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return  # ours says it by name, or brings the types together: tested below
        lazy = sf.read_parquet(folder)
        same(lazy.compute(), expected)
        name = data.draw(st.sampled_from(case.tables[0].column_names))
        same(lazy[[name]].head(2).compute(), expected[[name]].head(2))
        chosen = data.draw(st.sampled_from([0, 1, 0.1, 2**53, 1.5, "a", "p"]))
        nested = pa.types.is_nested(case.tables[0].schema.field(name).type)
        if len(expected) and not nested:
            same(lazy[lazy[name] == chosen].compute(), expected[expected[name] == chosen])


@FEW
@given(case=files(), data=st.data())
def test_filters_leave_the_rows_that_arrow_leaves(
    session: Session, case: Files, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(case.tables[0].column_names))
    values = [*TYPES["int64"][1], 0.1, 1.5, "a", "p", True, pd.Timestamp(2020, 1, 5)]
    value = data.draw(st.sampled_from(values))
    term = data.draw(
        st.sampled_from([(name, sign, value) for sign in SIGNS])
        | st.sampled_from([(name, "in", [value, value]), (name, "not in", [value])])
    )
    with tempfile.TemporaryDirectory() as folder:
        write(case, folder)
        try:
            whole = pq.read_table(folder)
            mask = pa.dataset.dataset(whole).to_table(filter=pq.filters_to_expression([term]))
        except (pa.ArrowException, NotImplementedError):
            return
        assume(not loses_values(case))
        try:
            found = sf.read_parquet(folder, filters=[term])
        except UnsupportedType:  # a column of nulls at first, of which a later file tells more
            assert any(pa.types.is_null(field.type) for field in whole.schema)
            return
        same(found.compute(), mask.to_pandas())


@pytest.mark.parametrize("later", [[1, 2], ["x", "y"], [True, None], [1.5, None]])
def test_a_column_of_nulls_gets_the_type_of_a_later_file(
    session: Session, tmp_path: Path, later: list[Any]
) -> None:
    pq.write_table(pa.table({"a": pa.nulls(2)}), tmp_path / "0.parquet")
    pq.write_table(pa.table({"a": later}), tmp_path / "1.parquet")
    expected = pa.concat_tables(
        [pa.table({"a": pa.nulls(2)}), pa.table({"a": later})], promote_options="default"
    )
    lazy = sf.read_parquet(tmp_path)
    same(lazy.compute(), expected.to_pandas())
    assert dict(lazy.dtypes) == dict(expected.to_pandas().dtypes)


@pytest.mark.parametrize(
    ("first", "second"), [([1, 2], [1.5, 2.5]), ([1, 2], ["3", "x"]), ([1, 2], [[1], [2]])]
)
def test_types_that_do_not_go_together_are_named(
    session: Session, tmp_path: Path, first: list[Any], second: list[Any]
) -> None:
    pq.write_table(pa.table({"n": [0, 0], "v": first}), tmp_path / "0.parquet")
    pq.write_table(pa.table({"n": [0, 0], "v": second}), tmp_path / "1.parquet")
    with pytest.raises(SourceDamaged, match=r"(?s)'v'.*1\.parquet|1\.parquet.*'v'"):
        sf.read_parquet(tmp_path).compute()
    same(sf.read_parquet(tmp_path)[["n"]].compute(), pd.DataFrame({"n": [0] * 4}))


def test_two_columns_of_one_name_are_named(session: Session, tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["twice", "twice"])
    pq.write_table(table, tmp_path / "0.parquet")
    with pytest.raises(SourceDamaged, match=r"0\.parquet.*'twice'"):
        sf.read_parquet(tmp_path)


def test_a_column_does_not_answer_for_another_with_a_dot(session: Session, tmp_path: Path) -> None:
    table = pa.table(
        {
            "a": [1, 2, 3, 100, 200, 300],
            "a.b": [7, 8, 9, 7, 8, 9],
            "s": [{"x": n, "s.x": -n} for n in range(6)],
            "s.x": [50, 60, 70, 80, 90, 100],
        }
    )
    pq.write_table(table, tmp_path / "0.parquet", row_group_size=2)
    lazy, frame = sf.read_parquet(tmp_path), pd.read_parquet(tmp_path)
    for name, value in [("a", 50), ("a.b", 8), ("s.x", 55), ("s.x", 95)]:
        same(lazy[lazy[name] > value].compute(), frame[frame[name] > value])
    assert "2 of 3 row groups" in lazy[lazy["a"] > 50].explain()


@FEW
@given(
    spelled=st.lists(
        st.sampled_from(SPELLED),
        min_size=1,
        max_size=4,
        unique=True,
    )
)
def test_folders_mean_what_pandas_reads_from_them(session: Session, spelled: list[str]) -> None:
    with tempfile.TemporaryDirectory() as root:
        for n, text in enumerate(spelled):
            where = Path(root, f"k={text}", "j=x" if n % 2 else "j=y")
            where.mkdir(parents=True)
            pd.DataFrame({"v": [n, -n]}).to_parquet(where / "0.parquet")
        lazy = sf.read_parquet(root)
        if {"0", "-0"} <= set(spelled) or {"1", "01"} <= set(spelled):
            lazy.compute()  # pandas fails on two spellings of a number
            return
        expected = pd.read_parquet(root)
        same(lazy.compute(), expected)
        if expected.k.cat.categories.dtype.kind == "i":
            for sign in SIGNS:
                asked = [("k", sign, 1), ("j", "==", "x")]
                found = sf.read_parquet(root, filters=asked).compute()
                assert found.v.tolist() == pd.read_parquet(root, filters=asked).v.tolist()


def test_a_folder_may_spell_a_missing_value_or_nothing(session: Session, tmp_path: Path) -> None:
    for n, folder in enumerate(["k=2", "k=__HIVE_DEFAULT_PARTITION__", "k=1/j=x", "."]):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        pd.DataFrame({"v": [n]}).to_parquet(tmp_path / folder / "0.parquet")
    found = sf.read_parquet(tmp_path).compute().sort_values("v")
    assert found.v.tolist() == [0, 1, 2, 3]
    assert found.k.astype(object).fillna(-1).tolist() == [2, -1, 1, -1]
    assert found.j.isna().tolist() == [True, True, False, True]
    assert sf.read_parquet(tmp_path, filters=[("k", "<", 9)]).v.sum().compute() == 2
    lazy = sf.read_parquet(tmp_path)
    assert sorted(lazy[lazy.k.isna()].v.compute()) == [1, 3]


def test_a_name_in_files_and_folders_is_refused(session: Session, tmp_path: Path) -> None:
    (tmp_path / "k=1").mkdir()
    pd.DataFrame({"k": [5]}).to_parquet(tmp_path / "k=1" / "0.parquet")
    with pytest.raises(SourceDamaged, match=r"'k'.*0\.parquet"):
        sf.read_parquet(tmp_path)


@pytest.mark.parametrize("level", ["x", None])
def test_levels_of_a_stored_index_can_be_asked_for(
    session: Session, tmp_path: Path, level: Any
) -> None:
    frame = pd.DataFrame({"a": [3, 4, 5]}, index=pd.Index([2, 0, 1], name=level))
    path = tmp_path / "0.parquet"
    frame.to_parquet(path, row_group_size=1)
    asked = [(level or "__index_level_0__", ">", 0)]
    same(sf.read_parquet(path, filters=asked).compute(), pd.read_parquet(path, filters=asked))
    for columns_ in ([], ["x"] if level else [], ["a"]):
        lazy = sf.read_parquet(path, columns=columns_)
        same(lazy.compute(), pd.read_parquet(path, columns=columns_))
        assert len(lazy) == 3
    with pytest.raises(ColumnNotFound, match="'y'"):
        sf.read_parquet(path, filters=[("y", ">", 0)])


def test_filters_may_be_alternatives(session: Session, tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": range(20), "b": list("abcd") * 5})
    frame.to_parquet(tmp_path / "0.parquet", row_group_size=3)
    for asked in (
        [[("a", "<", 3)], [("a", ">=", 18), ("b", "==", "c")]],
        [("a", "in", {1, 7, 100})],
        [("a", "in", list(range(5, 200)))],
        [("a", ">", None)],
        [("a", "in", [])],
    ):
        lazy = sf.read_parquet(tmp_path, filters=asked)
        same(lazy.compute(), pd.read_parquet(tmp_path, filters=asked))
    for malformed in ([], ("a", "==", 1), [("a", "==")]):
        with pytest.raises(InvalidArgument, match="Malformed filters"):
            sf.read_parquet(tmp_path, filters=malformed)
    with pytest.raises(UnsupportedType, match="no kernel matching"):
        sf.read_parquet(tmp_path, filters=[("a", ">", "1")])
    with pytest.raises(UnsupportedType, match="type of values set"):
        sf.read_parquet(tmp_path, filters=[("b", "in", [1, 2])])
    large = tmp_path / "large"
    large.mkdir()
    pq.write_table(pa.table({"u": pa.array([1, 2**64 - 1], pa.uint64())}), large / "0.parquet")
    with pytest.raises(InvalidArgument, match=r"0\.parquet.*18446744073709551615"):
        sf.read_parquet(large, filters=[("u", ">=", 0)]).compute()


def test_rows_that_filters_leave_are_counted_before_a_mask(
    session: Session, tmp_path: Path
) -> None:
    frame = pd.DataFrame({"a": range(20)})
    for dtype in ("Int64", "int64[pyarrow]", "boolean"):
        frame[dtype] = pd.array([None, 1] * 10, dtype=dtype)
    pq.write_table(pa.Table.from_pandas(frame), tmp_path / "0.parquet", row_group_size=3)
    lazy = sf.read_parquet(tmp_path, filters=[("a", ">", 4)])
    expected = pd.read_parquet(tmp_path, filters=[("a", ">", 4)])
    same(lazy[lazy.a > 12].compute(), expected[expected.a > 12])
    same(lazy.head(2).compute(), expected.head(2))


def test_categories_are_those_of_all_files(session: Session, tmp_path: Path) -> None:
    for n, words in enumerate(["bc", "ab", "d"]):
        encoded = pa.array(list(words)).dictionary_encode()
        table = pa.table({"c": encoded, "n": [n] * len(words)})
        pq.write_table(table, tmp_path / f"{n}.parquet")
    lazy, frame = sf.read_parquet(tmp_path), pd.read_parquet(tmp_path)
    same(lazy.compute(), frame)
    same(lazy.head(1).compute(), frame.head(1))
    same(lazy[lazy.n == 1].compute(), frame[frame.n == 1])
    codes = lazy.map_partitions(lambda part: part.c.cat.codes, meta=pd.Series(dtype="int8"))
    same(codes.compute(), frame.c.cat.codes)


def test_files_without_the_usual_name_are_not_passed_over(session: Session, tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1]})
    for name in ("0.parquet", "1.PARQUET", "2.parquet.bak", "3", "_4.parquet", ".5.parquet"):
        frame.to_parquet(tmp_path / name)
    (tmp_path / "notes.txt").write_text("not of the data set")
    assert len(sf.read_parquet(tmp_path)) == 4


def test_a_file_that_changed_meanwhile_is_not_mixed_in(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "0.parquet"
    pd.DataFrame({"a": np.arange(10)}).to_parquet(path)
    lazy = sf.read_parquet(path)
    pd.DataFrame({"a": np.arange(20)}).to_parquet(path)
    with pytest.raises(SourceDamaged, match=r"0\.parquet.*has changed"):
        lazy.compute()
    path.unlink()
    with pytest.raises(SourceNotFound, match=r"0\.parquet"):
        lazy.compute()
