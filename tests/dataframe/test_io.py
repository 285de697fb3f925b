"""Reading and writing real files, against pandas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

import shframe as sf
from shframe.errors import ColumnNotFound, InvalidArgument, SourceDamaged, SourceNotFound
from tests.dataframe.frames import LIGHT, frames, same

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def table() -> Any:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "n": np.arange(1000),
            "k": rng.integers(0, 5, 1000),
            "v": rng.random(1000),
            "s": pd.Series(rng.integers(0, 9, 1000)).map("id{}".format).astype("str"),
            "t": pd.date_range("2020", periods=1000, freq="h"),
        }
    )


@pytest.fixture
def folder(tmp_path: Path, table: Any) -> Path:
    for n in range(4):
        part = table.iloc[n * 250 : (n + 1) * 250].reset_index(drop=True)
        part.to_parquet(tmp_path / f"part-{n}.parquet", row_group_size=100)
    return tmp_path


def test_a_folder_a_pattern_a_list_and_a_file_are_read(folder: Path, table: Any) -> None:
    same(sf.read_parquet(folder), table)
    same(sf.read_parquet(str(folder / "*.parquet")), table)
    same(sf.read_parquet(sorted(folder.glob("*.parquet"))), table)
    same(sf.read_parquet(folder / "part-0.parquet"), table.head(250))
    same(sf.read_parquet(folder, columns=["v", "k"]), table[["v", "k"]])


def test_only_needed_columns_and_row_groups_are_read(folder: Path, table: Any) -> None:
    lazy = sf.read_parquet(folder)
    made = lazy[lazy.n >= 730].groupby("k").v.sum()
    assert "columns 3 of 5" in made.explain()
    assert "row groups 4 of 12" in made.explain()
    same(made, table[table.n >= 730].groupby("k").v.sum(), rtol=1e-9)
    text = lazy.query("n < 120 and s == 'id3'")
    assert "row groups 2 of 12" in text.explain()
    same(text, table.query("n < 120 and s == 'id3'"))
    assert "row groups 1 of 12" in lazy.head(5).explain()
    same(lazy.head(5), table.head(5))
    same(lazy[lazy.n > 5000], table[table.n > 5000])
    both = lazy[lazy.n < 100].v.sum().compute() + lazy.v.sum().compute()
    np.testing.assert_allclose(both, table[table.n < 100].v.sum() + table.v.sum())


def test_a_read_that_others_share_is_not_pruned(folder: Path, table: Any) -> None:
    lazy = sf.read_parquet(folder)
    few = lazy[lazy.n < 50]
    made = lazy.merge(few[["n", "v"]], on="n", how="left")
    same(made, table.merge(table[table.n < 50][["n", "v"]], on="n", how="left"))


def test_filters_are_those_of_pandas(folder: Path, table: Any) -> None:
    filters = [("n", ">", 400), ("k", "in", [1, 2])]
    same(sf.read_parquet(folder, filters=filters), pd.read_parquet(folder, filters=filters))
    made = sf.read_parquet(folder, columns=["v"], filters=[("s", "==", "id1")])
    same(made, pd.read_parquet(folder, columns=["v"], filters=[("s", "==", "id1")]))


def test_hive_partitions_are_columns(tmp_path: Path, table: Any) -> None:
    table.to_parquet(tmp_path / "data", partition_cols=["k"])
    expected = pd.read_parquet(tmp_path / "data")
    lazy = sf.read_parquet(tmp_path / "data")
    same(lazy, expected)
    made = lazy[lazy.k == 3]
    assert "row groups 1 of 5" in made.explain()
    same(made, expected[expected.k == 3])


@LIGHT
@given(frames())
def test_to_parquet_and_back_keeps_everything(tmp_path_factory: Any, frame: Any) -> None:
    path = tmp_path_factory.mktemp("out") / "data"
    sf.from_pandas(frame, npartitions=3).to_parquet(path)
    expected = pd.concat([pd.read_parquet(p) for p in sorted(path.glob("*.parquet"))])
    pd.testing.assert_frame_equal(expected, frame, check_index_type=False)
    made = sf.read_parquet(path).compute()
    pd.testing.assert_frame_equal(made, frame, check_index_type=False)


def test_categories_of_a_file_are_kept(tmp_path: Path) -> None:
    frame = pd.DataFrame({"c": pd.Categorical(["a", "b", None, "a"]), "v": [1, 2, 3, 4]})
    for n in range(3):
        frame.to_parquet(tmp_path / f"{n}.parquet")
    expected = pd.concat([frame] * 3, ignore_index=True)
    same(sf.read_parquet(tmp_path), expected)
    same(sf.read_parquet(tmp_path)[["c"]].head(2), expected[["c"]].head(2))


def test_to_parquet_by_hive_partition_is_read_by_pandas(tmp_path: Path, table: Any) -> None:
    sf.from_pandas(table, npartitions=3).to_parquet(tmp_path / "d", partition_cols="k", index=False)
    made = pd.read_parquet(tmp_path / "d").sort_values("n")
    assert (made["n"].to_numpy() == table["n"].to_numpy()).all()
    assert (made["k"].astype("int64").to_numpy() == table["k"].to_numpy()).all()
    assert not list(tmp_path.rglob("*.writing"))


def test_a_csv_has_the_dtypes_of_the_whole_file(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("shframe.dataframe.csv.LEAST_BLOCK", 200)
    path = tmp_path / "t.csv"
    rows = [f"{n},{n / 4 if n % 7 else ''},word{n % 3},{'x' if n == 90 else n}" for n in range(100)]
    path.write_text("a,b,c,d\n" + "\n".join(rows) + "\n")
    lazy = sf.read_csv(path)
    assert lazy.npartitions >= 3
    same(lazy, pd.read_csv(path))
    same(lazy[lazy.a > 50].b, pd.read_csv(path).query("a > 50").b)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda p: sf.read_parquet(p / "nope"), SourceNotFound),
        (lambda p: sf.read_parquet(p / "*.nope"), SourceNotFound),
        (lambda p: sf.read_csv(p / "nope.csv"), SourceNotFound),
        (lambda p: sf.read_parquet(p, columns=["nope"]), ColumnNotFound),
        (lambda p: sf.read_parquet(p, columns="v"), InvalidArgument),
        (lambda p: sf.read_parquet(p, filters=[("v", "~", 1)]), InvalidArgument),
        (lambda p: sf.read_parquet(p, filters="v > 1"), InvalidArgument),
        (lambda p: sf.read_csv(p / "part-0.parquet", nonsense=1), InvalidArgument),
    ],
)
def test_mistakes_raise_at_the_call(folder: Path, call: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        call(folder)


def test_a_damaged_first_footer_raises_at_the_call_and_another_while_computing(
    folder: Path,
) -> None:
    (folder / "part-2.parquet").write_bytes(b"PAR1 this is no Parquet file PAR1")
    lazy = sf.read_parquet(folder)
    with pytest.raises(SourceDamaged, match=r"part-2\.parquet"):
        lazy.v.sum().compute()
    (folder / "part-0.parquet").write_bytes(b"nothing")
    with pytest.raises(SourceDamaged, match=r"part-0\.parquet"):
        sf.read_parquet(folder)


def test_damaged_values_are_named_while_computing(folder: Path) -> None:
    path = folder / "part-1.parquet"
    data = bytearray(path.read_bytes())
    data[4:2000] = bytes(1996)
    path.write_bytes(bytes(data))
    with pytest.raises(SourceDamaged, match=r"part-1\.parquet"):
        sf.read_parquet(folder).compute()


def test_a_computed_frame_outlives_the_session(folder: Path, table: Any) -> None:
    made = sf.read_parquet(folder).compute()
    series = sf.read_parquet(folder).s.compute()
    sf.shutdown()
    made.loc[0, "v"] = -1.0
    made.iloc[1, 0] = -5
    made.loc[made["k"] == 3, "k"] = 30
    assert set(made["k"]) <= {0, 1, 2, 4, 30, -5}
    made["v"] += 1
    assert made["v"].iloc[0] == 0.0
    assert made["s"].tolist() == table["s"].tolist() == series.tolist()
