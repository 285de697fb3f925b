"""read_csv with pandas' options, of several files, and of what pandas alone can open."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import shframe as sf
from shframe.dataframe.sources import csv_source
from shframe.errors import InvalidArgument, SourceNotFound
from shframe.session import Session
from tests.dataframe.frames import same


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that is cut into many blocks."""
    monkeypatch.setattr(csv_source, "LEAST_BLOCK", 64)
    path = tmp_path / "x.csv"
    frame = pd.DataFrame(
        {
            "id": range(60),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(range(60), unit="D"),
            "v": [None if n % 7 == 0 else n / 4 for n in range(60)],
            "s": [None if n % 5 == 0 else "abc"[n % 3] for n in range(60)],
        }
    )
    frame.to_csv(path, index=False)
    return path


OPTIONS: list[dict[str, Any]] = [
    {"index_col": "id"},
    {"index_col": 1, "parse_dates": True},
    {"index_col": ["s", "id"]},
    {"index_col": 0, "usecols": ["id", "v"]},
    {"usecols": ["v", "id"]},
    {"usecols": [0, 3]},
    {"usecols": lambda name: name != "day"},
    {"names": ["a", "b", "c", "d"], "header": 0},
    {"header": None, "skiprows": 1},
    {"skiprows": [1, 3]},
    {"nrows": 7},
    {"skipfooter": 2, "engine": "python"},
    {"parse_dates": ["day"], "dtype": {"s": "category"}},
    {"na_values": ["a"], "engine": "c"},
    {"encoding": "utf-8", "thousands": ","},
    {"true_values": ["a"], "false_values": ["b", "c"], "usecols": ["id", "s"]},
]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda one: "-".join(one))
def test_options_are_those_of_pandas(session: Session, file: Path, options: dict[str, Any]) -> None:
    same(sf.read_csv(file, **options).compute(), pd.read_csv(file, **options))


def test_several_files_follow_each_other(session: Session, tmp_path: Path) -> None:
    frames = [pd.DataFrame({"a": [n, n + 1], "s": ["x", None]}) for n in range(3)]
    names = [tmp_path / f"part-{n}.csv" for n in range(3)]
    for frame, name in zip(frames, names, strict=True):
        frame.to_csv(name, index=False)
    expected = pd.concat(frames, ignore_index=True)
    for path in (names, tmp_path / "part-*.csv", tmp_path, [str(names[0]), *names[1:]]):
        same(sf.read_csv(path).compute(), expected)
    same(sf.read_csv(names, index_col="a").compute(), expected.set_index("a"))
    with pytest.raises(SourceNotFound, match="no file matches"):
        sf.read_csv(tmp_path / "nothing-*.csv")
    with pytest.raises(SourceNotFound, match="the list is empty"):
        sf.read_csv([])


def test_what_pandas_alone_can_open(session: Session) -> None:
    same(sf.read_csv(io.StringIO("a,b\n1,2\n")).compute(), pd.DataFrame({"a": [1], "b": [2]}))


def test_mistakes_of_options(session: Session, file: Path) -> None:
    with pytest.raises(InvalidArgument, match="Usecols do not match columns"):
        sf.read_csv(file, usecols=["nope"])
    with pytest.raises(InvalidArgument, match="Index nope invalid"):
        sf.read_csv(file, index_col="nope")
    with pytest.raises(InvalidArgument, match="no option 'nope'"):
        sf.read_csv(file, nope=1)
    with pytest.raises(InvalidArgument, match="partitions are the chunks"):
        sf.read_csv(file, chunksize=10)
