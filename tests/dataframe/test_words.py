"""What is asked of the words of a dictionary is what pandas answers for every string."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

import shframe as sf
from shframe.dataframe.expr.columns import OfWords
from shframe.dataframe.plan.planner import PLANNER
from shframe.graph.plan.expr import walk
from shframe.session import Session
from tests.dataframe.frames import FEW, same, some

WORDS = ["", "a", "b", "ab", "Ab c", "ä", "7", "nan"]
ASKED: dict[str, Callable[[Any], Any]] = {
    "equal": lambda s: s == "a",
    "not equal": lambda s: s != "ab",
    "less": lambda s: s < "b",
    "not less": lambda s: s >= "",
    "equal to a number": lambda s: s == 7,
    "equal to none": lambda s: s == "zz",
    "among": lambda s: s.isin(["a", "ä", None]),
    "among none": lambda s: s.isin([]),
    "not among": lambda s: ~s.isin(["a", "b"]),
    "begins": lambda s: s.str.startswith("a"),
    "contains": lambda s: s.str.contains("[ab]"),
    "contains nothing, if missing": lambda s: s.str.contains("b", na=False),
    "length": lambda s: s.str.len(),
    "place": lambda s: s.str.find("b"),
    "is digits": lambda s: s.str.isdigit(),
    "upper": lambda s: s.str.upper(),
    "cut": lambda s: s.str.slice(0, 1),
    "replaced": lambda s: s.str.replace("a", "x"),
    "one after another": lambda s: s.str.upper().str.slice(0, 1) == "A",
    "after a cut": lambda s: s.str.slice(0, 1).isin(["a", "7"]),
    "lists": lambda s: s.str.split(" ").map(len, na_action="ignore"),
    "both": lambda s: (s == "a") | s.str.endswith("c"),
    "characters": lambda s: s.str[0],
}


def written(folder: Path, values: list[str | None], files: int) -> str:
    """Files whose column is read as a dictionary where its strings repeat."""
    for n in range(files):
        part = values[len(values) * n // files : len(values) * (n + 1) // files]
        frame = pd.DataFrame({"s": pd.Series(part, dtype="str"), "n": np.arange(len(part))})
        frame.to_parquet(folder / f"{n}.parquet")
    return str(folder)


@FEW
@given(
    values=st.lists(st.sampled_from([*WORDS, None]), min_size=1, max_size=12),
    times=st.sampled_from([1, 40]),
    files=st.integers(1, 3),
    names=some(ASKED, 6),
)
def test_answers_are_those_of_pandas(
    session: Session,
    tmp_path_factory: pytest.TempPathFactory,
    values: list[str | None],
    times: int,
    files: int,
    names: list[str],
) -> None:
    path = written(tmp_path_factory.mktemp("words"), values * times, files)
    lazy, eager = sf.read_parquet(path), pd.read_parquet(path)
    for name in names:
        note(name)
        ask = ASKED[name]
        same(ask(lazy.s).compute(), ask(eager.s))
        same(lazy.assign(made=ask(lazy.s)).compute(), eager.assign(made=ask(eager.s)))
        few, all_of_them = lazy[lazy.n < 2], eager[eager.n < 2]  # words of rows that are gone
        same(ask(few.s).compute(), ask(all_of_them.s))


def is_asked_of_words(lazy: Any) -> bool:
    return any(isinstance(node, OfWords) for node in walk(PLANNER.optimized(lazy.expr)))


def test_what_may_refuse_a_string_is_asked_of_rows(session: Session, tmp_path: Path) -> None:
    lazy = sf.read_parquet(written(tmp_path, ["ab", "ac", "b"] * 30, 1))
    rows = lazy[lazy.s != "b"]
    assert (rows.s.str.index("a").compute() == 0).all()
    assert not is_asked_of_words(lazy.s.str.index("a"))
    with pytest.raises(ValueError, match="substring not found"):
        lazy.s.str.index("a").compute()


def test_comparisons_are_asked_of_words(session: Session, tmp_path: Path) -> None:
    lazy = sf.read_parquet(written(tmp_path, ["ab", "ac"] * 30, 1))
    for ask in (lambda s: s == "ab", lambda s: s.isin(["ab"]), lambda s: s.str.upper() == "AB"):
        assert is_asked_of_words(ask(lazy.s))
    assert not is_asked_of_words(lazy.s == lazy.s.rename("t"))
    assert not is_asked_of_words(lazy.s.str.replace("a", lambda found: "x", regex=True))
