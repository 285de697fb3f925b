"""Group-by q1 to q5 of the db-benchmark definition, from 8 Parquet files, beside pandas."""

from __future__ import annotations

from typing import Any

from shframe.benchmarks.data import groupby_table

QUESTIONS: dict[str, tuple[list[str], list[str], dict[str, Any]]] = {
    "q1": (["id1"], ["v1"], {"v1": "sum"}),
    "q2": (["id1", "id2"], ["v1"], {"v1": "sum"}),
    "q3": (["id3"], ["v1", "v3"], {"v1": "sum", "v3": "mean"}),
    "q4": (["id4"], ["v1", "v2", "v3"], {"v1": "mean", "v2": "mean", "v3": "mean"}),
    "q5": (["id6"], ["v1", "v2", "v3"], {"v1": "sum", "v2": "sum", "v3": "sum"}),
}


class GroupBy:
    """read_parquet -> groupby -> agg -> compute; the answers of all engines are compared."""

    rows = 10_000_000
    quick_rows = 200_000
    param_names = ("question", "engine")
    params = (list(QUESTIONS), ["shframe", "pandas", "polars", "duckdb"])

    def setup(self, question: str, engine: str) -> None:
        self.path = groupby_table(self.rows)

    def time_answer(self, question: str, engine: str) -> Any:
        keys, values, aggs = QUESTIONS[question]
        return _ENGINES[engine](str(self.path), keys, values, aggs)


def _shframe(path: str, keys: list[str], values: list[str], aggs: dict[str, Any]) -> Any:
    import shframe as sf

    return sf.read_parquet(path).groupby(keys).agg(aggs).compute()


def _pandas(path: str, keys: list[str], values: list[str], aggs: dict[str, Any]) -> Any:
    import pandas as pd

    return pd.read_parquet(path, columns=keys + values).groupby(keys).agg(aggs)


def _polars(path: str, keys: list[str], values: list[str], aggs: dict[str, Any]) -> Any:
    import polars as pl

    exprs = [getattr(pl.col(name), how)() for name, how in aggs.items()]
    plan = pl.scan_parquet(f"{path}/*.parquet").group_by(keys).agg(exprs).sort(keys)
    return plan.collect(engine="streaming").to_pandas().set_index(keys)


def _duckdb(path: str, keys: list[str], values: list[str], aggs: dict[str, Any]) -> Any:
    import duckdb

    ops = {"sum": "sum", "mean": "avg"}
    names = ", ".join(keys)
    chosen = ", ".join(f"{ops[how]}({name}) as {name}" for name, how in aggs.items())
    query = f"select {names}, {chosen} from '{path}/*.parquet' group by {names} order by {names}"
    with duckdb.connect() as connection:
        return connection.sql(query).df().set_index(keys)


_ENGINES = {"shframe": _shframe, "pandas": _pandas, "polars": _polars, "duckdb": _duckdb}
