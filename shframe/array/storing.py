"""Storing: arrays written block by block into what takes slices, and as stacks of .npy files."""

from __future__ import annotations

import os
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from shframe.array.expr import nodes
from shframe.array.functions.calling import call_kernel
from shframe.array.functions.convert import from_array, node_of
from shframe.array.grid import chunks as grids
from shframe.array.grid.axes import normalize_axis
from shframe.array.kernels import files
from shframe.array.ndarray import Array
from shframe.array.plan.evaluate import persist
from shframe.errors import ChunkMismatch, InvalidArgument

__all__ = ["from_npy_stack", "store", "to_hdf5", "to_npy_stack"]


def store(sources: Any, targets: Any, regions: Any = None, lock: Any = None) -> None:
    """Write arrays, block by block, into objects that take values at slices.

    targets: one for each source, such as numpy.memmap, h5py or zarr arrays.
    regions: for each the slices of the target that are written, the whole when None.
    lock: is held while a block is written, if given.
    Cost: blocks are computed by the workers and written by this process, one after the other.
    """
    arrays = list(sources) if isinstance(sources, list | tuple) else [sources]
    places = list(targets) if isinstance(targets, list | tuple) else [targets]
    if len(arrays) != len(places):
        raise InvalidArgument(
            f"Different number of sources [{len(arrays)}] and targets [{len(places)}]"
        )
    several = isinstance(regions, list)
    parts = list(regions) if several else [regions] * len(arrays)
    if len(parts) != len(arrays):
        raise InvalidArgument(
            f"Different number of sources [{len(arrays)}] and regions [{len(parts)}]"
        )
    for source, target, region in zip(arrays, places, parts, strict=True):
        node = node_of(source)
        shape = tuple(target.shape)
        index = tuple(region) if region is not None else tuple(slice(None) for _ in shape)
        ranges = [range(n)[want] for n, want in zip(shape, index, strict=True)]
        if tuple(map(len, ranges)) != node.shape:
            raise ChunkMismatch(
                f"could not broadcast input array from shape {node.shape} into shape "
                f"{tuple(map(len, ranges))}"
            )
        for bounds, block in _blocks(node):
            where = tuple(_slice(r[b]) for r, b in zip(ranges, bounds, strict=True))
            if lock:
                with lock:
                    target[where] = block
            else:
                target[where] = block


def _slice(places: range) -> slice:
    stop = places.stop if places.stop >= 0 else None
    return slice(places.start, stop, places.step)


def _blocks(node: nodes.Node) -> Any:
    """The bounds and values of the blocks, which are computed first."""
    kept = persist(node)
    assert isinstance(kept, nodes.FromBlocks)
    for bounds, ref in zip(grids.bounds(kept.chunks), kept.refs, strict=True):
        yield bounds, np.asarray(ref.value())


def to_hdf5(
    filename: str | os.PathLike[str], *args: Any, chunks: Any = True, **kwargs: Any
) -> None:
    """Write arrays into an HDF5 file: to_hdf5(file, path, array) or to_hdf5(file, {path: array}).

    chunks: of the dataset; True: the first block's; None: it is in one piece.
    kwargs: for h5py's require_dataset().
    Raises: ImportError without h5py.
    Cost: as store() has it.
    """
    try:
        import h5py
    except ImportError as error:
        raise ImportError("HDF5 files need the package h5py: pip install h5py") from error
    given = args[0] if len(args) == 1 else dict([args])
    if not isinstance(given, dict):
        raise InvalidArgument("Please provide {'/data/path': array} dictionary")
    with h5py.File(filename, "a") as file:
        for path, array in given.items():
            node = node_of(array)
            first = tuple(axis[0] for axis in node.chunks) if chunks is True else chunks
            how = {"chunks": first if node.ndim else None, **kwargs}
            store(array, file.require_dataset(path, node.shape, node.dtype, **how))


def to_npy_stack(dirname: str | os.PathLike[str], x: Any, axis: int = 0) -> None:
    """Write an array as one .npy file for each block of an axis, in a folder.

    Dask reads and writes the same files.
    """
    node = node_of(x)
    at = normalize_axis(axis, node.ndim)
    whole = tuple(lengths if n == at else (sum(lengths),) for n, lengths in enumerate(node.chunks))
    folder = Path(dirname)
    folder.mkdir(parents=True, exist_ok=True)
    info = {"chunks": whole, "dtype": node.dtype, "axis": at}
    (folder / "info").write_bytes(pickle.dumps(info))
    for number, (_, block) in enumerate(_blocks(nodes.on_grid(node, whole))):
        np.save(folder / f"{number}.npy", block)


def from_npy_stack(dirname: str | os.PathLike[str], mmap_mode: Any = "r") -> Array:
    """The array in a folder of .npy files that to_npy_stack() or Dask has written.

    The file `info` of it is a pickle: read only folders that you trust.
    Cost: none; the workers read the files, each when its block is computed.
    """
    folder = Path(dirname).absolute()
    info = pickle.loads((folder / "info").read_bytes())
    chunks: Sequence[Any] = tuple(tuple(map(int, lengths)) for lengths in info["chunks"])
    names = tuple(str(folder / f"{n}.npy") for n in range(len(chunks[info["axis"]])))
    starts = grids.offsets(chunks[info["axis"]])
    if not names:
        return Array(from_array(np.empty(tuple(map(sum, chunks)), info["dtype"])))
    made = call_kernel(
        files.load_npy,
        [],
        tuple(chunks),
        info["dtype"],
        with_origin=True,
        names=names,
        starts=starts,
        axis=int(info["axis"]),
        mode=mmap_mode,
    )
    return Array(made)
