"""A table of a database in parts, by ranges of the column that is its index."""

from __future__ import annotations

import datetime
import decimal
import itertools
from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe.expr.base import Relation
from shframe.dataframe.kernels import sql
from shframe.dataframe.methods.storing import store_pandas
from shframe.dataframe.methods.user_functions import map_items
from shframe.errors import ColumnNotFound, UnsupportedType


def read_ranges(
    name: str,
    con: str,
    index_col: str,
    *,
    schema: str | None,
    columns: list[str] | None,
    count: int,
    bounds: list[Any] | None,
    limits: Any,
    engine_kwargs: dict[str, Any],
    how: dict[str, Any],
) -> Relation:
    """The rows of a table, a partition for each range of a column, read when computed.

    bounds: between ranges; None: `count` ranges of equal width between the smallest and the largest
    value, or between `limits`, which are asked for at the call.

    Raises: ValueError for no such table, ColumnNotFound, UnsupportedType for a column of which no
        range can be made.
    """
    import sqlalchemy

    with sql.opened(con, engine_kwargs) as connection:
        table = sql.reflected(connection, name, schema)
        for one in [index_col, *(columns or ())]:
            if one not in table.columns:
                raise ColumnNotFound.among(one, list(table.columns.keys()), "read_sql_table()")
        if bounds is None:
            key = table.columns[index_col]
            asked = sqlalchemy.select(sqlalchemy.func.min(key), sqlalchemy.func.max(key))
            low, high = limits or connection.execute(asked).one()
            bounds = _between(low, high, count, index_col)
    edges = [None, *bounds, None]
    ranges = list(itertools.pairwise(edges))
    items = store_pandas(pd.Series(range(len(ranges))), len(ranges))
    named = {"name": name, "con": con, "schema": schema, "index_col": index_col}
    more = {"columns": columns, "engine_kwargs": engine_kwargs, "how": how}
    return map_items(items, sql.read_range, ranges, (), {**named, **more})


def _between(low: Any, high: Any, count: int, index_col: str) -> list[Any]:
    """The bounds between ranges of equal width; none where there are no values."""
    if low is None or count < 2:
        return []
    if isinstance(low, (datetime.datetime, datetime.date)):
        return list(pd.date_range(low, high, periods=count + 1)[1:-1].to_pydatetime())
    if not isinstance(low, (int, float, decimal.Decimal)):
        raise UnsupportedType(
            f"npartitions={count}: column {index_col!r} is of {type(low).__name__}, of which no "
            "ranges are made\n  give divisions=, or another index_col="
        )
    found = np.linspace(float(low), float(high), count + 1)[1:-1]
    whole = isinstance(low, int) and isinstance(high, int)
    return list(dict.fromkeys(int(one) if whole else float(one) for one in found))
