"""A user's function of whole blocks: map_blocks."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from shframe import session
from shframe.array.expr import nodes
from shframe.array.expr.nodes import Node, on_grid
from shframe.array.functions import manipulation
from shframe.array.functions.convert import lazy_node, node_of
from shframe.array.functions.numpy_probe import ask, dtype_of, sample_of
from shframe.array.grid import chunks as grids
from shframe.array.grid.axes import normalize_axes
from shframe.array.grid.chunks import Chunks
from shframe.array.grid.defaults import shape_from
from shframe.array.kernels.applying import BlockInfo
from shframe.array.plan.evaluate import persist as persist_node
from shframe.array.plan.planner import PLANNER
from shframe.errors import ChunkMismatch, InvalidArgument
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.plan.expr import Expr
from shframe.graph.tasks.function import UserCode
from shframe.lazy.collection import Collection
from shframe.lazy.compute import compute


def map_blocks(
    function: Any,
    *arrays: Any,
    dtype: Any = None,
    chunks: Any = None,
    drop_axis: Any = None,
    new_axis: Any = None,
    block_id: bool | None = None,
    writable: bool = False,
    meta: Any = None,
    **keywords: Any,
) -> Node:
    """A function of the blocks at each position of the arrays' common grid.

    The function is captured by value at the call; it gets read-only blocks, unless `writable`.

    dtype: of the result; when None, or when it says only a kind (str), it is learned by calling
        the function on the first block. A block of another dtype is cast if that changes no
        value, but for the rounding of floats; else computing raises UnsupportedType.
    chunks: the result's grid if blocks change their lengths; each block keeps its position.
    drop_axis, new_axis: axes that the function removes, and adds with length 1.
    block_id: whether the function takes a keyword block_id, the block's position in the grid;
        None: if it has a parameter of that name. One that has a parameter block_info gets Dask's
        dictionary of the blocks.
    meta: an array of the result's dtype.
    writable: whether the function may write into its blocks, which costs a copy of the pages
        that it writes; a block that is still in the making, or smaller than 64 KiB, is copied.
    keywords: given to each call. The function gets the values of lazy arrays, and of handles; an
        array is computed whole in the same run, other lazy objects are computed at the call.
    Raises: NotPicklable, ChunkMismatch when a block has another shape than the grid says.

    Examples
    --------
    >>> import shframe.array as xp
    >>> x = xp.arange(4, chunks=2)
    >>> xp.map_blocks(lambda block: block[::-1], x, dtype=int).compute().tolist()
    [1, 0, 3, 2]
    """
    if not arrays:
        raise InvalidArgument("map_blocks() needs at least one array")
    given = [node_of(each) for each in arrays]
    shape = grids.broadcast_shape([node.shape for node in given], "map_blocks")
    over = grids.unify([node.chunks for node in given], shape)
    sources = tuple(on_grid(node, grids.fit(over, node.shape)) for node in given)
    grid = _grid(over, chunks, drop_axis, new_axis)
    dtype = meta.dtype if dtype is None and meta is not None else dtype
    names = _parameters_of(function)
    informed = "block_info" in names and "block_info" not in keywords
    placed = informed or (
        ("block_id" in names and "block_id" not in keywords) if block_id is None else block_id
    )
    if informed:
        dtypes = tuple(each.dtype for each in given)
        function = BlockInfo(function, tuple(node.chunks for node in sources), dtypes, grid, dtype)
    code = UserCode(function)
    wanted = None if dtype is None else dtype_of(dtype)
    known = wanted is not None and _is_whole(wanted)
    plain, whole = _split_words(keywords, persist=not known)
    inputs: tuple[Expr, ...] = (*sources, *whole.values())

    def node(kind: Any) -> nodes.MapBlocks:
        fields = (code, inputs, plain, tuple(whole), placed, writable, over, grid)
        return nodes.MapBlocks(*fields, kind)

    if wanted is None or not known:
        found = _learned(node(None))
        sample = sample_of((1,), found)
        wanted = (
            found if wanted is None else ask(lambda v: v.astype(wanted), "astype", sample).dtype
        )
    return node(wanted)


def _parameters_of(function: Any) -> tuple[str, ...]:
    """The names of a function's parameters; none if it says nothing of them."""
    try:
        return tuple(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return ()


def _is_whole(dtype: np.dtype[Any]) -> bool:
    """Whether a dtype says more than a kind: strings of some length, times of some unit."""
    generic = dtype.kind in "mM" and np.datetime_data(dtype)[0] == "generic"
    return dtype.itemsize > 0 and not generic


def _split_words(
    keywords: dict[str, Any], persist: bool
) -> tuple[tuple[tuple[str, Any], ...], dict[str, Expr]]:
    """Keywords that are pickled with the function, and those whose values the tasks read.

    persist: whether arrays are computed now, as the first block is asked for now and later again.
    """
    plain: list[tuple[str, Any]] = []
    whole: dict[str, Expr] = {}
    for word, value in sorted(keywords.items()):
        node = lazy_node(value)
        if node is not None:
            node = on_grid(node, tuple((length,) for length in node.shape))
            whole[word] = persist_node(node) if persist else node
        elif isinstance(value, ObjectRef):
            whole[word] = nodes.Stored(value)
        else:
            (made,) = compute(value)
            if made is value or not isinstance(value, Collection):
                plain.append((word, made))
            else:
                whole[word] = nodes.Stored(session.current().put(made))
    return tuple(plain), whole


def _grid(over: Chunks, chunks: Any, drop_axis: Any, new_axis: Any) -> Chunks:
    """The result's grid; it has the blocks of `over` in the same order."""
    dropped = normalize_axes(drop_axis, len(over)) if drop_axis is not None else ()
    grid = [axis for n, axis in enumerate(over) if n not in dropped]
    if any(len(over[n]) > 1 for n in dropped):
        raise ChunkMismatch(
            f"drop_axis={drop_axis!r} names an axis of several blocks\n"
            "  join them first: rechunk({axis: -1})"
        )
    if new_axis is not None:
        for axis in manipulation.positions_of_new_axes(new_axis, len(grid)):
            grid.insert(axis, (1,))
    if chunks is None:
        return tuple(grid)
    wanted = tuple(_lengths(each, len(old)) for each, old in zip(chunks, grid, strict=False))
    if tuple(map(len, wanted)) != tuple(map(len, grid)):
        raise ChunkMismatch(
            f"chunks={chunks!r} has {tuple(map(len, wanted))} blocks, there are "
            f"{tuple(map(len, grid))}"
        )
    return wanted


def _lengths(want: Any, count: int) -> tuple[int, ...]:
    """The lengths of an axis' blocks: all the same, or named one by one."""
    given = shape_from(want)
    return given * count if grids.integer_from(want) is not None else given


def _learned(node: nodes.MapBlocks) -> np.dtype[Any]:
    """The dtype of the function's first block, which is computed for it."""
    current = session.current()
    graph, _ = PLANNER.graph(node, last=_first)
    (ref,) = current.run(graph)
    return np.dtype(np.asarray(ref.value()).dtype)


def _first(layer: Any) -> Any:
    return type(layer)(layer.keys[:1], about=layer.about)
