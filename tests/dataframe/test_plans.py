"""Plans of frames as text: what each rule makes of a plan, typical queries, and random plans."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

import shframe as sf
import shframe.array as xp
from shframe import session as sessions
from shframe.dataframe.expr.columns import Column
from shframe.dataframe.expr.relations import Project, ReadParquet, Sort
from shframe.dataframe.kernels import membership
from shframe.dataframe.plan.plan_text import plan_text
from shframe.dataframe.plan.planner import PLANNER
from shframe.dataframe.plan.validate import check_stage
from shframe.dataframe.rules.drop_labels import drop_labels
from shframe.dataframe.rules.drop_order import drop_order
from shframe.dataframe.rules.filter_partners import filter_partners
from shframe.dataframe.rules.find_members import find_members
from shframe.dataframe.rules.limit_sorted import limit_sorted
from shframe.dataframe.rules.move_filters import move_filters
from shframe.dataframe.rules.push_columns import push_columns
from shframe.dataframe.rules.push_filters import push_filters
from shframe.dataframe.rules.push_limit import push_limit
from shframe.dataframe.rules.read_footers import count_rows, read_bounds
from shframe.dataframe.rules.unneeded import drop_unneeded
from shframe.errors import UnsupportedType
from shframe.graph.plan.expr import Expr
from shframe.graph.plan.rewrite import Stage
from shframe.session import Session
from tests.dataframe.frames import FEW, same

PLANS = Path(__file__).with_name("plans")
RULES: dict[str, Callable[[Expr], Expr]] = {
    "move_filters": move_filters,
    "limit_sorted": Stage("sorted", rules=(limit_sorted,)).apply,
    "drop_order": drop_unneeded(drop_order, drop_labels),
    "find_members": Stage("members", rules=(find_members,)).apply,
    "filter_partners": filter_partners,
    "read_footers": Stage("footers", rules=(count_rows, read_bounds)).apply,
    "push_filters": push_filters,
    "push_limit": Stage("limit", rules=(push_limit,)).apply,
    "push_columns": drop_unneeded(push_columns),
}
COUNT = 48
CHECKED = ["move_filters", "limit_sorted", "drop_order", "find_members", "filter_partners"]
CHECKED += ["read_footers"]


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
    carriers = pd.DataFrame({"carrier": ["UA", "AA", "XX"], "fleet": [700, 900, 1], "delay": 0.5})
    carriers.to_parquet(folder.with_name("carriers.parquet"))
    return folder


def evaluate(program: str, path: Path) -> Any:
    """The lazy object of a line of the fixtures."""
    names = {
        "df": sf.read_parquet(path),
        "own": sf.read_parquet(path.with_name("carriers.parquet")),
    }
    return eval(program, {"sf": sf, "pd": pd, "path": path, **names})


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


@pytest.mark.parametrize("rule", CHECKED)
def test_what_a_rule_changes_computes_what_pandas_does(
    session: Session, rule: str, flights: Path
) -> None:
    frames = {"df": flights, "own": flights.with_name("carriers.parquet")}
    eager = {name: pd.read_parquet(path) for name, path in frames.items()}
    for program in programs(PLANS / f"{rule}.txt"):
        print(program)
        expected = eval(program, {"sf": pd, "pd": pd, **eager})
        same(evaluate(program, flights).compute(), expected, inexact=True)


@pytest.mark.parametrize("dtype", ["i1", "u1", "i4", "i8", "u8"])
def test_integers_of_every_width_are_looked_up(dtype: str) -> None:
    ends = np.iinfo(dtype)
    extremes = np.array([ends.min, ends.max, ends.max // 2, 0, 7, 7], dtype)
    near = np.array([ends.max // 2, ends.max // 2 - 90, 7], dtype)
    for values in (extremes, near, near[:0]):
        found = membership.build_members(np.unique(values), np.unique(values[:1]))
        for asked in (extremes, near, np.arange(127, dtype=dtype)):
            made = membership.is_member(pd.Series(asked, name="x"), found)
            same(made, pd.Series(asked, name="x").isin(values))


def explained(path: Path) -> Iterator[str]:
    for program in programs(PLANS / "queries.txt"):
        plan = re.sub("  ~.*", "", evaluate(program, path).explain())  # sizes differ with pyarrow
        yield f">>> {program}\n{plan}\n"


def test_typical_queries_have_the_committed_plans(session: Session, flights: Path) -> None:
    assert "\n".join(explained(flights)) == (PLANS / "queries.txt").read_text()


def test_the_tasks_are_told_when_asked_for(session: Session, flights: Path) -> None:
    lazy = sf.read_parquet(flights).groupby("carrier").delay.mean()
    assert "Tasks:" not in lazy.explain()
    tasks = lazy.explain(tasks=True).partition("Tasks:\n")[2]
    assert "read+" in tasks
    assert "aggregate-" in tasks


def test_a_plan_is_analysed_by_running_it(session: Session, flights: Path) -> None:
    df, own = sf.read_parquet(flights), sf.read_parquet(flights.with_name("carriers.parquet"))
    lazy = df[df.month > 1].merge(own, on="carrier").groupby("carrier").fleet.sum()
    expected = lazy.explain().partition("Optimised plan:\n")[2].splitlines()
    lines = lazy.explain(analyze=True).partition("Optimised plan:\n")[2].splitlines()
    assert all(line.startswith(short) for line, short in zip(lines, expected, strict=False))
    found = [
        re.search(r"~([\d,]+) rows, .* \| ([\d,]+) rows, .*, \d\.\d{3} s", line) for line in lines
    ]
    rows = [one.groups() for one in found if one is not None]
    assert [int(made) for _, made in rows] == [2, 24, 36, 36, 3]
    assert [int(guess) for guess, _ in rows][-2:] == [36, 3]
    assert "as pandas" not in lines[2]  # numbers are compared where they are
    by_pandas = df[df.month.map(lambda month: month > 1)].explain(analyze=True)
    assert "as pandas" in by_pandas.partition("Optimised plan:\n")[2]
    assert lines[3].endswith("read")
    assert re.fullmatch(r"  in all \d+\.\d{3} s, 0 B spilled", lines[-1])


def test_an_array_is_not_analysed(session: Session) -> None:
    with pytest.raises(UnsupportedType, match="is for frames"):
        xp.asarray([1, 2]).sum().explain(analyze=True)


# --- several at once ----------------------------------------------------------------------


def test_what_several_frames_share_is_computed_once(session: Session, flights: Path) -> None:
    df = sf.read_parquet(flights)
    eager = pd.read_parquet(flights)
    joined = df.merge(df[["month"]].drop_duplicates(), on="month")
    asked = [joined.groupby("carrier").delay.sum(), joined.distance.max(), df[df.month > 1]]
    sums, (most,), late = sf.compute(asked[0], [asked[1]], asked[2])
    calls = [span.call for span in sf.last_trace().spans]
    assert sum(call.startswith("read") for call in calls) <= 8
    assert sum(call.startswith("join") for call in calls) <= 8
    same(sums, eager.groupby("carrier").delay.sum(), inexact=True)
    assert most == eager.distance.max()
    same(late, eager[eager.month > 1])
    kept, again = sf.persist(asked[0], asked[2])
    same(kept.compute(), sums)
    same(again.compute(), late)


def test_several_frames_read_apart_what_they_do_not_share(session: Session, flights: Path) -> None:
    df = sf.read_parquet(flights)
    plans = [df.distance.mean().expr, df.delay.mean().expr]
    texts = [plan_text(one) for one in PLANNER.optimized_together(plans)]
    assert ["1 of 5 columns" in text for text in texts] == [True, True]
    first, last = df[df.month == 1].delay.sum(), df[df.month == 4].delay.sum()
    texts = [plan_text(one) for one in PLANNER.optimized_together([first.expr, last.expr])]
    assert "2 of 8 row groups, prune month == 1" in texts[0]
    assert "2 of 8 row groups, prune month == 4" in texts[1]
    shared = [df[df.month > 0].delay.sum().expr, df[df.month > 1].delay.sum().expr]
    assert "prune" not in plan_text(PLANNER.optimized_together(shared)[0])


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

BACK = {"miles": "distance"}


def first_months(df: Any) -> Any:
    first = df.drop_duplicates("carrier")[["carrier", "month"]]
    return first.rename(columns={"month": f"since{len(df.columns)}"})


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
    lambda df: df.sort_values("distance", ascending=False).head(15),
    lambda df: df.rename(columns={"distance": "miles"}).query("miles > 300").rename(columns=BACK),
    lambda df: df.merge(first_months(df), on="carrier", how="left"),
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
    lambda df: df[df.month > 1].reset_index(drop=True),
    lambda df: df[(df.month > 1) & (df.distance < 900)].groupby("carrier").distance.sum(),
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
