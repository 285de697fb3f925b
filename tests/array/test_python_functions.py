"""frompyfunc and vectorize: Python functions of elements, as NumPy calls them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import shframe.array as xp
from shframe.errors import InvalidArgument, UnsupportedType
from tests.array.arrays import LIGHT, compare

pytestmark = pytest.mark.usefixtures("session")

SOME = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=6)
ALL = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=6)
KINDS = ("bool", "i2", "u1", "f4", "f8", "c16")


def twice(element: Any) -> Any:
    return element * 2


def larger(one: Any, other: Any = 3) -> Any:
    return (one if abs(one) > other else other), bool(one)


CASES: list[Any] = [
    ("learned", SOME, lambda m, x: m.vectorize(twice)(x)),
    ("comparison", SOME, lambda m, x: m.vectorize(lambda p: p == 1)(x)),
    ("first_decides", SOME, lambda m, x: m.vectorize(lambda p: 1 if p == 0 else 2.5)(x)),
    ("told", ALL, lambda m, x: m.vectorize(twice, otypes=["c16"])(x)),
    ("told_by_letter", ALL, lambda m, x: m.vectorize(lambda p: p != 0, otypes="d")(x)),
    ("none_to_learn_from", ALL, lambda m, x: m.vectorize(twice)(x[:0] if x.ndim else x)),
    ("two", SOME, lambda m, x: m.vectorize(larger, otypes=["O", "?"])(x)),
    ("broadcast", SOME, lambda m, x: m.vectorize(larger, otypes="O?")(x, x[..., :1])),
    ("by_name", SOME, lambda m, x: m.vectorize(larger, otypes="O?")(x, other=x[:1])),
    ("excluded", SOME, lambda m, x: m.vectorize(lambda p, c: len(c), excluded=[1])(x, [1, 2])),
    ("excluded_name", SOME, lambda m, x: m.vectorize(lambda p, c: c[0], excluded=["c"])(x, c=[7])),
    ("core", SOME, lambda m, x: m.vectorize(lambda p: p.sum(), "D", signature="(n)->()")(x)),
    ("objects", ALL, lambda m, x: m.frompyfunc(lambda p: type(p).__name__, 1, 1)(x)),
    ("several_objects", SOME, lambda m, x: m.frompyfunc(larger, 2, 2)(x, 1)),
    ("too_few", SOME, lambda m, x: m.frompyfunc(larger, 2, 2)(x)),
    ("raises", SOME, lambda m, x: m.vectorize(lambda p: 1 / 0)(x)),
]


@pytest.mark.parametrize(("shapes", "call"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
@LIGHT
@given(data=st.data())
def test_as_numpy(shapes: Any, call: Any, data: st.DataObject) -> None:
    compare(call, data, KINDS, shapes, finite=True)


def test_what_is_no_function() -> None:
    for make in (lambda: xp.frompyfunc(3, 1, 1), lambda: xp.vectorize(3)):
        with pytest.raises(TypeError):
            make()
    with pytest.raises(InvalidArgument, match="at least 1"):
        xp.frompyfunc(twice, 0, 1)
    with pytest.raises(InvalidArgument, match="args can not be empty"):
        xp.vectorize(twice)()


def test_strings_have_a_length() -> None:
    values = np.arange(4)
    lazy = xp.from_array(values, chunks=3)
    with pytest.raises(UnsupportedType, match="otypes"):
        xp.vectorize(lambda n: "a" * n)(lazy + 1)
    with pytest.raises(UnsupportedType, match="otypes"):
        xp.vectorize(str, otypes="U")
    made = xp.vectorize(lambda n: "a" * n, otypes=["U3"])(lazy).compute()
    assert made.tolist() == ["", "a", "aa", "aaa"]
