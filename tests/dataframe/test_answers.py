"""What follows from labels and schemas alone is found once, and told only of the same ones."""

from __future__ import annotations

import gc
import weakref

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

import shframe as sf
from shframe.dataframe import answers, partition
from shframe.dataframe.answers import Answers
from shframe.session import Session
from tests.dataframe.frames import FEW, same


@FEW
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=40))
def test_each_object_has_its_own_answers(asked: list[tuple[int, int]]) -> None:
    known, lists = Answers(), [[n] for n in range(4)]
    for question, n in asked:
        assert known.ask((question,), [lists[n]], lambda q=question, n=n: (q, n)) == (question, n)


def test_objects_that_are_gone_answer_for_no_other() -> None:
    known = Answers()
    for n in range(3 * answers.MOST):
        fresh = [n]  # where an earlier one may have been
        assert known.ask(("sum",), [fresh], lambda fresh=fresh: sum(fresh)) == n


def test_the_objects_are_not_kept() -> None:
    known, labels = Answers(), pd.Index(["a"])
    gone = weakref.ref(labels)
    assert known.ask(("first",), [labels, 1.5], lambda: "a") == "a"
    del labels
    gc.collect()
    assert gone() is None


@FEW
@given(st.lists(st.sampled_from(["a", 1, True, 1.5, None]), min_size=1, max_size=4))
def test_layouts_of_the_same_labels_differ_in_all_else(names: list[object]) -> None:
    labels = pd.Index(["x"])
    for dtype in ("int64", "float64", "category"):
        for name in names:
            column = pd.Series([1, 2, 3]).astype(dtype)
            frame = pd.DataFrame({"x": column}).set_index(pd.Index([5, 6, 7], name=name))
            frame.columns = labels
            table = partition.as_table(frame)
            made = frame if table is None else partition.as_pandas(table)
            same(made, frame)
            assert [type(one) for one in made.index.names] == [type(name)]


def test_schemas_that_look_alike_are_asked_apart(session: Session) -> None:
    for values in ([1, 2, 3], [1.5, 2.5, 3.5], ["x", "y", "z"], [True, False, True]):
        frame = pd.DataFrame({"a": values, "b": [3, 2, 1]})
        lazy = sf.from_pandas(frame, npartitions=2)
        assert lazy.a.dtype == frame.a.dtype
        same((lazy.a + lazy.a).compute(), frame.a + frame.a)
        same(lazy[lazy.b > 1][["a"]].compute(), frame[frame.b > 1][["a"]])
        same(lazy.assign(c=lazy.a).compute(), frame.assign(c=frame.a))
        assert lazy.a.max().compute() == frame.a.max()
