"""Applying: users' functions along axes, on lines, on core dimensions, on labelled blocks, and as
reductions in three steps.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from shframe.array.expr import nodes
from shframe.array.expr.nodes import Node, on_grid
from shframe.array.expr.reducers import UserReduction
from shframe.array.functions import manipulation
from shframe.array.functions.calling import call_for_several, call_kernel, whole_along
from shframe.array.functions.convert import node_of
from shframe.array.functions.numpy_probe import dtype_of
from shframe.array.functions.reductions import reduced_axes
from shframe.array.functions.slicing import part
from shframe.array.grid import chunks as grids
from shframe.array.grid.axes import Axes, normalize_axis
from shframe.array.kernels import applying as kernels
from shframe.errors import ChunkMismatch, InvalidArgument
from shframe.graph.tasks.function import UserCode


def apply_along_axis(
    func1d: Callable[..., Any],
    axis: int,
    x: Node,
    *args: Any,
    dtype: Any = None,
    shape: Any = None,
    **keywords: Any,
) -> Node:
    """A function of each line along an axis, which returns a number or an array.

    dtype, shape: of what the function returns; learned by calling it on ones when not given.
    Cost: each line is gathered into one block.
    """
    at = normalize_axis(axis, x.ndim)
    how = tuple(sorted(keywords.items()))
    if dtype is None or shape is None:
        sample = np.asarray(func1d(np.ones(x.shape[at], x.dtype), *args, **keywords))
        dtype = sample.dtype if dtype is None else dtype
        shape = sample.shape if shape is None else shape
    x = whole_along(x, (at,))
    inner = tuple((int(n),) for n in shape)
    grid = (*x.chunks[:at], *inner, *x.chunks[at + 1 :])
    labels = [tuple(range(x.ndim))]
    return call_kernel(
        kernels.apply_along,
        [x],
        grid,
        dtype_of(dtype),
        over=tuple((1,) if n == at else lengths for n, lengths in enumerate(x.chunks)),
        labels=labels,
        weight=100,
        function=UserCode(func1d),
        axis=at,
        args=args,
        how=how,
    )


def apply_over_axes(func: Callable[..., Any], x: Any, axes: Any) -> Any:
    """A function of the array and an axis, for one axis after the other; axes stay, of length 1."""
    ndim = x.ndim
    for axis in np.atleast_1d(axes).tolist():
        at = normalize_axis(axis, ndim)
        made = func(x, at)
        if made.ndim == ndim - 1:
            made = made[(slice(None),) * at + (None,)]
        if made.ndim != ndim:
            raise InvalidArgument("function is not returning an array of the correct shape")
        x = made
    return x


def reduction(
    x: Node,
    /,
    chunk: Callable[..., Any],
    aggregate: Callable[..., Any],
    axis: Axes = None,
    keepdims: bool = False,
    dtype: Any = None,
    combine: Callable[..., Any] | None = None,
    **ignored: Any,
) -> Node:
    """A reduction by a user's functions of blocks.

    chunk: of a block, with axis= and keepdims=True.
    combine, aggregate: of partial results that were put together along the axes, with the same
        keywords; `aggregate` alone is called with the keepdims of the result, and last.
    dtype: of the result; learned on ones when not given.
    ignored: name=, split_every=, weights= and others that Dask's users pass.
    """
    axes = reduced_axes(axis, x.ndim)
    if dtype is None:
        sample = np.ones((1,) * x.ndim, x.dtype)
        partial = chunk(sample, axis=axes, keepdims=True)
        dtype = np.asarray(aggregate(partial, axis=axes, keepdims=True)).dtype
    reducer = UserReduction(
        UserCode(chunk),
        UserCode(aggregate),
        axes,
        UserCode(combine) if combine is not None else None,
    )
    chunks = tuple(
        (1,) * (n in axes) or lengths
        for n, lengths in enumerate(x.chunks)
        if keepdims or n not in axes
    )
    kind = dtype_of(dtype)
    return nodes.Reduce(reducer, axes, bool(keepdims), (), (x,), x.chunks, chunks, kind)


def coarsen(
    reduce: Callable[..., Any],
    x: Node,
    axes: Mapping[int, int],
    trim_excess: bool = False,
    **keywords: Any,
) -> Node:
    """A reduction of groups of so many neighbours along axes.

    trim_excess: whether what is left over at the end of an axis is cut off; else that raises.
    """
    groups = {normalize_axis(axis, x.ndim): int(count) for axis, count in axes.items()}
    for axis, count in groups.items():
        if x.shape[axis] % count and not trim_excess:
            raise ChunkMismatch(
                f"Coarsening factors {dict(groups)} do not align with array shape {x.shape}."
            )
    index = tuple(
        slice(0, length // groups.get(n, 1) * groups.get(n, 1)) for n, length in enumerate(x.shape)
    )
    x = part(x, index)
    grid = tuple(
        _whole_groups(lengths, groups[n]) if n in groups else lengths
        for n, lengths in enumerate(x.chunks)
    )
    x = on_grid(x, grid)
    made = tuple(
        tuple(length // groups.get(n, 1) for length in lengths) for n, lengths in enumerate(grid)
    )
    sample = reduce(
        np.ones((1,) * (2 * x.ndim), x.dtype), axis=tuple(range(1, 2 * x.ndim, 2)), **keywords
    )
    return call_kernel(
        kernels.coarsen,
        [x],
        made,
        np.asarray(sample).dtype,
        over=grid,
        function=UserCode(reduce),
        groups=tuple(groups.get(n, 1) for n in range(x.ndim)),
        how=tuple(sorted(keywords.items())),
    )


def _whole_groups(lengths: grids.Axis, count: int) -> grids.Axis:
    """Blocks about as long that hold whole groups."""
    ends = [-(-end // count) * count for end in grids.offsets(lengths)[1:]]
    cuts = sorted({0, *(min(end, sum(lengths)) for end in ends)})
    return tuple(b - a for a, b in itertools.pairwise(cuts)) or (0,)


SIGNATURE = re.compile(r"^(\([\w,]*\))(,\([\w,]*\))*->(\([\w,]*\))(,\([\w,]*\))*$")


def parse_signature(signature: str) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]], bool]:
    """The core dimensions of inputs and outputs, and whether there are several outputs."""
    text = re.sub(r"\s+", "", signature)
    left, _, right = text.partition("->")
    if not SIGNATURE.match(text if right.startswith("(") else f"{left}->({right})"):
        raise InvalidArgument(f"Not a valid gufunc signature: {signature}")
    outputs = _dimensions(right or "()")
    return _dimensions(left), outputs, len(outputs) > 1


def _dimensions(text: str) -> list[tuple[str, ...]]:
    found = re.findall(r"\(([^)]*)\)", text)
    return [tuple(name for name in each.split(",") if name) for each in found]


def apply_gufunc(
    func: Callable[..., Any],
    signature: str,
    *args: Any,
    axes: Any = None,
    axis: int | None = None,
    keepdims: bool = False,
    output_dtypes: Any = None,
    output_sizes: Mapping[str, int] | None = None,
    vectorize: bool | None = None,
    allow_rechunk: bool = False,
    meta: Any = None,
    **keywords: Any,
) -> Any:
    """A generalised ufunc: a function of core dimensions, over the other axes block by block.

    signature: such as "(i),(i)->()": core dimensions are the last axes of each array.
    axes, axis: the core dimensions' axes if they are not the last, as NumPy's gufuncs take them.
    output_dtypes: of the results; learned on ones when not given.
    output_sizes: lengths of core dimensions that only results have.
    vectorize: whether the function takes the core dimensions alone.
    allow_rechunk: is there for Dask's users: core dimensions are always gathered into one block.

    Examples
    --------
    >>> import shframe.array as xp
    >>> x = xp.ones((4, 3), chunks=2)
    >>> xp.apply_gufunc(lambda b: b.sum(-1), "(i)->()", x, output_dtypes=float).compute().tolist()
    [3.0, 3.0, 3.0, 3.0]
    """
    inputs, outputs, several = parse_signature(signature)
    if len(inputs) != len(args):
        raise InvalidArgument(
            f"the signature {signature!r} has {len(inputs)} inputs, {len(args)} were given"
        )
    arrays = [node_of(each) for each in args]
    input_axes, output_axes = _core_axes(inputs, outputs, axes, axis, keepdims)
    sizes = {name: int(n) for name, n in (output_sizes or {}).items()}
    moved = []
    for core, at, x in zip(inputs, input_axes, arrays, strict=True):
        if x.ndim < len(core):
            raise ChunkMismatch(f"the array of shape {x.shape} has no core dimensions {core}")
        if at is not None:
            x = manipulation.moveaxis(x, at, tuple(range(-len(core), 0)))
        for name, length in zip(core, x.shape[x.ndim - len(core) :], strict=True):
            if sizes.setdefault(name, length) != length:
                raise ChunkMismatch(
                    f"Dimension `'{name}'` with different lengths in arrays: "
                    f"{sizes[name]} and {length}"
                )
        moved.append(whole_along(x, tuple(range(x.ndim - len(core), x.ndim))))
    loops = [x.chunks[: x.ndim - len(core)] for core, x in zip(inputs, moved, strict=True)]
    shape = grids.broadcast_shape([grids.shape_of(loop) for loop in loops], "apply_gufunc")
    grid = grids.unify(loops, shape)
    ready, labels = [], []
    for core, x, loop in zip(inputs, moved, loops, strict=True):
        fitted = grids.fit(grid, grids.shape_of(loop))
        x = on_grid(x, (*fitted, *((n,) for n in x.shape[len(loop) :])))
        ready.append(x)
        labels.append(
            (*range(len(grid) - len(loop), len(grid)), *range(len(grid), len(grid) + len(core)))
        )
    width = max((len(core) for core in inputs), default=0)
    unknown = {name for core in outputs for name in core} - set(sizes)
    if unknown:
        raise InvalidArgument(f"the length of {sorted(unknown)} is unknown: pass output_sizes=")
    code = UserCode(np.vectorize(func, signature=signature) if vectorize else func)
    kinds = _output_dtypes(code, inputs, outputs, ready, sizes, output_dtypes, meta, keywords)
    results = []
    for core, kind in zip(outputs, kinds, strict=True):
        results.append(((*grid, *((sizes[name],) for name in core)), kind))
    over = (*grid, *((1,) for _ in range(width)))
    how: dict[str, Any] = {"function": code, "how": tuple(sorted(keywords.items()))}
    shapes = tuple(tuple(sizes[name] for name in core) for core in outputs)
    how |= {"cores": shapes, "dtypes": tuple(kinds), "several": several}
    if several:
        made = call_for_several(
            kernels.apply_core, ready, results, over=over, labels=labels, weight=100, **how
        )
    else:
        made = (
            call_kernel(
                kernels.apply_core,
                ready,
                results[0][0],
                results[0][1],
                over=over,
                labels=labels,
                weight=100,
                **how,
            ),
        )
    finished = []
    for core, at, node in zip(outputs, output_axes, made, strict=True):
        if keepdims:
            node = part(node, (..., *[None] * len(inputs[0])))
            if at is not None:
                node = manipulation.moveaxis(node, tuple(range(-len(inputs[0]), 0)), at)
        elif at is not None and core:
            node = manipulation.moveaxis(node, tuple(range(-len(core), 0)), at)
        finished.append(node)
    return tuple(finished) if several else finished[0]


def _core_axes(
    inputs: Any, outputs: Any, axes: Any, axis: int | None, keepdims: bool
) -> tuple[list[Any], list[Any]]:
    """The axes of the core dimensions of each input and output; None: the last ones."""
    if axes is not None and axis is not None:
        raise InvalidArgument("Only one of `axis` or `axes` keyword arguments should be given")
    if axis is not None:
        return [(axis,)] * len(inputs), [(axis,) if keepdims or core else None for core in outputs]
    if axes is None:
        return [None] * len(inputs), [None] * len(outputs)
    given = [each if isinstance(each, tuple) else (each,) for each in axes]
    if len(given) == len(inputs):
        given += [given[0] if keepdims else ()] * len(outputs)
    if len(given) != len(inputs) + len(outputs):
        raise InvalidArgument("`axes` must name the core dimensions of each input and output")
    return given[: len(inputs)], [each or None for each in given[len(inputs) :]]


def _output_dtypes(
    code: UserCode,
    inputs: Any,
    outputs: Any,
    arrays: list[Node],
    sizes: Mapping[str, int],
    output_dtypes: Any,
    meta: Any,
    keywords: Any,
) -> list[Any]:
    if output_dtypes is None and meta is not None:
        output_dtypes = [m.dtype for m in meta] if isinstance(meta, tuple | list) else meta.dtype
    if output_dtypes is not None:
        given = output_dtypes if isinstance(output_dtypes, tuple | list) else [output_dtypes]
        if len(given) != len(outputs):
            raise InvalidArgument("output_dtypes must name the dtype of each output")
        return [dtype_of(each) for each in given]
    samples = [
        np.ones((1,) * (x.ndim - len(core)) + tuple(sizes[name] for name in core), x.dtype)
        for core, x in zip(inputs, arrays, strict=True)
    ]
    made = code(*samples, **keywords)
    several = made if isinstance(made, tuple | list) else [made]
    return [np.asarray(each).dtype for each in several]


def blockwise(
    func: Callable[..., Any],
    out_ind: Any,
    *args: Any,
    dtype: Any = None,
    adjust_chunks: Mapping[Any, Any] | None = None,
    new_axes: Mapping[Any, Any] | None = None,
    align_arrays: bool = True,
    concatenate: bool | None = None,
    name: Any = None,
    token: Any = None,
    meta: Any = None,
    **keywords: Any,
) -> Node:
    """A function of blocks by labels: each array is followed by the labels of its axes.

    A label that the result does not have is contracted: the function gets a list of all blocks
    along it, nested for several; one array of them when `concatenate`.

    adjust_chunks: new lengths of blocks by label: a function of the old one, a length, or lengths.
    new_axes: lengths of axes that only the result has.
    dtype: of the result; that of the arrays together when not given.
    align_arrays, name, token, meta: are there for Dask's users.
    """
    out = tuple(out_ind)
    pairs = list(zip(args[::2], args[1::2], strict=True))
    arrays = [(node_of(x), tuple(labels)) for x, labels in pairs if labels is not None]
    grid = _unified(arrays)
    for label, size in (new_axes or {}).items():
        grid[label] = tuple(size) if isinstance(size, tuple | list) else (int(size),)
    missing = [label for label in out if label not in grid]
    if missing:
        raise InvalidArgument(
            f"the result's labels {missing} are those of no array: pass new_axes="
        )
    sources, labels_of, nesting = [], [], []
    for x, labels in arrays:
        sources.append(_on_labels(x, labels, grid))
        labels_of.append(tuple(out.index(each) if each in out else None for each in labels))
        nesting.append(
            tuple(
                (n, len(sources[-1].chunks[n])) for n, each in enumerate(labels) if each not in out
            )
        )
    over = tuple(grid[label] for label in out)
    chunks = tuple(_adjusted(grid[label], (adjust_chunks or {}).get(label)) for label in out)
    kind = np.result_type(*(x.dtype for x, _ in arrays)) if dtype is None else dtype_of(dtype)
    literals = tuple((n, x) for n, (x, labels) in enumerate(pairs) if labels is None)
    return call_kernel(
        kernels.call_blockwise,
        sources,
        chunks,
        kind,
        over=over,
        labels=labels_of,
        weight=100,
        function=UserCode(func),
        nesting=tuple(nesting),
        literals=literals,
        join=bool(concatenate),
        how=tuple(sorted(keywords.items())),
    )


def unify_chunks(*args: Any) -> tuple[dict[Any, grids.Axis], list[Node]]:
    """The blocks by label, and arrays on one grid: arguments are an array, its labels, ..."""
    pairs = [(node_of(x), tuple(labels)) for x, labels in zip(args[::2], args[1::2], strict=True)]
    grid = _unified(pairs)
    return grid, [_on_labels(x, labels, grid) for x, labels in pairs]


def _unified(arrays: list[tuple[Node, tuple[Any, ...]]]) -> dict[Any, grids.Axis]:
    """The blocks along each label."""
    lengths: dict[Any, list[grids.Axis]] = {}
    for x, labels in arrays:
        if len(labels) != x.ndim:
            raise InvalidArgument(f"an array of {x.ndim} axes has the labels {labels}")
        for label, axis in zip(labels, x.chunks, strict=True):
            lengths.setdefault(label, []).append(axis)
    grid: dict[Any, grids.Axis] = {}
    for label, axes in lengths.items():
        shape = grids.broadcast_shape([(sum(axis),) for axis in axes], f"label {label!r}")
        grid[label] = grids.unify([(axis,) for axis in axes], shape)[0]
    return grid


def _on_labels(x: Node, labels: tuple[Any, ...], grid: Mapping[Any, grids.Axis]) -> Node:
    fitted = (
        grid[label] if sum(axis) == sum(grid[label]) else axis
        for label, axis in zip(labels, x.chunks, strict=True)
    )
    return on_grid(x, tuple(fitted))


def _adjusted(lengths: grids.Axis, change: Any) -> grids.Axis:
    if change is None:
        return lengths
    if callable(change):
        return tuple(int(change(n)) for n in lengths)
    if isinstance(change, tuple | list):
        return tuple(map(int, change))
    return (int(change),) * len(lengths)
