"""Join q1 to q3 of the db-benchmark definition, from Parquet, beside pandas."""

from __future__ import annotations

from typing import Any

from shframe.benchmarks.data import join_tables

QUESTIONS = {
    "q1": ("small", "id1", "inner"),
    "q2": ("medium", "id2", "inner"),
    "q3": ("medium", "id2", "left"),
}


class Join:
    """read_parquet twice -> merge -> compute: the whole result comes to the driver."""

    rows = 10_000_000
    quick_rows = 200_000
    param_names = ("question", "engine")
    params = (list(QUESTIONS), ["shframe", "pandas", "polars", "duckdb"])

    def setup(self, question: str, engine: str) -> None:
        self.paths = {name: str(path) for name, path in join_tables(self.rows).items()}

    def time_answer(self, question: str, engine: str) -> Any:
        side, key, how = QUESTIONS[question]
        return _ENGINES[engine](self.paths["x"], self.paths[side], key, how)


def _shframe(left: str, right: str, key: str, how: str) -> Any:
    import shframe as sf

    return sf.read_parquet(left).merge(sf.read_parquet(right), on=key, how=how).compute()


def _pandas(left: str, right: str, key: str, how: Any) -> Any:
    import pandas as pd

    return pd.read_parquet(left).merge(pd.read_parquet(right), on=key, how=how)


def _polars(left: str, right: str, key: str, how: Any) -> Any:
    import polars as pl

    x, y = pl.scan_parquet(f"{left}/*.parquet"), pl.scan_parquet(f"{right}/*.parquet")
    return x.join(y, on=key, how=how).collect(engine="streaming")


def _duckdb(left: str, right: str, key: str, how: str) -> Any:
    import duckdb

    query = f"select * from '{left}/*.parquet' x {how} join '{right}/*.parquet' y using ({key})"
    with duckdb.connect() as connection:
        return connection.sql(query).to_arrow_table()


_ENGINES = {"shframe": _shframe, "pandas": _pandas, "polars": _polars, "duckdb": _duckdb}
