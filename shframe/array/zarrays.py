"""Zarr: arrays in stores of chunks, read and written by the workers. Needs the package zarr."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from shframe.array.expr import nodes
from shframe.array.functions import manipulation, reductions
from shframe.array.functions.calling import call_kernel
from shframe.array.functions.convert import node_of
from shframe.array.functions.sources import read_by_slices
from shframe.array.grid.chunks import Shape
from shframe.array.grid.defaults import largest
from shframe.array.kernels import files
from shframe.array.ndarray import Array
from shframe.array.plan.evaluate import evaluate
from shframe.array.storing import store
from shframe.errors import ChunkMismatch, InvalidArgument
from shframe.lazy.delayed import Delayed, delayed

__all__ = ["from_zarr", "to_zarr"]


def _zarr() -> Any:
    try:
        import zarr
    except ImportError as error:
        raise ImportError("zarr arrays need the package zarr: pip install zarr") from error
    return zarr


def from_zarr(
    url: Any,
    component: str | None = None,
    storage_options: Mapping[str, Any] | None = None,
    chunks: Any = None,
    name: Any = None,
    inline_array: bool = False,
    **kwargs: Any,
) -> Array:
    """A zarr array, lazily.

    url: a zarr.Array, a store, or where it is. component: the path of the array inside of it.
    chunks: the grid; None: the stored chunks, several small ones as one block.
    storage_options: for fsspec. kwargs: for zarr.open_array(). name, inline_array: are there for
        Dask's users.
    Raises: ImportError without zarr, and what it raises.
    Cost: none; the workers read the chunks, each when its block is computed.
    """
    source = _opened(url, component, storage_options, kwargs)
    return Array(read_by_slices(source, _merged_chunks(source) if chunks is None else chunks))


def _opened(url: Any, component: str | None, options: Any, kwargs: dict[str, Any]) -> Any:
    zarr = _zarr()
    if isinstance(url, zarr.Array):
        return url
    where = os.fspath(url) if isinstance(url, os.PathLike) else url
    return zarr.open_array(where, mode="r", path=component, storage_options=options, **kwargs)


def _chunk_of(array: Any) -> Shape:
    """What is written as a whole: a chunk, or the chunks of a shard."""
    return tuple(getattr(array, "shards", None) or array.chunks)


def _merged_chunks(array: Any) -> Shape:
    """Lengths of blocks: stored chunks, as many together as an automatic block has bytes."""
    lengths = list(_chunk_of(array))
    room = largest() // max(np.dtype(array.dtype).itemsize, 1)
    for axis in reversed(range(len(lengths))):
        while lengths[axis] < array.shape[axis] and 2 * math.prod(lengths) <= room:
            lengths[axis] *= 2
    return tuple(max(length, 1) for length in lengths)


def to_zarr(
    arr: Any,
    url: Any,
    component: str | None = None,
    storage_options: Mapping[str, Any] | None = None,
    region: Any = None,
    compute: bool = True,
    return_stored: bool = False,
    zarr_format: int | None = None,
    overwrite: bool = False,
    **kwargs: Any,
) -> Any:
    """Write an array into a zarr array.

    url: a zarr.Array that is there, or where one is to be made: a path, a URL or a store.
    region: the slices of an array that is there to be written.
    compute: False returns a Delayed that writes. return_stored: whether to return the array that
        reads what was written. kwargs: for zarr.create_array().
    Raises: ChunkMismatch when the shapes differ, ImportError without zarr, and what zarr raises.
    Cost: the workers write whole chunks, each its own; where the region begins inside of a chunk,
        and in memory of this process, it is written by this process.
    """
    if not compute:
        made: Delayed = delayed(to_zarr)(
            arr,
            url,
            component,
            storage_options,
            region,
            return_stored=return_stored,
            zarr_format=zarr_format,
            overwrite=overwrite,
            **kwargs,
        )
        return made
    zarr = _zarr()
    node = node_of(arr)
    if isinstance(url, zarr.Array):
        target = url
    else:
        if region is not None:
            raise InvalidArgument("Cannot use `region` keyword when url is not a `zarr.Array`.")
        how = {"shards": None, **kwargs}
        chunk = how.pop("chunks", tuple(max(axis, default=1) or 1 for axis in node.chunks))
        target = zarr.create_array(
            os.fspath(url) if isinstance(url, os.PathLike) else url,
            name=component,
            shape=node.shape,
            dtype=node.dtype,
            chunks=chunk,
            overwrite=overwrite,
            storage_options=storage_options,
            zarr_format=zarr_format,
            **how,
        )
    _write(node, target, region)
    return from_zarr(target) if return_stored else None


def _write(node: nodes.Node, target: Any, region: Any) -> None:
    shape = tuple(target.shape)
    index = (slice(None),) * len(shape) if region is None else region
    given = index if isinstance(index, tuple) else (index,)
    ranges = [range(n)[want] for n, want in zip(shape, given, strict=True)]
    if tuple(map(len, ranges)) != node.shape:
        raise ChunkMismatch(
            f"could not broadcast input array from shape {node.shape} into shape "
            f"{tuple(map(len, ranges))}"
        )
    chunk = _chunk_of(target)
    starts = tuple(each.start for each in ranges)
    whole = all(r.step == 1 and r.start % n == 0 for r, n in zip(ranges, chunk, strict=True))
    if not whole or not node.ndim or _is_in_memory(target):
        store(Array(node), target, regions=given)
        return
    lengths = [
        tuple(min(step, n - at) for at in range(0, n, step)) or (0,)
        for n, step in zip(node.shape, _merged_chunks(target), strict=True)
    ]
    on = manipulation.rechunk(node, tuple(lengths))
    grid = tuple((1,) * len(each) for each in on.chunks)
    how: dict[str, Any] = {"over": on.chunks, "target": target, "starts": starts}
    written = call_kernel(files.write_slices, [on], grid, np.bool_, with_origin=True, **how)
    evaluate(reductions.all(written))


def _is_in_memory(target: Any) -> bool:
    return "Memory" in type(target.store).__name__
