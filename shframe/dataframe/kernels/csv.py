"""Reading byte ranges of a CSV file, and giving them the dtypes that the whole file has."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from shframe.dataframe.sources.csv_source import damage_of
from shframe.errors import SourceDamaged, SourceNotFound

TEXT = pd.StringDtype(na_value=np.nan)
FLOAT = np.dtype("float64")
OBJECT = np.dtype("object")


@dataclass(frozen=True, slots=True)
class File:
    """A CSV file, how pandas is to read it, and its header.

    formats: those of columns of dates, known from the first value of the whole file.
    """

    path: str
    stamp: tuple[int, int]
    options: dict[str, Any]
    header: tuple[Any, ...] = ()
    formats: dict[Any, str] | None = None


@dataclass(frozen=True, slots=True)
class Kinds:
    """What a block's own values suggest: the rows, and of each column its dtype and what it
    holds, None where every value is missing."""

    rows: int
    columns: tuple[tuple[Any, str] | None, ...]

    @property
    def width(self) -> int:
        return len(self.columns)


@dataclass(frozen=True, slots=True)
class Decided:
    """What the columns of the whole are.

    dtypes: of each column, None where the blocks agree; odd: places of columns that only pandas
    can tell, from the whole file; rows: of each block.
    """

    dtypes: tuple[Any, ...]
    odd: tuple[int, ...]
    rows: tuple[int, ...]


def read_whole(file: File) -> Any:
    """All of a file, as pandas reads it."""
    _check_stamp(file)
    with damage_of(file.path):
        return pd.read_csv(file.path, **file.options)


def _check_stamp(file: File) -> None:
    try:
        stat = os.stat(file.path)
    except FileNotFoundError as error:
        raise SourceNotFound(f"No such file or directory: {file.path!r}") from error
    if (stat.st_size, stat.st_mtime_ns) != file.stamp:
        raise SourceDamaged(
            f"the file {file.path!r} has changed since it was opened\n  call read_csv() again"
        )


def read(start: int, stop: int, *, file: File, dtypes: dict[Any, Any] | None = None) -> Any:
    """The records of one byte range; dtypes are those that its own values suggest, but for
    those given."""
    _check_stamp(file)
    with open(file.path, "rb") as opened:
        opened.seek(start)
        data = opened.read(stop - start)
    if not data.strip():
        return pd.DataFrame({name: pd.Series([], dtype="object") for name in file.header})
    options = dict(file.options)
    if file.formats:
        options["date_format"] = file.formats
    if dtypes:
        options["dtype"] = _merge_dtypes(file, dtypes)
    place = f" (lines count from byte {start} of the file)" if start else ""
    with damage_of(file.path, place):
        part = pd.read_csv(io.BytesIO(data), header=None, names=list(file.header), **options)
    if not part.index.equals(pd.RangeIndex(len(part))):
        raise SourceDamaged(
            f"the file {file.path!r} is no CSV: a record has more than {len(file.header)} fields"
            f"{place}"
        )
    return part


def _merge_dtypes(file: File, dtypes: dict[Any, Any]) -> dict[Any, Any]:
    given = file.options.get("dtype", {})
    whole = given if isinstance(given, dict) else dict.fromkeys(file.header, given)
    return {**whole, **dtypes}


def find_kinds(part: Any, *, given: Any) -> Kinds:
    """What the values of a block suggest; given: the dtypes that were asked for."""
    columns = [part.iloc[:, n] for n in range(part.shape[1])]
    asked = given if isinstance(given, dict) else dict.fromkeys(part.columns, given)
    return Kinds(len(part), tuple(_find_kind(c, asked.get(c.name)) for c in columns))


def _find_kind(column: Any, given: Any) -> tuple[Any, str] | None:
    dtype = column.dtype
    if given is not None:
        return dtype, "given"
    if column.isna().all():
        return None
    if dtype == OBJECT:
        return dtype, pd.api.types.infer_dtype(column, skipna=True)
    if isinstance(dtype, pd.StringDtype):
        return dtype, "numbers" if _holds_numbers(column) else "text"
    return dtype, ""


_NUMBER = r"(?i)^\s*[+-]?(\d*[.,]?\d*(e[+-]?\d+)?|inf|infinity|nan)\s*$"


def _holds_numbers(column: Any) -> bool:
    """Whether text is nothing but numbers: among them are integers too large for one block, of
    which the values of another may make floats."""
    for values in (column.iloc[:100], column):  # of most text the first values tell
        words = values.array.__arrow_array__()
        if not pc.all(pc.match_substring_regex(words, _NUMBER)).as_py():
            return False
    return True


def decide(*found: Kinds, numbers_missing: bool) -> Decided:
    """The dtypes of the whole, from those of all blocks.

    numbers_missing: whether options name numbers that stand for missing values: which they do
    among floats and not among integers.
    """
    filled = [one for one in found if one.rows] or list(found[:1])
    kinds = [_decide_column([one.columns[n] for one in filled]) for n in range(filled[0].width)]
    odd = tuple(
        n
        for n, (known, dtype) in enumerate(kinds)
        if not known or (numbers_missing and dtype is FLOAT)
    )
    return Decided(tuple(dtype for _, dtype in kinds), odd, tuple(one.rows for one in found))


def _decide_column(found: list[tuple[Any, str] | None]) -> tuple[bool, Any]:
    """Whether the blocks tell the dtype of the whole, and which it is where they differ."""
    known = list(dict.fromkeys(one for one in found if one is not None))
    gaps = len(known) < len(set(found))
    dtypes = [dtype for dtype, _ in known]
    if all(isinstance(dtype, pd.CategoricalDtype) for dtype in dtypes) and known:
        return _decide_categories(dtypes)
    if any(what == "numbers" for _, what in known):
        return False, None
    if len(known) <= 1 and not gaps:
        return True, None
    if not known:
        return True, FLOAT
    return _decide_kinds({(_name(dtype), what) for dtype, what in known}, dtypes, gaps)


def _name(dtype: Any) -> str:
    return "text" if isinstance(dtype, pd.StringDtype) else str(dtype)


NUMBERS = {("int64", ""), ("float64", "")}
TRUTHS = {("bool", ""), ("object", "boolean")}
TEXTS = {("text", "text")}


def _decide_kinds(kinds: set[tuple[str, str]], dtypes: list[Any], gaps: bool) -> tuple[bool, Any]:
    if kinds <= NUMBERS:
        return True, FLOAT
    if kinds <= TRUTHS:
        return True, OBJECT
    if kinds <= TEXTS | NUMBERS | TRUTHS and kinds & TEXTS:
        return True, TEXT
    if len(kinds) == 1 and gaps and dtypes[0].kind in "mM":
        return True, dtypes[0]
    return False, None


def _decide_categories(dtypes: list[Any]) -> tuple[bool, Any]:
    """One dtype with the categories of all blocks, in order."""
    filled = [dtype for dtype in dtypes if len(dtype.categories)]
    if len(set(dtypes)) == 1 or not filled:
        return True, None
    if len({dtype.categories.dtype for dtype in filled}) > 1:
        return False, None
    whole = filled[0].categories
    for dtype in filled[1:]:
        whole = whole.union(dtype.categories)
    return True, pd.CategoricalDtype(whole.sort_values(), filled[0].ordered)


def read_odd(decided: Decided, *, file: File) -> Any:
    """The columns that only the whole file tells; None where there is none."""
    return read_whole(file).iloc[:, list(decided.odd)] if decided.odd else None


def conform(
    part: Any, decided: Decided, odd: Any, start: int, stop: int, *, place: int, file: File
) -> Any:
    """The block with the dtypes of the whole; what it read as something else is read again."""
    names = dict(enumerate(file.header))
    changes = {
        n: dtype
        for n, dtype in enumerate(decided.dtypes)
        if dtype is not None and part.dtypes.iloc[n] != dtype and len(part)
    }
    again = {
        names[n]: "str" if dtype == TEXT else dtype
        for n, dtype in changes.items()
        if dtype in (TEXT, FLOAT) and not part.iloc[:, n].isna().all()
    }
    if again:
        part = read(start, stop, file=file, dtypes=again)
    rest = {names[n]: dtype for n, dtype in changes.items() if names[n] not in again}
    made = part.astype(rest) if rest else part
    if odd is not None:
        made = made.copy(deep=False)
        first = sum(decided.rows[:place])
        for n, column in zip(decided.odd, odd.columns, strict=True):
            rows = odd[column].iloc[first : first + len(part)]
            made.isetitem(n, rows.set_axis(made.index))
    return made
