"""Each public function is named in a table of calls that are compared with NumPy's; here are those
that no chapter's own table has, and the arguments of all."""

from __future__ import annotations

import operator
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shframe.array as xp
from tests.array.arrays import LIGHT, compare, near, same
from tests.array.test_superset import ALL, ANY, FLOATS, LINES, SOME, SQUARE, TABLES, named

pytestmark = pytest.mark.usefixtures("session")

F8: Any = ("f8",)
IC = "inverted_cdf"
INTS: Any = ("i2", "i8", "u1")
WORDS: Any = ("bool", "i2", "u4")
REALS: Any = ("i2", "i8", "f4", "f8")

ONE_REAL = (
    *(
        "acos",
        "acosh",
        "arccos",
        "arccosh",
        "arcsinh",
        "arctan",
        "arctanh",
        "asin",
        "asinh",
        "atan",
    ),
    *("atanh", "cbrt", "ceil", "cos", "cosh", "deg2rad", "degrees", "exp2", "expm1", "fabs", "fix"),
    *("log1p", "log2", "rad2deg", "radians", "reciprocal", "rint", "signbit", "sinc", "sinh"),
    *("spacing", "tan", "tanh", "trunc", "isneginf", "isposinf", "iscomplex", "isreal", "positive"),
)
TWO_REAL = (
    *("copysign", "float_power", "floor_divide", "fmax", "fmin", "fmod", "greater", "less"),
    *("greater_equal", "less_equal", "heaviside", "logaddexp2", "logical_or", "logical_xor"),
    *("nextafter", "remainder", "true_divide"),
)
TWO_WORDS = ("bitwise_and", "bitwise_or", "bitwise_xor")


def call_one(name: str, **how: Any) -> Any:
    return lambda m, x: getattr(m, name)(x, **how)


def _hazen(m: Any, name: str, x: Any, q: Any, axis: Any) -> Any:
    return getattr(m, name)(x, q, axis=axis, keepdims=True, method="hazen")


def mask_of(m: Any, x: Any) -> Any:
    return (x > 0) if x.ndim else True


ELEMENTWISE: list[Any] = [
    *[(name, REALS, ALL, call_one(name)) for name in ONE_REAL],
    *[(name, REALS, ALL, lambda m, x, n=name: getattr(m, n)(x, 2)) for name in TWO_REAL],
    *[
        (f"{name}_back", F8, SOME, lambda m, x, n=name: getattr(m, n)(x, x[::-1]))
        for name in TWO_REAL
    ],
    *[(name, WORDS, ALL, lambda m, x, n=name: getattr(m, n)(x, x)) for name in TWO_WORDS],
    ("conjugate", ANY, ALL, call_one("conjugate")),
    ("logical_not", ANY, ALL, call_one("logical_not")),
    ("bitwise_count", INTS, ALL, call_one("bitwise_count")),
    ("bitwise_not", WORDS, ALL, call_one("bitwise_not")),
    ("bitwise_invert", WORDS, ALL, call_one("bitwise_invert")),
    ("gcd", INTS, ALL, lambda m, x: m.gcd(x, 12)),
    ("lcm", ("i8",), ALL, lambda m, x: m.lcm(x % 7, 4)),
    ("left_shift", INTS, ALL, lambda m, x: m.left_shift(x, 1)),
    ("right_shift", INTS, ALL, lambda m, x: m.right_shift(x, 1)),
    ("bitwise_left_shift", INTS, ALL, lambda m, x: m.bitwise_left_shift(x, 1)),
    ("bitwise_right_shift", INTS, ALL, lambda m, x: m.bitwise_right_shift(x, 1)),
    ("frexp", FLOATS, ALL, call_one("frexp")),
    ("modf", FLOATS, ALL, call_one("modf")),
    ("around", F8, ALL, call_one("around", decimals=-1)),
    ("round", F8, ALL, call_one("round", decimals=1)),
    ("dtype", ("f4", "i2"), ALL, lambda m, x: m.add(x, 1, dtype="f8")),
    ("angle", ("c16", "f8"), ALL, call_one("angle", deg=True)),
    ("nan_to_num", F8, ALL, call_one("nan_to_num", nan=1.0, posinf=2.0, neginf=-3.0)),
    ("clip_min", REALS, ALL, call_one("clip", a_min=1, a_max=None)),
    ("clip_max", REALS, ALL, call_one("clip", max=2)),
    ("clip_dtype", REALS, ALL, lambda m, x: m.clip(x, 0, 2, dtype="f4")),
    ("clip_casting", REALS, ALL, lambda m, x: m.clip(x, 0, 2, dtype="i2", casting="safe")),
    *[
        (f"{name}_overwritten", F8, SOME, call_one(name, axis=0, overwrite_input=True))
        for name in ("median", "nanmedian")
    ],
    ("isclose", F8, SOME, lambda m, x: m.isclose(x, x[::-1], rtol=1, atol=0.5, equal_nan=True)),
    ("allclose", F8, SOME, lambda m, x: m.allclose(x, x[::-1], rtol=1, atol=2, equal_nan=True)),
]
WHERE: list[Any] = [
    *[
        (
            f"{name}_{axis}",
            FLOATS,
            SOME,
            lambda m, x, n=name, a=axis: getattr(m, n)(x, axis=a, keepdims=True, where=x > 0),
        )
        for name in ("sum", "prod", "mean", "var", "std", "nansum", "nanprod", "nanmean", "nanvar")
        for axis in (None, 0)
    ],
    *[
        (name, REALS, SOME, lambda m, x, n=name: getattr(m, n)(x, axis=-1, where=mask_of(m, x)))
        for name in ("mean", "var", "std", "all", "any", "nanstd", "nansum", "nanmean")
    ],
    *[
        (
            f"{name}_initial",
            REALS,
            ALL,
            lambda m, x, n=name: getattr(m, n)(x, axis=0, keepdims=True, initial=2, where=x > 1),
        )
        for name in ("sum", "prod", "min", "max", "amin", "amax", "nanmin", "nanmax", "nanprod")
    ],
    *[
        (
            f"{name}_ddof",
            F8,
            SOME,
            lambda m, x, n=name: getattr(m, n)(x, axis=0, dtype="f8", ddof=1),
        )
        for name in ("var", "std", "nanvar", "nanstd")
    ],
    *[
        (f"{name}_correction", F8, SOME, lambda m, x, n=name: getattr(m, n)(x, 0, correction=1))
        for name in ("var", "std", "nanvar", "nanstd")
    ],
    ("var_where", ("c16",), SOME, lambda m, x: m.var(x, axis=0, where=x.real > 0)),
    *[
        (name, REALS, SOME, lambda m, x, n=name: getattr(m, n)(x, axis=0, keepdims=True))
        for name in ("argmin", "argmax", "nanargmin", "nanargmax", "count_nonzero", "ptp", "median")
    ],
    *[
        (name, REALS, SOME, lambda m, x, n=name: getattr(m, n)(x, axis=0, dtype="f8"))
        for name in ("cumsum", "cumprod", "nancumsum", "nancumprod", "nansum", "nanprod", "prod")
    ],
    *[
        (
            name,
            REALS,
            LINES,
            lambda m, x, n=name: getattr(m, n)(x, dtype="f8", include_initial=True),
        )
        for name in ("cumulative_sum", "cumulative_prod")
    ],
]
MAKING: list[Any] = [
    ("full_like", ANY, ALL, lambda m, x: m.full_like(x, 1, dtype="f4", shape=(2, 3))),
    ("zeros_like", ANY, ALL, lambda m, x: m.zeros_like(x, shape=4)),
    ("ones_like", REALS, ALL, lambda m, x: m.ones_like(x, shape=())),
    ("empty_like", ANY, ALL, lambda m, x: m.empty_like(x, dtype="i2") * 0),
    ("array", ANY, ALL, lambda m, x: m.array(x, dtype="c16", ndmin=3)),
    ("asanyarray", REALS, ALL, lambda m, x: m.asanyarray(x)),
    ("linspace", F8, LINES, lambda m, x: m.linspace(0, 7, num=len(x), endpoint=False)),
    ("linspace_step", F8, LINES, lambda m, x: m.linspace(0, 3, len(x) + 2, retstep=True)[0]),
    ("logspace", F8, LINES, lambda m, x: m.logspace(0, 3, num=len(x), endpoint=False, base=2.0)),
    ("logspace_dtype", F8, LINES, lambda m, x: m.logspace(0, 3, 4, dtype="f4")),
    ("meshgrid", REALS, LINES, lambda m, x: m.meshgrid(x, x[:2], sparse=True)),
    ("meshgrid_ij", REALS, LINES, lambda m, x: m.meshgrid(x, x[:2], indexing="ij")),
    ("indices", F8, LINES, lambda m, x: m.indices((len(x), 3), dtype="i2", sparse=True)),
    ("fromfunction", F8, LINES, lambda m, x: m.fromfunction(lambda i, j: i + 2 * j, (len(x), 3))),
    ("tri", F8, LINES, lambda m, x: m.tri(len(x), 3, k=-1, dtype="i2")),
    ("eye", F8, LINES, lambda m, x: m.eye(len(x), 4, k=1, dtype="f4")),
    ("identity", F8, LINES, lambda m, x: m.identity(len(x), dtype="i4")),
    ("tril_indices", F8, LINES, lambda m, x: m.tril_indices(len(x), k=1, m=3)),
    ("triu_indices", F8, LINES, lambda m, x: m.triu_indices(len(x), k=-1, m=4)),
    ("tril_indices_from", F8, TABLES, lambda m, x: m.tril_indices_from(x, k=1)),
    ("triu_indices_from", F8, TABLES, lambda m, x: m.triu_indices_from(x, k=-1)),
    ("atleast_1d", ANY, ALL, lambda m, x: m.atleast_1d(x, x)),
    ("atleast_2d", ANY, ALL, lambda m, x: m.atleast_2d(x, x)),
    ("atleast_3d", ANY, ALL, lambda m, x: m.atleast_3d(x, x)),
    ("broadcast_arrays", ANY, SOME, lambda m, x: m.broadcast_arrays(x, x[:1])),
    ("tril_line", REALS, LINES, lambda m, x: m.tril(x, 1)),
    ("triu_line", REALS, LINES, lambda m, x: m.triu(x, -1)),
]
ORDERING: list[Any] = [
    ("take_wrap", ANY, SOME, lambda m, x: m.take(x, [-9, 0, 11], axis=0, mode="wrap")),
    ("take_clip", ANY, SOME, lambda m, x: m.take(x, [-9, 0, 11], axis=-1, mode="clip")),
    ("partition", REALS, LINES, lambda m, x: m.partition(x, len(x) // 2)[len(x) // 2]),
    (
        "argpartition",
        REALS,
        LINES,
        lambda m, x: x[m.argpartition(x, len(x) // 2, kind="introselect")][len(x) // 2],
    ),
    ("flatnonzero", ANY, ALL, call_one("flatnonzero")),
    ("compress", ANY, SOME, lambda m, x: m.compress([True, False], x[:2], axis=0)),
    ("sort_kind", REALS, SOME, lambda m, x: m.sort(x, axis=0, kind="stable")),
    ("lexsort_axis", REALS, TABLES, lambda m, x: m.lexsort((x, x[::-1]), axis=0)),
    ("unique_nan", FLOATS, ALL, lambda m, x: m.unique(x, equal_nan=False)),
    ("isin_kind", INTS, ALL, lambda m, x: m.isin(x, [1, 2], assume_unique=False, kind="sort")),
    *[
        (name, ("i8",), LINES, lambda m, x, n=name: getattr(m, n)(m.unique(x), [1, 3], True))
        for name in ("intersect1d", "setdiff1d", "setxor1d")
    ],
    ("interp", F8, LINES, lambda m, x: m.interp(x, [0.0, 1.0], [1.0, 3.0], left=-1.0, right=9.0)),
    ("interp_period", F8, LINES, lambda m, x: m.interp(x % 50, [0.0, 1.0], [1.0, 3.0], period=2.0)),
    ("choose", ("u1",), ALL, lambda m, x: m.choose(x % 2, choices=[x, 5])),
    ("put_along", REALS, LINES, lambda m, x: x[m.argsort(x, kind="stable")]),
    ("rollaxis", ANY, SOME, lambda m, x: m.rollaxis(x, axis=-1, start=0)),
    ("moveaxis", ANY, SOME, lambda m, x: m.moveaxis(x, source=0, destination=-1)),
    ("stack", INTS, SOME, lambda m, x: m.stack([x, x], axis=-1, dtype="f4", casting="same_kind")),
    ("vstack", INTS, SOME, lambda m, x: m.vstack([x, x], dtype="f8", casting="safe")),
    ("hstack", INTS, SOME, lambda m, x: m.hstack([x, x], dtype="f8", casting="safe")),
    ("concat", INTS, SOME, lambda m, x: m.concat([x, x], axis=None, casting="unsafe")),
    ("diff", REALS, SOME, lambda m, x: m.diff(x, n=2, axis=0)),
    ("trace", REALS, TABLES, lambda m, x: m.trace(x, offset=1, axis1=1, axis2=0, dtype="f8")),
    ("repeat", ANY, SOME, lambda m, x: m.repeat(x, repeats=2)),
    ("searchsorted", F8, LINES, lambda m, x: m.searchsorted(m.sort(x), v=[0.0, 1.0])),
    ("flip", ANY, SOME, lambda m, x: m.flip(x, axis=(0, -1)) if x.ndim > 1 else m.flip(x)),
    ("array_equal", F8, ALL, lambda m, x: m.array_equal(x, x, equal_nan=True)),
]
NUMBERS: list[Any] = [
    *[
        (
            f"{name}_{axis}",
            F8,
            SOME,
            lambda m, x, n=name, q=q, a=axis: _hazen(m, n, x, q, a),
        )
        for name, q in (("nanquantile", [0.2, 0.9]), ("nanpercentile", 40), ("percentile", [70]))
        for axis in (None, 0)
    ],
    ("nanmedian", F8, SOME, lambda m, x: m.nanmedian(x, axis=-1, keepdims=True)),
    ("quantile_weights", F8, LINES, lambda m, x: m.quantile(x, 0.5, weights=abs(x) + 1, method=IC)),
    ("vdot", ("f8", "c16"), LINES, lambda m, x: m.vdot(x, x)),
    ("cross", F8, LINES, lambda m, x: m.cross(m.stack([x] * 3), m.stack([x + 1] * 3), 0, 0, 0)),
    ("cov", F8, TABLES, lambda m, x: m.cov(x, y=x[::-1], rowvar=True, bias=True)),
    ("cov_weights", F8, LINES, lambda m, x: m.cov(x, fweights=[1] * len(x), aweights=abs(x) + 1)),
    ("histogram_bin_edges", F8, LINES, lambda m, x: m.histogram_bin_edges(x, bins=3, range=(0, 4))),
    (
        "histogramdd",
        F8,
        LINES,
        lambda m, x: m.histogramdd(m.stack([x, x[::-1]], 1), bins=(2, 3), density=False)[0],
    ),
    (
        "histogram2d",
        F8,
        LINES,
        lambda m, x: m.histogram2d(x, x[::-1], bins=2, range=[[0, 9], [0, 4]], weights=x)[0],
    ),
    ("unwrap", F8, LINES, lambda m, x: m.unwrap(x, discont=2.0, period=5.0)),
    ("trapezoid", F8, LINES, lambda m, x: m.trapezoid(x, x=m.arange(len(x)) * 2.0)),
    ("gradient", F8, LINES, lambda m, x: m.gradient(m.append(x, x), m.arange(2 * len(x)) * 2.0)),
    ("einsum", F8, SQUARE, lambda m, x: m.einsum("ij,jk,kl", x, x, x, optimize=True)),
    ("ifft2", ("c16",), TABLES, lambda m, x: m.fft.ifft2(x, s=(3, 4), axes=(0, 1), norm="ortho")),
    ("rfft2", F8, TABLES, lambda m, x: m.fft.rfft2(x, s=(3, 4), norm="forward")),
    ("irfft2", ("c16",), TABLES, lambda m, x: m.fft.irfft2(x, s=(3, 4), axes=(0, 1))),
    ("fftfreq", F8, LINES, lambda m, x: m.fft.fftfreq(len(x), d=0.5)),
    ("rfftfreq", F8, LINES, lambda m, x: m.fft.rfftfreq(len(x), d=0.5)),
    ("fft_n", F8, SOME, lambda m, x: m.fft.fft(x, n=3, axis=0, norm="ortho")),
    ("rfftn", F8, TABLES, lambda m, x: m.fft.rfftn(x, s=(3, 4), axes=(0, 1), norm="ortho")),
    ("matrix_norm", F8, TABLES, lambda m, x: m.linalg.matrix_norm(x, ord=1, keepdims=True)),
    ("vector_norm", F8, SOME, lambda m, x: m.linalg.vector_norm(x, axis=0, keepdims=True)),
    ("norm", F8, TABLES, lambda m, x: m.linalg.norm(x, axis=0, keepdims=True)),
    ("multi_dot", F8, SQUARE, lambda m, x: m.linalg.multi_dot([x, x, x])),
    ("linalg_vecdot", F8, SQUARE, lambda m, x: m.linalg.vecdot(x, x, axis=0)),
    ("linalg_trace", F8, SQUARE, lambda m, x: m.linalg.trace(x, offset=1, dtype="f8")),
    ("eigvals", F8, SQUARE, lambda m, x: m.real(m.linalg.eigvals(m.tril(x % 3))).sum()),
    ("eigh", F8, SQUARE, lambda m, x: m.linalg.eigh(x % 3, UPLO="U")[0]),
    ("svd", F8, TABLES, lambda m, x: m.linalg.svd(x % 3, compute_uv=False)),
    ("matrix_rank", F8, TABLES, lambda m, x: m.linalg.matrix_rank(x % 3, tol=0.5)),
    ("pinv", F8, TABLES, lambda m, x: m.linalg.pinv(x % 3, rcond=1e-3)),
    ("lstsq", F8, SQUARE, lambda m, x: m.linalg.lstsq(x % 2 + 9 * m.eye(len(x)), x, rcond=None)[0]),
]


@named(ELEMENTWISE)
@LIGHT
@given(data=st.data())
def test_elementwise(dtypes: Any, shapes: Any, call: Any, data: st.DataObject) -> None:
    compare(call, data, dtypes, shapes, rtol=1e-6)


@named(WHERE)
@LIGHT
@given(data=st.data())
def test_reductions(dtypes: Any, shapes: Any, call: Any, data: st.DataObject) -> None:
    compare(call, data, dtypes, shapes, finite=True, rtol=1e-4, atol=1e-2)


@named([*MAKING, *ORDERING])
@LIGHT
@given(data=st.data())
def test_making_and_ordering(dtypes: Any, shapes: Any, call: Any, data: st.DataObject) -> None:
    compare(call, data, dtypes, shapes, finite=True, rtol=1e-6)


@named(NUMBERS)
@LIGHT
@given(data=st.data())
def test_numbers(dtypes: Any, shapes: Any, call: Any, data: st.DataObject) -> None:
    compare(call, data, dtypes, shapes, finite=True, rtol=1e-5, atol=1e-3)


def test_topk_is_the_end_of_what_is_sorted() -> None:
    values = np.random.default_rng(0).permutation(100).reshape(5, 20)
    lazy = xp.from_array(values, chunks=(2, 7))
    for array in (xp.topk(lazy, 3, axis=1), lazy.topk(3, axis=1)):
        same(array, np.sort(values, axis=1)[:, :-4:-1])
    places = xp.argtopk(lazy, 3, axis=1).compute()
    np.testing.assert_array_equal(places, lazy.argtopk(3, axis=1).compute())
    np.testing.assert_array_equal(
        np.take_along_axis(values, places, 1), np.sort(values, axis=1)[:, :-4:-1]
    )


def test_eig_has_vectors_for_its_values() -> None:
    values = np.random.default_rng(0).random((6, 6))
    made = xp.linalg.eig(xp.from_array(values, chunks=2))
    w, v = (each.compute() for each in made)
    np.testing.assert_allclose(values @ v, v * w, **near("f8", values))


def test_the_wide_and_the_tall_are_decomposed_by_blocks() -> None:
    values = np.random.default_rng(0).random((4, 60))
    for given_, chunks in ((values, (4, 20)), (values.T, (20, 4))):
        lazy = xp.from_array(given_, chunks=chunks)
        expected = np.linalg.svd(given_, compute_uv=False)
        np.testing.assert_allclose(xp.linalg.svdvals(lazy).compute(), expected)
        u, s, v = (each.compute() for each in xp.linalg.svd(lazy, full_matrices=False))
        np.testing.assert_allclose(u * s @ v, given_)


def test_an_option_of_numpys_is_not_taken_for_another() -> None:
    for call in (
        lambda: xp.zeros((2, 2), "f8", order="F"),
        lambda: xp.asarray([1], None, order="C"),
        lambda: xp.identity(2, "f8", like=3),
    ):
        with pytest.raises(TypeError, match=r"order|like"):
            call()


@pytest.mark.parametrize(
    ("name", "arrays", "others"),
    [
        ("sum", ["a"], {"axis": 1}),
        ("isclose", ["a", "b"], {"rtol": 1.0}),
        ("swapaxes", ["a"], {"axis1": 0, "axis2": 1}),
        ("tile", ["A"], {"reps": 2}),
        ("roll", ["a"], {"shift": 1}),
        ("tensordot", ["a", "b"], {"axes": 2}),
        ("insert", ["arr"], {"obj": 1, "values": 7}),
        ("quantile", ["a"], {"q": 0.5}),
        ("diag", ["v"], {"k": 1}),
        ("triu", ["m"], {"k": 1}),
        ("take", ["a"], {"indices": [1]}),
        ("linalg.norm", ["x"], {"ord": 1}),
    ],
)
def test_arguments_have_numpys_names(name: str, arrays: list[str], others: Any) -> None:
    values = np.arange(6.0).reshape(2, 3)
    lazy = xp.from_array(values, chunks=1)
    one, other = (operator.attrgetter(name)(room) for room in (np, xp))
    expected = one(**dict.fromkeys(arrays, values), **others)
    made = other(**dict.fromkeys(arrays, lazy), **others)
    np.testing.assert_allclose(made.compute(), expected)


def test_dtypes_and_shapes_are_asked_of_numpy() -> None:
    for dtype in ("uint8", "uint16", "uint32", "int32", "float64", "complex64", "complex128"):
        assert getattr(xp, dtype) is getattr(np, dtype)
    lazy = xp.zeros((3, 1), "u1")
    assert xp.isdtype(lazy.dtype, "unsigned integer")
    assert xp.issubdtype(lazy.dtype, np.integer)
    assert xp.promote_types("u1", "i1") == np.promote_types("u1", "i1")
    assert xp.broadcast_shapes((3, 1), (4,)) == np.broadcast_shapes((3, 1), (4,))
    assert xp.__array_namespace_info__().default_device() == "cpu"
    same(xp.from_dlpack(np.arange(4)), np.arange(4))


# Named by their own kind of test, or no functions of arrays.
APART = {"to_hdf5": "needs h5py", "finfo": "a class of limits", "Generator": "test_random.py"}


def test_each_public_function_is_named_in_a_test() -> None:
    text = "\n".join(path.read_text() for path in Path(__file__).parent.glob("*.py"))
    lacking = []
    for room in (xp, xp.linalg, xp.fft, xp.random, xp.stats, xp.ma):
        for name in room.__all__:
            known = callable(getattr(room, name)) and name not in APART
            if known and not re.search(rf"[.\"']{re.escape(name)}\b", text):
                lacking.append(name)
    assert lacking == []
