"""Sets: the distinct elements of arrays. How many there are is known when they are: the distinct
elements are computed at the call, block by block, and what is said of each element of the array
(inverse indices) stays lazy.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from shframe.array.expr import nodes
from shframe.array.expr.nodes import Node
from shframe.array.expr.reducers import Distinct
from shframe.array.functions import elementwise, manipulation, running
from shframe.array.functions.convert import from_array, node_of
from shframe.array.functions.searching import isin, searchsorted
from shframe.array.functions.sorting import sort
from shframe.array.plan.evaluate import blocks_of, evaluate
from shframe.errors import UnsupportedType


class UniqueAllResult(NamedTuple):
    """What unique_all() returns."""

    values: Any
    indices: Any
    inverse_indices: Any
    counts: Any


class UniqueCountsResult(NamedTuple):
    """What unique_counts() returns."""

    values: Any
    counts: Any


class UniqueInverseResult(NamedTuple):
    """What unique_inverse() returns."""

    values: Any
    inverse_indices: Any


Known = tuple[np.ndarray[Any, Any], ...]


def _distinct(x: Node, equal_nan: bool, *, indices: bool = False, counts: bool = False) -> Known:
    """The distinct elements in order; if asked for, the index of the first of each, and how many
    there are."""
    line = manipulation.ravel(x)
    if not line.shape[0]:
        none = np.empty(0, np.intp)
        return np.empty(0, x.dtype), none, none.copy()
    record = np.dtype([("value", x.dtype), ("first", np.intp), ("count", np.intp)])
    made = nodes.Reduce(
        Distinct(equal_nan, indices, counts), (0,), True, (), (line,), line.chunks, ((1,),), record
    )
    (found,) = blocks_of(made)
    return tuple(np.ascontiguousarray(found[name]) for name in ("value", "first", "count"))


def _inverse(x: Node, values: np.ndarray[Any, Any], equal_nan: bool) -> Node:
    """The index among the distinct elements of each element; lazy."""
    if not values.size:
        return from_array(np.zeros(x.shape, np.intp))
    gaps = np.isnan(values) if values.dtype.kind in "fcmM" else np.zeros(len(values), np.bool_)
    numbers = int(len(values) - gaps.sum())
    found = searchsorted(from_array(values[:numbers]), x)
    if numbers == len(values):
        return found
    is_gap = elementwise.call(np.isnan if x.dtype.kind in "fc" else np.isnat, x)
    if equal_nan:
        return elementwise.where(is_gap, np.intp(numbers), found)
    # each NaN is an element of its own, in the order in which they come
    line = manipulation.ravel(is_gap)
    order = running.cumsum(line, axis=0, dtype=np.intp)
    place = manipulation.reshape(elementwise.call(np.add, order, numbers - 1), x.shape)
    return elementwise.where(is_gap, place, found)


def unique_all(x: Node, /) -> UniqueAllResult:
    """The distinct elements, the first index, the inverse indices and the count of each."""
    values, first, counts = _distinct(x, False, indices=True, counts=True)
    parts = (from_array(values), from_array(first), _inverse(x, values, False))
    return UniqueAllResult(*parts, from_array(counts))


def unique_counts(x: Node, /) -> UniqueCountsResult:
    """The distinct elements in order, and how often each is there."""
    values, _, counts = _distinct(x, False, counts=True)
    return UniqueCountsResult(from_array(values), from_array(counts))


def unique_inverse(x: Node, /) -> UniqueInverseResult:
    """The distinct elements in order, and of each element of the array its index among them."""
    values, _, _ = _distinct(x, False)
    return UniqueInverseResult(from_array(values), _inverse(x, values, False))


def unique_values(x: Node, /) -> Node:
    """The distinct elements in order; computed at the call. Each NaN is one of its own.

    Examples
    --------
    >>> import shframe.array as xp
    >>> xp.unique_values(xp.asarray([2, 1, 2], chunks=1)).compute().tolist()
    [1, 2]
    """
    return from_array(_distinct(x, False)[0])


def unique(
    x: Node,
    /,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,
) -> Any:
    """The distinct elements in order, and what else is asked for, as numpy.unique has it.

    Cost: computed at the call, block by block; the inverse indices stay lazy. Along an axis the
        array is gathered into the calling process.
    """
    if axis is not None and x.ndim:
        values = np.asarray(evaluate(x))
        asked = (return_index, return_inverse, return_counts)
        find: Any = np.unique
        made = find(values, *asked, axis=axis, equal_nan=equal_nan)
        found = made if isinstance(made, tuple) else (made,)
        parts = [from_array(each) for each in found]
    else:
        how = {"indices": bool(return_index), "counts": bool(return_counts)}
        values, first, counts = _distinct(x, bool(equal_nan), **how)
        parts = [from_array(values)]
        if return_index:
            parts.append(from_array(first))
        if return_inverse:
            inverse = _inverse(x, values, bool(equal_nan))
            parts.append(inverse)
        if return_counts:
            parts.append(from_array(counts))
    return tuple(parts) if len(parts) > 1 else parts[0]


def _set(x: Any, assume_unique: bool) -> Node:
    line = manipulation.ravel(node_of(x))
    found: Node = line if assume_unique else unique(line)
    return found


def _both(one: Any, other: Any) -> tuple[Node, Node]:
    first, second = node_of(one), node_of(other)
    try:
        kind = np.result_type(first.dtype, second.dtype)
    except TypeError as error:
        raise UnsupportedType(str(error)) from error
    return elementwise.astype(first, kind), elementwise.astype(second, kind)


def union1d(one: Any, other: Any, /) -> Node:
    """The distinct elements of two arrays together, in order."""
    first, second = (manipulation.ravel(each) for each in _both(one, other))
    found: Node = unique(manipulation.concat([first, second]))
    return found


def intersect1d(
    one: Any, other: Any, /, assume_unique: bool = False, return_indices: bool = False
) -> Any:
    """The distinct elements that are in both arrays, in order.

    return_indices: also the index of the first of each in either array.
    """
    first, second = (manipulation.ravel(each) for each in _both(one, other))
    values, places, _ = _distinct(first, True, indices=return_indices)
    others, places2, _ = _distinct(second, True, indices=return_indices)
    common, at, at2 = np.intersect1d(values, others, assume_unique=True, return_indices=True)
    found = from_array(common)
    if not return_indices:
        return found
    return found, from_array(places[at]), from_array(places2[at2])


def setdiff1d(one: Any, other: Any, /, assume_unique: bool = False) -> Node:
    """The distinct elements of one array that are not in the other; sorted, unless
    `assume_unique`."""
    line = _set(one, assume_unique)
    keep = np.asarray(evaluate(isin(line, other, invert=True)))
    return from_array(np.asarray(evaluate(line))[keep])


def setxor1d(one: Any, other: Any, /, assume_unique: bool = False) -> Node:
    """The distinct elements that are in one of two arrays, in order."""
    first, second = (_set(each, assume_unique) for each in _both(one, other))
    parts = [setdiff1d(first, second, True), setdiff1d(second, first, True)]
    return sort(manipulation.concat(parts))
