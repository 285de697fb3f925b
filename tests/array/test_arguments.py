"""Arguments as NumPy takes them: integers of any type, and its names and order of parameters;
and what users' functions of blocks may capture.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shframe as sf
import shframe.array as xp
from tests.array.arrays import LIGHT, agree, axes_of, pairs, same

pytestmark = pytest.mark.usefixtures("session")

CUBE, LINE = np.arange(24.0).reshape(2, 3, 4), np.arange(12.0)
# each is called with a type of integers, the namespace, a cube and a line
CALLS: list[Any] = [
    lambda n, q, x, v: q.roll(v, n(3)),
    lambda n, q, x, v: q.roll(x, n(1), axis=n(1)),
    lambda n, q, x, v: q.roll(x, (n(1), n(-2)), axis=(n(1), n(-1))),
    lambda n, q, x, v: q.expand_dims(x, n(1)),
    lambda n, q, x, v: q.moveaxis(x, n(0), n(-1)),
    lambda n, q, x, v: q.swapaxes(x, n(0), n(-1)),
    lambda n, q, x, v: q.transpose(x, (n(2), n(0), n(-2))),
    lambda n, q, x, v: q.stack([x, x], axis=n(1)),
    lambda n, q, x, v: q.concatenate([x, x], axis=n(-1)),
    lambda n, q, x, v: q.tensordot(x, x.T, axes=n(1)),
    lambda n, q, x, v: q.tensordot(x, x, axes=(n(1), n(1))),
    lambda n, q, x, v: q.reshape(x, (n(4), n(6))),
    lambda n, q, x, v: x.reshape(n(4), n(6)),
    lambda n, q, x, v: q.reshape(v, np.array([4, 3])),
    lambda n, q, x, v: q.tile(v, n(2)),
    lambda n, q, x, v: q.tile(v, np.array([2, 2])),
    lambda n, q, x, v: q.repeat(v, n(2)),
    lambda n, q, x, v: q.broadcast_to(v, np.array([2, 12])),
    lambda n, q, x, v: q.broadcast_to(v, (n(2), n(12))),
    lambda n, q, x, v: q.zeros(np.array([2, 3])),
    lambda n, q, x, v: q.ones(n(3)),
    lambda n, q, x, v: q.full((n(2), n(1)), 3),
    lambda n, q, x, v: q.eye(n(3), n(4), k=n(1)),
    lambda n, q, x, v: q.linspace(0, 1, n(5)),
    lambda n, q, x, v: q.diff(v, n(2)),
    lambda n, q, x, v: q.squeeze(x[:, :1], axis=n(1)),
    lambda n, q, x, v: q.sum(x, axis=(n(1), n(2))),
    lambda n, q, x, v: q.cumsum(x, axis=n(1)),
    lambda n, q, x, v: q.argmax(x, axis=n(1)),
    lambda n, q, x, v: q.take(x, n(1), axis=n(2)),
    lambda n, q, x, v: q.round(v / 7, n(2)),
    lambda n, q, x, v: q.tril(x[0], k=n(1)),
    lambda n, q, x, v: q.diagonal(x[0], n(1)),
    lambda n, q, x, v: q.trace(x[0], n(-1)),
    lambda n, q, x, v: x[n(1), n(0) : n(2), :: n(2)],
]


@pytest.mark.parametrize("kind", [np.int64, np.int8])
def test_integers_of_any_type_are_arguments(kind: Any) -> None:
    cube, line = xp.from_array(CUBE, chunks=(1, 2, 3)), xp.from_array(LINE, chunks=5)
    for call in CALLS:
        same(call(kind, xp, cube, line), call(kind, np, CUBE, LINE), rtol=1e-12)


@pytest.mark.parametrize("kind", [np.int64, np.int8])
def test_grids_are_named_by_integers_of_any_type(kind: Any) -> None:
    cube, line = (
        xp.from_array(CUBE, chunks=(kind(1), kind(2), kind(3))),
        xp.from_array(LINE, kind(5)),
    )
    assert cube.chunks == ((1, 1), (2, 1), (3, 1))
    assert xp.from_array(LINE, chunks=(kind(5), kind(7))).chunks == ((5, 7),)
    assert xp.from_array(LINE, chunks=np.array([5, 7])).chunks == ((5, 7),)
    assert cube.rechunk({kind(1): kind(1)}).chunks == ((1, 1), (1, 1, 1), (3, 1))
    assert cube.rechunk((kind(-1), 2, 2)).chunks == ((2,), (2, 1), (2, 2))
    same(line.map_blocks(lambda b: b[:1], chunks=(kind(1),), dtype=float), LINE[[0, 5, 10]])
    same(line.map_blocks(lambda b: b[None], new_axis=kind(0)), LINE[None])
    same(cube.rechunk(-1).map_blocks(lambda b: b[0], drop_axis=kind(0)), CUBE[0])


# what NumPy's functions are given after the array: by place and by name, in NumPy's order
GIVEN: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("sum", (0, None, None, True), {}),
    ("mean", (0, None, None, True), {}),
    ("max", (0, None, True), {}),
    ("std", (0, None, None, 1), {}),
    ("var", (0, None, None, 1, True), {}),
    ("diff", (1, 0), {}),
    ("argmax", (0, None), {"keepdims": True}),
    ("round", (1, None), {}),
    ("take", ([1, 0],), {"axis": 0, "mode": "raise"}),
    ("reshape", (-1, "C"), {}),
    ("ravel", ("C",), {}),
    ("reshape", ((2, 6), "F"), {}),
    ("ravel", (), {"order": "F"}),
    ("average", (0,), {"returned": False}),
    ("nan_to_num", (True, 1.5), {}),
    ("isclose", (3.0, 1e-3, 1e-3, True), {}),
    ("expand_dims", (), {"axis": 0}),
    ("tile", (), {"reps": (2, 1)}),
    ("moveaxis", (), {"source": 0, "destination": -1}),
    ("broadcast_to", (), {"shape": (2, 3, 4)}),
    ("prod", (0,), {"initial": 2}),
    ("min", (0,), {"initial": 5.0, "where": [True, False, True, False]}),
    ("clip", (1, 2), {}),
    ("clip", (), {"a_min": 1, "a_max": 2}),
    ("cumsum", (0, "f4"), {}),
    ("trace", (1,), {}),
    ("ones_like", ("f4",), {}),
]


@pytest.mark.parametrize(("name", "args", "keywords"), GIVEN)
def test_numpys_functions_take_arguments_by_their_names(
    name: str, args: Any, keywords: Any
) -> None:
    values = np.arange(12.0).reshape(3, 4) / 3
    lazy = xp.from_array(values, chunks=2)
    call = getattr(np, name)
    same(call(lazy, *args, **keywords), call(values, *args, **keywords), rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: np.ravel(x, order="K"), "order"),
        (lambda x: np.average(x, keepdims=True, weight=1), "weight"),
        (lambda x: np.strings.multiply(x, 2), "strings"),
        (lambda x: x.sum(axis=0, dtype="zz"), "zz"),
    ],
)
def test_arguments_that_are_not_there_are_named(call: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        call(xp.ones((2, 2)))


def test_what_is_known_without_computing_is_told_to_numpy() -> None:
    lazy = xp.ones((2, 3))
    assert (np.shape(lazy), np.ndim(lazy), np.size(lazy), np.size(lazy, 1)) == ((2, 3), 2, 6, 3)
    assert not np.iscomplexobj(lazy)


@LIGHT
@given(
    pairs(["f8", "u1", "M8[D]"]),
    st.sampled_from(["flip", "squeeze", "expand_dims", "unstack", "repeat", "swapaxes", "diff"]),
    st.data(),
)
def test_axes_are_checked_as_numpy_checks_them(pair: Any, name: str, data: st.DataObject) -> None:
    values, lazy = pair
    several = name in ("flip", "squeeze", "expand_dims")
    axis = data.draw(axes_of(values.ndim, several=several))
    args: tuple[Any, ...] = (2,) if name == "repeat" else (0,) if name == "swapaxes" else ()
    if name in ("expand_dims", "swapaxes", "unstack", "diff") and axis is None:
        axis = 0
    word = "axis2" if name == "swapaxes" else "axis"
    if name == "swapaxes" and not values.ndim:
        return
    agree(
        lambda: getattr(np, name)(values, *args, **{word: axis}),
        lambda: getattr(xp, name)(lazy, *args, **{word: axis}),
    )


def test_functions_of_blocks_read_the_handles_and_lazy_arrays_that_they_capture() -> None:
    values = np.arange(300_000.0)
    lazy = xp.from_array(values, chunks=70_000)
    handle, total = sf.put(values[:5]), lazy.sum()
    captured = lazy.map_blocks(lambda b: b + total.compute() + sf.get(handle)[4], dtype=float)
    same(captured, values + values.sum() + 4, rtol=1e-12)
    sf.shutdown()  # workers keep a function, and with it what it captures
