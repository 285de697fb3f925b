"""CSV files by name, list, pattern or folder, with some of their columns, or some as labels."""

from __future__ import annotations

import glob
import os
from typing import Any

import numpy as np

from shframe.dataframe.expr.base import Relation
from shframe.dataframe.expr.columns import SteadyRelabel
from shframe.dataframe.expr.positions import Concat
from shframe.dataframe.expr.relations import NumberRows, Project, ReadCsv
from shframe.dataframe.methods.rowwise import call_method
from shframe.dataframe.methods.sorting import as_list, set_index
from shframe.dataframe.sources.csv_source import CsvSource
from shframe.errors import InvalidArgument, SourceNotFound


def read_files(path: Any, index_col: Any, usecols: Any, options: dict[str, Any]) -> Relation:
    """The rows of all files that a path means.

    Raises: SourceNotFound, SourceDamaged, InvalidArgument.
    """
    files = files_of(path)
    options = {**options}
    if index_col is not None and options.get("parse_dates") is True:
        options["parse_dates"] = as_list(index_col)
    sources = _deciding([CsvSource(file, options) for file in files])
    nodes = [_chosen(ReadCsv(source), index_col, usecols) for source in sources]
    rows = nodes[0] if len(nodes) == 1 else NumberRows(Concat(tuple(nodes), "outer"))
    return rows if index_col is None or index_col is False else _labelled(rows, index_col)


def _deciding(sources: list[CsvSource]) -> list[CsvSource]:
    """The files that have rows; one without, which names no column of its own, decides no dtype."""
    filled = [one for one in sources if one.has_rows] if len(sources) > 1 else []
    known = {label for one in filled for label in one.header}
    return [one for one in sources if one.has_rows or not known >= set(one.header)] or sources[:1]


def files_of(path: Any) -> list[str]:
    """The names of the files that a path, pattern, folder or list means, in order."""
    if isinstance(path, (list, tuple)):
        if not path:
            raise SourceNotFound("read_csv() of no file: the list is empty")
        return [file for one in path for file in files_of(one)]
    name = os.path.expanduser(os.fspath(path))
    if os.path.isdir(name):
        pattern = os.path.join(glob.escape(name), "*.csv*")
        return sorted(glob.glob(pattern)) or [name]
    if any(sign in name for sign in "*?[") and not os.path.exists(name):
        found = sorted(glob.glob(name))
        if not found:
            raise SourceNotFound(f"No such file or directory: no file matches {name!r}")
        return found
    return [name]


def _chosen(node: Relation, index_col: Any, usecols: Any) -> Relation:
    """The columns that are kept, in the order of the file."""
    if usecols is None:
        return node
    columns = list(node.meta.columns)
    if callable(usecols):
        return Project(node, tuple(one for one in columns if usecols(one)))
    wanted = list(usecols)
    if wanted and all(isinstance(one, (int, np.integer)) for one in wanted):
        for one in wanted:
            if not 0 <= one < len(columns):
                raise InvalidArgument(f"Defining usecols with out-of-bounds indices: {[one]}")
        return Project(node, tuple(c for n, c in enumerate(columns) if n in wanted))
    missing = [one for one in wanted if one not in columns]
    if missing:
        raise InvalidArgument(
            f"Usecols do not match columns, columns expected but not found: {missing}"
        )
    return Project(node, tuple(one for one in columns if one in wanted))


def _labelled(rows: Relation, index_col: Any) -> Relation:
    """The rows with some columns as labels; one that the file does not name has no name."""
    columns = list(rows.meta.columns)
    labels = [_label(one, columns) for one in as_list(index_col)]
    made = set_index(rows, labels if len(labels) > 1 else labels[0], True)
    names = [None if str(one).startswith("Unnamed: ") else one for one in labels]
    if names == labels:
        return made
    named = names[0] if len(names) == 1 else names
    return call_method(made, "rename_axis", [named], kind=SteadyRelabel, index_asked=True)


def _label(one: Any, columns: list[Any]) -> Any:
    if one in columns:
        return one
    if isinstance(one, (int, np.integer)) and -len(columns) <= one < len(columns):
        return columns[one]
    raise InvalidArgument(f"Index {one} invalid: columns are {', '.join(map(repr, columns[:8]))}")
