"""Methods of an index that are pandas' own: in one task, at once, or of the computed object."""

from __future__ import annotations

from shframe.dataframe.methods import delegating
from shframe.dataframe.pandas_method import (
    InMemory,
    OfAllRows,
    PandasMethod,
    at_once,
    in_one_task,
    on_labels,
    value_in_one_task,
)
from shframe.dataframe.rows import Rows


class IndexTables(Rows):
    """Methods of the labels of rows."""

    __slots__ = ()

    empty = OfAllRows("Whether there is no label.")
    is_unique = OfAllRows("Whether all labels differ.")
    has_duplicates = OfAllRows("Whether a label is there twice.")
    inferred_type = OfAllRows("The kind of the labels, in a word.")
    nbytes = OfAllRows("Bytes of the labels.")
    get_level_values = on_labels("The labels of one level.")
    droplevel = on_labels("The labels without a level.")
    map = in_one_task("What a function or mapping makes of each label.")
    append = in_one_task("The labels of another index after these.")
    union = in_one_task("The labels of both.")
    intersection = in_one_task("The labels that both have.")
    difference = in_one_task("The labels that the other has not.")
    symmetric_difference = in_one_task("The labels that only one has.")
    drop = at_once("The labels without some.")
    repeat = PandasMethod(
        delegating.repeat_rows,
        "Each label several times.",
        "with a number for each, computed at the call, in one task",
    )
    insert = in_one_task("The labels with one more.")
    where = in_one_task("The labels where a condition holds.")
    argsort = value_in_one_task("The numbers of the labels in order.")
    duplicated = value_in_one_task("Whether each label was there before.")
    equals = value_in_one_task("Whether another index has the same labels.")
    factorize = value_in_one_task("The labels as numbers, and what the numbers mean.")
    get_indexer = value_in_one_task("The numbers of some labels.")
    get_loc = InMemory("The number of a label, or of several: a slice or booleans.")
    slice_indexer = value_in_one_task("The slice from one label to another.")
    searchsorted = value_in_one_task("Where labels would keep the order.")
    memory_usage = value_in_one_task("Bytes of the labels.")
    to_numpy = InMemory("The labels as a NumPy array.")
    to_list = InMemory("The labels as a list.")
    tolist = InMemory("The labels as a list.")
    values = InMemory("The labels as a NumPy array. Cost: computes them.")
    array = InMemory("The labels as an array of pandas. Cost: computes them.")
    copy = on_labels("The same labels, under another name with name=.")
    item = InMemory("The one label.")
    join = InMemory("The labels joined with those of another index.")
