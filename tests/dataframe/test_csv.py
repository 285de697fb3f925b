"""CSV files that are read in blocks: the same as pandas on the whole, wherever they are cut."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import shframe as sf
from shframe.dataframe.sources import csv_source
from shframe.errors import InvalidArgument, SourceDamaged, SourceNotFound
from shframe.session import Session
from tests.dataframe.frames import FEW, same

pytestmark = pytest.mark.filterwarnings(  # pandas says so, too
    "ignore:Could not infer format", "ignore:Parsing dates in"
)

LARGE = str(2**63 + 5)
WORDS: dict[str, list[str]] = {
    "int": ["1", "-5", "0", "-0", "9007199254740993", "+3", "007"],
    "float": ["1.5", "-0.0", "inf", "1e5", "9007199254740993.0"],
    "bool": ["True", "False", "TRUE"],
    "text": ["abc", "x y", "é", '5" pipe', 'a""b', ' "q"', "1_0", "0x1"],
    "large": [LARGE, "1"],
    "larger": [str(2**64), "1"],
    "missing": ["", "NA", "null"],
    "date": ["2020-01-01", "2020-02-03"],
    "day first": ["13/01/2020", "01/02/2020"],
    "quoted": ['"a,b"', '"l1\nl2"', '"x""y"', '"a\r\nb"', '"1"'],
    "ragged": ["1,2", "1"],
}
HEADS = ["a", "b", "c", '"h q"', '"h\nx"', "", "é", " s", "1"]
OPTIONS: list[dict[str, Any]] = [
    {"dtype": "str"},
    {"dtype": "category"},
    {"dtype": {"a": "category"}},
    {"dtype": {"a": "Int64"}},
    {"dtype": {"a": "float32"}},
    {"parse_dates": ["a"]},
    {"parse_dates": [0]},
    {"na_values": ["abc", "7"]},
    {"keep_default_na": False},
]


@dataclass(frozen=True)
class Text:
    """The bytes of a file, and how it is to be read."""

    content: bytes
    options: dict[str, Any]


@st.composite
def columns(draw: Callable[..., Any], rows: int) -> list[str]:
    """Words of one kind, then words of another: so that blocks differ."""
    kinds = draw(st.lists(st.sampled_from(sorted(WORDS)), min_size=1, max_size=3, unique=True))
    large = {"large", "larger"} & set(kinds)
    assume(not (large and {"missing", "ragged"} & set(kinds)))  # pandas has "" for NA there
    each = [st.sampled_from(WORDS[kind]) for kind in kinds]
    runs = draw(st.booleans())
    chosen = [each[n * len(each) // rows] if runs else st.one_of(each) for n in range(rows)]
    return [draw(one) for one in chosen]


@st.composite
def texts(draw: Callable[..., Any]) -> Text:
    """Files with blank lines, quoted headers, byte-order marks, any line's end and separator."""
    rows = draw(st.sampled_from([0, 1, 12, 25]))
    heads = draw(st.lists(st.sampled_from(HEADS), min_size=1, max_size=3))
    separator = draw(st.sampled_from([",", ",", ",", ";", "\t"]))
    parts = [draw(columns(rows)) for _ in heads]
    lines = [separator.join(heads), *map(separator.join, zip(*parts, strict=True))]
    for place, line in draw(
        st.lists(st.tuples(st.integers(0, len(lines)), st.sampled_from(["", "  "])), max_size=1)
    ):
        lines.insert(place, line)
    if draw(st.integers(0, 9)) == 0:
        lines = [lines[0], *(f"{n}{separator}{line}" for n, line in enumerate(lines[1:]))]
    end = draw(st.sampled_from(["\n", "\n", "\n", "\r\n", "\r"]))
    content = end.join(lines) + draw(st.sampled_from([end, "", end * 3]))
    options = dict(draw(st.sampled_from([{}, {}, {}, *OPTIONS])))
    options |= {} if separator == "," else {"sep": separator}
    mark = draw(st.sampled_from([b"", b"", b"", b"\xef\xbb\xbf"]))
    return Text(mark + content.encode(), options)


@FEW
@given(text=texts(), block=st.sampled_from([20, 60, 150]), scan=st.sampled_from([16, 97, 1000]))
def test_a_file_in_blocks_is_read_as_pandas_reads_it_whole(
    session: Session, monkeypatch: pytest.MonkeyPatch, text: Text, block: int, scan: int
) -> None:
    for name, value in (("LEAST_BLOCK", block), ("SAMPLE", 100), ("SCAN", scan)):
        monkeypatch.setattr(csv_source, name, value)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "one.csv")
        path.write_bytes(text.content)
        try:
            expected = pd.read_csv(path, low_memory=False, **text.options)
        except ValueError:
            with pytest.raises((SourceDamaged, InvalidArgument), match=r"one\.csv"):
                sf.read_csv(path, **text.options).compute()
            return
        same(sf.read_csv(path, **text.options).compute(), expected)


def blocks(lazy: Any) -> int:
    return len(lazy.expr.source.blocks(2))


def test_a_file_with_quotes_is_cut_between_its_records(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_source, "LEAST_BLOCK", 1 << 12)
    path = tmp_path / "one.csv"
    rows = "".join(f'{n},"line {n}\n""quoted"", and on",{n / 2}\n' for n in range(2000))
    path.write_text('n,"remarks\nof all kinds",half\n' + rows)
    assert blocks(sf.read_csv(path)) > 5
    same(sf.read_csv(path).compute(), pd.read_csv(path))
    path.write_text("n,remarks,half\n" + rows + '1,5" pipes,2\n')
    assert blocks(sf.read_csv(path)) == 0  # quotes that may be others
    same(sf.read_csv(path).compute(), pd.read_csv(path))


def test_dates_have_the_format_of_the_first_in_the_file(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_source, "LEAST_BLOCK", 1 << 10)
    path = tmp_path / "one.csv"
    path.write_text("day,n\n" + "13/01/2020,1\n" * 50 + "01/02/2020,2\n" * 500)
    lazy = sf.read_csv(path, parse_dates=["day"])
    assert blocks(lazy) > 2
    same(lazy.compute(), pd.read_csv(path, parse_dates=["day"]))


def test_compressed_files_are_read_in_one_piece(session: Session, tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": range(1000), "b": ["x"] * 1000})
    for suffix in (".csv.gz", ".csv.bz2", ".csv.zip", ".csv.xz"):
        frame.to_csv(tmp_path / f"one{suffix}", index=False)
        same(sf.read_csv(tmp_path / f"one{suffix}").compute(), frame)


def test_what_is_no_csv_is_named_with_its_place(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_source, "LEAST_BLOCK", 1 << 10)
    monkeypatch.setattr(csv_source, "SAMPLE", 1 << 10)
    path = tmp_path / "one.csv"
    good = b"a,b\n" + b"1,2\n" * 2000
    for bad in (b"\xff,1\n", b"1,2,3\n", b'1,"2\n'):
        path.write_bytes(good + bad + b"5,6\n" * 10)
        with pytest.raises(SourceDamaged, match=r"one\.csv"):
            sf.read_csv(path).compute()
    path.write_bytes(good + b"x,2\n")
    with pytest.raises(InvalidArgument, match=r"one\.csv.*byte"):
        sf.read_csv(path, dtype={"a": "int64"}).compute()
    for content in (b"", b"\n\n"):
        path.write_bytes(content)
        with pytest.raises(SourceDamaged, match=r"one\.csv.*No columns"):
            sf.read_csv(path)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(SourceNotFound, match="is a folder"):
        sf.read_csv(empty)


def test_a_file_that_changed_meanwhile_is_not_read(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text("a\n1\n2\n")
    lazy = sf.read_csv(path)
    path.write_text("a\n1\n2\n3\n")
    with pytest.raises(SourceDamaged, match=r"one\.csv.*has changed"):
        lazy.compute()
