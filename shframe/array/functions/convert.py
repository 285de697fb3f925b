"""The door: what users hand to functions of arrays becomes a node here, and nowhere else.

The way back is `ndarray.Array(node)`, taken by the class and by namespace.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shframe import session
from shframe.array.expr import nodes
from shframe.array.expr.nodes import Node
from shframe.array.grid.chunks import Chunks
from shframe.array.grid.defaults import choose_grid
from shframe.array.plan.evaluate import evaluate
from shframe.errors import UnsupportedType
from shframe.lazy.collection import Collection


def lazy_node(x: Any) -> Node | None:
    """The node of a lazy array; None for anything else."""
    if isinstance(x, Node):
        return x
    expr = x.expr if isinstance(x, Collection) else None
    return expr if isinstance(expr, Node) else None


def node_of(x: Any) -> Node:
    """The node of a lazy array; anything else by from_array()."""
    node = lazy_node(x)
    return from_array(x) if node is None else node


def from_array(x: Any, chunks: Any = "auto") -> Node:
    """An array of the values that `x` has now, put once into shared memory.

    Blocks are views of that one object: any grid costs nothing. Changing `x` afterwards
    changes nothing here.

    x: an array, or what numpy.asarray takes; a lazy array gets the grid.
    Raises: UnsupportedType for Python objects, InvalidArgument and ChunkMismatch for `chunks`.
    Cost: one copy of the bytes.

    Examples
    --------
    >>> import shframe.array as xp
    >>> x = xp.from_array(np.ones((4, 2)), chunks=(2, 2))
    >>> x.numblocks
    (2, 1)
    """
    node = lazy_node(x)
    if node is not None:
        return nodes.on_grid(node, choose_grid(chunks, node.shape, node.dtype, node.chunks))
    if isinstance(x, np.ma.MaskedArray):
        raise UnsupportedType(
            "an array would lose the mask of a masked array\n"
            "  xp.ma.masked_array(x) keeps it, x.filled() puts a value in the place of masked ones"
        )
    values = np.asarray(x)
    if values.dtype.itemsize == 0 or (values.dtype.hasobject and values.dtype != object):
        raise UnsupportedType(
            f"an array of dtype {values.dtype} cannot be shared between processes\n"
            "  use a numeric, boolean, datetime or fixed-width string dtype, or object"
        )
    grid = choose_grid(chunks, values.shape, values.dtype)
    if not values.dtype.isnative:
        values = values.astype(values.dtype.newbyteorder("="))
    return _stored(values, grid)


def from_objects(values: np.ndarray[Any, Any]) -> Node:
    """An operand of Python objects, pickled once; each task that reads it loads all of it."""
    return _stored(values, tuple((length,) for length in values.shape))


def _stored(values: np.ndarray[Any, Any], grid: Chunks) -> Node:
    ref = session.current().put(values)
    strides = ((0, 1),) * values.ndim
    in_order = values.flags.c_contiguous
    return nodes.FromArray(ref, values.shape, strides, in_order, grid, values.dtype)


def values_of(x: Any) -> np.ndarray[Any, Any]:
    """The values of an array of any kind; those of a lazy one are computed."""
    node = lazy_node(x)
    return np.asarray(x if node is None else evaluate(node))
