"""Reductions and groups, against pandas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shframe as sf
from tests.dataframe.frames import LIGHT, pairs, same

pytestmark = pytest.mark.usefixtures("session")

NUMBERS = ["i", "f", "b"]


@LIGHT
@given(
    pairs(least=1),
    st.sampled_from(["sum", "mean", "min", "max", "count", "std", "var", "median", "prod"]),
)
def test_reductions_of_a_series_are_those_of_pandas(pair: Any, how: str) -> None:
    frame, lazy = pair
    for name in ("i", "f"):
        made, expected = getattr(lazy[name], how)().compute(), getattr(frame[name], how)()
        np.testing.assert_allclose(made, expected, rtol=1e-9)
        assert np.asarray(made).dtype == np.asarray(expected).dtype


@LIGHT
@given(
    pairs(least=1),
    st.sampled_from(["sum", "mean", "min", "max", "count", "std", "var", "median", "nunique"]),
)
def test_reductions_of_a_frame_are_those_of_pandas(pair: Any, how: str) -> None:
    frame, lazy = pair
    same(getattr(lazy[["i", "f"]], how)(), getattr(frame[["i", "f"]], how)(), rtol=1e-9)


@LIGHT
@given(pairs(least=1))
def test_other_reductions_are_those_of_pandas(pair: Any) -> None:
    frame, lazy = pair
    assert lazy.b.any().compute() == frame.b.any()
    assert lazy.b.all().compute() == frame.b.all()
    assert lazy.s.nunique().compute() == frame.s.nunique()
    assert lazy.t.max().compute() == frame.t.max()
    assert lazy.s.count().compute() == frame.s.count()
    pd.testing.assert_extension_array_equal(lazy.s.unique().compute(), frame.s.unique())
    same(lazy.count(), frame.count())


KEYS = st.sampled_from([["k"], ["g"], ["k", "g"], ["b", "k"], ["g", "b", "k"]])
HOWS = ["sum", "mean", "min", "max", "count", "std", "var", "first", "last", "nunique", "median"]


@LIGHT
@given(pairs(), KEYS, st.sampled_from(HOWS), st.booleans())
def test_aggregations_of_groups_are_those_of_pandas(
    pair: Any, keys: list[str], how: str, sort: bool
) -> None:
    frame, lazy = pair
    made = getattr(lazy.groupby(keys, sort=sort)[["i", "f"]], how)()
    same(made, getattr(frame.groupby(keys, sort=sort)[["i", "f"]], how)(), rtol=1e-9)


@LIGHT
@given(pairs(least=1), KEYS, st.booleans(), st.booleans())
def test_every_form_of_agg_is_that_of_pandas(
    pair: Any, keys: list[str], dropna: bool, as_index: bool
) -> None:
    frame, lazy = pair
    options = {"dropna": dropna, "as_index": as_index}
    a, b = lazy.groupby(keys, **options), frame.groupby(keys, **options)
    same(a.agg({"i": "sum", "f": "mean"}), b.agg({"i": "sum", "f": "mean"}), rtol=1e-9)
    same(
        a.agg(low=("i", "min"), many=("f", "count"), spread=("f", "std")),
        b.agg(low=("i", "min"), many=("f", "count"), spread=("f", "std")),
        rtol=1e-9,
    )
    if as_index:
        same(
            a.agg({"i": ["sum", "max"], "f": ["mean"]}),
            b.agg({"i": ["sum", "max"], "f": ["mean"]}),
            rtol=1e-9,
        )
        same(a.f.agg(["min", "sum"]), b.f.agg(["min", "sum"]), rtol=1e-9)
        same(a.size(), b.size())
        same(a.i.sum(), b.i.sum())


@LIGHT
@given(pairs(least=1))
def test_text_and_times_have_extremes_and_ends(pair: Any) -> None:
    frame, lazy = pair
    for how in ("min", "max", "first", "last", "count"):
        same(
            getattr(lazy.groupby("k")[["s", "t"]], how)(),
            getattr(frame.groupby("k")[["s", "t"]], how)(),
        )


@LIGHT
@given(pairs(least=1))
def test_a_python_function_aggregates_whole_groups(pair: Any) -> None:
    frame, lazy = pair
    spread = lambda values: values.max() - values.min()  # noqa: E731
    same(lazy.groupby("k").i.agg(spread), frame.groupby("k").i.agg(spread))


@LIGHT
@given(pairs(least=1))
def test_a_lazy_column_is_a_key(pair: Any) -> None:
    frame, lazy = pair
    same(lazy.groupby(lazy.i > 0).f.sum(), frame.groupby(frame.i > 0).f.sum(), rtol=1e-9)


@LIGHT
@given(pairs(least=1), st.booleans())
def test_categories_are_grouped_as_pandas_groups_them(pair: Any, observed: bool) -> None:
    frame, _ = pair
    frame = frame.assign(c=pd.Categorical(frame.g, categories=["a", "b", "", "é", "unseen"]))
    lazy = sf.from_pandas(frame, npartitions=3)
    for how in ("sum", "mean", "count"):
        same(
            getattr(lazy.groupby("c", observed=observed).i, how)(),
            getattr(frame.groupby("c", observed=observed).i, how)(),
            rtol=1e-9,
        )


def test_large_integer_sums_are_exact() -> None:
    values = np.array([2**53 + 1, 2**53 + 3, 2**60, -(2**60), 7] * 3)
    frame = pd.DataFrame({"k": [1, 2, 1, 1, 2] * 3, "v": values})
    lazy = sf.from_pandas(frame, npartitions=3)
    same(lazy.groupby("k").v.sum(), frame.groupby("k").v.sum())
    assert lazy.v.sum().compute() == values.sum()


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "uint64"])
def test_keys_of_every_width_are_grouped_without_wrapping(tmp_path: Path, dtype: str) -> None:
    limits = np.iinfo(dtype)
    keys = np.array([limits.min, limits.min + 1, limits.max, limits.max - 1, 0] * 4, dtype=dtype)
    for chosen in (keys, keys[keys > limits.max // 2], keys[keys <= limits.max // 2]):
        frame = pd.DataFrame({"k": chosen, "v": np.arange(len(chosen))})
        for n in range(3):
            frame.iloc[n::3].to_parquet(tmp_path / f"{n}.parquet", index=False)
        lazy = sf.read_parquet(tmp_path)
        same(lazy.groupby("k").v.sum(), frame.groupby("k").v.sum())


def test_many_groups_and_partitions_give_the_same_bits_twice() -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"k": rng.integers(0, 5000, 60_000), "v": rng.random(60_000)})
    lazy = sf.from_pandas(frame, npartitions=20)
    one = lazy.groupby("k").v.agg(["sum", "mean", "var"]).compute()
    two = lazy.groupby("k").v.agg(["sum", "mean", "var"]).compute()
    assert one.to_numpy().tobytes() == two.to_numpy().tobytes()
    expected = frame.groupby("k").v.agg(["sum", "mean", "var"])
    pd.testing.assert_frame_equal(one, expected, rtol=1e-9)


@LIGHT
@given(pairs(least=1), st.booleans(), st.booleans())
def test_value_counts_are_those_of_pandas(pair: Any, normalize: bool, dropna: bool) -> None:
    frame, lazy = pair
    for name in ("k", "s"):
        made = lazy[name].value_counts(normalize=normalize, dropna=dropna).compute()
        expected = frame[name].value_counts(normalize=normalize, dropna=dropna)
        pd.testing.assert_series_equal(made, expected)
