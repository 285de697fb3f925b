"""Results put into what is there: `out=`, ufunc.at, put(), and the options of ufuncs."""

from __future__ import annotations

import copy
import operator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import shframe.array as xp
from shframe.errors import UnsupportedType
from tests.array.arrays import ERRORS, LIGHT, agree, grids, quiet, same, values_of

pytestmark = pytest.mark.usefixtures("session")
UFUNCS = ("add", "subtract", "multiply", "maximum", "minimum", "logical_or", "negative", "square")
KINDS = ("bool", "i1", "i8", "u2", "f4", "f8", "c16")
SHAPES = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=6)
CASTING = ("no", "equiv", "safe", "same_kind", "unsafe")


def drawn(data: st.DataObject, dtype: str, shape: tuple[int, ...]) -> Any:
    return data.draw(hnp.arrays(dtype, shape, elements=values_of(dtype, finite=True)))


def lazily(data: st.DataObject, values: Any) -> xp.Array:
    return xp.from_array(values, chunks=data.draw(grids(values.shape)))


@LIGHT
@given(data=st.data())
def test_at(data: st.DataObject) -> None:
    shape = data.draw(SHAPES)
    values = drawn(data, data.draw(st.sampled_from(KINDS)), shape)
    lazy = lazily(data, values)
    places = st.lists(st.integers(-shape[0], shape[0] - 1), max_size=9)
    parts = st.slices(shape[0]) | st.integers(-shape[0], shape[0])
    index: Any = data.draw(places.map(lambda found: np.array(found, np.intp)) | parts)
    if len(shape) > 1 and data.draw(st.booleans()):
        index = (index, data.draw(st.slices(shape[1]) | st.integers(0, shape[1])))
    if data.draw(st.booleans()):
        index = data.draw(hnp.arrays(bool, shape))
    ufunc = getattr(np, data.draw(st.sampled_from(UFUNCS)))
    others = [data.draw(st.sampled_from([2, 1.5, True, np.int8(3)]))][: ufunc.nin - 1]
    if others and data.draw(st.booleans()):
        try:
            wanted = values[index].shape
        except IndexError:
            wanted = (2,)
        others = [drawn(data, data.draw(st.sampled_from(KINDS)), wanted)]
    expected = values.copy()
    try:
        quiet(lambda: ufunc.at(expected, index, *others))
    except ERRORS as error:
        kinds = tuple(kind for kind in ERRORS if isinstance(error, kind))
        with pytest.raises(kinds):
            quiet(lambda: ufunc.at(lazy, index, *others))
        return
    room = data.draw(st.sampled_from([np, xp]))
    quiet(lambda: getattr(room, ufunc.__name__).at(lazy, index, *others))
    same(lazy, expected, rtol=1e-6)


def test_at_of_numpys_array_takes_lazy_ones() -> None:
    values = np.zeros(4)
    np.add.at(values, (xp.from_array([0, 1, 0], chunks=2),), xp.from_array([1.0, 2.0, 3.0]))
    assert values.tolist() == [4.0, 2.0, 0.0, 0.0]


@LIGHT
@given(data=st.data())
def test_options_of_ufuncs(data: st.DataObject) -> None:
    shape = data.draw(SHAPES)
    one, other = (drawn(data, data.draw(st.sampled_from(KINDS)), shape) for _ in range(2))
    ufunc = data.draw(st.sampled_from(["add", "multiply", "power", "less", "divmod", "sqrt"]))
    how: dict[str, Any] = {"casting": data.draw(st.sampled_from(CASTING))}
    if data.draw(st.booleans()):
        how["dtype"] = data.draw(st.sampled_from(KINDS))
    if data.draw(st.booleans()):
        how |= {"order": data.draw(st.sampled_from("CKA")), "subok": False}
    given_ = [one, other][: getattr(np, ufunc).nin]
    lazy = [lazily(data, values) for values in given_]
    room = data.draw(st.sampled_from([np, xp]))
    agree(
        lambda: getattr(np, ufunc)(*given_, **how),
        lambda: getattr(room, ufunc)(*lazy, **how),
        rtol=1e-6,
    )


@LIGHT
@given(data=st.data())
def test_out_and_where_of_ufuncs(data: st.DataObject) -> None:
    shape = data.draw(SHAPES)
    one, other = (drawn(data, data.draw(st.sampled_from(KINDS)), shape) for _ in range(2))
    ufunc = getattr(np, data.draw(st.sampled_from(["add", "less", "divmod", "isfinite", "modf"])))
    wide = data.draw(st.sampled_from([shape, (2, *shape), (*shape[:-1], 7), (1, *shape)]))
    outs = [drawn(data, data.draw(st.sampled_from(KINDS)), wide) for _ in range(ufunc.nout)]
    mask: Any = data.draw(hnp.arrays(bool, shape) | st.just(True) | hnp.arrays(bool, shape[-1:]))
    casting = data.draw(st.sampled_from(["same_kind", "unsafe"]))
    operands = [one, other][: ufunc.nin]
    lazy = [lazily(data, values) for values in operands]
    into = [lazily(data, values) for values in outs]
    spread = lazily(data, mask) if isinstance(mask, np.ndarray) else mask
    room = data.draw(st.sampled_from([np, xp]))

    def numpys() -> Any:
        return ufunc(*operands, out=tuple(outs), where=mask, casting=casting)

    def ours() -> Any:
        call = getattr(room, ufunc.__name__)
        made = call(*lazy, out=tuple(into), where=spread, casting=casting)
        parts = made if isinstance(made, tuple) else (made,)
        assert all(part is out for part, out in zip(parts, into, strict=True))
        return made

    agree(numpys, ours, rtol=1e-6)


OUTS: list[Any] = [
    *[(name, (), {"axis": 0}) for name in ("sum", "mean", "std", "max", "any", "argmin", "cumsum")],
    *[(name, (), {}) for name in ("round", "ravel_not", "trace", "argmax", "prod", "all", "var")],
    ("clip", (1, 2), {}),
    ("take", ([1, 0],), {"axis": 1}),
    ("compress", ([True, False],), {"axis": 0}),
    ("dot", ("x",), {}),
    ("matmul", ("x",), {}),
    ("einsum", (), {}),
]


@pytest.mark.parametrize(
    ("name", "args", "how"), [each for each in OUTS if each[0] != "ravel_not"], ids=lambda v: str(v)
)
def test_out_of_functions_and_methods(name: str, args: Any, how: Any) -> None:
    values = np.arange(9.0).reshape(3, 3) - 4
    lazy = xp.from_array(values, chunks=2)
    call: Any = {
        "compress": lambda m, x, *a, **k: m.compress(*a, x, **k),
        "einsum": lambda m, x, *a, **k: m.einsum("ij,jk", x, x, **k),
    }.get(name, lambda m, x, *a, **k: getattr(m, name)(x, *a, **k))
    theirs, mine = ([x if each == "x" else each for each in args] for x in (values, lazy))
    expected = np.asarray(call(np, values, *theirs, **how))
    ways = [(call, xp), (call, np)]
    if hasattr(np.ndarray, name):
        ways.append((lambda m, x, *a, **k: getattr(x, name)(*a, **k), None))
    for way, room in ways:
        out = xp.zeros(expected.shape, expected.dtype)
        assert way(room, lazy, *mine, **how, out=out) is out
        same(out, expected, rtol=1e-12)


def test_out_of_methods_of_ufuncs() -> None:
    values = np.arange(6).reshape(2, 3)
    lazy = xp.from_array(values, chunks=(1, 2))
    for name, args in (
        ("add.reduce", (1,)),
        ("multiply.accumulate", (1,)),
        ("maximum.reduceat", ([0, 1], 1)),
        ("add.outer", (values,)),
    ):
        for room in (np, xp):
            expected = operator.attrgetter(name)(np)(values, *args)
            out = xp.zeros(expected.shape, expected.dtype)
            assert operator.attrgetter(name)(room)(lazy, *args, out=out) is out
            same(out, expected)


def test_what_an_out_cannot_take_is_said_in_numpys_words() -> None:
    lazy = xp.arange(3, chunks=2)
    with pytest.raises(TypeError, match=r"^Cannot cast ufunc 'add' output from dtype\('float64'\)"):
        xp.add(lazy, 1.5, out=xp.zeros(3, "i8"))
    with pytest.raises(ValueError, match=r"^non-broadcastable output operand with shape"):
        xp.add(lazy, 1, out=xp.zeros(2, "i8"))
    with pytest.raises(TypeError, match=r"^Cannot cast ufunc 'add' input 1 from"):
        xp.add(lazy, xp.ones(3), dtype="i8")
    with pytest.raises(UnsupportedType, match="does not support order=F"):
        xp.add(lazy, 1, order="F")


@pytest.mark.parametrize("mode", ["raise", "wrap", "clip"])
@pytest.mark.parametrize("room", [np, xp])
def test_put(mode: str, room: Any) -> None:
    for indices, values in (([0, -1], [7, 8, 9]), ([[3, 4]], 5), ([9, -9], 1), ([], 1), ([1], [])):
        expected = np.arange(6).reshape(2, 3)
        lazy = xp.from_array(expected, chunks=2)
        try:
            np.put(expected, np.array(indices, int), values, mode)
        except IndexError:
            with pytest.raises(IndexError):
                room.put(lazy, np.array(indices, int), values, mode)
            continue
        room.put(lazy, np.array(indices, int), values, mode)
        same(lazy, expected)


def test_methods_of_an_array_as_numpy_has_them() -> None:
    values = np.array([[3 + 1j, 1], [2, 5 - 2j]])
    lazy = xp.from_array(values, chunks=1)
    same(lazy.conjugate(), values.conjugate())
    same(copy.copy(lazy), values)
    same(copy.deepcopy(lazy), values)
    line = xp.from_array([3, 1, 2], chunks=2)
    line.partition(1)
    assert line[1].compute() == 2
    assert (xp.add.identity, xp.add.nargs, xp.divmod.nout) == (0, 3, 2)
