"""A CSV file as it was when it was opened: its columns, and byte ranges that end at records.

A file is cut only where it is certain that pandas sees the end of a record there. Where there is
doubt (a quote that is neither at the edge of a field nor doubled, a separator of several
characters, an index that the header does not name) it is read in one piece, by pandas alone.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import re
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.api import guess_datetime_format

from shframe.errors import InvalidArgument, SourceDamaged, SourceNotFound
from shframe.graph.plan.tokens import tokenize

SAMPLE = 1 << 20  # bytes from whose lines the columns are known
LEAST_BLOCK = 1 << 20
MOST_BLOCK = 64 << 20
SCAN = 16 << 20  # bytes looked through at once for quotes
OPTIONS = ("sep", "delimiter", "dtype", "na_values", "keep_default_na", "parse_dates", "decimal")
_IN_ONE_PIECE = """
    header names skiprows skipfooter nrows skip_blank_lines comment encoding encoding_errors
    quotechar quoting doublequote escapechar thousands lineterminator dialect true_values
    false_values skipinitialspace na_filter date_format dayfirst cache_dates compression
    on_bad_lines converters float_precision engine dtype_backend storage_options
"""
IN_ONE_PIECE = frozenset(_IN_ONE_PIECE.split())  # options with which pandas alone reads a file
COMPRESSED = (".gz", ".bz2", ".zip", ".xz", ".zst", ".tar", ".tgz")
QUOTE = ord('"')
BOM = b"\xef\xbb\xbf"


class CsvSource:
    """One file; raises SourceNotFound, SourceDamaged, and InvalidArgument for other options."""

    def __init__(self, path: Any, options: dict[str, Any]) -> None:
        self.path: str = os.path.abspath(os.path.expanduser(os.fspath(path)))
        for name in options:
            if name not in OPTIONS and name not in IN_ONE_PIECE:
                known = ", ".join([*OPTIONS, *sorted(IN_ONE_PIECE)])
                raise InvalidArgument(
                    f"read_csv has no option {name!r}; there are {known}\n"
                    "  sf.from_pandas(pandas.read_csv(...)) takes all of pandas' options"
                )
        sample = _read_sample(self.path)
        stat = os.stat(self.path)
        self.size = stat.st_size
        self.stamp = (stat.st_size, stat.st_mtime_ns)
        self.lines = max(sample.count(b"\n"), 100)
        self._given = frozenset(options)
        self.separator = options.get("sep", options.get("delimiter", ","))
        self.options = {**_engine(self.separator, options), **options}
        self.token = tokenize("csv", self.path, self.stamp, options)
        self._cuts: dict[int, list[tuple[int, int]]] = {}  # by their distance

    def __shframe_token__(self) -> str:
        return self.token

    @property
    def title(self) -> str:
        """What a plan calls the file."""
        return os.path.basename(self.path)

    @functools.cached_property
    def _first_rows(self) -> Any:
        with damage_of(self.path):
            if self.options.get("skipfooter"):  # which pandas takes for whole files only
                return pd.read_csv(self.path, **self.options)
            lines = min(self.lines, self.options.get("nrows") or self.lines)
            return pd.read_csv(self.path, **{**self.options, "nrows": lines})

    @functools.cached_property
    def meta(self) -> Any:
        """The empty frame, with the dtypes of the first lines."""
        return self._first_rows.iloc[:0]

    @property
    def header(self) -> tuple[Any, ...]:
        """Column labels."""
        return tuple(self.meta.columns)

    @property
    def has_rows(self) -> bool:
        """Whether there is anything after the header."""
        return len(self._first_rows) > 0

    @property
    def counts_rows(self) -> bool:
        """Whether the index counts the rows: it is not a column that the header does not name."""
        index = self._first_rows.index
        return isinstance(index, pd.RangeIndex) and (index.start, index.step) == (0, 1)

    def _names_all_columns(self) -> bool:
        """Whether the first rows are the same when pandas is told that there is no index."""
        rows = self._first_rows
        options = {**self.options, "index_col": False}
        if options.get("parse_dates") is True:  # of the index, that is
            options["parse_dates"] = False
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says that there are further columns
            try:
                plain = pd.read_csv(self.path, nrows=self.lines, **options)
            except (ValueError, TypeError):  # other columns, for which the options are not meant
                return False
        return self.counts_rows and bool(rows.equals(plain))

    def blocks(self, workers: int) -> list[tuple[int, int]]:
        """(start, stop) of ranges that together hold all records after the header.

        Nothing where the file is to be read in one piece.
        """
        target = min(max(self.size // (4 * workers), LEAST_BLOCK), MOST_BLOCK)
        if target not in self._cuts:
            self._cuts[target] = self._cut(target) if self.size > target else []
        return self._cuts[target]

    def _cut(self, target: int) -> list[tuple[int, int]]:
        if not self._can_be_cut():
            return []
        try:
            edges = list(_find_edges(self.path, self.separator, target))
        except _Doubt:
            return []
        return [(a, b) for a, b in itertools.pairwise([*edges, self.size]) if a < b]

    def _can_be_cut(self) -> bool:
        text = self.separator
        if not IN_ONE_PIECE.isdisjoint(self._given):
            return False
        plain = isinstance(text, str) and len(text) == 1 and text.isascii() and text not in '"\n\r'
        return (
            plain
            and not self.path.lower().endswith(COMPRESSED)
            and not _has_repeated_names(self.header)
            and self.date_formats is not None
            and self._names_all_columns()
        )

    @functools.cached_property
    def date_formats(self) -> dict[Any, str] | None:
        """The format of each column of dates that has one: that of its first value in the file.

        None where the first lines do not tell it.
        """
        asked = self.options.get("parse_dates") or []
        if isinstance(asked, bool):
            return {}
        if not isinstance(asked, list) or any(isinstance(one, (list, tuple)) for one in asked):
            return None
        labels = [self.header[one] if isinstance(one, int) else one for one in asked]
        options = {**self.options, "parse_dates": False, "dtype": dict.fromkeys(labels, "str")}
        with damage_of(self.path):
            rows = pd.read_csv(self.path, nrows=self.lines, **options)
        firsts = {label: rows[label].dropna().head(1).tolist() for label in labels}
        if not all(firsts.values()):
            return None
        formats = {label: guess_datetime_format(first[0]) for label, first in firsts.items()}
        return {label: form for label, form in formats.items() if form is not None}


@contextlib.contextmanager
def damage_of(path: str, place: str = "") -> Iterator[None]:
    """Let what goes wrong while a CSV file is read be told with its name."""
    try:
        yield
    except (SourceDamaged, SourceNotFound, InvalidArgument):
        raise
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeError, OSError) as error:
        text = str(error).strip()
        raise SourceDamaged(f"the file {path!r} is no CSV: {text}{place}") from error
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidArgument(f"read_csv({path!r}): {error}{place}") from error


def _read_sample(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(SAMPLE)
    except FileNotFoundError as error:
        raise SourceNotFound(f"No such file or directory: {path!r}") from error
    except IsADirectoryError as error:
        raise SourceNotFound(f"{path!r} is a folder without CSV files") from error
    except OSError as error:
        raise SourceDamaged(f"the file {path!r} cannot be read\n  {error}") from error


def _engine(separator: Any, options: dict[str, Any]) -> dict[str, Any]:
    """What pandas itself chooses for this separator, with dtypes of the whole file."""
    if "engine" in options or options.get("skipfooter"):
        return {} if "engine" in options else {"engine": "python"}
    if separator == r"\s+" or (isinstance(separator, str) and len(separator.encode()) == 1):
        return {"low_memory": False}
    return {"engine": "python"}


def _has_repeated_names(header: tuple[Any, ...]) -> bool:
    """Whether pandas numbered labels that were there twice: its options mean the first ones."""
    found = (re.fullmatch(r"(.*)\.\d+", str(label), re.DOTALL) for label in header)
    return any(match and match[1] in header for match in found)


class _Doubt(Exception):
    """Pandas may or may not see a record's end where we do."""


def _find_edges(path: str, separator: str, target: int) -> Iterator[int]:
    """Where the first record after the header begins, then records `target` bytes apart."""
    header, wanted, before = 0, 0, 0
    found_header = False
    for offset, data, quotes in _read_quotes(path, separator):
        place = max(wanted - offset, 0)
        while (end := data.find(b"\n", place) + 1) > 0:
            place = end
            if (before + int(np.searchsorted(quotes, end))) % 2:
                continue  # a line's end within quotes
            if not found_header and _is_blank(data, header - offset, end, separator):
                header = offset + end
                continue
            found_header = True
            yield offset + end
            place += target
        wanted = offset + place
        before += len(quotes)
    if not found_header or before % 2:
        raise _Doubt


def _is_blank(data: bytes, start: int, stop: int, separator: str) -> bool:
    """Whether pandas passes over the line before the header; raises _Doubt for an odd header."""
    line = data[max(start, 0) : stop].removeprefix(BOM).rstrip(b"\r\n")
    odd = start < 0 or b"\r" in line or (not line.strip() and line and separator.isspace())
    if odd:
        raise _Doubt
    return not line.strip()


def _read_quotes(path: str, separator: str) -> Iterator[tuple[int, bytes, Any]]:
    """Pieces of the file: their offsets, their bytes, and the places of quotes in them.

    Raises: _Doubt for a quote that is not at the edge of a field, nor doubled.
    """
    offset, count, previous = 0, 0, b"\n"
    with open(path, "rb") as file:
        data = file.read(SCAN)
        while data:
            following = file.read(SCAN)
            quotes: Any = ()
            if b'"' in data:
                quotes = np.flatnonzero(np.frombuffer(data, np.uint8) == QUOTE)
            if len(quotes):
                around = np.frombuffer(previous + data + (following[:1] or b"\n"), np.uint8)
                if not offset and data.startswith(BOM):
                    around = np.concatenate([np.full(4, ord("\n"), np.uint8), around[4:]])
                _check_quotes(around, quotes, count % 2, separator)
            yield offset, data, quotes
            offset, count, previous = offset + len(data), count + len(quotes), data[-1:]
            data = following


def _check_quotes(around: Any, quotes: Any, odd: int, separator: str) -> None:
    """around: the bytes with one more at each end; odd: whether a quote is open before them."""
    edge = np.zeros(256, bool)
    edge[[ord(separator), ord("\n"), ord("\r"), QUOTE]] = True
    opens = (np.arange(len(quotes)) + odd) % 2 == 0
    neighbours = np.where(opens, around[quotes], around[quotes + 2])
    if not edge[neighbours].all():
        raise _Doubt
