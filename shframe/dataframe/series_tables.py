"""Methods of a series that are pandas' own: in one task, at once, or of the computed object."""

from __future__ import annotations

from shframe.dataframe.pandas_method import (
    InMemory,
    OfAllRows,
    at_once,
    in_one_task,
    value_in_one_task,
)
from shframe.dataframe.rows import Rows


class SeriesTables(Rows):
    """Methods that only Series has."""

    __slots__ = ()

    is_unique = OfAllRows("Whether all values differ.")
    is_monotonic_increasing = OfAllRows("Whether no value is less than the one before it.")
    is_monotonic_decreasing = OfAllRows("Whether no value is greater than the one before it.")
    hasnans = OfAllRows("Whether any value is missing.")
    argmax = value_in_one_task("The number of the row with the largest value.")
    argmin = value_in_one_task("The number of the row with the smallest value.")
    searchsorted = value_in_one_task("Where values would keep the order.")
    factorize = value_in_one_task("The values as numbers, and what the numbers mean.")
    argsort = in_one_task("The numbers of the rows in the order of the values.")
    sort_index = in_one_task("The values in the order of their labels.")
    repeat = in_one_task("Each value several times.")
    drop = at_once("The values without those under some labels.")
    case_when = in_one_task("Values replaced where conditions hold, the first that does.")
    to_list = InMemory("The values as a list.")
    tolist = InMemory("The values as a list.")
    array = InMemory("The values as an array of pandas. Cost: computes them.")
    item = InMemory("The one value.")
    keys = InMemory("The labels.")
    get = InMemory("The value under a label, or the default.")
    info = InMemory("What it is, printed.")
    list = InMemory("Methods of lists, of pandas.")
    struct = InMemory("Methods of structs, of pandas.")
