"""Programs of dask.array's users, with its own options: the results are those of dask.array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest

import shframe.array as xp
from tests.guide.array_steps import computed

pytestmark = pytest.mark.usefixtures("session")

TABLE = np.random.default_rng(0).random((12, 15))
COUNTS = np.arange(180).reshape(12, 15)
LINE = np.random.default_rng(1).random(100)

STEPS: dict[str, Callable[[Any], Any]] = {
    "from_array with options": lambda m: m.from_array(
        TABLE, chunks=(4, 5), name=False, lock=False, asarray=True, fancy=True, inline_array=True
    ),
    "from_array in squares": lambda m: m.from_array(TABLE, 5),
    "ones with a name": lambda m: m.ones((6, 6), chunks=(3, 3), dtype="i4", name="x"),
    "split_every": lambda m: m.zeros((6, 6), chunks=3).sum(split_every=2),
    "balanced": lambda m: m.from_array(TABLE, chunks=4).rechunk({0: 6, 1: -1}, balance=True),
    "limited": lambda m: m.from_array(TABLE, chunks=4).rechunk("auto", block_size_limit=1000.0),
    "rechunk with options": lambda m: m.from_array(TABLE, chunks=4).rechunk(
        (6, 5), threshold=4, method="tasks"
    ),
    "map_blocks": lambda m: m.map_blocks(
        lambda b: b + 1, m.from_array(TABLE, chunks=4), name="q", dtype="f8"
    ),
    "map_blocks with meta": lambda m: m.from_array(TABLE, chunks=4).map_blocks(
        lambda b: b * 2, meta=np.array((), dtype="f8")
    ),
    "map_blocks with block_info": lambda m: m.from_array(TABLE, chunks=4).map_blocks(
        lambda b, block_info=None: b * 0 + block_info[0]["chunk-location"][0], dtype="f8"
    ),
    "map_blocks with block_id": lambda m: m.from_array(TABLE, chunks=4).map_blocks(
        lambda b, block_id=None: b * 0 + block_id[1], dtype="f8"
    ),
    "map_blocks drops an axis": lambda m: m.from_array(TABLE, chunks=(4, 15)).map_blocks(
        lambda b: b.sum(1), drop_axis=1, dtype="f8"
    ),
    "map_blocks adds an axis": lambda m: m.from_array(LINE, chunks=25).map_blocks(
        lambda b: b[:, None], new_axis=1, chunks=(25, 1), dtype="f8"
    ),
    "map_blocks shortens blocks": lambda m: m.from_array(LINE, chunks=25).map_blocks(
        lambda b: b[::5], chunks=(5,), dtype="f8"
    ),
    "map_blocks of two": lambda m: m.map_blocks(
        np.add, m.from_array(TABLE, chunks=4), m.from_array(TABLE, chunks=4)
    ),
    "map_blocks with a number": lambda m: m.map_blocks(
        lambda b, k: b * k, m.from_array(TABLE, chunks=4), 3
    ),
    "map_overlap": lambda m: m.from_array(LINE, chunks=25).map_overlap(
        lambda b: b + np.roll(b, 1), depth=1, boundary="reflect"
    ),
    "map_overlap without boundary": lambda m: m.map_overlap(
        lambda b: b, m.from_array(LINE, chunks=25), depth=2, boundary="none"
    ),
    "map_overlap by axis": lambda m: m.from_array(TABLE, chunks=5).map_overlap(
        lambda b: b * 2,
        depth={0: 1, 1: 2},
        boundary={0: "periodic", 1: 0},
        trim=True,
        allow_rechunk=True,
    ),
    "map_overlap before only": lambda m: m.from_array(LINE, chunks=25).map_overlap(
        lambda b: np.cumsum(b) - np.cumsum(b) + b, depth={0: (2, 0)}, boundary="none"
    ),
    "map_overlap with meta": lambda m: m.from_array(LINE, chunks=25).map_overlap(
        lambda b: b, depth=1, boundary=np.nan, meta=np.array(())
    ),
    "blockwise": lambda m: m.blockwise(
        np.add,
        "ij",
        m.from_array(TABLE, chunks=4),
        "ij",
        m.from_array(TABLE, chunks=4),
        "ij",
        dtype="f8",
    ),
    "blockwise transposes": lambda m: m.blockwise(
        np.transpose, "ji", m.from_array(TABLE, chunks=4), "ij", dtype="f8"
    ),
    "blockwise outer": lambda m: m.blockwise(
        np.outer,
        "ij",
        m.from_array(LINE, chunks=25),
        "i",
        m.from_array(LINE, chunks=50),
        "j",
        dtype="f8",
    ),
    "blockwise contracts": lambda m: m.blockwise(
        lambda a, b: a @ b,
        "ik",
        m.from_array(TABLE, chunks=4),
        "ij",
        m.from_array(TABLE.T.copy(), chunks=4),
        "jk",
        dtype="f8",
        concatenate=True,
    ),
    "reduction": lambda m: m.reduction(
        m.from_array(TABLE, chunks=4),
        lambda x, axis, keepdims: x.sum(axis=axis, keepdims=keepdims),
        lambda x, axis, keepdims: x.sum(axis=axis, keepdims=keepdims),
        dtype="f8",
        split_every=2,
        axis=0,
    ),
    "split_every by axis": lambda m: m.from_array(TABLE, chunks=4).sum(axis=0, split_every={0: 2}),
    "mean with split_every": lambda m: m.from_array(TABLE, chunks=4).mean(split_every=4),
    "topk": lambda m: m.topk(m.from_array(LINE, chunks=25), 5, split_every=2),
    "argtopk": lambda m: m.argtopk(m.from_array(LINE, chunks=25), -3),
    "coarsen": lambda m: m.coarsen(np.mean, m.from_array(TABLE, chunks=(4, 5)), {0: 2, 1: 5}),
    "apply_gufunc": lambda m: m.apply_gufunc(
        lambda a: (a.mean(-1), a.std(-1)),
        "(i)->(),()",
        m.from_array(TABLE, chunks=(4, -1)),
        output_dtypes=(float, float),
    ),
    "apply_gufunc of lines": lambda m: m.apply_gufunc(
        lambda a: a.sum(),
        "(i)->()",
        m.from_array(TABLE, chunks=(4, -1)),
        vectorize=True,
        output_dtypes=float,
    ),
    "apply_along_axis": lambda m: m.apply_along_axis(np.sort, 0, m.from_array(TABLE, chunks=4)),
    "percentile": lambda m: m.percentile(
        m.from_array(LINE, chunks=100), [10, 50], internal_method="default"
    ),
    "histogram": lambda m: m.histogram(m.from_array(LINE, chunks=25), bins=4, range=[0, 1]),
    "histogram with weights": lambda m: m.histogram(
        m.from_array(LINE, chunks=25), bins=4, range=[0, 1], weights=m.from_array(LINE, chunks=25)
    ),
    "bincount": lambda m: m.bincount(
        m.from_array(COUNTS.ravel() % 7, chunks=20), minlength=9, split_every=2
    ),
    "unique": lambda m: m.unique(m.from_array(COUNTS.ravel() % 7, chunks=20), return_counts=True),
    "searchsorted": lambda m: m.searchsorted(
        m.from_array(np.sort(LINE), chunks=25), m.from_array(LINE[:9], chunks=3)
    ),
    "digitize": lambda m: m.digitize(m.from_array(LINE, chunks=25), np.array([0.2, 0.5])),
    "median": lambda m: m.median(m.from_array(TABLE, chunks=4), axis=0),
    "nanmedian": lambda m: m.nanmedian(m.from_array(TABLE, chunks=4), axis=1),
    "cumsum": lambda m: m.cumsum(m.from_array(TABLE, chunks=4), axis=0, method="blelloch"),
    "diff": lambda m: m.diff(m.from_array(LINE, chunks=25), n=2, prepend=0),
    "ediff1d": lambda m: m.ediff1d(m.from_array(LINE, chunks=25), to_end=[1.0]),
    "gradient": lambda m: m.gradient(m.from_array(TABLE, chunks=6), axis=0),
    "svd": lambda m: m.linalg.svd(m.from_array(TABLE.T.copy(), chunks=(5, 12)))[1],
    "qr": lambda m: m.abs(m.linalg.qr(m.from_array(TABLE.T.copy(), chunks=(5, 12)))[1]),
    "svd_compressed": lambda m: m.linalg.svd_compressed(
        m.from_array(TABLE, chunks=(6, 5)), 12, seed=1
    )[1],
    "solve": lambda m: m.linalg.solve(
        m.from_array(np.eye(4) * 2, chunks=2), m.from_array(np.ones(4), chunks=2)
    ),
    "Cholesky": lambda m: m.linalg.cholesky(m.from_array(np.eye(4) * 4 + 1, chunks=2), lower=True),
    "lu": lambda m: m.linalg.lu(m.from_array(np.eye(4) * 4 + 1, chunks=2)),
    "inv": lambda m: m.linalg.inv(m.from_array(np.eye(4) * 4 + 1, chunks=2)),
    "norm": lambda m: m.linalg.norm(m.from_array(TABLE, chunks=4), axis=1),
    "lstsq": lambda m: m.linalg.lstsq(
        m.from_array(TABLE.T.copy(), chunks=(5, 12)), m.from_array(np.ones(15), chunks=5)
    )[0],
    "triangular": lambda m: m.linalg.solve_triangular(
        m.from_array(np.tril(np.ones((4, 4))), chunks=2),
        m.from_array(np.ones(4), chunks=2),
        lower=True,
    ),
    "fft": lambda m: m.fft.fft(m.from_array(LINE, chunks=100)),
    "rfft": lambda m: m.fft.rfft(m.from_array(TABLE, chunks=(4, 15)), axis=1),
    "masked": lambda m: m.ma.filled(m.ma.masked_greater(m.from_array(TABLE, chunks=4), 0.5), -1),
    "mean of masked": lambda m: m.ma.masked_where(
        m.from_array(TABLE, chunks=4) > 0.5, m.from_array(TABLE, chunks=4)
    ).mean(),
    "where": lambda m: m.where(
        m.from_array(TABLE, chunks=4) > 0.5, m.from_array(TABLE, chunks=4), 0
    ),
    "choose": lambda m: m.choose(m.from_array(COUNTS % 2, chunks=4), [10, 20]),
    "compress": lambda m: m.compress([True, False] * 6, m.from_array(TABLE, chunks=4), axis=0),
    "extract": lambda m: m.extract(TABLE > 0.5, m.from_array(TABLE, chunks=4)),
    "argwhere": lambda m: m.argwhere(m.from_array(TABLE, chunks=4) > 0.9),
    "isin": lambda m: m.isin(m.from_array(COUNTS, chunks=4), [1, 2]),
    "block": lambda m: m.block([[m.ones((2, 2), chunks=1), m.zeros((2, 2), chunks=1)]]),
    "stack": lambda m: m.stack([m.from_array(TABLE, chunks=4)] * 2, axis=-1),
    "pad": lambda m: m.pad(m.from_array(TABLE, chunks=4), 1, mode="constant", constant_values=3),
    "tile": lambda m: m.tile(m.from_array(LINE, chunks=25), 2),
    "einsum": lambda m: m.einsum(
        "ij,kj->ik", m.from_array(TABLE, chunks=4), m.from_array(TABLE, chunks=4)
    ),
    "tensordot": lambda m: m.tensordot(
        m.from_array(TABLE, chunks=4), m.from_array(TABLE, chunks=4), axes=((0, 1), (0, 1))
    ),
    "fromfunction": lambda m: m.fromfunction(
        lambda i, j: i + j, shape=(4, 4), chunks=2, dtype="i8"
    ),
    "indices": lambda m: m.indices((3, 4), chunks=2),
    "linspace": lambda m: m.linspace(0, 1, 9, chunks=3, retstep=True)[0],
    "arange": lambda m: m.arange(10, chunks=3, dtype="f4"),
    "eye": lambda m: m.eye(5, chunks=2, M=4, k=1),
    "diag": lambda m: m.diag(m.from_array(LINE[:6], chunks=2)),
    "tri": lambda m: m.tri(4, chunks=2),
    "repeat": lambda m: m.repeat(m.from_array(TABLE, chunks=4), 2, axis=0),
    "delete": lambda m: m.delete(m.from_array(LINE, chunks=25), [1, 2], axis=0),
    "insert": lambda m: m.insert(m.from_array(LINE, chunks=25), 3, 9.0, axis=0),
    "append": lambda m: m.append(m.from_array(LINE, chunks=25), [1.0, 2]),
    "roll": lambda m: m.roll(m.from_array(TABLE, chunks=4), (1, 2), axis=(0, 1)),
    "blocks": lambda m: m.from_array(TABLE, chunks=4).blocks[1, 0],
    "partitions": lambda m: m.from_array(TABLE, chunks=4).partitions[0],
    "vindex": lambda m: m.from_array(TABLE, chunks=4).vindex[[0, 1], [2, 3]],
    "assignment": lambda m: (lambda x: (x.__setitem__((slice(0, 3), 1), 0), x)[1])(
        m.from_array(TABLE.copy(), chunks=4)
    ),
    "assignment by a mask": lambda m: (lambda x: (x.__setitem__(x > 0.5, 0), x)[1])(
        m.from_array(TABLE.copy(), chunks=4)
    ),
    "view": lambda m: m.from_array(COUNTS, chunks=(4, 15)).view("i4"),
    "allclose": lambda m: m.allclose(m.from_array(TABLE, chunks=4), TABLE),
    "average": lambda m: m.average(
        m.from_array(TABLE, chunks=4), axis=0, weights=m.from_array(TABLE, chunks=4)
    ),
    "cov": lambda m: m.cov(m.from_array(TABLE, chunks=4)),
    "ptp": lambda m: m.ptp(m.from_array(TABLE, chunks=4), axis=0),
    "round": lambda m: m.from_array(TABLE, chunks=4).round(2),
    "astype": lambda m: m.from_array(TABLE, chunks=4).astype("f4", casting="same_kind"),
    "unravel": lambda m: m.unravel_index(m.from_array(COUNTS[0], chunks=5), (12, 15)),
    "union": lambda m: m.union1d(
        m.from_array(COUNTS[0], chunks=5), m.from_array(COUNTS[1], chunks=5)
    ),
    "select": lambda m: m.select(
        [m.from_array(TABLE, chunks=4) > 0.5], [m.from_array(TABLE, chunks=4)], default=0
    ),
    "count_nonzero": lambda m: m.count_nonzero(m.from_array(COUNTS % 2, chunks=4), axis=0),
    "outer": lambda m: m.outer(m.from_array(LINE[:5], chunks=2), m.from_array(LINE[:4], chunks=2)),
    "dot": lambda m: m.dot(m.from_array(TABLE, chunks=4), m.from_array(TABLE.T.copy(), chunks=4)),
    "unify": lambda m: m.unify_chunks(
        m.from_array(LINE, chunks=25), "i", m.from_array(LINE, chunks=50), "i"
    )[1][1],
    "persist": lambda m: m.from_array(TABLE, chunks=4).persist() + 1,
    "to_delayed": lambda m: m.from_array(TABLE, chunks=4).to_delayed().shape,
    "npartitions": lambda m: (
        m.from_array(TABLE, chunks=4).npartitions,
        m.from_array(TABLE, chunks=4).numblocks,
        m.from_array(TABLE, chunks=4).chunksize,
    ),
    "nbytes": lambda m: m.from_array(TABLE, chunks=4).nbytes,
    "asanyarray": lambda m: m.asanyarray(m.from_array(TABLE, chunks=4)),
    "array": lambda m: m.array([1, 2, 3]),
    "full_like": lambda m: m.full_like(m.from_array(TABLE, chunks=4), 3, chunks=6),
    "broadcast": lambda m: m.broadcast_to(
        m.from_array(LINE[:15], chunks=5), (12, 15), chunks=(4, 5)
    ),
    "squeeze": lambda m: m.squeeze(m.from_array(TABLE[:1], chunks=4)),
    "ravel": lambda m: m.from_array(TABLE, chunks=4).ravel(),
    "swap": lambda m: m.swapaxes(m.from_array(TABLE, chunks=4), 0, 1),
    "without NaN": lambda m: [
        m.nansum(m.from_array(TABLE, chunks=4), axis=0, split_every=2),
        m.nanmax(m.from_array(TABLE, chunks=4)),
        m.nanargmin(m.from_array(TABLE, chunks=4), axis=1),
    ],
    "sum dtype": lambda m: m.from_array(COUNTS, chunks=4).sum(dtype="f4", axis=1),
    "std ddof": lambda m: m.from_array(TABLE, chunks=4).std(ddof=1, axis=0, split_every=2),
    "any": lambda m: m.from_array(TABLE, chunks=4).any(axis=0, split_every=2),
    "compute_chunk_sizes": lambda m: (
        m.from_array(LINE, chunks=25)[m.from_array(LINE, chunks=25) > 0.5]
        .compute_chunk_sizes()
        .shape
    ),
}


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.filterwarnings("ignore")
def test_a_step_returns_what_dask_returns(name: str) -> None:
    with dask.config.set(scheduler="sync"):
        (expected,) = dask.compute(STEPS[name](da))
    found = computed(STEPS[name](xp))
    several = isinstance(expected, list | tuple)
    pairs = zip(found, expected, strict=True) if several else [(found, expected)]
    for one, other in pairs:
        assert np.shape(one) == np.shape(other)
        if isinstance(other, np.ndarray | np.generic):
            assert np.asarray(one).dtype == other.dtype
            if other.dtype.kind in "fc":
                np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-8)
                continue
        np.testing.assert_array_equal(one, other)
