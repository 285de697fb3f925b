"""The user's line, against what the interpreter itself says."""

from __future__ import annotations

import sys
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shframe.graph.tracing.call_site import line_of, user_place
from tests.examples import examples

STATEMENTS = [
    "n = 1",
    "n = (1,\n     2)",
    "# nothing",
    "for n in range(2):\n    asked()",
    "asked()",
    "print(\n    asked(),\n    file=nowhere,\n)",
    "[asked() for _ in range(2)]",
    "(lambda: asked())()",
    "try:\n    asked(), 1 / 0\nexcept ZeroDivisionError:\n    asked()",
]
OURS = """
def asked():
    noted.append((user_place(), sys._getframe(1).f_lineno))
"""


class Nowhere:
    def write(self, _: str) -> None:
        """Nothing is kept."""


@settings(max_examples=examples(50), deadline=None)
@given(st.lists(st.sampled_from(STATEMENTS), max_size=60))
def test_the_line_of_a_call_is_where_the_interpreter_is(statements: list[str]) -> None:
    noted: list[tuple[Any, int]] = []
    ours: dict[str, Any] = {"__name__": "shframe.made_up", "noted": noted, "sys": sys}
    ours["user_place"] = user_place
    exec(OURS, ours)
    theirs = compile("\n".join(statements), "theirs.py", "exec")
    exec(theirs, {"__name__": "theirs", "asked": ours["asked"], "nowhere": Nowhere()})
    assert [line_of(place) for place, _ in noted] == [f"theirs.py:{line}" for _, line in noted]


def test_without_a_user_there_is_no_line() -> None:
    assert line_of(None) == ""
    assert line_of("elsewhere.py:3") == "elsewhere.py:3"
