"""Methods of a series that are pandas' own: in one task, at once, or of the computed object."""

from __future__ import annotations

from shframe.dataframe.methods import delegating
from shframe.dataframe.pandas_method import (
    InMemory,
    OfAllRows,
    PandasMethod,
    in_one_task,
    value_in_one_task,
)
from shframe.dataframe.rows import Rows


class SeriesTables(Rows):
    """Methods that only Series has."""

    __slots__ = ()

    is_unique = OfAllRows("Whether all values differ.")
    searchsorted = value_in_one_task("Where values would keep the order.")
    factorize = value_in_one_task("The values as numbers, and what the numbers mean.")
    argsort = in_one_task("The numbers of the rows in the order of the values.")
    repeat = PandasMethod(
        delegating.repeat_rows,
        "Each value several times.",
        "with a number for each, computed at the call, in one task",
    )
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
