"""Every kind of value comes back equal, in place, and no larger than what it shows."""

import datetime
import decimal
import functools
import gc
import operator
import pickle
import threading
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from shframe.store import INLINE, LocalStore, NotStorable, Ref
from shframe.store.codec import arrow_codec
from tests.examples import examples

relaxed = settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

BIG = 40_000  # rows that make a column of 8 bytes pass the inline limit


def placed(store: LocalStore, value: Any) -> Ref:
    """Put a value that must be large enough for shared memory."""
    ref = store.put(value)
    assert ref.segment != INLINE, "this test needs an object in shared memory"
    return ref


def addresses(store: LocalStore, ref: Ref) -> range:
    """The addresses of the segment's mapping that views are made from."""
    mapping = store._segments[ref.segment].readonly
    return range(mapping.address, mapping.address + mapping.nbytes)


def address_of(array: Any) -> int:
    return int(array.__array_interface__["data"][0])


def same_array(left: Any, right: Any) -> None:
    assert left.dtype == right.dtype
    assert left.shape == right.shape
    assert left.tobytes() == right.tobytes()


@st.composite
def laid_out_arrays(draw: st.DrawFn) -> Any:
    """Arrays of any plain dtype in any layout: sliced, reversed, transposed, broadcast."""
    dtype = draw(
        hnp.array_dtypes(allow_subarrays=False)
        | hnp.scalar_dtypes()
        | st.sampled_from(["M8[ns]", "m8[s]", ">f4", ">i8", "U3", "S5", "c16", "V3", "?"]).map(
            np.dtype
        )
    )
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6))
    nbytes = int(np.prod(shape)) * dtype.itemsize
    data = draw(st.integers(0, 255))
    raw = (np.arange(nbytes, dtype=np.uint32) * 37 + data).astype(np.uint8)
    if dtype.kind in "Ub" or dtype.names:
        raw = raw & 1
    if dtype.itemsize == 0 or _has_text(dtype):
        array = np.zeros(shape, dtype)
    else:
        array = raw.view(dtype).reshape(shape) if nbytes else np.zeros(shape, dtype)
    if array.ndim:
        steps = draw(st.tuples(*[st.sampled_from([1, 2, -1, -2])] * array.ndim))
        array = array[tuple(slice(None, None, step) for step in steps)]
        array = array.transpose(draw(st.permutations(range(array.ndim))))
    if draw(st.booleans()):
        array = np.broadcast_to(array, (draw(st.integers(1, 3)), *array.shape))
    return array


def _has_text(dtype: Any) -> bool:
    if dtype.names:
        return any(_has_text(dtype[name]) for name in dtype.names)
    return dtype.kind == "U"


@relaxed
@given(array=laid_out_arrays())
def test_array_of_any_dtype_and_layout_comes_back_equal(local: LocalStore, array: Any) -> None:
    for value in (array, {"inside": array}):
        ref = local.put(value)
        back, own = local.get(ref), local.get_writable(ref)
        if isinstance(value, dict):
            back, own = back["inside"], own["inside"]
        same_array(back, array)
        same_array(own, array)
        assert own.flags.writeable
        assert not back.flags.writeable


@pytest.mark.parametrize(
    "array",
    [
        np.arange(BIG, dtype="f8").reshape(200, 200),
        np.asfortranarray(np.arange(BIG, dtype="f8").reshape(200, 200)),
        np.arange(BIG * 2)[::-2],
        np.arange(BIG).astype("M8[ns]"),
        np.arange(BIG).astype("m8[us]"),
        np.arange(BIG).astype(">i8"),
        np.zeros(BIG, [("a", "i4"), ("b", "M8[s]")]),
        np.arange(BIG).reshape(10, 20, 200).transpose(1, 2, 0),
        np.array(["abc", "de"] * BIG),
    ],
    ids=["C", "F", "strided", "M8", "m8", "big-endian", "record", "permuted", "text"],
)
@pytest.mark.parametrize("inside", [False, True], ids=["alone", "in a dict"])
def test_array_is_read_in_place(local: LocalStore, array: Any, inside: bool) -> None:
    ref = placed(local, {"x": array} if inside else array)
    back = local.get(ref)["x"] if inside else local.get(ref)
    same_array(back, array)
    lowest = address_of(back) + sum(
        min(0, stride * (size - 1)) for stride, size in zip(back.strides, back.shape, strict=True)
    )
    assert lowest in addresses(local, ref)
    assert lowest % 64 == 0
    assert ref.nbytes <= array.nbytes + 4096


def test_fortran_order_is_kept(local: LocalStore) -> None:
    array = np.asfortranarray(np.ones((300, 200)))
    assert local.get(local.put(array)).flags.f_contiguous


def test_broadcast_array_stores_its_base_only(local: LocalStore) -> None:
    array = np.broadcast_to(np.arange(BIG), (1000, BIG))
    ref = placed(local, array)
    assert ref.nbytes == BIG * 8
    back = local.get(ref)
    assert back.strides[0] == 0
    np.testing.assert_array_equal(back[17], array[17])


@pytest.mark.parametrize("mask", [np.ma.nomask, np.arange(BIG) % 3 == 0], ids=["none", "some"])
def test_masked_array_keeps_mask_fill_value_and_hardness(local: LocalStore, mask: Any) -> None:
    array = np.ma.MaskedArray(np.arange(BIG), mask, fill_value=-5, hard_mask=True)
    ref = placed(local, array)
    back = local.get(ref)
    assert type(back) is np.ma.MaskedArray
    assert back.fill_value == -5
    assert back.hardmask
    assert back.mask is np.ma.nomask if mask is np.ma.nomask else (back.mask == mask).all()
    np.testing.assert_array_equal(back.data, array.data)
    assert address_of(back.data) in addresses(local, ref)


def test_subclasses_of_array_come_back_as_what_they_are(local: LocalStore) -> None:
    matrix = np.arange(BIG).reshape(200, 200).view(np.matrix)
    ref = placed(local, matrix)
    assert type(local.get(ref)) is np.matrix
    assert address_of(local.get(ref)) in addresses(local, ref)
    records = np.rec.fromarrays([np.arange(3), np.arange(3.0)], names="a,b")
    back = local.get(local.put(records))
    assert type(back) is np.recarray
    assert (back.a == records.a).all()


def test_memmap_is_stored_as_a_plain_array(local: LocalStore, tmp_path: Any) -> None:
    mapped = np.memmap(tmp_path / "x", dtype="f8", mode="w+", shape=(BIG,))
    mapped[:] = 7
    back = local.get(placed(local, mapped))
    assert type(back) is np.ndarray
    assert (back == 7).all()


@pytest.mark.parametrize(
    "array",
    [
        np.array([1, "a", None], dtype=object),
        np.array(["some", "words"], dtype=np.dtypes.StringDType()),
        np.array([("x", 1)], dtype=[("o", object), ("i", "i4")]),
    ],
    ids=["objects", "StringDType", "record with objects"],
)
def test_array_of_objects_comes_back_equal(local: LocalStore, array: Any) -> None:
    back = local.get(local.put(array))
    assert back.dtype == array.dtype
    assert back.tolist() == array.tolist()


# Arrow

_scalars = {
    pa.null(): st.none(),
    pa.bool_(): st.booleans(),
    pa.int8(): st.integers(-128, 127),
    pa.uint64(): st.integers(0, 2**64 - 1),
    pa.float32(): st.floats(width=32, allow_nan=False),
    pa.float64(): st.floats(allow_nan=False),
    pa.string(): st.text(max_size=8),
    pa.large_string(): st.text(max_size=8),
    pa.binary(): st.binary(max_size=8),
    pa.large_binary(): st.binary(max_size=8),
    pa.binary(3): st.binary(min_size=3, max_size=3),
    pa.string_view(): st.text(max_size=30),
    pa.binary_view(): st.binary(max_size=30),
    pa.date32(): st.dates(),
    pa.timestamp("us", "Europe/Paris"): st.integers(0, 2**50),
    pa.duration("ns"): st.integers(0, 2**50),
    pa.time64("us"): st.times(),
    pa.decimal128(12, 2): st.integers(-(10**9), 10**9).map(lambda n: decimal.Decimal(n) / 100),
    pa.month_day_nano_interval(): st.tuples(*[st.integers(0, 100)] * 3),
    pa.dictionary(pa.int8(), pa.string()): st.sampled_from(["a", "b", "", "long one"]),
    pa.list_(pa.int32()): st.lists(st.integers(-5, 5) | st.none(), max_size=4),
    pa.large_list(pa.string()): st.lists(st.text(max_size=4), max_size=4),
    pa.list_(pa.bool_(), 2): st.lists(st.booleans(), min_size=2, max_size=2),
    pa.list_view(pa.int16()): st.lists(st.integers(-5, 5), max_size=4),
    pa.map_(pa.string(), pa.int32()): st.dictionaries(
        st.text(max_size=3), st.integers(0, 9), max_size=3
    ).map(lambda mapping: list(mapping.items())),
    pa.struct([("x", pa.int16()), ("y", pa.list_(pa.string()))]): st.fixed_dictionaries(
        {"x": st.integers(-5, 5) | st.none(), "y": st.lists(st.text(max_size=3), max_size=3)}
    ),
    pa.list_(pa.struct([("b", pa.bool_())])): st.lists(
        st.fixed_dictionaries({"b": st.booleans() | st.none()}), max_size=3
    ),
}


@st.composite
def arrow_columns(draw: st.DrawFn) -> Any:
    """Chunked arrays of every type, each chunk a slice of something larger."""
    kind = draw(st.sampled_from(list(_scalars)))
    values = _scalars[kind] | st.none() if draw(st.booleans()) else _scalars[kind]
    chunks = []
    for _ in range(draw(st.integers(0, 3))):
        whole = pa.array(draw(st.lists(values, max_size=25)), kind)
        start = draw(st.integers(0, len(whole)))
        chunks.append(whole.slice(start, draw(st.integers(0, len(whole)))))
    return pa.chunked_array(chunks, kind)


@settings(relaxed, max_examples=examples(120))
@given(column=arrow_columns())
def test_arrow_column_of_every_type_comes_back_equal(local: LocalStore, column: Any) -> None:
    table = pa.table({"c": column, "rows": pa.array(range(len(column)))})
    values: list[Any] = [column, table, {"inside": table}, *column.chunks, *table.to_batches()]
    for value in values:
        back = local.get(local.put(value))
        found, expected = (
            (back["inside"], value["inside"]) if isinstance(value, dict) else (back, value)
        )
        assert type(found) is type(expected)
        assert found.to_pylist() == expected.to_pylist()
        if not pa.types.is_dictionary(column.type):  # chunks may differ in their dictionaries
            assert found.equals(expected)
        found.validate(full=True)


def test_every_arrow_type_of_a_large_column_is_trimmed(local: LocalStore) -> None:
    for kind, values in _scalars.items():
        if pa.types.is_null(kind) or pa.types.is_dictionary(kind):
            continue
        few = [_example(values), None] * 2
        whole = pa.array(few * (BIG // 2), kind)
        piece = whole.slice(BIG // 2 + 3, 20)
        assert local.put(piece).nbytes < 8000, f"a slice of {kind} drags its parent"
        assert local.put({"k": piece}).nbytes < 8000, f"a slice of {kind} drags its parent"


def _example(values: st.SearchStrategy[Any]) -> Any:
    found: list[Any] = []

    @settings(max_examples=1, database=None, deadline=None)
    @given(values)
    def run(value: Any) -> None:
        found.append(value)

    run()
    return found[0]


def test_large_arrow_table_is_read_in_place(local: LocalStore) -> None:
    table = pa.table(
        {
            "i": pa.array(range(BIG)),
            "n": pa.array([None if i % 5 == 0 else i / 2 for i in range(BIG)]),
            "s": pa.array([f"row {i}" for i in range(BIG)]),
            "d": pa.array([str(i % 3) for i in range(BIG)]).dictionary_encode(),
            "b": pa.array([i % 2 == 0 for i in range(BIG)]),
        },
        metadata={"made": "here"},
    )
    ref = placed(local, pa.concat_tables([table, table.slice(7)]))
    back = local.get(ref)
    assert back.schema.metadata == {b"made": b"here"}
    assert back.equals(pa.concat_tables([table, table.slice(7)]))
    inside = addresses(local, ref)
    for column in back.columns:
        assert column.num_chunks == 1
        for buffer in column.chunk(0).buffers():
            assert buffer is None or (buffer.address in inside and buffer.address % 64 == 0)
            assert buffer is None or not buffer.is_mutable


def test_bitmap_that_says_nothing_is_dropped(local: LocalStore) -> None:
    array = pa.array([None, *range(BIG)]).slice(1)
    back = local.get(placed(local, array))
    assert back.buffers()[0] is None
    assert back.equals(array)


def test_chunks_with_different_dictionaries_become_one(local: LocalStore) -> None:
    first = pa.array(["a", "b"] * BIG).dictionary_encode()
    second = pa.array(["c", None] * BIG).dictionary_encode()
    column = pa.chunked_array([first, second])
    back = local.get(placed(local, column))
    assert back.to_pylist() == column.to_pylist()
    assert back.num_chunks == 1


def test_table_without_columns_keeps_its_rows(local: LocalStore) -> None:
    table = pa.table({"a": [1, 2, 3]}).select([])
    assert local.get(local.put(table)).num_rows == 3


@pytest.mark.parametrize(
    "array",
    [
        pa.UnionArray.from_sparse(
            pa.array([0, 1, 0], pa.int8()), [pa.array([1, 2, 3]), pa.array(["x", "y", "z"])]
        ),
        pa.UnionArray.from_dense(
            pa.array([0, 1, 0], pa.int8()),
            pa.array([0, 0, 1], pa.int32()),
            [pa.array([1, 2]), pa.array(["x"])],
        ),
        pa.RunEndEncodedArray.from_arrays(pa.array([2, 5], pa.int32()), pa.array(["a", None])),
        pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0" * 16, None], pa.binary(16))),
        pa.array(["a", "b"]).dictionary_encode(),
    ],
    ids=["sparse union", "dense union", "run-end encoded", "extension", "dictionary"],
)
def test_rare_arrow_layouts_come_back_equal(local: LocalStore, array: Any) -> None:
    for value in (array, array.slice(1), pa.chunked_array([array, array.slice(1)])):
        back = local.get(local.put(value))
        assert back.type == value.type
        assert back.to_pylist() == value.to_pylist()


# pandas, polars, and everything else

_pandas_columns: dict[str, Any] = {
    "int": np.arange(BIG),
    "float": np.linspace(0, 1, BIG),
    "bool": np.arange(BIG) % 2 == 0,
    "datetime": pd.date_range("2020", periods=BIG, freq="min"),
    "zoned": pd.date_range("2020", periods=BIG, freq="min", tz="Europe/Paris"),
    "timedelta": pd.to_timedelta(np.arange(BIG), unit="s"),
    "period": pd.period_range("2020", periods=BIG, freq="h"),
    "text": pd.Series([f"row {i % 100}" for i in range(BIG)]),
    "category": pd.Categorical(["a", "b"] * (BIG // 2), categories=["b", "a"], ordered=True),
    "Int64": pd.array([1, None] * (BIG // 2), "Int64"),
    "Float32": pd.array([1.5, None] * (BIG // 2), "Float32"),
    "boolean": pd.array([True, None] * (BIG // 2), "boolean"),
    "arrow": pd.array([1, None] * (BIG // 2), "int32[pyarrow]"),
    "interval": pd.interval_range(0, BIG),
    "sparse": pd.arrays.SparseArray(np.arange(BIG) % 10),
    "complex": np.arange(BIG) * 1j,
    "object": pd.Series([{"a": 1}, None] * (BIG // 2), dtype=object),
}
_zero_copy = ("int", "float", "bool", "datetime", "zoned", "timedelta", "Int64", "complex")


@pytest.mark.parametrize("name", _pandas_columns)
def test_pandas_column_of_every_dtype_comes_back_equal(local: LocalStore, name: str) -> None:
    frame = pd.DataFrame({name: _pandas_columns[name], "other": np.arange(BIG)})
    frame.index = pd.date_range("1999", periods=BIG, freq="s", name="when")
    frame.attrs["note"] = "kept"
    ref = placed(local, frame)
    back, own = local.get(ref), local.get_writable(ref)
    pd.testing.assert_frame_equal(back, frame)
    pd.testing.assert_frame_equal(own, frame)
    assert back.attrs == frame.attrs
    assert back.index.freq == frame.index.freq
    own.iloc[0, 1] = -1
    own["new"] = 1
    assert back.iloc[0, 1] == 0
    pd.testing.assert_series_equal(local.get(local.put(frame[name])), frame[name])


@pytest.mark.parametrize("name", _zero_copy)
def test_pandas_column_is_read_in_place(local: LocalStore, name: str) -> None:
    frame = pd.DataFrame({name: _pandas_columns[name], "other": np.arange(BIG)})
    ref = placed(local, frame)
    values: Any = local.get(ref)[name].array
    for attribute in ("_data", "_ndarray"):
        values = getattr(values, attribute, values)
    assert address_of(getattr(values, "_ndarray", values)) in addresses(local, ref)


def test_writing_into_a_frame_that_get_gave_raises(local: LocalStore) -> None:
    frame = local.get(placed(local, pd.DataFrame({"a": np.arange(BIG)})))
    with pytest.raises(ValueError, match="read-only"):
        frame.iloc[0, 0] = 1


def test_frame_with_duplicate_labels_and_levels_comes_back_equal(local: LocalStore) -> None:
    frame = pd.DataFrame(np.arange(12).reshape(4, 3), columns=["a", "a", 3])
    frame.index = pd.MultiIndex.from_product([["x", "y"], [1, 2]], names=["k", None])
    pd.testing.assert_frame_equal(local.get(local.put(frame)), frame)


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"i": range(BIG), "s": [f"a longer row {i}" for i in range(BIG)]}),
        pl.DataFrame({"c": pl.Series(["a", "b"], dtype=pl.Categorical)}),
        pl.DataFrame({"e": pl.Series(["a", "b"], dtype=pl.Enum(["b", "a"]))}),
        pl.DataFrame({"l": [[1, 2], []], "d": [datetime.date(2020, 1, 1), None]}),
        pl.DataFrame({"o": pl.Series([object, len], dtype=pl.Object)}),
        pl.DataFrame(),
    ],
    ids=["plain", "categorical", "enum", "nested", "objects", "empty"],
)
def test_polars_frame_comes_back_equal(local: LocalStore, frame: Any) -> None:
    for value in (frame, frame.slice(1, 1), *frame.get_columns()):
        back = local.get(local.put(value))
        assert type(back) is type(value)
        if isinstance(value, pl.Series):
            back, value = back.to_frame(), value.to_frame()
        assert back.schema == value.schema
        assert back.rows() == value.rows()


def test_slice_of_a_polars_frame_does_not_drag_the_frame(local: LocalStore) -> None:
    frame = pl.DataFrame({"i": range(BIG), "s": [f"a longer row {i}" for i in range(BIG)]})
    assert local.put(frame.slice(100, 10)).nbytes < 10_000


@pytest.mark.parametrize("size", [10, BIG])
def test_closure_over_an_array_comes_back_working(local: LocalStore, size: int) -> None:
    array = np.arange(size)
    ref = local.put(lambda number: array.sum() + number)
    assert local.get(ref)(1) == array.sum() + 1


_plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.binary()
    | st.floats(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
)


@relaxed
@given(value=_plain)
def test_plain_values_come_back_equal(local: LocalStore, value: Any) -> None:
    assert local.get(local.put(value)) == value


@pytest.mark.parametrize(
    "value", [np.float64(3), np.int8(-1), np.datetime64(5, "ns"), np.str_("a"), np.bool_(True)]
)
def test_numpy_scalar_keeps_its_type(local: LocalStore, value: Any) -> None:
    back = local.get(local.put(value))
    assert type(back) is type(value)
    assert back == value


def test_one_array_referred_to_twice_is_stored_once(local: LocalStore) -> None:
    array = np.arange(BIG)
    ref = placed(local, [array, array])
    assert ref.nbytes < array.nbytes + 4096
    first, second = local.get(ref)
    assert first is second


@pytest.mark.parametrize("size", [150_000, 1_000_000])
def test_large_bytes_come_back_equal(local: LocalStore, size: int) -> None:
    for value in (b"x" * size, bytearray(b"y" * size), [b"z" * size]):
        back = local.get(placed(local, value))
        assert type(back) is type(value)
        assert back == value


def test_long_recipe_is_stored_beside_the_data(local: LocalStore) -> None:
    names = [f"a column with a long name {i}" for i in range(500)]
    table = pa.table({name: np.arange(100) for name in names})
    ref = placed(local, table)
    assert len(ref.header) <= 4096
    assert local.get(ref).equals(table)


def test_object_of_very_many_arrays_has_a_short_address(local: LocalStore) -> None:
    arrays = [np.full(100, number) for number in range(3000)]
    ref = placed(local, arrays)
    assert len(pickle.dumps(ref)) < 500
    for back in (local.get(ref), local.get_writable(ref)):
        assert all((found == array).all() for found, array in zip(back, arrays, strict=True))
    few = local.put(arrays[:40])
    assert few.segment == INLINE
    assert [array[0] for array in local.get(few)] == list(range(40))


def test_column_that_overflows_its_offsets_comes_back_in_runs(
    local: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrow_codec, "_INT32_MAX", 1_000_000)
    chunk = pa.array([f"row {i}" for i in range(BIG)])
    table = pa.table({"s": pa.chunked_array([chunk] * 4), "i": pa.array(range(4 * BIG))})
    back = local.get(placed(local, table))
    assert back.column("s").num_chunks == 4
    assert back.equals(table)


def _deep() -> list[Any]:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    return value


class _Refuses:
    def __reduce__(self) -> Any:
        raise ValueError("not this one")


@pytest.mark.parametrize(
    ("make", "phrase"),
    [
        (lambda: (i for i in range(3)), "generator"),
        (threading.Lock, "_thread.lock"),
        (lambda: open("/dev/null"), "TextIOWrapper"),  # noqa: SIM115
        (_deep, "nested too deeply"),
        (_Refuses, "not this one"),
        (lambda: functools.partial(operator.add, threading.Lock()), "partial"),
    ],
    ids=["generator", "lock", "file", "too deep", "refuses", "partial over a lock"],
)
def test_value_that_cannot_be_stored_is_named(local: LocalStore, make: Any, phrase: str) -> None:
    before = local.stats()
    value = make()
    with pytest.raises(NotStorable, match=phrase):
        local.put(value)
    assert local.stats() == before
    if hasattr(value, "close"):
        value.close()
    while isinstance(value, list) and value:
        value = value.pop()


LEAVES = st.one_of(
    st.integers(-(10**400), 10**400),
    st.floats(allow_nan=False),
    st.text(),
    st.binary(max_size=300),
    st.just(np.arange(20_000)),
    st.just(np.zeros((0, 3), "f4")),
    st.just(np.array(7, ">i8")),
    st.just(pd.DataFrame({"a": np.arange(9_000), "b": "x"})),
)


def _nested(leaves: Any) -> Any:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.tuples(inner, inner),
            st.dictionaries(st.text(max_size=3), inner, max_size=4),
        ),
        max_leaves=12,
    )


def _equal(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, pd.DataFrame):
        return a.equals(b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_equal(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(_equal, a, b))
    return bool(a == b)


@relaxed
@given(value=_nested(LEAVES))
def test_any_nest_of_values_comes_back_equal(local: LocalStore, value: Any) -> None:
    before = local.stats()["live"]
    ref = local.put(value)
    assert _equal(local.get(ref), value)
    gc.collect()
    local.free([ref])
    assert local.stats()["live"] == before


@relaxed
@given(value=_nested(LEAVES), kind=st.sampled_from(["lock", "generator", "refuses"]))
def test_one_bad_value_anywhere_leaves_the_store_as_it_was(
    local: LocalStore, value: Any, kind: str
) -> None:
    bad = {"lock": threading.Lock, "generator": lambda: (n for n in "ab"), "refuses": _Refuses}
    before = local.stats()
    with pytest.raises(NotStorable):
        local.put({"good": value, "bad": [value, bad[kind]()]})
    assert local.stats() == before


def test_a_list_within_itself_comes_back_within_itself(local: LocalStore) -> None:
    value: list[Any] = [np.arange(20_000)]
    value.append(value)
    back = local.get(local.put(value))
    assert back[1] is back
    assert np.array_equal(back[0], value[0])


def test_closure_that_cannot_be_stored_names_the_variable(local: LocalStore) -> None:
    guard = threading.Lock()
    with pytest.raises(NotStorable, match="variable 'guard'"):
        local.put(lambda: guard.locked())
