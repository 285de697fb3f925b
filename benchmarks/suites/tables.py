"""Questions about tables: the same ones to each engine, from Parquet files or from memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shframe.benchmarks.engines.table_engines import (
    TABLE_ENGINES,
    columns_of,
    find_question,
    tables_of,
)
from shframe.benchmarks.suites.case import Case

FROM = ["parquet", "memory"]


class Tables(Case):
    """kind: which questions; their files are in questions/."""

    kind: str

    def make_tables(self) -> dict[str, Path]:
        """The data sets of all questions."""
        raise NotImplementedError

    def setup(self, *chosen: str) -> None:
        *_, question, engine = chosen
        paths = self.make_tables()
        self._paths = {name: paths[name] for name in tables_of(self.kind, question)}
        self._engine = TABLE_ENGINES[engine]()
        self._question = find_question(self.kind, question, TABLE_ENGINES[engine])
        columns = columns_of(self.kind, question)
        self._engine.open(self._paths, columns, in_memory="memory" in chosen)

    def time_answer(self, *chosen: str) -> Any:
        return self._engine.answer(self._question)

    def teardown(self, *chosen: str) -> None:
        self._engine.close()

    def files(self) -> list[Path]:
        paths = self._paths.values()
        return [f for p in paths for f in (sorted(p.glob("*.parquet")) if p.is_dir() else [p])]
