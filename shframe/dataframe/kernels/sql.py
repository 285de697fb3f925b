"""Rows of a table of a database that are in a range of one of its columns."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pandas as pd


@contextlib.contextmanager
def opened(con: str, engine_kwargs: dict[str, Any]) -> Iterator[Any]:
    """A connection to a database, of which nothing stays."""
    import sqlalchemy

    how = {"poolclass": sqlalchemy.pool.NullPool, **engine_kwargs}
    engine = sqlalchemy.create_engine(con, **how)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def reflected(connection: Any, name: str, schema: str | None) -> Any:
    """A table as the database describes it. Raises: ValueError as pandas does."""
    import sqlalchemy

    try:
        return sqlalchemy.Table(
            name, sqlalchemy.MetaData(), schema=schema, autoload_with=connection
        )
    except sqlalchemy.exc.NoSuchTableError as error:
        raise ValueError(f"Table {name} not found") from error


def read_range(
    low: Any,
    high: Any,
    *,
    name: str,
    con: str,
    schema: str | None,
    index_col: str,
    columns: list[str] | None,
    engine_kwargs: dict[str, Any],
    how: dict[str, Any],
) -> Any:
    """The rows from `low` until before `high`; None: of all before, or after. Rows of which the
    value is missing are in the first range."""
    import sqlalchemy

    with opened(con, engine_kwargs) as connection:
        table = reflected(connection, name, schema)
        key = table.columns[index_col]
        names = list(table.columns.keys()) if columns is None else [index_col, *columns]
        found = sqlalchemy.select(*(table.columns[one] for one in dict.fromkeys(names)))
        if low is not None:
            found = found.where(key >= low)
        if high is not None:
            inside = key < high
            found = found.where(inside if low is not None else inside | key.is_(None))
        made: Any = pd.read_sql_query(found, connection, index_col=index_col, **how)
        return _type_missing(made, table)


def _type_missing(frame: Any, table: Any) -> Any:
    """Columns without any value in the dtypes that other ranges have."""
    for name in frame.columns:
        column = frame[name]
        if column.dtype == object and not column.notna().any():
            dtype = _dtype_of(table.columns[name].type)
            frame[name] = column if dtype is None else column.astype(dtype)
    return frame


def _dtype_of(kind: Any) -> str | None:
    import sqlalchemy

    dtypes = {
        sqlalchemy.String: "str",
        sqlalchemy.Numeric: "float64",
        sqlalchemy.Float: "float64",
        sqlalchemy.Integer: "float64",
        sqlalchemy.DateTime: "datetime64[us]",
    }
    return next((dtype for of, dtype in dtypes.items() if isinstance(kind, of)), None)
