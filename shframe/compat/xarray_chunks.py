"""xarray's interface of chunked arrays over shframe.array: `chunked_array_type="shframe"`.

xarray finds the class by the entry point `xarray.chunkmanagers`.

    ds = xarray.open_zarr(path, chunked_array_type="shframe")
    ds.groupby("time.month").mean().compute()
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np
from xarray.namedarray.parallelcompat import ChunkManagerEntrypoint

import shframe as sf
import shframe.array as xp
from shframe.array.functions.calling import whole_along
from shframe.array.functions.sources import read_by_slices
from shframe.array.grid.axes import normalize_axis
from shframe.array.grid.defaults import largest

Array = xp.Array


class ShframeManager(ChunkManagerEntrypoint[Any]):
    """What xarray asks of a library of chunked arrays."""

    array_cls: type[Array]

    def __init__(self) -> None:
        self.array_cls = Array

    def chunks(self, data: Array) -> Any:
        """The lengths of the blocks along each axis."""
        return data.chunks

    def normalize_chunks(
        self,
        chunks: Any,
        shape: tuple[int, ...] | None = None,
        limit: int | None = None,
        dtype: Any = None,
        previous_chunks: Any = None,
    ) -> Any:
        """The lengths of the blocks that `chunks` means."""
        return xp.core.normalize_chunks(chunks, shape, limit, dtype, previous_chunks)

    def from_array(self, data: Any, chunks: Any, **kwargs: Any) -> Array:
        """An array of values that are in memory, or of those that a backend of xarray's reads.

        kwargs: are for Dask: lock=, name=, inline_array=, meta=.
        Cost: the workers read what a backend has, each when its block is computed.
        """
        if isinstance(data, np.ndarray | Array):
            return xp.from_array(data, chunks)
        return Array(read_by_slices(data, chunks))

    def rechunk(self, data: Array, chunks: Any, **kwargs: Any) -> Array:
        """The same array on another grid."""
        return data.rechunk(chunks)

    def compute(self, *data: Any, **kwargs: Any) -> tuple[Any, ...]:
        """The values of arrays, as NumPy's; what is no lazy array stays as it is."""
        return tuple(np.asarray(sf.compute(each, **kwargs)[0]) for each in data)

    def persist(self, *data: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Arrays whose blocks are computed and kept."""
        return tuple(sf.persist(*data, **kwargs))

    @property
    def array_api(self) -> ModuleType:
        """The namespace of the arrays."""
        return xp

    def reduction(
        self,
        arr: Array,
        func: Callable[..., Any],
        combine_func: Callable[..., Any] | None = None,
        aggregate_func: Callable[..., Any] | None = None,
        axis: int | Sequence[int] | None = None,
        dtype: Any = None,
        keepdims: bool = False,
    ) -> Array:
        """A reduction by functions of blocks and of partial results."""
        last = func if aggregate_func is None else aggregate_func
        how: dict[str, Any] = {"axis": axis, "dtype": dtype, "combine": combine_func}
        return xp.reduction(arr, func, last, keepdims=keepdims, **how)

    def scan(
        self,
        func: Callable[..., Any],
        binop: Callable[..., Any],
        ident: float,
        arr: Array,
        axis: int | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> Array:
        """A running result along an axis.

        binop, ident: join the results of blocks: there are none, as lines are not cut.
        Cost: each line is gathered into one block.
        """
        line = arr if axis is not None else arr.ravel()
        at = normalize_axis(0 if axis is None else axis, line.ndim)
        whole = Array(whole_along(line.expr, (at,)))
        return xp.map_blocks(func, whole, axis=at, dtype=line.dtype if dtype is None else dtype)

    def apply_gufunc(
        self,
        func: Callable[..., Any],
        signature: str,
        *args: Any,
        axes: Any = None,
        axis: int | None = None,
        keepdims: bool = False,
        output_dtypes: Any = None,
        output_sizes: dict[str, int] | None = None,
        vectorize: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """A function of core dimensions, block by block over the others."""
        how: dict[str, Any] = {"axes": axes, "axis": axis, "keepdims": keepdims}
        how |= {"output_dtypes": output_dtypes, "output_sizes": output_sizes}
        return xp.apply_gufunc(func, signature, *args, vectorize=vectorize, **how, **kwargs)

    def map_blocks(
        self,
        func: Callable[..., Any],
        *args: Any,
        dtype: Any = None,
        chunks: Any = None,
        drop_axis: Any = None,
        new_axis: Any = None,
        **kwargs: Any,
    ) -> Array:
        """A function of each block.

        kwargs: for the function; name=, token= and meta= are for Dask.
        """
        given = {key: one for key, one in kwargs.items() if key not in ("name", "token", "meta")}
        how: dict[str, Any] = {"chunks": chunks, "drop_axis": drop_axis, "new_axis": new_axis}
        return xp.map_blocks(func, *args, dtype=dtype, **how, **given)

    def blockwise(self, func: Callable[..., Any], out_ind: Any, *args: Any, **kwargs: Any) -> Any:
        """A function of blocks by labels."""
        return xp.blockwise(func, out_ind, *args, **kwargs)

    def unify_chunks(self, *args: Any, **kwargs: Any) -> tuple[dict[Any, Any], list[Array]]:
        """Arrays on one grid: arguments are an array, its labels, ..."""
        return xp.unify_chunks(*args)

    def store(self, sources: Any, targets: Any, **kwargs: Any) -> Any:
        """Write arrays, block by block, into objects that take values at slices.

        kwargs: lock=, regions=, compute=; others are for Dask. compute=False returns a Delayed of
            Dask's, as xarray makes it part of another one.
        """
        how = {key: kwargs[key] for key in ("regions", "lock") if kwargs.get(key) is not None}
        if kwargs.get("compute", True):
            return xp.store(sources, targets, **how)
        import dask

        return dask.delayed(xp.store, pure=False)(sources, targets, **how)

    def shuffle(self, x: Array, indexer: list[list[int]], axis: int, chunks: Any) -> Array:
        """The elements of an axis at groups of indices, one group after the other."""
        wanted = np.concatenate([np.asarray(group, np.intp) for group in indexer])
        return xp.take(x, wanted, axis=axis)

    def get_auto_chunk_size(self) -> int:
        """Bytes of an automatic block at most."""
        return largest()
