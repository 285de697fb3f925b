"""Reading byte ranges of a CSV file, and making their dtypes those of the whole file."""

from __future__ import annotations

import io
from typing import Any

import pandas as pd


def read(
    start: int, stop: int, *, path: str, header: tuple[Any, ...], options: dict[str, Any]
) -> Any:
    """The lines of one byte range as a frame; dtypes are those that its own values suggest."""
    with open(path, "rb") as file:
        file.seek(start)
        data = file.read(stop - start)
    if not data.strip():
        return pd.DataFrame({name: pd.Series([], dtype="object") for name in header})
    return pd.read_csv(io.BytesIO(data), header=None, names=list(header), **options)


def dtypes_of(part: Any) -> list[Any]:
    """The dtypes of a block, None where a column has no value that tells one."""
    return [
        None if not len(part) or part.iloc[:, n].isna().all() else dtype
        for n, dtype in enumerate(part.dtypes)
    ]


def agreed(*found: Any) -> list[Any]:
    """For each column the dtype that holds all blocks: numbers widen, all else becomes text."""
    return [_common([dtypes[n] for dtypes in found]) for n in range(len(found[0]))]


def _common(dtypes: list[Any]) -> Any:
    known = list(dict.fromkeys(dtype for dtype in dtypes if dtype is not None))
    gaps = len(known) and any(dtype is None for dtype in dtypes)
    if not known:
        return None
    if all(getattr(dtype, "kind", "O") in "iuf" for dtype in known):
        wide = any(dtype.kind == "f" for dtype in known) or gaps
        return pd.Series([], dtype="float64").dtype if wide else known[0]
    return known[0] if len(known) == 1 else pd.StringDtype(na_value=float("nan"))


def conformed(
    part: Any,
    dtypes: Any,
    start: int,
    stop: int,
    *,
    path: str,
    header: tuple[Any, ...],
    options: dict[str, Any],
) -> Any:
    """The block with the dtypes of the whole; text is read again from the file as it stands."""
    again = {
        name: "str"
        for n, name in enumerate(header)
        if isinstance(dtypes[n], pd.StringDtype) and part.dtypes.iloc[n] != dtypes[n] and len(part)
    }
    if again:
        part = read(start, stop, path=path, header=header, options={**options, "dtype": again})
    changes = {
        name: dtypes[n]
        for n, name in enumerate(header)
        if dtypes[n] is not None and part.dtypes.iloc[n] != dtypes[n]
    }
    return part.astype(changes) if changes else part
