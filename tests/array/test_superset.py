"""Functions beyond elementwise work and reductions: each call of the tables returns what NumPy's
returns, over drawn dtypes, shapes and blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.array.arrays import compare
from tests.examples import examples

pytestmark = pytest.mark.usefixtures("session")
FEW = settings(
    max_examples=examples(6),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
REAL = ("bool", "i1", "i4", "i8", "u2", "u8", "f4", "f8")
ANY = (*REAL, "c16", "M8[D]", "m8[s]", "U3")
FLOATS = ("i4", "f4", "f8")
ALL = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=8)
SOME = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=8)
LINES = hnp.array_shapes(min_dims=1, max_dims=1, min_side=1, max_side=30)
TABLES = hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=8)
CUBES = hnp.array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=5)
SQUARE = st.integers(1, 7).map(lambda n: (n, n))

ORDER: list[Any] = [
    ("sort", ANY, ALL, lambda m, x: m.sort(x)),
    ("sort_first", ANY, SOME, lambda m, x: m.sort(x, axis=0)),
    ("sort_raveled", REAL, ALL, lambda m, x: m.sort(x, axis=None)),
    ("sort_vector", ANY, LINES, lambda m, x: m.sort(x)),
    ("argsort", ANY, ALL, lambda m, x: m.argsort(x, kind="stable")),
    ("argsort_first", REAL, SOME, lambda m, x: m.argsort(x, axis=0, kind="stable")),
    ("argsort_vector", ANY, LINES, lambda m, x: m.argsort(x, axis=None, kind="stable")),
    ("lexsort", REAL, LINES, lambda m, x: m.lexsort((x, x[::-1]))),
    ("searchsorted", REAL, LINES, lambda m, x: m.searchsorted(m.sort(x), x)),
    ("searchsorted_right", REAL, LINES, lambda m, x: m.searchsorted(m.sort(x), x, side="right")),
    ("searchsorted_sorter", REAL, LINES, lambda m, x: m.searchsorted(x, x, sorter=m.argsort(x))),
    ("digitize", FLOATS, ALL, lambda m, x: m.digitize(x, [-1.0, 0.5, 2.25])),
    ("digitize_right", FLOATS, ALL, lambda m, x: m.digitize(x, [-1.0, 0.5, 2.25], right=True)),
    ("digitize_falling", FLOATS, ALL, lambda m, x: m.digitize(x, [2.25, 0.5, -1.0])),
    ("isin", REAL, ALL, lambda m, x: m.isin(x, [0, 1, 2.25])),
    ("isin_invert", REAL, ALL, lambda m, x: m.isin(x, [3, 7], invert=True)),
    ("take_along", REAL, SOME, lambda m, x: m.take_along_axis(x, m.argsort(x, axis=0), axis=0)),
    ("unique", ANY, ALL, lambda m, x: m.unique(x)),
    ("unique_counts", REAL, ALL, lambda m, x: m.unique(x, return_index=True, return_counts=True)),
    ("unique_inverse", REAL, ALL, lambda m, x: m.unique(x, return_inverse=True)),
    ("unique_rows", REAL, TABLES, lambda m, x: m.unique(x, axis=0, return_counts=True)),
    ("unique_values", ("i4", "u8", "U3"), ALL, lambda m, x: m.sort(m.unique_values(x))),
    ("unique_all", ("i4", "f8"), ALL, lambda m, x: m.unique_counts(x).counts),
    ("union1d", REAL, ALL, lambda m, x: m.union1d(x, [1, 2])),
    ("intersect1d", REAL, ALL, lambda m, x: m.intersect1d(x, [1, 2, 7], return_indices=True)),
    ("setdiff1d", ("i4", "u2"), ALL, lambda m, x: m.setdiff1d(x, [1, 2])),
    ("setxor1d", ("i4", "u2"), ALL, lambda m, x: m.setxor1d(x, [1, 2])),
]

PLACES: list[Any] = [
    ("pad", ANY, SOME, lambda m, x: m.pad(x, 2)),
    (
        "pad_pairs",
        REAL,
        TABLES,
        lambda m, x: m.pad(x, ((1, 2), (0, 3)), constant_values=((1, 2), (3, 4))),
    ),
    *[
        (f"pad_{mode}", REAL, ALL, lambda m, x, mode=mode: m.pad(x, (3, 1), mode=mode))
        for mode in ("edge", "reflect", "symmetric", "wrap", "maximum", "minimum")
    ],
    ("pad_odd", ("f8", "i8"), SOME, lambda m, x: m.pad(x, 2, "reflect", reflect_type="odd")),
    ("pad_long", ("i4",), SOME, lambda m, x: m.pad(x, 11, "symmetric")),
    ("append", REAL, ALL, lambda m, x: m.append(x, [1, 2])),
    ("append_axis", REAL, SOME, lambda m, x: m.append(x, x, axis=0)),
    ("delete", REAL, SOME, lambda m, x: m.delete(x, 0, axis=-1)),
    ("delete_some", REAL, ALL, lambda m, x: m.delete(x, [0, -1])),
    ("delete_slice", REAL, SOME, lambda m, x: m.delete(x, slice(1, None, 2), axis=0)),
    ("insert", REAL, SOME, lambda m, x: m.insert(x, 1, 1, axis=0)),
    ("insert_several", REAL, LINES, lambda m, x: m.insert(x, [0, 1, 1], [1, 0, 1])),
    ("insert_line", REAL, TABLES, lambda m, x: m.insert(x, 0, x[:, 0], axis=1)),
    ("insert_column", REAL, TABLES, lambda m, x: m.insert(x, [1], x[:, :1], axis=1)),
    ("diag", REAL, LINES, lambda m, x: m.diag(x, 1)),
    ("diag_below", REAL, LINES, lambda m, x: m.diag(x, -2)),
    ("diag_of", REAL, TABLES, lambda m, x: m.diag(x, 1)),
    ("diagflat", REAL, TABLES, lambda m, x: m.diagflat(x)),
    ("diagonal", ANY, CUBES, lambda m, x: m.diagonal(x, 1, 2, 0)),
    ("trace", REAL, CUBES, lambda m, x: m.trace(x, -1)),
    *[(f"rot90_{k}", ANY, TABLES, lambda m, x, k=k: m.rot90(x, k)) for k in range(-1, 4)],
    ("rot90_axes", REAL, CUBES, lambda m, x: m.rot90(x, axes=(2, 0))),
    ("fliplr", ANY, ALL, lambda m, x: m.fliplr(x)),
    ("flipud", ANY, ALL, lambda m, x: m.flipud(x)),
    ("rollaxis", REAL, CUBES, lambda m, x: m.rollaxis(x, 2)),
    ("rollaxis_start", REAL, CUBES, lambda m, x: m.rollaxis(x, 0, 3)),
    ("array_split", REAL, SOME, lambda m, x: m.array_split(x, 3)),
    ("split", REAL, SOME, lambda m, x: m.split(x, [1, 3], axis=-1)),
    ("split_evenly", REAL, SOME, lambda m, x: m.split(x, 2)),
    ("hsplit", REAL, SOME, lambda m, x: m.hsplit(x, [1])),
    ("vsplit", REAL, SOME, lambda m, x: m.vsplit(x, [1])),
    ("dsplit", REAL, SOME, lambda m, x: m.dsplit(x, [1])),
    ("dstack", REAL, SOME, lambda m, x: m.dstack([x, x])),
    ("column_stack", REAL, LINES, lambda m, x: m.column_stack([x, x])),
    ("atleast_3d", REAL, ALL, lambda m, x: m.atleast_3d(x)),
    ("block", REAL, TABLES, lambda m, x: m.block([[x, x], [x, x]])),
    ("kron", REAL, TABLES, lambda m, x: m.kron(x, [[1, 0], [2, 1]])),
    ("resize", REAL, ALL, lambda m, x: m.resize(x, (3, 5))),
    ("select", FLOATS, ALL, lambda m, x: m.select([x > 1, x < 0], [x, x * 2], 7)),
    ("choose", ("u2",), SOME, lambda m, x: m.choose(x % 2, [x, 5], mode="clip")),
    ("extract", REAL, ALL, lambda m, x: m.extract(x > 0, x)),
    ("ravel_multi", ("i8",), LINES, lambda m, x: m.ravel_multi_index((x, x), (9, 5), mode="wrap")),
    ("unravel", ("u2",), ALL, lambda m, x: m.unravel_index(x % 12, (3, 4))),
    ("tri", ("i4",), LINES, lambda m, x: m.tri(len(x), 4, 1)),
    ("indices", ("i4",), LINES, lambda m, x: m.indices((len(x), 2))),
]

NEIGHBOURS: list[Any] = [
    ("ediff1d", ("i4", "f8"), ALL, lambda m, x: m.ediff1d(x, to_end=[1, 2], to_begin=[0])),
    ("gradient", FLOATS, SOME, lambda m, x: m.gradient(x)),
    ("gradient_step", FLOATS, SOME, lambda m, x: m.gradient(x, 2.0, axis=0, edge_order=2)),
    ("trapezoid", FLOATS, SOME, lambda m, x: m.trapezoid(x, dx=2.0, axis=0)),
    ("diff_between", REAL, SOME, lambda m, x: m.diff(x, axis=0, prepend=x, append=x)),
    ("cov", FLOATS, TABLES, lambda m, x: m.cov(x)),
    ("cov_columns", FLOATS, TABLES, lambda m, x: m.cov(x, rowvar=False, ddof=0)),
    ("corrcoef", FLOATS, TABLES, lambda m, x: m.corrcoef(x)[..., 0]),
    *[
        (f"convolve_{mode}", FLOATS, LINES, lambda m, x, mode=mode: m.convolve(x, [1, 2, 3], mode))
        for mode in ("full", "same", "valid")
    ],
    ("correlate", FLOATS, LINES, lambda m, x: m.correlate(x, [1, 2], "full")),
    ("polyval", FLOATS, ALL, lambda m, x: m.polyval([1, 2, 3], x)),
    ("interp", FLOATS, ALL, lambda m, x: m.interp(x, [0.0, 1.0, 5.0], [1.0, -1.0, 2.0])),
    ("unwrap", ("f8",), SOME, lambda m, x: m.unwrap(x, axis=0)),
    ("histogram", FLOATS, ALL, lambda m, x: m.histogram(x, 4)),
    ("histogram_edges", FLOATS, ALL, lambda m, x: m.histogram(x, [-1.0, 0.0, 2.0])),
    ("histogram_range", FLOATS, ALL, lambda m, x: m.histogram(x, 3, range=(0, 2), density=True)),
    ("histogram_weights", FLOATS, ALL, lambda m, x: m.histogram(x, 3, weights=x)),
    ("histogram2d", FLOATS, LINES, lambda m, x: m.histogram2d(x, x[::-1], [2, 3])),
    ("bincount", ("u2",), LINES, lambda m, x: m.bincount(x % 9, minlength=4)),
    ("bincount_weights", ("u2",), LINES, lambda m, x: m.bincount(x % 9, weights=x)),
    *[
        (f"{name}{axis}", FLOATS, SOME, lambda m, x, n=name, a=axis: getattr(m, n)(x, axis=a))
        for name in ("median", "nanmedian")
        for axis in (None, 0, -1)
    ],
    *[
        (
            f"quantile_{how}",
            FLOATS,
            SOME,
            lambda m, x, h=how: m.quantile(x, [0.1, 0.5, 1], method=h),
        )
        for how in ("linear", "weibull", "hazen", "lower", "nearest", "median_unbiased")
    ],
    ("quantile_axis", FLOATS, SOME, lambda m, x: m.quantile(x, [[0.25]], axis=0, keepdims=True)),
    ("percentile", FLOATS, LINES, lambda m, x: m.percentile(x, (5, 95))),
    ("nanpercentile", FLOATS, SOME, lambda m, x: m.nanpercentile(x, 30, axis=0)),
    ("cumulative", ("f8",), SOME, lambda m, x: m.nancumsum(x, axis=0)),
    ("array_equal", REAL, ALL, lambda m, x: m.array_equal(x, x)),
]

SERIES: list[Any] = [
    *[
        (name, ("f8", "c16", "f4"), SOME, lambda m, x, n=name: getattr(m.fft, n)(x, axis=0))
        for name in ("fft", "ifft", "irfft", "hfft")
    ],
    ("rfft", ("f8", "i4"), SOME, lambda m, x: m.fft.rfft(x, n=5, norm="ortho")),
    ("ihfft", ("f8",), SOME, lambda m, x: m.fft.ihfft(x)),
    ("fftn", ("f8", "c16"), SOME, lambda m, x: m.fft.fftn(x)),
    ("ifftn", ("c16",), SOME, lambda m, x: m.fft.ifftn(x, norm="forward")),
    ("rfftn", ("f8",), SOME, lambda m, x: m.fft.rfftn(x)),
    ("irfftn", ("c16",), TABLES, lambda m, x: m.fft.irfftn(x, s=(3, 4), axes=(0, 1))),
    ("fft2", ("f8",), TABLES, lambda m, x: m.fft.fft2(x)),
    ("fftshift", ("f8",), SOME, lambda m, x: m.fft.fftshift(x)),
    ("ifftshift", ("f8",), SOME, lambda m, x: m.fft.ifftshift(x, axes=0)),
    ("inv", ("f8", "i4"), SQUARE, lambda m, x: m.linalg.inv(x % 2 + 4 * m.eye(len(x)))),
    ("det", ("f8",), SQUARE, lambda m, x: m.linalg.det(x % 2)),
    ("slogdet", ("f8",), SQUARE, lambda m, x: m.linalg.slogdet(x % 2 + 4 * m.eye(len(x)))),
    ("solve", ("f8",), SQUARE, lambda m, x: m.linalg.solve(x % 2 + 9 * m.eye(len(x)), x)),
    (
        "cholesky",
        ("f8",),
        SQUARE,
        lambda m, x: m.linalg.cholesky(x % 2 @ (x % 2).T + m.eye(len(x))),
    ),
    ("eigvalsh", ("f8",), SQUARE, lambda m, x: m.linalg.eigvalsh(x % 2 + (x % 2).T)),
    ("svdvals", ("f8",), TABLES, lambda m, x: m.linalg.svdvals(x % 2)),
    ("pinv", ("f8",), TABLES, lambda m, x: m.linalg.pinv(x % 2)),
    ("power", ("i8",), SQUARE, lambda m, x: m.linalg.matrix_power(x % 2, 3)),
    ("rank", ("f8",), TABLES, lambda m, x: m.linalg.matrix_rank(x % 2)),
    *[
        (f"norm_{order}", ("f8",), TABLES, lambda m, x, o=order: m.linalg.norm(x % 2, ord=o))
        for order in (None, "fro", "nuc", 1, -1, 2, np.inf, -np.inf)
    ],
    ("vector_norm", ("f8",), SOME, lambda m, x: m.linalg.vector_norm(x % 2, axis=0, ord=3)),
    ("einsum_product", ("f8", "i4"), SQUARE, lambda m, x: m.einsum("ij,jk->ik", x % 2, x % 3)),
    ("einsum_chain", ("f8",), SQUARE, lambda m, x: m.einsum("ij,jk,lk,i->l", x, x, x, x[0])),
    ("einsum_trace", ("f8",), SQUARE, lambda m, x: m.einsum("ii", x)),
    ("einsum_dots", ("i8",), CUBES, lambda m, x: m.einsum("...i->...", x)),
    ("einsum_outer", ("f8",), TABLES, lambda m, x: m.einsum("ij,kl->jilk", x, x)),
    ("inner", ("f8",), TABLES, lambda m, x: m.inner(x, x)),
    ("tensordot", ("f8",), CUBES, lambda m, x: m.tensordot(x, x, axes=((0, 1), (0, 1)))),
]


def named(cases: list[Any]) -> Any:
    """The cases of a table, each under its name."""
    return pytest.mark.parametrize(
        ("dtypes", "shapes", "call"), [each[1:] for each in cases], ids=[each[0] for each in cases]
    )


@named(ORDER)
@FEW
@given(data=st.data())
def test_order_and_sets(dtypes: Any, shapes: Any, call: Any, data: st.DataObject) -> None:
    compare(call, data, dtypes, shapes)


@named(PLACES)
@FEW
@given(data=st.data())
def test_places(dtypes: Any, shapes: Any, call: Any, data: st.DataObject) -> None:
    compare(call, data, dtypes, shapes)


@named(NEIGHBOURS)
@FEW
@given(data=st.data())
def test_neighbours_and_statistics(
    dtypes: Any, shapes: Any, call: Any, data: st.DataObject
) -> None:
    compare(call, data, dtypes, shapes, finite=True, rtol=1e-4, atol=1e-3)


@named(SERIES)
@FEW
@given(data=st.data())
def test_series_and_matrices(dtypes: Any, shapes: Any, call: Any, data: st.DataObject) -> None:
    compare(call, data, dtypes, shapes, finite=True, rtol=1e-6, atol=1e-6)
