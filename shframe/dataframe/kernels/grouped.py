"""Methods of groups whose result has rows: whole groups are brought into one partition by the hash
of their keys, pandas' own method is called there, and the rows go back to where they came from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from shframe.dataframe import partition
from shframe.dataframe.kernels import shuffle
from shframe.dataframe.kernels.arguments import as_written, fill_places
from shframe.graph.plan.tokens import tokenize

_SPAN = 1 << 40  # more rows than a partition has: numbers of rows of the whole


@dataclass(frozen=True, slots=True)
class GroupCall:
    """A method of groups.

    keys: labels of columns; names: what the keys are called in a result.
    columns: a label (groups of a column), labels, or None for all columns.
    options: arguments of groupby; args and kwargs: those of the method, a Place for each lazy one.
    windows: what cuts each group further, rolling or resample, with its arguments.
    listed: whether the keys were given as a list, so that the key of a group is a tuple.
    """

    keys: tuple[Any, ...]
    names: tuple[Any, ...]
    columns: Any
    method: str
    args: tuple[Any, ...] = ()
    kwargs: tuple[tuple[str, Any], ...] = ()
    options: tuple[tuple[str, Any], ...] = ()
    windows: tuple[str, tuple[tuple[str, Any], ...]] | None = None
    listed: bool = False

    @property
    def is_of_several(self) -> bool:
        """Whether the groups are of columns, not of one."""
        return self.columns is None or isinstance(self.columns, tuple)

    def __shframe_token__(self) -> str:
        parts = (self.keys, self.names, self.columns, self.method, self.options)
        return tokenize(parts, self.args, self.kwargs, self.windows, self.listed)


class Marked(NamedTuple):
    """A partition in the order of its targets, and which row was where."""

    split: shuffle.Split
    rows: Any  # (rows,) int64


class NoGroups(NamedTuple):
    """What pandas raises of rows of which none has a group; labels: theirs."""

    error: ValueError | IndexError
    labels: Any


class Returned(NamedTuple):
    """What was computed of the rows of one target, in the order of the sources.

    made: NoGroups where pandas computes nothing.
    bounds: where the rows of each source begin; rows: their places in the source.
    """

    made: Any
    bounds: Any  # (sources + 1,) int64
    rows: Any  # (rows,) int64


def group(frame: Any, plan: GroupCall) -> Any:
    """pandas' groups of a frame, of the chosen columns."""
    keys = [
        label if label == name or label is name else frame[label].rename(name)
        for label, name in zip(plan.keys, plan.names, strict=True)
    ]
    hidden = [one for one, key in zip(plan.keys, keys, strict=True) if key is not one]
    seen = frame.drop(columns=hidden) if hidden else frame
    groups = seen.groupby(keys if plan.listed or len(keys) > 1 else keys[0], **dict(plan.options))
    return groups if plan.columns is None else groups[unpacked(plan.columns)]


def unpacked(columns: Any) -> Any:
    """Several labels as the list that pandas wants."""
    return list(columns) if isinstance(columns, tuple) else columns


def call_groups(part: Any, *given: Any, plan: GroupCall) -> Any:
    """pandas' own answer for a partition that holds whole groups."""
    groups = group(partition.as_pandas(part), plan)
    return run_method(groups, plan, given)


def run_method(groups: Any, plan: GroupCall, given: Any) -> Any:
    """The method of a plan."""
    if plan.windows is not None:
        name, how = plan.windows
        groups = getattr(groups, name)(**dict(how))
    found = getattr(groups, plan.method)
    args = fill_places(plan.args, given)
    kwargs = fill_places(dict(plan.kwargs), given)
    made = found(*map(as_written, args), **{name: as_written(one) for name, one in kwargs.items()})
    return made


def get_group(part: Any, *given: Any, plan: GroupCall) -> Any:
    """The rows of one group; there are none in a partition without rows."""
    groups = group(partition.as_pandas(part), plan)
    return groups.get_group(*plan.args) if len(part) else groups.head(0)


def find_rows(part: Any, *, keys: tuple[Any, ...], parts: tuple[Any, ...]) -> Any:
    """Which rows have these keys."""
    frame = partition.as_pandas(part)
    found = np.ones(len(frame), bool)
    for key, value in zip(keys, parts, strict=True):
        found &= (frame[key] == value).fillna(False).to_numpy(dtype=bool)
    return pd.Series(found, index=frame.index)


def any_row(mask: Any, *, name: Any) -> bool:
    """Whether a partition has rows of the group."""
    return bool(mask.any())


def check_group(*found: bool, name: Any) -> bool:
    """Raises KeyError where no partition has them."""
    if not any(found):
        raise KeyError(name)
    return True


def after_check(part: Any, checked: bool) -> Any:
    """The rows."""
    return partition.as_pandas(part)


def find_picked(part: Any, *given: Any, plan: GroupCall) -> Any:
    """Which rows a method chooses (head, tail, nth), as booleans with the labels of the rows."""
    frame = partition.as_pandas(part)
    groups = group(frame.reset_index(drop=True), plan)
    mask = np.zeros(len(frame), bool)
    mask[run_method(groups, plan, given).index.to_numpy(dtype=np.int64)] = True
    return pd.Series(mask, index=frame.index)


def find_kept(part: Any, *given: Any, plan: GroupCall) -> Any:
    """Which rows are in groups that a user's function keeps, as booleans.

    The function sees rows under their own labels; which rows a group has is seen from others.
    (pandas itself loses a group of which one key is missing, where rows come in some orders.)
    """
    frame = partition.as_pandas(part)
    function, answers = as_written(plan.args[0]), []

    def note(seen: Any, *args: Any, **kwargs: Any) -> Any:
        answers.append(function(seen, *args, **kwargs))
        return answers[-1]

    more = {name: as_written(one) for name, one in plan.kwargs}
    group(frame, plan).filter(note, True, *map(as_written, plan.args[1:]), **more)
    again, mask = iter(answers), np.zeros(len(frame), bool)

    def mark(seen: Any) -> bool:
        answer = next(again)
        mask[seen.index.to_numpy()] = keep = bool(pd.notna(answer) and answer)
        return keep

    group(frame.reset_index(drop=True), plan).filter(mark, True)
    keys = [frame[key] for key in plan.keys]
    if len(keys) == 1 and isinstance(keys[0].dtype, pd.CategoricalDtype):
        mask &= keys[0].notna().to_numpy()  # pandas never keeps a missing category
    return pd.Series(mask, index=frame.index)


def find_duplicates(part: Any, *given: Any, plan: GroupCall) -> Any:
    """Which rows are there more than once, by their keys; or which are not."""
    frame, how = partition.as_pandas(part), dict(plan.kwargs)
    made = frame[list(dict.fromkeys(plan.keys))].duplicated(keep=how["keep"])
    return (made if how["found"] else ~made).rename(how["name"])


def spread(part: Any, found: Any, *, plan: GroupCall) -> Any:
    """A result of each group, under its keys, for each row of a partition."""
    frame = partition.as_pandas(part)
    keys = list(dict.fromkeys(plan.keys))
    known = found.index
    if len(keys) == 1:
        wanted: Any = pd.Index(frame[keys[0]], name=known.name)
    else:
        wanted = pd.MultiIndex.from_frame(frame[keys], names=known.names)
    places = known.get_indexer(wanted)
    if (places < 0).any():  # a row without a group
        numbered = found.set_axis(pd.RangeIndex(len(found)), axis=0)
        return numbered.reindex(places).set_axis(frame.index, axis=0)
    return found.take(places).set_axis(frame.index, axis=0)


def split_marked(part: Any, *, labels: tuple[Any, ...], count: int) -> Marked:
    """A partition by the hash of its keys; which row went where is kept."""
    table = partition.with_labels(partition.as_table(part))
    if not table.num_rows:
        return Marked(shuffle.split(table, np.empty(0, np.uint8), count), np.empty(0, np.int64))
    known = partition.layout_of(table).labels
    codes = shuffle.hash_codes([table.column(known.get_loc(one)) for one in labels], count)
    order, offsets = shuffle.order_by_target(codes, count)
    return Marked(shuffle.Split(table.take(pa.array(order)), offsets), order)


def call_marked(
    *inputs: Any, place: int, sources: int, kernel: Callable[..., Any], plan: GroupCall
) -> Returned:
    """A kernel that gives a row for each row, on all rows of one target."""
    splits, given = inputs[:sources], inputs[sources:]
    whole, bounds, rows = _gather(splits, place)
    made = _call_on_groups(kernel, whole, given, plan)
    if len(whole) and not isinstance(made, NoGroups) and not len(made):
        made = _without_values(made, whole.index)  # pandas' transform where no row has a group
    return Returned(made, bounds, rows)


def _call_on_groups(
    kernel: Callable[..., Any], whole: Any, given: Sequence[Any], plan: GroupCall
) -> Any:
    """What a kernel gives for the rows of one target; NoGroups where it fails for lack of one."""
    try:
        return kernel(whole, *given, plan=plan)
    except (ValueError, IndexError) as error:
        if not _have_no_group(whole, plan):
            raise
        return NoGroups(error, whole.index)


def _have_no_group(rows: Any, plan: GroupCall) -> bool:
    keys = rows[list(plan.keys)]
    return bool((keys.dropna() if dict(plan.options).get("dropna", True) else keys).empty)


def _without_values(made: Any, labels: Any) -> Any:
    """Rows with these labels of a result that has no value for them."""
    rows = made.iloc[:0].reset_index(drop=True).reindex(pd.RangeIndex(len(labels)))
    return rows.set_axis(labels, axis=0)


def _gather(splits: Any, place: int) -> tuple[Any, Any, Any]:
    """The rows of one target, where those of each source begin, and their places there."""
    begins = [(int(one.split.offsets[place]), int(one.split.offsets[place + 1])) for one in splits]
    rows = np.concatenate([one.rows[a:b] for one, (a, b) in zip(splits, begins, strict=True)])
    bounds = np.cumsum([0, *(b - a for a, b in begins)])
    return shuffle.gather_frame(*(one.split for one in splits), place=place), bounds, rows


def restore(*returned: Returned, place: int) -> Any:
    """What was computed of the rows of one source, in their order."""
    edges = [(int(one.bounds[place]), int(one.bounds[place + 1])) for one in returned]
    filled = [n for n, (a, b) in enumerate(edges) if a < b]
    made = [one.made for one in returned if not isinstance(one.made, NoGroups)]
    if not made:
        raise next(one.made.error for one in returned)
    known = next((one for one in made if len(one)), made[0])
    if not filled:
        return known.iloc[:0]
    pieces = []
    for n in filled:
        one, rows_here = returned[n].made, slice(*edges[n])
        if isinstance(one, NoGroups):
            pieces.append(_without_values(known, one.labels[rows_here]))
        else:
            pieces.append(one.iloc[rows_here])
    rows = np.concatenate([returned[n].rows[slice(*edges[n])] for n in filled])
    places = np.empty(len(rows), np.intp)
    places[rows] = np.arange(len(rows))
    return partition.stack(pieces).take(places)


def call_on_target(*inputs: Any, place: int, sources: int, plan: GroupCall) -> Any:
    """The method on all rows of one target."""
    splits, given = inputs[:sources], inputs[sources:]
    whole, _, _ = _gather(splits, place)
    return _call_on_groups(call_groups, whole, given, plan)


def order_results(*parts: Any, levels: int) -> Any:
    """Results of partitions that hold whole groups, in the order of their keys.

    levels: how many of the index are the keys; within a group rows keep their order.
    """
    made = [part for part in parts if not isinstance(part, NoGroups)]
    filled = [part for part in made if len(part)]
    if not filled and len(made) < len(parts):
        raise next(part.error for part in parts if isinstance(part, NoGroups))
    whole = partition.stack(filled or made[:1])
    if whole.index.nlevels == 1:
        return whole.sort_index(kind="stable")
    return whole.sort_index(level=list(range(levels)), sort_remaining=False)


# --- a user's function on groups ----------------------------------------------------------


class Applied(NamedTuple):
    """What a user's function returned for groups, each known by the number of its first row."""

    first: Any  # (groups,) int64
    results: list[Any]


def number_keys(part: Any, *, plan: GroupCall, place: int) -> Any:
    """The keys of a partition with the numbers of its rows under the label of what is grouped."""
    frame = partition.as_pandas(part)
    made = frame[list(dict.fromkeys(plan.keys))].copy(deep=False)
    made[_number_label(plan)] = np.arange(len(frame)) + place * _SPAN
    return made


def _number_label(plan: GroupCall) -> Any:
    if not plan.is_of_several and plan.columns not in plan.keys:
        return plan.columns
    label = "__shframe_row"
    while label in plan.keys:
        label += "_"
    return label


def apply_marked(*inputs: Any, place: int, sources: int, plan: GroupCall) -> Applied:
    """A user's function called on each group of one target; it sees what pandas shows it."""
    splits, given = inputs[:sources], inputs[sources:]
    whole, bounds, rows = _gather(splits, place)
    numbers = rows + np.repeat(np.arange(sources), np.diff(bounds)) * _SPAN
    return apply_numbered(whole, numbers, given, plan)


def apply_numbered(part: Any, numbers: Any, given: Any, plan: GroupCall) -> Applied:
    """The function's results for the groups of a partition that holds them whole."""
    frame = partition.as_pandas(part)
    function, results = as_written(fill_places(plan.args[0], given)), []

    def note(seen: Any, *args: Any, **kwargs: Any) -> None:
        results.append(function(seen, *args, **kwargs))

    groups = group(frame, plan)
    args = map(as_written, fill_places(plan.args[1:], given))
    groups.apply(note, *args, **as_written(fill_places(dict(plan.kwargs), given)))
    return Applied(_first_numbers(groups, numbers, len(results)), results)


def _frame_of_nothing(empty: Any, plan: GroupCall) -> Any:
    """What pandas gives where a function returns None for all groups: no rows, and no keys."""
    labels = [one for one in empty.columns if one not in plan.keys]
    seen = empty[labels if plan.columns is None else list(plan.columns)]
    return pd.DataFrame(columns=seen.columns).astype(seen.dtypes)


def _first_numbers(groups: Any, numbers: Any, count: int) -> Any:
    """The number of the first row of each group, in the order in which pandas calls a function."""
    places = np.nan_to_num(groups.ngroup().to_numpy().astype("f8"), nan=-1.0).astype(np.int64)
    first = np.full(count, np.iinfo(np.int64).max)
    known = places >= 0
    np.minimum.at(first, places[known], numbers[known])
    return first


_SCALARS = (bool, int, float, complex, str, bytes, np.generic, pd.Timestamp, pd.Timedelta)


def _is_scalar(result: Any) -> bool:
    """Whether pandas makes one value of a series of what a function returned."""
    return result is None or isinstance(result, _SCALARS)


def _first_rows(keys: Sequence[Any], numbers: Iterable[int]) -> list[Any]:
    """Of numbered keys, partition by partition, the rows that have these numbers."""
    places, rows = np.divmod(np.sort(np.fromiter(numbers, np.int64)), _SPAN)
    cuts = np.searchsorted(places, np.arange(len(keys) + 1))
    return [part.iloc[rows[cuts[n] : cuts[n + 1]]] for n, part in enumerate(keys)]


def assemble(*inputs: Any, keys: int, empty: Any, plan: GroupCall) -> Any:
    """The results of all groups, put together by pandas as it does with its own.

    keys: how many of the inputs are numbered keys; the others are Applied.
    empty: the source without rows.
    """
    results: dict[int, Any] = {}
    for applied in inputs[keys:]:
        results.update(zip(applied.first.tolist(), applied.results, strict=True))
    if not results:
        return call_groups(empty, plan=plan)
    if plan.is_of_several and all(one is None for one in results.values()):
        return _frame_of_nothing(empty, plan)
    plain = all(map(_is_scalar, results.values()))  # then no group's rows are looked at
    parts = _first_rows(inputs[:keys], results) if plain else inputs[:keys]
    whole = partition.stack([one for one in parts if len(one)] or [inputs[0]])
    label = _number_label(plan)
    bare = GroupCall(plan.keys, plan.names, None, "apply", options=plan.options)
    groups = group(whole, bare)
    first = _first_numbers(groups, whole[label].to_numpy(), len(results))
    values = [results[number] for number in first.tolist()]
    if plain and dict(plan.options).get("as_index", True):
        name = None if plan.is_of_several else plan.columns
        return pd.Series(values, index=groups.size().index, name=name)
    ordered = iter(values)
    if plan.is_of_several:
        return groups.apply(lambda seen: next(ordered))
    made = groups[label].apply(lambda seen: next(ordered))
    return made.rename(plan.columns) if made.ndim == 1 and made.name == label else made
