"""pandas, shframe, Polars, DuckDB and Dask: open tables, answer a question, end.

An engine is used in a process of its own. An answer is complete when it is in the memory of that
process, in the form that users of the engine get.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any


class TableEngine:
    """name: what it is called. languages: forms of a question that it takes, the best first."""

    name: str
    package: str
    languages: tuple[str, ...]

    def open(self, paths: dict[str, Path], columns: dict[str, list[str]], in_memory: bool) -> None:
        """Have the tables; with `in_memory` they are loaded, else named."""
        raise NotImplementedError

    def answer(self, question: Any) -> Any:
        """The whole result of a question."""
        raise NotImplementedError

    def close(self) -> None:
        """End what was started."""


class _OfFunctions(TableEngine):
    """An engine whose questions are functions of tables."""

    tables: Callable[[], dict[str, Any]]

    def answer(self, question: Any) -> Any:
        wanted = inspect.signature(question).parameters
        return self.collect(question(**{k: v for k, v in self.tables().items() if k in wanted}))

    def collect(self, result: Any) -> Any:
        return result


class Pandas(_OfFunctions):
    """Reads the columns that a question needs, as its users would write it."""

    name = package = "pandas"
    languages = ("frames",)

    def open(self, paths: dict[str, Path], columns: dict[str, list[str]], in_memory: bool) -> None:
        def read() -> dict[str, Any]:
            return {t: _read_with_pandas(p, columns.get(t)) for t, p in paths.items()}

        kept = read() if in_memory else None
        self.tables = read if kept is None else lambda: kept


class Shframe(_OfFunctions):
    """On as many workers as there are cores, or $SHFRAME_BENCH_WORKERS."""

    name = package = "shframe"
    languages = ("frames",)

    def open(self, paths: dict[str, Path], columns: dict[str, list[str]], in_memory: bool) -> None:
        import shframe as sf
        from shframe.benchmarks.engines.limits import shframe_options

        sf.init(**shframe_options())
        tables = {
            table: sf.read_csv(str(path)) if path.suffix == ".csv" else sf.read_parquet(str(path))
            for table, path in paths.items()
        }
        if in_memory:
            wanted = {t: frame[columns.get(t) or list(frame)] for t, frame in tables.items()}
            tables = {table: frame.persist() for table, frame in wanted.items()}
        self.tables = lambda: tables

    def collect(self, result: Any) -> Any:
        return result.compute() if hasattr(result, "compute") else result

    def close(self) -> None:
        import shframe as sf

        sf.shutdown()


class Dask(_OfFunctions):
    """dask.dataframe on threads, as many as there are cores: faster here than its processes."""

    name = package = "dask"
    languages = ("partitions", "frames")

    def open(self, paths: dict[str, Path], columns: dict[str, list[str]], in_memory: bool) -> None:
        import dask
        import dask.dataframe as dd

        from shframe.benchmarks.engines.limits import threads

        dask.config.set(scheduler="threads", num_workers=threads())

        def scan(table: str, path: Path) -> Any:
            if in_memory:
                frame = _read_with_pandas(path, columns.get(table))
                return dd.from_pandas(frame, npartitions=4 * threads(), sort=False)
            return dd.read_csv(str(path)) if path.suffix == ".csv" else dd.read_parquet(str(path))

        tables = {table: scan(table, path) for table, path in paths.items()}
        self.tables = lambda: tables

    def collect(self, result: Any) -> Any:
        return result.compute() if hasattr(result, "compute") else result


class Polars(_OfFunctions):
    """Lazy frames, collected by the streaming engine."""

    name = package = "polars"
    languages = ("polars",)

    def open(self, paths: dict[str, Path], columns: dict[str, list[str]], in_memory: bool) -> None:
        import polars as pl

        def scan(path: Path) -> Any:
            if path.suffix == ".csv":
                return pl.scan_csv(path)
            return pl.scan_parquet(path / "*.parquet" if path.is_dir() else path)

        tables = {table: scan(path) for table, path in paths.items()}
        if in_memory:
            wanted = {t: f.select(columns[t]) if t in columns else f for t, f in tables.items()}
            tables = {table: frame.collect().lazy() for table, frame in wanted.items()}
        self.tables = lambda: tables

    def collect(self, result: Any) -> Any:
        return result.collect(engine="streaming")


class DuckDB(TableEngine):
    """SQL on views of the files, or on tables of its own; the result as an Arrow table."""

    name = package = "duckdb"
    languages = ("sql",)

    def open(self, paths: dict[str, Path], columns: dict[str, list[str]], in_memory: bool) -> None:
        import duckdb

        from shframe.benchmarks.engines.limits import duckdb_options

        self.connection = duckdb.connect(config=duckdb_options())
        kind = "table" if in_memory else "view"
        for table, path in paths.items():
            source = f"{path}/*.parquet" if path.is_dir() else str(path)
            chosen = ", ".join(columns.get(table, "*"))
            self.connection.execute(f"create {kind} {table} as select {chosen} from '{source}'")

    def answer(self, question: Any) -> Any:
        return self.connection.sql(question).to_arrow_table()

    def close(self) -> None:
        self.connection.close()


def _read_with_pandas(path: Path, columns: list[str] | None) -> Any:
    import pandas as pd

    if path.suffix == ".csv":
        return pd.read_csv(path, usecols=columns)
    return pd.read_parquet(path, columns=columns)


_ALL: tuple[type[TableEngine], ...] = (Shframe, Pandas, Polars, DuckDB, Dask)
TABLE_ENGINES = {engine.name: engine for engine in _ALL}


def find_question(suite: str, name: str, engine: type[TableEngine]) -> Any:
    """A question in the language of an engine, or None where it is not written in one."""
    for language in engine.languages:
        module = f"shframe.benchmarks.questions.{suite}_{language}"
        if importlib.util.find_spec(module) is not None:
            found = importlib.import_module(module)
            question = vars(found).get("QUESTIONS", vars(found)).get(name)
            if question is not None:
                return question
    return None


def columns_of(suite: str, name: str) -> dict[str, list[str]]:
    """The columns of each table that a question reads; none of those that it reads as a whole."""
    module = importlib.import_module(f"shframe.benchmarks.questions.{suite}_frames")
    return getattr(getattr(module, name), "columns", {})


def tables_of(suite: str, name: str) -> list[str]:
    """The tables that a question reads."""
    module = importlib.import_module(f"shframe.benchmarks.questions.{suite}_frames")
    return list(inspect.signature(getattr(module, name)).parameters)
