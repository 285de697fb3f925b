"""What an editor knows of frames. Checked, never run."""

from __future__ import annotations

from typing import assert_type

import pandas as pd

import shframe as sf
from shframe.dataframe.scalar import Scalar
from shframe.dataframe.windows import Windows

df = sf.read_parquet("path")

assert_type(df, sf.DataFrame)
assert_type(sf.from_pandas(pd.DataFrame({"k": [1]})), sf.DataFrame)
assert_type(df.head(), sf.DataFrame)
assert_type(df["a"], sf.Series)
assert_type(df[["a", "b"]], sf.DataFrame)
assert_type(df[df["a"] > 0], sf.DataFrame)
assert_type(df["a"] + 1, sf.Series)
assert_type(df.query("a > 0"), sf.DataFrame)
assert_type(df.assign(b=1), sf.DataFrame)
assert_type(df.merge(df, on="k"), sf.DataFrame)
assert_type(df.sort_values("a"), sf.DataFrame)
assert_type(df.groupby("k").v.sum(), sf.Series)
assert_type(df.groupby("k")["v"].sum(), sf.Series)
assert_type(df.groupby("k").agg({"v": "sum"}), sf.DataFrame)
assert_type(df.persist(), sf.DataFrame)
assert_type(df.v, sf.Series)
assert_type(df.index, sf.Index)
assert_type(df.v.mean(), Scalar)
assert_type(df.v.sum() / df.v.count() * 100, Scalar)
assert_type(df.v.mean() + df.v, sf.Series)
assert_type(1 - df, sf.DataFrame)
assert_type(df.v > 0, sf.Series)
assert_type(df.v.to_frame(), sf.DataFrame)
assert_type(df.v.reset_index(), sf.DataFrame)
assert_type(df.v.reset_index(drop=True), sf.Series)
assert_type(df.groupby("k").size(), sf.Series)
assert_type(df.groupby("k")[["v"]].max(), sf.DataFrame)
assert_type(df.v.value_counts().head(3), sf.Series)
assert_type(df.fillna(0).dropna(), sf.DataFrame)
assert_type(df.groupby("k").v.agg("sum"), sf.Series)
assert_type(df.groupby("k").v.agg(["sum", "mean"]), sf.DataFrame)
assert_type(df.groupby("k").v.agg(total="sum"), sf.DataFrame)
assert_type(df.rolling(3), Windows)
assert_type(df.cumsum(), sf.DataFrame)
assert_type(df.v.ffill(), sf.Series)
assert_type(df.groupby("k").transform("sum"), sf.DataFrame)
assert_type(df.groupby("k").v.cumsum(), sf.Series)
assert_type(df.groupby("k").head(2), sf.DataFrame)
assert_type(df.join(df, rsuffix="_r"), sf.DataFrame)
assert_type(df.melt("k"), sf.DataFrame)
assert_type(df.dropna(), sf.DataFrame)
assert_type(df.reset_index(drop=True), sf.DataFrame)
assert_type(df.pivot_table("v", "k", "g"), sf.DataFrame)
assert_type(sf.get_dummies(df), sf.DataFrame)
assert_type(df.sum(numeric_only=True), Scalar)
