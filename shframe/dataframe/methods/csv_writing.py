"""CSV files: each partition is written beside the others, and put in place when all are there."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import uuid
from typing import Any

import pandas as pd

from shframe import session
from shframe.dataframe.expr.base import Params, Relation, dtypes_of
from shframe.dataframe.expr.positions import ByPosition
from shframe.dataframe.expr.relations import bring_together, unify_dtypes
from shframe.dataframe.kernels import writing
from shframe.dataframe.methods import data_folders
from shframe.dataframe.plan.planner import PLANNER
from shframe.dataframe.sources import files
from shframe.errors import WriteFailed

_APPENDABLE = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz"}  # files of these follow each other
_WHOLE = (".zip", ".tar", ".zst")


def write_csv(source: Relation, path: Any, options: dict[str, Any]) -> list[str]:
    """Write one file, or, where the name has a *, a file per partition; returns their names.

    Raises: WriteFailed. A write that fails leaves what was there.
    """
    if files.is_elsewhere(path, None, options.get("storage_options")):
        return _write_elsewhere(source, path, options)
    target = os.path.abspath(os.path.expanduser(os.fspath(path)))
    folder = os.path.dirname(target)
    if not os.path.isdir(folder):
        raise WriteFailed(f"Cannot save file into a non-existent directory: '{folder}'")
    many = "*" in os.path.basename(target)
    rows = source if many or _is_apart(source, target, options) else bring_together(source)
    hidden = os.path.join(folder, f".writing-{uuid.uuid4().hex[:12]}")
    os.mkdir(hidden)
    try:
        ending = os.path.splitext(target)[1]
        params = Params(folder=hidden, ending=ending, options=options, many=many)
        node = ByPosition(unify_dtypes(rows), writing.write_csv_part, params)
        graph, _ = PLANNER.graph(PLANNER.optimized(node))
        parts = [ref.value() for ref in session.current().run(graph)]
        if many:
            names = [target.replace("*", _number(n, len(parts))) for n in range(len(parts))]
            for part, name in zip(parts, names, strict=True):
                os.replace(part, name)
            return names
        _join_files(parts, target)
        return [target]
    except OSError as error:
        raise WriteFailed(f"the file {target!r} cannot be written\n  {error}") from error
    finally:
        with contextlib.suppress(OSError):
            shutil.rmtree(hidden)


def _write_elsewhere(source: Relation, path: Any, options: dict[str, Any]) -> list[str]:
    """The same for files of a filesystem: they are written on this machine and copied there."""
    given = dict(options)
    filesystem, place = files.filesystem_of(path, None, given.pop("storage_options", None))
    with tempfile.TemporaryDirectory(prefix="shframe-writing-") as folder:
        names = write_csv(source, os.path.join(folder, os.path.basename(place)), given)
        above = os.path.dirname(place)
        copies = {name: f"{above}/{os.path.basename(name)}" for name in names}
        data_folders.copy_files(copies, filesystem)
    return list(copies.values())


def _number(n: int, count: int) -> str:
    return str(n).zfill(len(str(count - 1)))


def _join_files(parts: list[str], target: str) -> None:
    """One file of several, put in place as a whole."""
    with open(parts[0], "ab") as whole:
        for part in parts[1:]:
            with open(part, "rb") as file:
                shutil.copyfileobj(file, whole, 1 << 20)
    os.replace(parts[0], target)


def _is_apart(source: Relation, target: str, options: dict[str, Any]) -> bool:
    """Whether the lines of each partition are what they are in the whole."""
    compression = options.get("compression", "infer")
    if target.endswith(_WHOLE) or compression not in ("infer", None, *_APPENDABLE.values()):
        return False
    # pandas leaves the hours out where no value has any
    return options.get("date_format") is not None or not _has_times(source.meta)


def _has_times(meta: Any) -> bool:
    index = meta.index
    levels = [index.get_level_values(n).dtype for n in range(index.nlevels)]
    times = (pd.api.types.is_datetime64_any_dtype, pd.api.types.is_timedelta64_dtype)
    return any(test(one) for one in (*dtypes_of(meta), *levels) for test in times)
