"""Order, ends, distinct rows and indexes are pandas' own; equal keys keep their order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import shframe as sf
from shframe.errors import ColumnNotFound, InvalidArgument
from shframe.session import Session
from tests.dataframe.frames import FEW, Case, agrees, cases, same

COLUMNS = st.sampled_from(["k", "i", "f", "b", "s", "t", "c"])
COUNTS = st.integers(0, 30)


@FEW
@given(
    case=cases(),
    by=st.lists(COLUMNS, min_size=1, max_size=3, unique=True),
    flags=st.lists(st.booleans(), min_size=3, max_size=3),
    na_position=st.sampled_from(["first", "last"]),
    ignore_index=st.booleans(),
)
def test_sort_by_several_columns_is_stable(
    session: Session,
    case: Case,
    by: list[str],
    flags: list[bool],
    na_position: Any,
    ignore_index: bool,
) -> None:
    agrees(
        case,
        lambda d: d.sort_values(
            by,
            ascending=flags[: len(by)],
            na_position=na_position,
            ignore_index=ignore_index,
            kind="stable",
        ),
    )


@FEW
@given(case=cases(), by=COLUMNS, ascending=st.booleans())
def test_sort_of_a_series(session: Session, case: Case, by: str, ascending: bool) -> None:
    same(
        case.lazy()[by].sort_values(ascending=ascending).compute(),
        case.frame[by].sort_values(ascending=ascending, kind="stable"),
    )


@FEW
@given(case=cases(), by=st.sampled_from(["i", "f", "s"]), ascending=st.booleans())
def test_sort_by_the_index(session: Session, case: Case, by: str, ascending: bool) -> None:
    same(
        case.lazy().set_index(by).sort_index(ascending=ascending).compute(),
        case.frame.set_index(by).sort_index(ascending=ascending, kind="stable"),
    )


@FEW
@given(
    case=cases(),
    subset=st.none() | st.lists(COLUMNS, min_size=1, max_size=2, unique=True),
    keep=st.sampled_from(["first", "last"]),
    ignore_index=st.booleans(),
)
def test_drop_duplicates(
    session: Session, case: Case, subset: Any, keep: Any, ignore_index: bool
) -> None:
    assume(len(case.frame) or not ignore_index)
    agrees(case, lambda d: d.drop_duplicates(subset, keep=keep, ignore_index=ignore_index))
    agrees(case, lambda d: d.s.drop_duplicates(keep=keep))


@FEW
@given(
    case=cases(),
    column=st.sampled_from(["k", "i", "f", "b", "s", "t"]),
    normalize=st.booleans(),
    sort=st.booleans(),
    ascending=st.booleans(),
    dropna=st.booleans(),
)
def test_value_counts(
    session: Session,
    case: Case,
    column: str,
    normalize: bool,
    sort: bool,
    ascending: bool,
    dropna: bool,
) -> None:
    agrees(
        case,
        lambda d: d[column].value_counts(
            normalize=normalize, sort=sort, ascending=ascending, dropna=dropna
        ),
    )


@FEW
@given(
    case=cases(),
    n=COUNTS,
    by=st.lists(st.sampled_from(["k", "i", "f"]), min_size=1, max_size=2, unique=True),
    keep=st.sampled_from(["first", "last"]),
)
def test_largest_and_smallest(
    session: Session, case: Case, n: int, by: list[str], keep: Any
) -> None:
    agrees(case, lambda d: d.nlargest(n, by, keep=keep))
    agrees(case, lambda d: d.nsmallest(n, by, keep=keep))
    agrees(case, lambda d: d[by[0]].nlargest(n, keep=keep))
    agrees(case, lambda d: d[by[0]].nsmallest(n, keep=keep))


@FEW
@given(case=cases(), n=COUNTS)
def test_ends(session: Session, case: Case, n: int) -> None:
    agrees(case, lambda d: d.head(n))
    agrees(case, lambda d: d.tail(n))
    agrees(case, lambda d: d.s.head(n))
    agrees(case, lambda d: d[d.b].tail(n))


@FEW
@given(case=cases(), n=COUNTS)
def test_ends_of_what_is_sorted(session: Session, case: Case, n: int) -> None:
    agrees(case, lambda d: d.sort_values(["k", "i"], kind="stable").head(n))
    agrees(case, lambda d: d.sort_values("f", kind="stable").tail(n))


@FEW
@given(case=cases())
def test_indexes_made_and_undone(session: Session, case: Case) -> None:
    agrees(case, lambda d: d.reset_index(drop=True))
    agrees(case, lambda d: d.reset_index())
    agrees(case, lambda d: d.s.reset_index(drop=True))
    agrees(case, lambda d: d.set_index("s"))
    agrees(case, lambda d: d.set_index(["k", "t"], drop=False))
    agrees(case, lambda d: d.set_index("k").reset_index())
    agrees(case, lambda d: d.reset_index(drop=True).index)


@FEW
@given(case=cases(), n=st.integers(1, 7))
def test_repartition_keeps_the_rows(session: Session, case: Case, n: int) -> None:
    lazy = case.lazy().repartition(n)
    assert lazy.npartitions == n
    same(lazy.compute(), case.frame)
    sizes = lazy.map_partitions(length, meta=pd.Series([], dtype="int64")).compute()
    assert sizes.sum() == len(case.frame)
    assert sizes.max() - sizes.min() <= 1


def length(part: Any) -> Any:
    return pd.Series([len(part)], dtype="int64")


@FEW
@given(case=cases(), n=st.integers(1, 4))
def test_persisted_frames_keep_their_rows(session: Session, case: Case, n: int) -> None:
    kept = case.lazy().sort_values("i", kind="stable").persist()
    same(kept.compute(), case.frame.sort_values("i", kind="stable"))
    same(kept[kept.k < n].compute(), case.frame.sort_values("i", kind="stable").query("k < @n"))


@pytest.mark.parametrize("by", ["u", "dense", "text", ["dense", "u"]])
@pytest.mark.parametrize("ascending", [True, False])
def test_many_rows_are_sorted(session: Session, by: Any, ascending: bool) -> None:
    random = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "u": random.normal(size=2_000),
            "dense": random.integers(0, 40, 2_000),
            "text": random.choice(["b", "a", "", "été", "zz"], 2_000),
        }
    )
    frame.loc[::97, "u"] = np.nan
    lazy = sf.from_pandas(frame, npartitions=5).sort_values(by, ascending=ascending)
    same(lazy.compute(), frame.sort_values(by, ascending=ascending, kind="stable"))


def test_mistakes_show_at_the_call(session: Session) -> None:
    lazy = sf.from_pandas(pd.DataFrame({"a": [2, 1]}), npartitions=2)
    with pytest.raises(ColumnNotFound):
        lazy.sort_values("b")
    with pytest.raises(InvalidArgument):
        lazy.sort_values("a", ascending=[True, False])
    with pytest.raises(InvalidArgument):
        lazy.sort_values("a", na_position="middle")
    with pytest.raises(InvalidArgument):
        lazy.head(1.5)
    with pytest.raises(InvalidArgument):
        lazy.repartition(0)
    with pytest.raises(ColumnNotFound):
        lazy.set_index("b")


@FEW
@given(
    case=cases(),
    by=st.lists(COLUMNS, min_size=1, max_size=2, unique=True),
    flags=st.lists(st.booleans(), min_size=2, max_size=2),
    na_position=st.sampled_from(["first", "last"]),
    keys=st.sampled_from([["k"], ["s"], ["k", "b"], ["t"], ["f"], ["c"]]),
    dropna=st.booleans(),
    count=st.integers(1, 3),
)
def test_first_rows_of_groups_in_an_order(
    session: Session,
    case: Case,
    by: list[str],
    flags: list[bool],
    na_position: Any,
    keys: list[str],
    dropna: bool,
    count: int,
) -> None:
    def in_order(d: Any) -> Any:
        order = flags[: len(by)]
        return d.sort_values(by, ascending=order, na_position=na_position, kind="stable")

    agrees(case, lambda d: in_order(d).groupby(keys, dropna=dropna, observed=True).head(count))
    agrees(case, lambda d: in_order(d).groupby(keys, dropna=dropna, observed=True)["i"].tail(count))
    agrees(case, lambda d: in_order(d).drop_duplicates(keys))
    agrees(case, lambda d: in_order(d)[[*keys]].drop_duplicates(keep="last"))
    agrees(case, lambda d: in_order(d).drop_duplicates(keys, keep="last"))


def test_only_the_first_rows_of_groups_are_sorted(session: Session) -> None:
    frame = pd.DataFrame({"k": np.arange(4000) % 40, "v": np.arange(4000) % 97})
    lazy = sf.from_pandas(frame, npartitions=4).sort_values("v", ascending=False)
    for ask in (lambda d: d.groupby("k").head(2), lambda d: d.drop_duplicates("k")):
        assert "near the first" in str(ask(lazy).explain())
    for ask in (
        lambda d: d.groupby("k").head(-2),
        lambda d: d.groupby("k").head(99),
        lambda d: sf.concat([d, d.groupby("k").head(2)]),
    ):
        assert "near the first" not in str(ask(lazy).explain())


@FEW
@given(case=cases(), by=st.lists(COLUMNS, min_size=1, max_size=2, unique=True))
def test_few_rows_are_one_range(session: Session, case: Case, by: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shframe.dataframe.lower.shuffle.FEW_ROWS", 1 << 15)
        agrees(case, lambda d: d.sort_values(by, kind="stable"))
        agrees(case, lambda d: d.groupby("k")["f"].median())
        agrees(case, lambda d: d.groupby("s").agg(n=("i", "nunique")).reset_index())
