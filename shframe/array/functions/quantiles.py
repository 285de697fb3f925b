"""Quantiles: percentiles and medians, exactly.

Along some axes each line is gathered into one block. Of all elements of an array in several blocks
only those of the ranks around a quantile are looked for: the blocks are sorted where
they are, and what is read of them then is little.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from shframe.array.expr.nodes import Node
from shframe.array.functions import manipulation
from shframe.array.functions.calling import call_kernel, whole_along
from shframe.array.functions.convert import node_of, values_of
from shframe.array.functions.numpy_probe import ask
from shframe.array.functions.reductions import reduced_axes
from shframe.array.grid.axes import Axes
from shframe.array.kernels import calculus as kernels
from shframe.array.kernels import sorting

# what is added to q * n for the place of a quantile among n sorted values: R. Hyndman and Y. Fan,
# "Sample quantiles in statistical packages" (1996), by NumPy's names for their methods
SMOOTH = {
    "weibull": (0.0, 0.0),
    "linear": (1.0, 1.0),
    "hazen": (0.5, 0.5),
    "interpolated_inverted_cdf": (0.0, 1.0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
}


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
    Cost: along some axes a rechunk that gathers them; over all of an array in several blocks
        each block is sorted alone. In one task goes all of an array with weights, of float32 values
        with shares that are Python's numbers, and by the methods that do not interpolate.

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
    if weights is not None:
        return _weighted(name, x, q, axis, keepdims, weights, how)
    kept = tuple(n for n in range(x.ndim) if n not in axes)
    count = math.prod(x.shape[n] for n in axes)
    shares = np.asarray(q[0]) if q else np.asarray(0.5)
    lead = shares.shape
    moved = manipulation.permute_dims(x, (*kept, *axes))
    line = manipulation.reshape(moved, (*(x.shape[n] for n in kept), count))
    sample = ask(lambda v: call(v, *q, axis=-1, **how), name, np.ones(2, x.dtype))
    selects = not kept and len(line.chunks[-1]) > 1 and how.get("method", "linear") in SMOOTH
    # a share that has the dtype of single-precision values is rounded by NumPy; a half is exact
    exact = sample.dtype == "f8" or (not q and sample.dtype.kind == "f")
    if selects and x.dtype.kind in "iuf" and exact:
        shares = shares / 100 if name.endswith("percentile") else shares
        method, skip = how.get("method", "linear"), name.startswith("nan")
        found = _selected(line, shares, method, skip, sample.dtype)
    else:
        found = _gathered(name, line, q, lead, sample.dtype, how)
    if keepdims:
        found = (
            manipulation.expand_dims(found, axis=[len(lead) + n for n in axes]) if axes else found
        )
    return found


def _gathered(
    name: str, line: Node, q: tuple[Any, ...], lead: tuple[int, ...], dtype: Any, how: Any
) -> Node:
    line = whole_along(line, (line.ndim - 1,))
    over = (*line.chunks[:-1], (1,))
    grid = (*((n,) for n in lead), *line.chunks[:-1])
    options = tuple(sorted({**how, "axis": -1}.items()))
    positions = tuple((1,) for _ in lead)
    labels = [tuple(range(len(lead), len(lead) + line.ndim))]
    return call_kernel(
        kernels.call_numpy,
        [line],
        grid,
        dtype,
        over=(*positions, *over),
        labels=labels,
        weight=30,
        name=name,
        args=q,
        how=options,
    )


def _selected(line: Node, shares: Any, method: str, skip_nan: bool, dtype: Any) -> Node:
    """Quantiles of a vector in blocks, by the elements of the ranks around them: blocks are sorted
    where they are, and what is read of them then are some log(n) elements a rank."""
    runs = call_kernel(sorting.sort_block, [line], line.chunks, line.dtype, weight=20, axis=0)
    flat = np.asarray(shares, float).reshape(-1)
    made = call_kernel(
        sorting.quantiles_of_runs,
        [runs],
        ((len(flat),),),
        dtype,
        over=((1,),),
        labels=[(None,)],
        shares=tuple(flat.tolist()),
        smooth=SMOOTH[method],
        skip_nan=skip_nan,
        kind=dtype,
    )
    return manipulation.reshape(made, np.shape(shares))


def _weighted(
    name: str, x: Node, q: tuple[Any, ...], axis: Any, keepdims: bool, weights: Any, how: Any
) -> Node:
    values = node_of(weights)
    given = [whole_along(each, tuple(range(each.ndim))) for each in (x, values)]
    options = {**how, "axis": axis, "keepdims": bool(keepdims)}
    call = getattr(np, name)
    shapes = ask(
        lambda: call(np.ones(x.shape, x.dtype), *q, weights=np.ones(values.shape), **options), name
    )
    grid = tuple((n,) for n in shapes.shape)
    return call_kernel(
        kernels.call_numpy_weighted,
        given,
        grid,
        shapes.dtype,
        over=tuple((1,) for _ in grid),
        labels=[(None,) * each.ndim for each in given],
        name=name,
        args=q,
        how=tuple(sorted(options.items())),
    )
