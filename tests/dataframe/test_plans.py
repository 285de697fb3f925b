"""Plans of frames as text: what each rule makes of a plan, typical queries, and random plans."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

import shframe as sf
from shframe import session as sessions
from shframe.dataframe.expr.columns import Column
from shframe.dataframe.expr.relations import Project, ReadParquet, Sort
from shframe.dataframe.plan.plan_text import plan_text
from shframe.dataframe.plan.planner import PLANNER
from shframe.dataframe.plan.validate import check_stage
from shframe.dataframe.rules.push_columns import push_columns
from shframe.dataframe.rules.push_filters import push_filters
from shframe.dataframe.rules.push_limit import push_limit
from shframe.graph.plan.expr import Expr
from shframe.graph.plan.rewrite import Stage
from shframe.session import Session
from tests.dataframe.frames import FEW, same

PLANS = Path(__file__).with_name("plans")
RULES: dict[str, Callable[[Expr], Expr]] = {
    "push_filters": push_filters,
    "push_limit": Stage("limit", rules=(push_limit,)).apply,
    "push_columns": push_columns,
}
COUNT = 48


@pytest.fixture(scope="module")
def flights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four files, a month each, in two row groups."""
    folder = tmp_path_factory.mktemp("plans") / "flights"
    folder.mkdir()
    rows = np.arange(COUNT)
    frame = pd.DataFrame(
        {
            "month": rows // 12 + 1,
            "carrier": np.array(["AA", "DL", "UA"])[rows * 7 % 3],
            "delay": np.where(rows % 5 == 0, np.nan, (rows * 13 % 31) - 9.0),
            "distance": 100 + rows * 25,
            "when": pd.Timestamp("2013-01-01") + pd.to_timedelta(rows * 37, "h"),
        }
    )
    for month, part in frame.groupby("month"):
        part.reset_index(drop=True).to_parquet(folder / f"{month}.parquet", row_group_size=6)
    return folder


def evaluate(program: str, path: Path) -> Any:
    """The lazy object of a line of the fixtures."""
    return eval(program, {"sf": sf, "pd": pd, "path": path, "df": sf.read_parquet(path)})


def programs(file: Path) -> list[str]:
    return [line[4:] for line in file.read_text().splitlines() if line.startswith(">>> ")]


def rewritten(rule: str, path: Path) -> Iterator[str]:
    """Each program of a rule's fixture, with its plan before and after."""
    for program in programs(PLANS / f"{rule}.txt"):
        before = evaluate(program, path).expr
        after = RULES[rule](before)
        check_stage(before, after)
        yield f">>> {program}\n{plan_text(before)}\n->\n{plan_text(after)}\n"


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_makes_this_of_a_plan(session: Session, rule: str, flights: Path) -> None:
    assert "\n".join(rewritten(rule, flights)) == (PLANS / f"{rule}.txt").read_text()


def explained(path: Path) -> Iterator[str]:
    for program in programs(PLANS / "queries.txt"):
        yield f">>> {program}\n{evaluate(program, path).explain()}\n"


def test_typical_queries_have_the_committed_plans(session: Session, flights: Path) -> None:
    assert "\n".join(explained(flights)) == (PLANS / "queries.txt").read_text()


def test_the_tasks_are_told_when_asked_for(session: Session, flights: Path) -> None:
    lazy = sf.read_parquet(flights).groupby("carrier").delay.mean()
    assert "Tasks:" not in lazy.explain()
    tasks = lazy.explain(tasks=True).partition("Tasks:\n")[2]
    assert "read+" in tasks
    assert "aggregate-" in tasks


# --- validators ---------------------------------------------------------------------------


def test_a_stage_that_loses_a_column_is_found(session: Session, flights: Path) -> None:
    read = sf.read_parquet(flights).expr
    plan = Sort(read, ("delay",), (True,), "last", False)
    narrow = ReadParquet(read.source, ("carrier",))
    with pytest.raises(AssertionError, match="'delay', which its source"):
        check_stage(plan, plan.with_children([narrow]))
    with pytest.raises(AssertionError, match="changed the schema"):
        check_stage(Project(read, ("carrier", "delay")), Project(read, ("carrier",)))
    with pytest.raises(AssertionError, match="changed the schema"):
        check_stage(Column(read, "carrier"), Column(read, "delay"))


# --- random plans -------------------------------------------------------------------------

STEPS: list[Callable[[Any], Any]] = [
    lambda df: df[df.distance > 400],
    lambda df: df[df.carrier.isin(["AA", "UA"])],
    lambda df: df.query("month < 4 and distance > 150"),
    lambda df: df[df.delay > df.delay.mean()],
    lambda df: df.assign(speed=df.distance / (df.delay + 20)),
    lambda df: df.assign(delay=df.delay.fillna(0)),
    lambda df: df.assign(distance=7),
    lambda df: df[[*df.columns][::-1]],
    lambda df: df.sort_values(["carrier", "distance"], ascending=[False, True]),
    lambda df: df.head(9),
    lambda df: df.tail(20),
    lambda df: df.drop_duplicates(["carrier", "month"]),
    lambda df: df.nlargest(8, "distance"),
    lambda df: df.dropna(),
    lambda df: df.reset_index(drop=True),
    lambda df: df.merge(df[["month"]].drop_duplicates(), on="month"),
    lambda df: df.repartition(3),
]
ENDS: list[Callable[[Any], Any]] = [
    lambda df: df,
    lambda df: df[["carrier", "delay"]],
    lambda df: df.delay,
    lambda df: df.distance.sum(),
    lambda df: df.groupby("carrier").agg({"delay": "mean", "distance": ["min", "size"]}),
    lambda df: df.groupby(["month", "carrier"]).distance.median(),
    lambda df: df.carrier.value_counts(),
    lambda df: df.when.dt.day.head(4),
]


def as_written(lazy: Any) -> Any:
    """The result of the plan without any rule."""
    graph, layer = PLANNER.graph(lazy.expr, lazy._settled)
    refs = sessions.current().run(graph)
    return lazy._result([ref.value() for ref in refs], layer)


@FEW
@given(st.lists(st.sampled_from(range(len(STEPS))), max_size=5), st.sampled_from(range(len(ENDS))))
def test_a_random_plan_computes_the_same_optimised_and_not(
    session: Session, flights: Path, steps: list[int], end: int
) -> None:
    lazy = sf.read_parquet(flights)
    eager = pd.read_parquet(flights)
    for step in steps:
        lazy = STEPS[step](lazy)
    lazy = ENDS[end](lazy)
    note(lazy.explain())
    made = lazy.compute()
    same(made, as_written(lazy))
    if STEPS[-1] not in [STEPS[n] for n in steps]:  # pandas has no partitions
        for step in steps:
            eager = STEPS[step](eager)
        same(made, ENDS[end](eager), inexact=True)
