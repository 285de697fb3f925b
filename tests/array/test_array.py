"""Arrays against NumPy, on generated arrays in uneven blocks, in worker processes."""

from __future__ import annotations

import itertools
import operator
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import shframe as sf
import shframe.array as xp
from shframe.errors import ChunkMismatch, InvalidArgument, UnsupportedType
from shframe.session import Session
from tests.examples import examples

pytestmark = pytest.mark.usefixtures("session")
LIGHT = settings(
    max_examples=examples(15),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

DTYPES = st.sampled_from(["f8", "f4", "i8", "i4", "u1", "bool"])
SHAPES = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=9)


@st.composite
def chunked(draw: st.DrawFn, dtypes: Any = DTYPES, shapes: Any = SHAPES) -> tuple[Any, Any]:
    """A NumPy array and the same lazily, in blocks whose edges are drawn."""
    dtype = np.dtype(draw(dtypes))
    elements = None
    if dtype.kind == "f":
        elements = st.sampled_from([0.0, -1.5, 2.25, 1e3, -0.5, float("nan"), float("inf")])
    values = draw(hnp.arrays(dtype, draw(shapes), elements=elements))
    if draw(st.booleans()):
        values = np.asfortranarray(values)
    chunks = []
    for length in values.shape:
        cuts = sorted(draw(st.sets(st.integers(1, max(length - 1, 1)), max_size=3)))
        edges = [0, *[c for c in cuts if c < length], length]
        chunks.append(tuple(b - a for a, b in itertools.pairwise(edges)))
    return values, xp.from_array(values, chunks=tuple(chunks))


def same(lazy: Any, expected: Any, *, rtol: float = 0.0) -> None:
    made = lazy.compute()
    expected = np.asarray(expected)
    assert made.shape == expected.shape == lazy.shape
    assert made.dtype == expected.dtype == lazy.dtype
    np.testing.assert_allclose(made, expected, rtol=rtol, atol=0)


def quiet(call: Any) -> Any:
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return call()


SIGNS = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.pow,
    operator.floordiv,
    operator.mod,
]
UNARY = ["sin", "sqrt", "exp", "negative", "isnan", "floor", "absolute", "sign", "square"]


@LIGHT
@given(chunked(), st.sampled_from(UNARY))
def test_unary_functions_are_those_of_numpy(pair: Any, name: str) -> None:
    values, lazy = pair
    assume(not (values.dtype == bool and name in ("negative", "sign")))
    same(getattr(xp, name)(lazy), quiet(lambda: getattr(np, name)(values)))


@LIGHT
@given(chunked(), st.sampled_from([2, 0.5, np.float32(3)]), st.sampled_from(SIGNS))
def test_operators_with_a_value_promote_as_numpy_does(pair: Any, value: Any, sign: str) -> None:
    values, lazy = pair
    assume(values.dtype != bool or sign in (operator.add, operator.mul))
    same(sign(lazy, value), quiet(lambda: sign(values, value)), rtol=1e-12)


@LIGHT
@given(
    chunked(shapes=st.just((6, 4))), chunked(shapes=st.sampled_from([(6, 4), (1, 4), (6, 1), (4,)]))
)
def test_operators_broadcast_blocks_of_different_grids(a: Any, b: Any) -> None:
    same(xp.maximum(a[1], b[1]), quiet(lambda: np.maximum(a[0], b[0])))
    same((a[1] > b[1]) | (a[1] == b[1]), quiet(lambda: (a[0] > b[0]) | (a[0] == b[0])))
    same(xp.where(a[1] > 0, a[1], b[1]), quiet(lambda: np.where(a[0] > 0, a[0], b[0])))


@LIGHT
@given(chunked(dtypes=st.just("f8")))
def test_a_chain_is_one_program_and_gives_what_numpy_gives(pair: Any) -> None:
    values, lazy = pair
    shared = xp.sin(lazy) + 1
    chain = xp.sqrt(shared * shared + lazy**2) * 3 - shared / 2
    both = quiet(lambda: np.sin(values) + 1)
    expected = quiet(lambda: np.sqrt(both * both + values**2) * 3 - both / 2)
    same(chain, expected, rtol=1e-12)
    assert len(chain.explain("fuse").splitlines()) == 3


REDUCTIONS = ["sum", "prod", "min", "max", "mean", "var", "std", "any", "all", "argmin", "argmax"]


@LIGHT
@given(
    chunked(dtypes=st.sampled_from(["f8", "i8", "u1", "bool"])),
    st.sampled_from(REDUCTIONS),
    st.data(),
)
def test_reductions_are_those_of_numpy(pair: Any, name: str, data: st.DataObject) -> None:
    values, lazy = pair
    axes: Any = st.one_of(st.none(), st.integers(0, values.ndim - 1))
    if not name.startswith("arg"):
        every = range(values.ndim)
        axes |= st.sets(st.sampled_from(every), min_size=1).map(lambda s: tuple(sorted(s)))
    axis = data.draw(axes)
    keepdims = data.draw(st.booleans())
    values = np.where(np.isfinite(values), values, 7).astype(values.dtype)
    lazy = xp.from_array(values, chunks=lazy.chunks)
    expected = getattr(np, name)(values, axis=axis, keepdims=keepdims)
    same(getattr(xp, name)(lazy, axis=axis, keepdims=keepdims), expected, rtol=1e-9)


@LIGHT
@given(
    chunked(dtypes=st.just("f8")),
    st.sampled_from(["sum", "max", "mean", "argmax", "nansum", "nanmax"]),
)
def test_reductions_treat_nan_as_numpy_does(pair: Any, name: str) -> None:
    values, lazy = pair
    assume(not np.isnan(values).all() and not np.isinf(values).any())
    same(getattr(xp, name)(lazy), quiet(lambda: getattr(np, name)(values)), rtol=1e-9)


@LIGHT
@given(chunked(), st.data())
def test_basic_indexing_is_that_of_numpy(pair: Any, data: st.DataObject) -> None:
    values, lazy = pair
    index = data.draw(hnp.basic_indices(values.shape, allow_newaxis=True, max_dims=4))
    same(lazy[index], values[index])


@LIGHT
@given(chunked(), st.data())
def test_shapes_change_as_numpys_do(pair: Any, data: st.DataObject) -> None:
    values, lazy = pair
    axes = data.draw(st.permutations(range(values.ndim)))
    same(lazy.transpose(tuple(axes)), values.transpose(axes))
    same(lazy.ravel(), values.ravel())
    first = data.draw(
        st.sampled_from([n for n in range(1, values.size + 1) if values.size % n == 0])
    )
    same(lazy.reshape(first, -1), values.reshape(first, -1))
    same(xp.flip(lazy), np.flip(values))
    same(xp.roll(lazy, 2), np.roll(values, 2))
    same(xp.expand_dims(lazy, 1), np.expand_dims(values, 1))
    same(xp.concat([lazy, lazy * 1], axis=-1), np.concatenate([values, values * 1], axis=-1))
    same(xp.stack([lazy, lazy]), np.stack([values, values]))


@LIGHT
@given(chunked(), st.integers(1, 5))
def test_rechunk_keeps_every_element(pair: Any, size: int) -> None:
    values, lazy = pair
    other = lazy.rechunk(size)
    assert all(max(c) <= size for c in other.chunks)
    same(other, values)


@LIGHT
@given(
    chunked(st.just("f8"), st.just((5, 7))), chunked(st.just("f8"), st.sampled_from([(7, 3), (7,)]))
)
def test_matrix_products_are_those_of_numpy(a: Any, b: Any) -> None:
    left, right = (np.where(np.isfinite(x[0]), x[0], 1) for x in (a, b))
    lazy = xp.from_array(left, chunks=a[1].chunks) @ xp.from_array(right, chunks=b[1].chunks)
    np.testing.assert_allclose(lazy.compute(), left @ right, rtol=1e-9)


@LIGHT
@given(chunked(dtypes=st.sampled_from(["f8", "i8"])), st.data())
def test_cumulative_sums_are_those_of_numpy(pair: Any, data: st.DataObject) -> None:
    values, lazy = pair
    axis = data.draw(st.integers(0, values.ndim - 1))
    same(xp.cumsum(lazy, axis=axis), quiet(lambda: np.cumsum(values, axis=axis)))


@pytest.mark.parametrize(
    ("lazy", "expected"),
    [
        (lambda: xp.arange(10, chunks=3), np.arange(10)),
        (lambda: xp.arange(2.0, 9.0, 0.5, chunks=4), np.arange(2.0, 9.0, 0.5)),
        (lambda: xp.linspace(0, 1, 11, chunks=4), np.linspace(0, 1, 11)),
        (lambda: xp.zeros((5, 4), chunks=2), np.zeros((5, 4))),
        (lambda: xp.ones((3, 0)), np.ones((3, 0))),
        (lambda: xp.full((4,), 7, dtype="i4", chunks=2), np.full((4,), 7, dtype="i4")),
    ],
)
def test_arrays_from_nothing_are_those_of_numpy(lazy: Any, expected: Any) -> None:
    same(lazy(), expected, rtol=1e-15)


def test_random_numbers_depend_on_seed_and_chunks_only() -> None:
    one = xp.random.normal(size=(100, 10), seed=3, chunks=(40, 5))
    two = xp.random.normal(size=(100, 10), seed=3, chunks=(40, 5))
    assert np.array_equal(one.compute(), two.compute())
    assert not np.array_equal(one.compute(), xp.random.normal(size=(100, 10), seed=4).compute())
    drawn = xp.random.uniform(2, 3, size=10_000, seed=1, chunks=1000).compute()
    assert ((drawn >= 2) & (drawn < 3)).all()
    assert abs(drawn.mean() - 2.5) < 0.02


def test_map_blocks_runs_a_users_function_on_each_block() -> None:
    values = np.arange(20.0)
    lazy = xp.from_array(values, chunks=6).map_blocks(lambda block: block[::-1].copy())
    parts = [values[n : n + 6][::-1] for n in range(0, 20, 6)]
    same(lazy, np.concatenate(parts))


def test_from_array_takes_the_values_at_the_call() -> None:
    values = np.zeros(200_000)
    lazy = xp.from_array(values, chunks=50_000)
    values[:] = 1
    assert float(lazy.sum()) == 0


def test_a_large_result_is_filled_by_the_workers_and_is_ordinary(session: Session) -> None:
    values = np.random.default_rng(0).random((1000, 400))
    for chunks in ((300, 400), (300, 150), (1000, 150)):
        made = (xp.from_array(values, chunks=chunks) * 2).compute()
        assert np.array_equal(made, values * 2)
        made[0, 0] = 5
        made += 1
        assert made[0, 0] == 6
        assert made.flags.c_contiguous
    assert all(span.bytes_out < 1000 for span in session.last_trace.spans)


def test_persist_keeps_blocks_and_computes_no_more(session: Session) -> None:
    lazy = (xp.from_array(np.arange(100.0), chunks=30) * 2).persist()
    same(lazy, np.arange(100.0) * 2)
    assert all("elementwise" not in span.call for span in session.last_trace.spans)


def test_numpys_functions_and_operators_stay_lazy() -> None:
    values = np.arange(6.0)
    lazy = xp.from_array(values, chunks=2)
    for made in (np.sin(lazy), values + lazy, np.sum(lazy), np.concatenate([lazy, lazy])):
        assert isinstance(made, xp.Array)
    same(values + lazy, values * 2)


def test_repr_computes_nothing(session: Session) -> None:
    before = session.last_trace
    assert (
        repr(xp.ones((3, 4), chunks=2)) == "<shframe Array: shape (3, 4), float64, blocks (2, 2)>"
    )
    assert session.last_trace is before


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda x: x + xp.ones(4), ChunkMismatch),
        (lambda x: x @ xp.ones((5, 5)), ChunkMismatch),
        (lambda x: x.reshape(7), ChunkMismatch),
        (lambda x: x.rechunk((1, 2, 3)), ChunkMismatch),
        (lambda x: x.sum(axis=5), np.exceptions.AxisError),
        (lambda x: x[10], IndexError),
        (lambda x: x[0, 0, 0], IndexError),
        (lambda x: x["a"], UnsupportedType),
        (lambda x: x.transpose(0, 0), InvalidArgument),
        (lambda x: x + "a", UnsupportedType),
        (lambda x: xp.from_array(np.zeros(2, [("a", object)])), UnsupportedType),
        (lambda x: xp.concat([]), InvalidArgument),
        (lambda x: xp.concat([x, xp.ones((3, 5))]), ChunkMismatch),
    ],
)
def test_mistakes_raise_at_the_call(call: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        call(xp.ones((3, 2)))


def test_a_computed_array_outlives_the_session(session: Session) -> None:
    made = (xp.from_array(np.arange(300_000.0), chunks=100_000) + 1).compute()
    sf.shutdown()
    made[0] = -1
    assert made[0] == -1
    assert made[-1] == 300_000
