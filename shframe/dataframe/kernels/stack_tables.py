"""Partitions one after another: tables of one layout as one table."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from shframe.dataframe import partition


def stack_parts(parts: list[Any]) -> Any:
    """Those of the parts that have rows; of tables alike a table, else a pandas object."""
    filled = [part for part in parts if partition.rows_in(part)] or parts[:1]
    if all(map(partition.is_table, filled)) and partition.are_alike(filled):
        return stack_tables(filled)
    return partition.stack([partition.as_pandas(part) for part in filled])


def stack_tables(tables: list[Any]) -> Any:
    """Tables of one layout one after another; dictionaries are made the same."""
    filled = [table for table in tables if table.num_rows] or tables[:1]
    if len(filled) == 1:
        return filled[0]
    first = filled[0].schema
    same = all(table.schema.equals(first) for table in filled)
    if not same:
        filled = _one_type(filled)
    whole = pa.concat_tables([table.replace_schema_metadata(None) for table in filled])
    return whole.unify_dictionaries().replace_schema_metadata(first.metadata)


def _one_type(tables: list[Any]) -> list[Any]:
    """Columns that are text in one table and a dictionary in another become text in all."""
    made = []
    for table in tables:
        columns = []
        for n, column in enumerate(table.columns):
            kinds = {other.schema.field(n).type for other in tables}
            if len(kinds) > 1 and any(pa.types.is_dictionary(k) for k in kinds):
                column = column.cast(pa.large_string())
            elif len(kinds) > 1:
                column = column.cast(tables[0].schema.field(n).type)
            columns.append(column)
        made.append(pa.Table.from_arrays(columns, names=table.schema.names))
    return made
