"""How many rows conditions leave and how many groups there may be, before anything is read.

Where nothing is known of the values, conditions leave what System R assumed (Selinger et al.,
1979), a little more for ranges, two of which make an interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from shframe.dataframe import partition
from shframe.dataframe.expr.base import Relation
from shframe.dataframe.expr.columns import (
    Boolean,
    Compare,
    Condition,
    Evaluate,
    IsIn,
    IsMember,
    OfWords,
    StringOp,
    Unary,
)
from shframe.dataframe.expr.relations import Assign, Filter, FromParts, Project, ReadParquet
from shframe.dataframe.kernels.stack_tables import stack_parts
from shframe.dataframe.kernels.table_rows import LEAST_DRAWN, draw_keys, guess_keys
from shframe.dataframe.sources import pruning

EQUAL = 0.1
AMONG = 0.2
RANGE = 0.4
MATCH = 0.1
OTHER = 0.3
UNKNOWN_GROUPS = 1 << 16  # of a relation that is computed
SAME_KEYS = 1.5  # times the keys of one partition: two with fewer have much the same ones
WORDS = 1 << 12  # different strings of a column that is read as a dictionary


def selectivity(condition: Relation) -> float:
    """The share of rows that a condition is expected to keep."""
    if isinstance(condition, Boolean) and condition.op in ("and_", "or_"):
        sides = [s for s in (condition.left, condition.right) if isinstance(s, Relation)]
        shares = [selectivity(side) for side in sides]
        if condition.op == "and_":
            product = 1.0
            for share in shares:
                product *= share
            return product
        return min(sum(shares), 1.0)
    if isinstance(condition, Unary) and condition.op == "invert":
        return 1.0 - selectivity(condition.source)
    if isinstance(condition, Compare):
        return {"eq": EQUAL, "ne": 1.0 - EQUAL}.get(condition.op, RANGE)
    if isinstance(condition, OfWords | Condition):
        return selectivity(condition.expression)
    if isinstance(condition, IsIn | IsMember):
        return AMONG
    if isinstance(condition, StringOp):
        return MATCH
    if isinstance(condition, Evaluate):
        return RANGE
    return OTHER


def most_groups(source: Relation, keys: Sequence[Any]) -> int:
    """How many groups there may be of a relation's rows by these columns, by what files say, or
    by some rows of what is in memory."""
    node = source
    while isinstance(node, Filter | Project | Assign):
        if isinstance(node, Assign) and node.label in keys:
            break
        node = node.source
    if isinstance(node, ReadParquet):
        rows = sum(group.rows for group in node.source.row_groups)
        product = 1
        for key in keys:
            product = min(product * _most_values(node, key, rows), rows)
        return product
    if isinstance(node, FromParts):
        known = tuple(keys)
        if known not in node.groups:
            node.groups[known] = _guess_groups(node, known)
        return node.groups[known]
    return UNKNOWN_GROUPS


def _guess_groups(node: FromParts, keys: tuple[Any, ...]) -> int:
    """By rows that are drawn from the first and the last partition."""
    if not all(ref.done() and ref.error() is None for ref in node.parts):
        return UNKNOWN_GROUPS
    ends = [node.parts[n].value() for n in {0, len(node.parts) - 1}]
    tables = [
        partition.as_table(part) for part in ends if isinstance(part, pa.Table | pd.DataFrame)
    ]
    if len(tables) < len(ends) or any(one is None for one in tables):
        return UNKNOWN_GROUPS
    rows = sum(node.sizes) if node.sizes is not None else tables[0].num_rows * len(node.parts)
    if any(table.num_rows < LEAST_DRAWN for table in tables):
        return rows
    drawn = [draw_keys(table, keys) for table in tables]
    if any(one is None for one in drawn):
        return rows
    first, both = guess_keys(drawn[0], keys), guess_keys(stack_parts(drawn), keys)
    if first is None or both is None:
        return rows
    repeat = both < SAME_KEYS * first
    return int(min(both if repeat else both * len(node.parts), rows))


def _most_values(node: ReadParquet, key: Any, rows: int) -> int:
    source = node.source
    name = source.field_of(key)
    if name is None:
        return rows
    if name in source.hive.dtypes or source.dictionary_columns([name]):
        return WORDS
    bounds = pruning.find_range(source, name)
    return rows if bounds is None else max(bounds[1] - bounds[0] + 1, 1)
