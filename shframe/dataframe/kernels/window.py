"""Methods that look at rows before or after each row: a partition gets the rows of its neighbours
that they reach, and gives its own rows of the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from shframe.dataframe import partition
from shframe.dataframe.kernels.arguments import as_written, fill_places
from shframe.errors import InvalidArgument
from shframe.graph.plan.tokens import tokenize
from shframe.graph.tasks.function import UserCode

Reach = int | pd.Timedelta | Literal["result", "filled result"]


@dataclass(frozen=True, slots=True)
class WindowPlan:
    """A method, and what of the other partitions it needs to see.

    method: its name, or a user's function of rows.
    windows: what makes windows first (rolling) with its arguments.
    before, after: how many rows, or how long a time; "result": the method's last result is enough,
        put in the place of a row before; "filled result": the last that is not missing.
    on: the column of times, where it is not the index.
    columns: a label, or labels, of the columns that the method works on; None: all.
    """

    method: str | UserCode
    args: tuple[Any, ...] = ()
    kwargs: tuple[tuple[str, Any], ...] = ()
    windows: tuple[str, tuple[tuple[str, Any], ...]] | None = None
    before: Reach = 0
    after: Reach = 0
    on: Any = None
    columns: Any = None

    def __shframe_token__(self) -> str:
        reach = (str(self.before), str(self.after))
        return tokenize(
            self.method, self.args, self.kwargs, self.windows, reach, self.on, self.columns
        )


def call_windows(part: Any, *given: Any, plan: WindowPlan) -> Any:
    """pandas' own answer for rows that have all their neighbours."""
    found = partition.as_pandas(part)
    if plan.windows is not None:
        name, named = plan.windows[0], dict(plan.windows[1])
        if name == "resample" and named.get("on") is not None and not len(found):
            found = found.set_index(named.pop("on"))  # pandas has no result of such an empty frame
        found = getattr(found, name)(**named)
    if plan.columns is not None:
        found = found[list(plan.columns) if isinstance(plan.columns, tuple) else plan.columns]
    args = as_written(fill_places(plan.args, given))
    kwargs = as_written(fill_places(dict(plan.kwargs), given))
    if isinstance(plan.method, UserCode):
        return _call_by_rows(found, plan.method, args, kwargs)
    return getattr(found, plan.method)(*args, **kwargs)


def _call_by_rows(rows: Any, function: UserCode, args: Any, kwargs: Any) -> Any:
    """A user's function that returns a row for each."""
    made = as_written(function)(rows, *args, **kwargs)
    if not isinstance(made, (pd.DataFrame, pd.Series)) or len(made) != len(rows):
        shown = f"{len(made)} rows" if hasattr(made, "__len__") else type(made).__name__
        raise InvalidArgument(
            f"map_overlap() needs a row for each of {len(rows)} rows, {function.name} gave {shown}"
        )
    return made


def find_reached(part: Any, *given: Any, plan: WindowPlan, backward: bool) -> Any:
    """What of a partition those after it need, backward: those before it."""
    return _reached(partition.as_pandas(part), given, plan, backward)


def join_reached(near: Any, far: Any, *given: Any, plan: WindowPlan, backward: bool) -> Any:
    """The same of two partitions that follow each other; near: the nearer one."""
    both = [near, far] if backward else [far, near]
    return _reached(_joined(both), given, plan, backward)


def _reached(rows: Any, given: Any, plan: WindowPlan, backward: bool) -> Any:
    reach = plan.after if backward else plan.before
    if isinstance(reach, int):
        return rows.iloc[:reach] if backward else rows.iloc[max(len(rows) - reach, 0) :]
    if isinstance(reach, pd.Timedelta):
        return _within(rows, reach, plan, backward)
    made = call_windows(rows, *given, plan=plan)
    if reach == "filled result":
        made = made.ffill()
    return made.iloc[:1] if backward else made.iloc[max(len(made) - 1, 0) :]


def _within(rows: Any, reach: Any, plan: WindowPlan, backward: bool) -> Any:
    if not len(rows):
        return rows
    times = pd.Series(rows.index) if plan.on is None else rows[plan.on].reset_index(drop=True)
    edge = times.iloc[0 if backward else -1]
    return rows[((times - edge).abs() <= reach).to_numpy()]


def _joined(pieces: list[Any]) -> Any:
    filled = [one for one in pieces if len(one)] or pieces[:1]
    return partition.stack(filled)


def call_between(part: Any, *others: Any, sides: tuple[bool, ...], plan: WindowPlan) -> Any:
    """The method on a partition with what it needs of others.

    others: what comes of the partitions before it and after it, as `sides` tells: whether each of
    the two is there; then the values that the method gets whole.
    """
    rows = partition.as_pandas(part)
    count, rest = len(rows), list(others)
    if not count:
        return call_windows(rows, *rest[sum(sides) :], plan=plan)
    before = rest.pop(0) if sides[0] else rows.iloc[:0]
    after = rest.pop(0) if sides[1] else rows.iloc[:0]
    made = call_windows(_joined([before, rows, after]), *rest, plan=plan)
    return made.iloc[len(before) : len(before) + count]
