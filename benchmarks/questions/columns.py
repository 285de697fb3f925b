"""Which columns a question reads: pandas has no optimiser that would find out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, cast


class Question(Protocol):
    """A function of tables, by their names, and the columns of each that it reads."""

    columns: dict[str, list[str]]

    def __call__(self, **tables: Any) -> Any: ...


def reads(**columns: str) -> Callable[[Callable[..., Any]], Question]:
    """Note the columns of each table, as one string of names."""

    def note(function: Callable[..., Any]) -> Question:
        question = cast(Any, function)
        question.columns = {table: names.split() for table, names in columns.items()}
        return cast(Question, question)

    return note
