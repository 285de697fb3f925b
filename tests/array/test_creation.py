"""Creation, random numbers, products and users' functions against NumPy's."""

from __future__ import annotations

import pickle
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shframe as sf
import shframe.array as xp
from shframe.errors import ChunkMismatch, InvalidArgument
from tests.array.arrays import LIGHT, NUMBERS, agree, pairs, quiet, same

pytestmark = pytest.mark.usefixtures("session")

NUMBERS_OF_RANGES = st.sampled_from(
    [-3, 0, 1, 2.5, 10, 7.3, 255, 300, True, np.int64(3), np.float32(2), float("nan")]
)
STEPS = st.sampled_from([1, -1, 2, 0.1, -0.25, 0.5, 3, 0, np.int64(-2), float("inf")])
TIMES = st.sampled_from(
    [np.datetime64("2020-01-01"), np.datetime64("2020-01-05T05"), np.timedelta64(3, "D"), 5, "2020"]
)
DTYPES = st.sampled_from(
    [None, "f8", "f4", "f2", "c16", "u1", "i2", "u8", "bool", "M8[h]", "m8[h]"]
)


@LIGHT
@given(NUMBERS_OF_RANGES, NUMBERS_OF_RANGES, STEPS, DTYPES, st.integers(1, 9))
def test_arange_is_numpys(start: Any, stop: Any, step: Any, dtype: Any, chunks: int) -> None:
    agree(
        lambda: np.arange(start, stop, step, dtype),
        lambda: xp.arange(start, stop, step, dtype, chunks=chunks),
    )


@LIGHT
@given(TIMES, TIMES, st.sampled_from([1, 2, np.timedelta64(1, "D")]), DTYPES)
def test_ranges_of_times_are_numpys(start: Any, stop: Any, step: Any, dtype: Any) -> None:
    agree(
        lambda: np.arange(start, stop, step, dtype),
        lambda: xp.arange(start, stop, step, dtype, chunks=3),
    )


ENDS = st.sampled_from([-3, 0, 1, 2.5, 10, 7.3, 1 + 2j, np.float32(2), float("inf"), "a"])
COUNTS = st.sampled_from([0, 1, 2, 7, np.int8(5), -1, 2.0])


@LIGHT
@given(ENDS, ENDS, COUNTS, st.booleans(), st.sampled_from([None, "f4", "i8", "c16"]))
def test_linspace_is_numpys(start: Any, stop: Any, num: Any, endpoint: bool, dtype: Any) -> None:
    agree(
        lambda: np.linspace(start, stop, num, endpoint, dtype=dtype),
        lambda: xp.linspace(start, stop, num, endpoint, dtype, chunks=3),
        rtol=1e-12,
    )


@pytest.mark.parametrize(
    "call",
    [
        lambda q: q.zeros((3, 4)),
        lambda q: q.ones(5, dtype="i2"),
        lambda q: q.full((2, 2), 3j),
        lambda q: q.full((2,), 7, dtype="f4"),
        lambda q: q.full((), True),
        lambda q: q.eye(5, 7, k=1),
        lambda q: q.identity(4),
        lambda q: q.tril(q.arange(20).reshape(4, 5), k=-1),
        lambda q: q.triu(q.arange(20).reshape(4, 5), k=1),
        lambda q: q.meshgrid(q.arange(3), q.arange(4))[0],
        lambda q: q.meshgrid(q.arange(3), q.arange(4), indexing="ij")[1],
        lambda q: q.zeros_like(q.arange(4)),
        lambda q: q.zeros_like(q.arange(4).astype(str)),
        lambda q: q.tril(q.arange(6).reshape(2, 3).astype("M8[D]"), np.int8(-1)),
        lambda q: q.reshape(q.zeros((3, 0), dtype="M8[D]"), (0,)),
        lambda q: q.eye(np.int8(3), dtype=str),
        lambda q: q.full_like(q.ones(3), 2),
        lambda q: q.arange(4) + q.ones((2, 1)) * q.full((), 3),
    ],
)
def test_arrays_from_nothing_are_numpys(call: Any) -> None:
    same(call(xp), call(np))


def test_an_eye_of_many_blocks_is_numpys() -> None:
    same(xp.eye(9, 11, k=-2, chunks=(4, 3)), np.eye(9, 11, -2))


def test_from_array_takes_the_values_at_the_call() -> None:
    for size in (10, 200_000):
        values = np.zeros(size)
        lazy = xp.from_array(values, chunks=size // 3)
        values[:] = 1
        assert float(lazy.sum()) == 0


@LIGHT
@given(pairs())
def test_from_array_and_persist_keep_values_of_any_layout(pair: Any) -> None:
    values, lazy = pair
    same(lazy, values)
    same((lazy + lazy).persist()[...], quiet(lambda: values + values))


def test_datetimes_subtract_and_compare() -> None:
    days = np.array(["2020-01-03", "2020-01-01", "NaT", "2021-05-05"], "M8[D]")
    lazy = xp.from_array(days, chunks=2)
    same(lazy - days[0], days - days[0])
    same(lazy > days[0], days > days[0])
    same(lazy.max(), days.max())


@pytest.mark.parametrize(
    ("method", "low", "high"),
    [("random", 0, 1), ("normal", -9, 9), ("uniform", 0, 1), ("standard_normal", -9, 9)],
)
def test_random_numbers_depend_on_seed_and_shape_only(method: str, low: int, high: int) -> None:
    def drawn(seed: Any, chunks: Any) -> Any:
        return getattr(xp.random.default_rng(seed), method)(size=(50, 40), chunks=chunks).compute()

    one = drawn(3, (20, 15))
    assert np.array_equal(one, drawn(3, (7, 40)))
    assert np.array_equal(one, drawn(3, "auto"))
    assert not np.array_equal(one, drawn(4, (20, 15)))
    assert len(np.unique(one)) == one.size
    assert (one >= low).all()
    assert (one < high).all()


def test_a_tile_draws_what_its_spawned_seed_draws() -> None:
    (stream,) = np.random.SeedSequence(11).spawn(1)
    made = xp.random.default_rng(11).standard_normal(size=5_000_000)
    assert len(made.chunks[0]) == 3
    starts = np.cumsum([0, *made.chunks[0]])
    for number, tile in enumerate(stream.spawn(3)):
        expected = np.random.default_rng(tile).standard_normal(5)
        assert np.array_equal(made[starts[number] : starts[number] + 5].compute(), expected)


def test_the_draws_of_one_generator_differ() -> None:
    rng = xp.random.default_rng(1)
    assert not np.array_equal(rng.random(size=20).compute(), rng.random(size=20).compute())


def test_distributions_have_their_parameters() -> None:
    rng = xp.random.default_rng(0)
    size = 20_000
    assert abs(float(rng.normal(5, 2, size=size, chunks=3000).mean()) - 5) < 0.1
    assert abs(float(rng.normal(5, 2, size=size, chunks=3000).std()) - 2) < 0.1
    assert abs(float(rng.uniform(2, 4, size=size).mean()) - 3) < 0.05
    assert abs(float(rng.exponential(3, size=size).mean()) - 3) < 0.15
    assert abs(float(rng.poisson(4, size=size).mean()) - 4) < 0.1
    whole = rng.integers(3, 6, size=size, chunks=7000, dtype="i2").compute()
    assert whole.dtype == np.int16
    assert set(whole.tolist()) == {3, 4, 5}
    means = rng.normal(np.array([0.0, 100.0]), 1.0, size=(1000, 2)).mean(axis=0).compute()
    np.testing.assert_allclose(means, [0, 100], atol=0.3)


IMPOSSIBLE = [
    ("exponential", (-1,)),
    ("exponential", ([1.0, -1.0],)),
    ("uniform", (5, 1)),
    ("uniform", (0, np.inf)),
    ("uniform", ([0.0, 5.0], 3)),
    ("uniform", (0, [1.0, np.inf])),
    ("normal", (0, -1)),
    ("normal", (0, [-1.0, 1.0])),
    ("normal", (1j, 1)),
    ("integers", (5, 3)),
    ("integers", (0, 300, 1, "i1")),
    ("poisson", (-1,)),
    ("poisson", (np.nan,)),
    ("binomial", (-1, 0.5)),
    ("binomial", (10, 1.5)),
]


@pytest.mark.parametrize(("method", "parameters"), IMPOSSIBLE)
def test_distributions_that_do_not_exist_raise_numpys_error(method: str, parameters: Any) -> None:
    with pytest.raises((ValueError, OverflowError, TypeError)) as numpys:
        getattr(np.random.default_rng(0), method)(*parameters)
    kind = next(k for k in (ValueError, OverflowError, TypeError) if numpys.errisinstance(k))
    with pytest.raises(kind, match=str(numpys.value)[-20:].replace("(", "")):
        getattr(xp.random.default_rng(0), method)(*parameters)
    lazy = [xp.from_array(np.array(p)) if isinstance(p, list) else p for p in parameters]
    with pytest.raises(kind):
        getattr(xp.random.default_rng(0), method)(*lazy).compute()


def test_parameters_that_do_not_fit_the_size_are_refused() -> None:
    with pytest.raises(ChunkMismatch, match="not compatible with broadcast dimensions"):
        xp.random.default_rng(0).normal(np.zeros(3), 1, size=1)
    with pytest.raises(TypeError, match="must be a single number"):
        xp.random.default_rng(0).integers([1, 2], size=2)


@LIGHT
@given(pairs(["f8", "f4", "i4", "c16", "bool"], st.just((5, 7)), finite=True), st.data())
def test_matrix_products_are_numpys(pair: Any, data: st.DataObject) -> None:
    values, lazy = pair
    shapes = st.sampled_from([(7,), (7, 3), (2, 7, 4), (3, 1, 7, 2)])
    other, lazier = data.draw(pairs([values.dtype.name], shapes, finite=True))
    near = {"rtol": 1e-4} if values.dtype == np.float32 else {"rtol": 1e-9, "atol": 1e-6}
    near = near if values.dtype.kind in "fc" else {}
    same(lazy @ lazier, values @ other, **near)
    same(xp.dot(lazy, lazier), np.dot(values, other), **near)
    same(np.matmul(values, lazier), values @ other, **near)
    same(lazy[0] @ lazier, values[0] @ other, **near)


def test_products_over_other_axes_are_numpys() -> None:
    a, b = np.arange(60.0).reshape(3, 4, 5), np.arange(40.0).reshape(4, 5, 2)
    x, y = xp.from_array(a, chunks=2), xp.from_array(b, chunks=3)
    same(xp.tensordot(x, y), np.tensordot(a, b))
    same(xp.tensordot(x, y, axes=((2, 1), (1, 0))), np.tensordot(a, b, axes=((2, 1), (1, 0))))
    same(xp.tensordot(x, y, axes=0), np.tensordot(a, b, axes=0))
    same(xp.linalg.vecdot(x + 1j, x), np.vecdot(a + 1j, a))
    same(xp.linalg.outer(x[0, 0], y[0, :, 0]), np.outer(a[0, 0], b[0, :, 0]))
    same(xp.linalg.trace(x[0]), np.trace(a[0]))
    same(xp.linalg.diagonal(x[0], offset=-1), np.diagonal(a[0], -1))
    same(xp.linalg.vector_norm(x), np.linalg.vector_norm(a), rtol=1e-12)
    bytes_, raw = (
        xp.from_array(np.array([254, 255, 7], "u1"), chunks=1),
        np.array([254, 255, 7], "u1"),
    )
    same(xp.linalg.vector_norm(bytes_), np.linalg.vector_norm(raw), rtol=1e-12)
    same(x.mT, a.mT)


def test_matrices_that_do_not_fit_raise_at_the_call() -> None:
    with pytest.raises(ChunkMismatch, match="not aligned: vecdot"):
        xp.linalg.vecdot(xp.ones((3, 4)), xp.ones((3, 1)))
    with pytest.raises(ValueError, match="mismatch in its core dimension") as numpys:
        np.ones((3, 4)) @ np.ones((3, 4))
    with pytest.raises(ChunkMismatch, match=re.escape(str(numpys.value))):
        xp.ones((3, 4)) @ xp.ones((3, 4))
    with pytest.raises(InvalidArgument, match="enough dimensions"):
        xp.matmul(xp.ones(3), 2)


def test_map_blocks_calls_a_users_function_on_each_block() -> None:
    values = np.arange(20.0)
    lazy = xp.from_array(values, chunks=6)
    parts = [values[n : n + 6] for n in range(0, 20, 6)]
    same(lazy.map_blocks(lambda block: block[::-1]), np.concatenate([p[::-1] for p in parts]))
    same(lazy.map_blocks(lambda block: block > 3), values > 3)
    sums = lazy.map_blocks(lambda block: block.sum(keepdims=True), chunks=((1, 1, 1, 1),))
    same(sums, np.array([p.sum() for p in parts]))
    both = xp.map_blocks(lambda a, b, *, by: a + b * by, lazy, lazy.rechunk(5), by=3, dtype="f4")
    same(both, (values * 4).astype("f4"))
    grid = xp.ones((4, 6), chunks=(2, 3))
    numbered = grid.map_blocks(lambda b, block_id: b * block_id[1], block_id=True, dtype=float)
    same(numbered, np.repeat([[0.0, 1.0]], 3, axis=1).repeat(4, axis=0))
    same(grid.rechunk((2, -1)).map_blocks(lambda b: b.sum(axis=1), drop_axis=1), np.full(4, 6.0))
    same(grid.map_blocks(lambda b: b[None], new_axis=0), np.ones((1, 4, 6)))


@LIGHT
@given(
    pairs([*NUMBERS, "f2", "M8[D]", "U3"], st.just((7,))),
    st.sampled_from(["i1", "u1", "i8", "f4", "f8", "c8", "bool", "U5", "M8[Y]", "M8[ns]"]),
)
def test_map_blocks_casts_where_no_value_changes_or_raises(pair: Any, dtype: str) -> None:
    values, lazy = pair
    mapped = lazy.map_blocks(lambda block: block, dtype=dtype)
    try:
        expected = quiet(lambda: values.astype(dtype))
        kept = np.dtype(dtype).kind in "fc" and np.can_cast(values.dtype, dtype, "same_kind")
        unchanged = kept or bool(
            np.all((expected == values) | ((expected != expected) & (values != values)))
        )
    except (TypeError, ValueError, RuntimeError):  # the last of text too short for a time
        unchanged = False
    if unchanged or np.can_cast(values.dtype, dtype, "safe"):
        same(mapped, expected)
    else:
        with pytest.raises(TypeError, match="cannot hold"):
            mapped.compute()


def test_map_blocks_learns_how_long_text_is_and_cuts_none() -> None:
    lazy = xp.from_array(np.array([12.5, 3.25, -100.125]), chunks=1)
    same(
        lazy.map_blocks(lambda b: b.astype(str), dtype=str), np.array([12.5, 3.25, -100.125], "U32")
    )
    words = lazy.map_blocks(lambda b: np.array(["x" * int(abs(v)) for v in b]))
    with pytest.raises(TypeError, match="<U12 cannot hold"):
        words.compute()
    made = lazy.map_blocks(lambda b: b.astype(object))
    same(made, np.array([12.5, 3.25, -100.125], object))


def test_functions_of_blocks_get_the_values_of_lazy_keywords() -> None:
    values = np.arange(300_000.0)
    lazy = xp.from_array(values, chunks=70_000)
    handle, total = sf.put(values[:5]), lazy.sum()
    frame = sf.from_pandas(pd.DataFrame({"a": [1, 2, 3]}), npartitions=2)

    def scaled(block: Any, *, by: Any, ends: Any, table: Any, plain: int) -> Any:
        return block * float(by) + ends[4] + table.a.sum() + plain

    expected = values * values.sum() + 4 + 6 + 1
    for dtype in (float, None):
        made = lazy.map_blocks(scaled, by=total, ends=handle, table=frame, plain=1, dtype=dtype)
        same(made, expected, rtol=1e-12)


@pytest.mark.parametrize("make", [lambda x: x, lambda x: x + 1, lambda x: sf.put(1.5)])
def test_pickling_what_is_lazy_says_what_to_pickle(make: Any) -> None:
    with pytest.raises(TypeError, match=r"lazy arrays and frames.*\n.*\n.*compute"):
        pickle.dumps(make(xp.from_array(np.arange(4))))


def test_map_blocks_says_what_shape_was_expected() -> None:
    lazy = xp.arange(6, chunks=2).map_blocks(lambda block: block[:1], dtype=int)
    with pytest.raises(ChunkMismatch, match=r"shape \(1,\), expected \(2,\)"):
        lazy.compute()


def test_numpys_functions_reach_ours_or_say_so() -> None:
    values = np.arange(12.0).reshape(3, 4)
    lazy = xp.from_array(values, chunks=2)
    same(np.sum(lazy, 1), values.sum(1))
    same(np.mean(lazy, axis=0, keepdims=True), values.mean(0, keepdims=True))
    same(np.where(lazy > 3, lazy, 0), np.where(values > 3, values, 0))
    same(np.reshape(lazy, (2, 6)), values.reshape(2, 6))
    with pytest.raises(TypeError, match=r"numpy\.polyfit is not supported"):
        np.polyfit(lazy[0], lazy[1], 1)
    assert np.asarray(lazy).tolist() == values.tolist()
    assert lazy.__array_namespace__() is xp


def test_values_of_one_element_are_pythons() -> None:
    lazy = xp.arange(3, chunks=2)
    assert int(lazy.sum()) == 3
    assert float(lazy[1]) == 1.0
    assert bool((lazy == 2).any())
    assert [10, 20, 30][lazy[2]] == 30
    assert lazy[1].item() == 1
    assert lazy.tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="truth value of an array"):
        bool(lazy == 2)
    with pytest.raises(TypeError, match="only integer scalar arrays"):
        [1, 2][lazy[1] * 1.0]


def test_a_result_outlives_the_session_and_is_the_users_own() -> None:
    rng = np.random.default_rng(0)
    values = rng.random((700, 400))
    for chunks in ((300, 400), (300, 150), (700, 150)):
        lazy = xp.from_array(values, chunks=chunks)
        for made, expected in [
            ((lazy * 2 + 1).compute(), values * 2 + 1),
            (lazy.T.compute(), values.T),
            ((lazy + values[0]).compute(), values + values[0]),
            (np.cumsum(lazy, axis=0).compute(), np.cumsum(values, axis=0)),
        ]:
            np.testing.assert_allclose(made, expected, rtol=1e-12)
            made[0, 0] = -1
            assert made[0, 0] == -1
    sf.shutdown()
    made[1, 1] = -2
    assert made[1, 1] == -2
