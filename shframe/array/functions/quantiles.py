"""Quantiles: percentiles and medians, exactly.

Along some axes each line is gathered into one block. Of all elements of an array in several blocks
only those of the ranks around a quantile are looked for (kernels/selecting.py).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from shframe.array.expr.nodes import Node, on_grid
from shframe.array.expr.program import Refuse
from shframe.array.functions import elementwise, manipulation, reductions, running
from shframe.array.functions.calling import call_kernel, whole_along
from shframe.array.functions.convert import node_of, values_of
from shframe.array.functions.numpy_probe import ask
from shframe.array.functions.reductions import reduced_axes
from shframe.array.functions.searching import searchsorted, take_along_axis
from shframe.array.functions.slicing import part
from shframe.array.functions.sorting import argsort
from shframe.array.functions.statistics import spread_weights
from shframe.array.grid.axes import Axes, list_axes
from shframe.array.kernels import calculus as kernels
from shframe.array.kernels import selecting
from shframe.errors import InvalidArgument

SAMPLE = 1 << 16  # elements that are looked at to find where a rank is; 2 % of all are then near it


def quantile(
    x: Node,
    q: Any,
    /,
    axis: Axes = None,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Node:
    """The values below which shares `q` of the elements along axes are, as numpy.quantile has them.

    Raises: InvalidArgument for shares beyond 0 and 1 and for unknown methods.
    weights: of the elements, in the array's shape or in that of the axes that are named, for the
        method "inverted_cdf". Weights that add up to the same in another order are taken for equal.
    Cost: along some axes a rechunk that gathers them; over all of an array in several blocks
        a sample, and one pass for each quantile; with weights an argsort.

    Examples
    --------
    >>> import shframe.array as xp
    >>> xp.quantile(xp.arange(5, chunks=2), 0.5).compute().item()
    2.0
    """
    return _of_order("quantile", x, (_shares(q),), axis, keepdims, method=method, weights=weights)


def percentile(
    x: Node,
    q: Any,
    /,
    axis: Axes = None,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Node:
    """quantile() of shares in percent."""
    how: dict[str, Any] = {"method": method, "weights": weights}
    return _of_order("percentile", x, (_shares(q),), axis, keepdims, **how)


def median(x: Node, /, axis: Axes = None, keepdims: bool = False) -> Node:
    """The middle of the elements along axes, or the mean of the two in the middle."""
    return _of_order("median", x, (), axis, keepdims)


def nanquantile(
    x: Node,
    q: Any,
    /,
    axis: Axes = None,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Node:
    """quantile() of what is not NaN; NaN where there is nothing else."""
    how: dict[str, Any] = {"method": method, "weights": weights}
    return _of_order("nanquantile", x, (_shares(q),), axis, keepdims, **how)


def nanpercentile(
    x: Node,
    q: Any,
    /,
    axis: Axes = None,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Node:
    """percentile() of what is not NaN; NaN where there is nothing else."""
    how: dict[str, Any] = {"method": method, "weights": weights}
    return _of_order("nanpercentile", x, (_shares(q),), axis, keepdims, **how)


def nanmedian(x: Node, /, axis: Axes = None, keepdims: bool = False) -> Node:
    """median() of what is not NaN; NaN where there is nothing else."""
    return _of_order("nanmedian", x, (), axis, keepdims)


def _shares(q: Any) -> Any:
    """Shares as NumPy takes them: Python's own number takes the array's dtype."""
    return q if isinstance(q, int | float) else values_of(q)


def _of_order(
    name: str, x: Node, q: tuple[Any, ...], axis: Any, keepdims: bool, **how: Any
) -> Node:
    """A function of NumPy's that sorts lines, on each line."""
    axis = tuple(axis) if isinstance(axis, list) else axis
    weights = how.pop("weights", None)
    call = getattr(np, name)
    least = tuple(max(min(n, 2), 1) for n in x.shape)
    ask(lambda v: call(v, *q, axis=axis, **how), name, np.ones(least, x.dtype))
    axes = reduced_axes(axis, x.ndim)
    kept = tuple(n for n in range(x.ndim) if n not in axes)
    line = _lines(x, kept, axes)
    shares = _as_shares(name, q)
    sample = ask(lambda v: call(v, *q, axis=-1, **how), name, np.ones(2, x.dtype))
    several = not kept and len(line.chunks[-1]) > 1
    if weights is not None:
        _ask_weights(call, name, q, how)
        named = None if axis is None else list_axes(axis, x.ndim)
        spread = spread_weights(x, named, node_of(weights), axis)
        given = _lines(manipulation.broadcast_to(spread, x.shape), kept, axes)
        if several:
            found = _weighted_vector(line, given, shares, name.startswith("nan"))
        else:
            found = _gathered(name, [line, on_grid(given, line.chunks)], q, sample.dtype, how)
    elif several and x.dtype.kind in "iuf" and x.dtype.itemsize <= 8:
        method = "linear" if not q else str(how.get("method", "linear"))
        if method == "linear" and shares.dtype.kind in "iub":  # 0 and 1 are ranks by themselves
            method = "lower"
        # a median is the mean of the two in the middle
        inside = np.dtype(np.float64) if not q else None
        found = _selected(line, shares, method, name.startswith("nan"), inside, sample.dtype)
    else:
        found = _gathered(name, [line], q, sample.dtype, how)
    if keepdims and axes:
        found = manipulation.expand_dims(found, axis=[shares.ndim + n for n in axes])
    return found


def _lines(x: Node, kept: tuple[int, ...], axes: tuple[int, ...]) -> Node:
    """The axes that are kept, and behind them all others as one."""
    moved = manipulation.permute_dims(x, (*kept, *axes))
    count = math.prod(x.shape[n] for n in axes)
    return manipulation.reshape(moved, (*(x.shape[n] for n in kept), count))


def _as_shares(name: str, q: tuple[Any, ...]) -> np.ndarray[Any, Any]:
    """The shares, between 0 and 1; of a median a half."""
    if not q:
        return np.asarray(0.5)
    shares = np.asarray(q[0])
    return np.asarray(shares / 100) if name.endswith("percentile") else shares


def _ask_weights(call: Any, name: str, q: tuple[Any, ...], how: dict[str, Any]) -> None:
    """Raises what NumPy says of quantiles with weights by another method."""
    ask(lambda v: call(v, *q, weights=np.ones(2), **how), name, np.ones(2))


def _gathered(
    name: str, lines: list[Node], q: tuple[Any, ...], dtype: Any, how: dict[str, Any]
) -> Node:
    """Quantiles of lines, each in one block; the second of `lines` are weights."""
    lead = np.shape(q[0]) if q else ()
    lines = [whole_along(each, (each.ndim - 1,)) for each in lines]
    first = lines[0]
    over = (*first.chunks[:-1], (1,))
    grid = (*((n,) for n in lead), *first.chunks[:-1])
    options = tuple(sorted({**how, "axis": -1}.items()))
    positions = tuple((1,) for _ in lead)
    labels = [tuple(range(len(lead), len(lead) + first.ndim))] * len(lines)
    return call_kernel(
        kernels.call_numpy if len(lines) == 1 else kernels.call_numpy_weighted,
        [on_grid(each, first.chunks) for each in lines],
        grid,
        dtype,
        over=(*positions, *over),
        labels=labels,
        weight=30,
        name=name,
        args=q,
        how=options,
    )


def _selected(
    line: Node, shares: Any, method: str, skip_nan: bool, inside: Any, dtype: Any
) -> Node:
    """Quantiles of a vector in blocks, by the elements of the ranks around them: a sample says
    between which values these are, and only what is between is put together."""
    flat = tuple(np.asarray(shares, float).reshape(-1).tolist())
    blocks = line.chunks[0]
    share = min(SAMPLE / max(sum(blocks), 1), 1.0)
    grid = (tuple(math.ceil(share * length) for length in blocks),)
    over: dict[str, Any] = {"over": line.chunks, "weight": 2}
    samples = call_kernel(
        selecting.sample_block, [line], grid, line.dtype, with_origin=True, share=share, **over
    )
    ranks: dict[str, Any] = {"shares": flat, "method": method}
    bounds = call_kernel(
        selecting.bound_ranks,
        [samples],
        ((len(flat),), (2,)),
        line.dtype,
        over=((1,), (1,)),
        labels=[(None,)],
        weight=20,
        kind=line.dtype,
        **ranks,
    )
    labels = [(0,), (None, None)]
    parts = call_kernel(
        selecting.take_between, [line, bounds], grid, line.dtype, labels=labels, **over
    )
    made = call_kernel(
        selecting.quantiles_between,
        [line, samples, bounds, parts],
        ((len(flat),),),
        dtype,
        over=((1,),),
        labels=[(None,), (None,), (None, None), (None,)],
        weight=0.1,  # it looks at all blocks where a sample was wrong only
        skip_nan=skip_nan,
        inside=inside,
        kind=dtype,
        **ranks,
    )
    return manipulation.reshape(made, np.shape(shares))


def _weighted_vector(x: Node, weights: Node, shares: Any, skip_nan: bool) -> Node:
    """Quantiles of a vector in blocks with weights: the first elements, in order, with which the
    weights add up to these shares of all of them."""
    weights = elementwise.astype(weights, np.float64)
    floats = x.dtype.kind in "fc"
    gaps = elementwise.call(np.isnan, x) if floats else None
    if gaps is not None and skip_nan:
        weights = elementwise.where(gaps, 0.0, weights)
    order = argsort(x)
    values = take_along_axis(x, order)
    added = running.cumsum(take_along_axis(weights, order), axis=0)
    total = part(added, (slice(-1, None),))
    reached = elementwise.call(np.divide, added, total)
    # of a share of 0 it is the first with a weight
    reached = elementwise.where(elementwise.call(np.equal, added, 0), -1.0, reached)
    wanted = np.asarray(shares, np.float64)
    at = searchsorted(reached, wanted.reshape(-1))
    at = elementwise.call(np.minimum, at, x.shape[0] - 1)
    found = take_along_axis(values, at)
    if gaps is not None:
        empty = reductions.all(gaps) if skip_nan else reductions.any(gaps)
        found = elementwise.where(empty, x.dtype.type(np.nan), found)
    found = _check_weights(found, weights, total)
    return manipulation.reshape(found, wanted.shape)


def _check_weights(found: Node, weights: Node, total: Node) -> Node:
    """The values; computing raises as NumPy does for weights that cannot be."""
    negative = reductions.any(elementwise.call(np.less, weights, 0))
    refuse: Any = Refuse(InvalidArgument, "Weights must be non-negative.")
    found = elementwise.apply(refuse, (found, negative), "quantile", found.dtype)
    real = elementwise.call(np.isfinite, total)
    nothing = elementwise.call(np.equal, total, 0)
    wrong = elementwise.call(np.logical_or, elementwise.call(np.logical_not, real), nothing)
    refuse = Refuse(InvalidArgument, "Weights included NaN, inf or were all zero.")
    return elementwise.apply(refuse, (found, wrong), "quantile", found.dtype)
