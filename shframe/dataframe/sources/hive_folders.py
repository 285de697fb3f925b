"""Columns that are spelled in the names of folders: key=value, one folder a key."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pandas as pd
import pyarrow as pa

MISSING = "__HIVE_DEFAULT_PARTITION__"  # spells a missing value


@dataclass(frozen=True, slots=True)
class Hive:
    """The partition columns of a data set, decided over all of its files.

    dtypes: a categorical dtype for each column; its categories in the order of the files.
    values: of each file the value of every column, None where it is missing.
    """

    dtypes: dict[str, Any]
    values: list[dict[str, Any]]


def read_folders(files: Sequence[str], root: str) -> Hive:
    """The columns that the folders between the root and the files spell."""
    spelled = [_spelled_values(file, root) for file in files]
    names = dict.fromkeys(name for texts in spelled for name in texts)
    columns = {name: _typed([texts.get(name) for texts in spelled]) for name in names}
    dtypes = {name: _categories(values) for name, values in columns.items()}
    return Hive(dtypes, [{name: columns[name][n] for name in names} for n in range(len(files))])


def _spelled_values(file: str, root: str) -> dict[str, str | None]:
    folders = Path(os.path.relpath(file, root)).parts[:-1]
    pairs = (folder.split("=", 1) for folder in folders if "=" in folder)
    return {unquote(key): None if text == MISSING else unquote(text) for key, text in pairs}


def _typed(texts: list[str | None]) -> list[Any]:
    """Integers where Arrow reads each string as an int32, else the strings."""
    try:
        return list(pa.array(texts, pa.string()).cast(pa.int32()).to_pylist())
    except pa.ArrowInvalid:
        return texts


def _categories(values: list[Any]) -> Any:
    known = list(dict.fromkeys(value for value in values if value is not None))
    integers = bool(known) and isinstance(known[0], int)
    return pd.CategoricalDtype(pd.Index(known, dtype="int32" if integers else "str"))
