"""A CSV file as it was when it was opened: its columns, and byte ranges that end at lines."""

from __future__ import annotations

import functools
import io
import itertools
import os
from typing import Any

import pandas as pd

from shframe.errors import InvalidArgument, SourceDamaged, SourceNotFound
from shframe.graph.tokens import tokenize

SAMPLE = 1 << 20  # bytes from which the columns are known
LEAST_BLOCK = 1 << 20
MOST_BLOCK = 64 << 20
OPTIONS = ("sep", "delimiter", "dtype", "na_values", "keep_default_na", "parse_dates", "decimal")


class CsvSource:
    """One file; raises SourceNotFound, SourceDamaged, and InvalidArgument for other options."""

    def __init__(self, path: Any, options: dict[str, Any]) -> None:
        self.path = os.path.abspath(os.path.expanduser(os.fspath(path)))
        for name in options:
            if name not in OPTIONS:
                raise InvalidArgument(
                    f"read_csv has no option {name!r}; there are {', '.join(OPTIONS)}\n"
                    "  sf.from_pandas(pandas.read_csv(...)) takes all of pandas' options"
                )
        try:
            stat = os.stat(self.path)
            with open(self.path, "rb") as file:
                self.sample = file.read(SAMPLE)
        except FileNotFoundError as error:
            raise SourceNotFound(f"no file {self.path!r}") from error
        self.size = stat.st_size
        self.options = options
        self.token = tokenize("csv", self.path, stat.st_size, stat.st_mtime_ns, options)
        self.body = self.sample.find(b"\n") + 1 or len(self.sample)

    def __shframe_token__(self) -> str:
        return self.token

    @functools.cached_property
    def meta(self) -> Any:
        """The empty frame, with the dtypes of the first lines."""
        whole = self.sample
        if len(whole) == SAMPLE:
            whole = whole[: whole.rfind(b"\n") + 1]
        try:
            return pd.read_csv(io.BytesIO(whole), **self.options).iloc[:0]
        except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
            raise SourceDamaged(f"the file {self.path!r} is no CSV: {error}") from error

    @property
    def header(self) -> tuple[Any, ...]:
        """Column labels."""
        return tuple(self.meta.columns)

    def blocks(self, workers: int) -> list[tuple[int, int]]:
        """(start, stop) of ranges that together hold all lines after the first."""
        target = min(max(self.size // (4 * workers), LEAST_BLOCK), MOST_BLOCK)
        if b'"' in self.sample or self.size - self.body <= target:
            return [(self.body, self.size)]
        edges = [self.body]
        with open(self.path, "rb") as file:
            while edges[-1] + target < self.size:
                file.seek(edges[-1] + target)
                file.readline()
                edges.append(min(file.tell(), self.size))
        if edges[-1] < self.size:
            edges.append(self.size)
        return list(itertools.pairwise(edges))
