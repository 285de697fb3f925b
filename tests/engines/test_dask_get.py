"""Programs of Dask's own collections on our workers, against Dask's synchronous scheduler."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import dask
import dask.array as da
import dask.bag as db
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shframe as sf
from shframe.errors import InvalidArgument, NotPicklable
from shframe.session import Session
from tests.conftest import live_objects
from tests.examples import examples


@pytest.fixture(scope="module", autouse=True)
def nothing_runs_elsewhere() -> Iterator[None]:
    """Dask computes what it must know to make a graph: here, and without threads that stay."""
    with dask.config.set(scheduler="sync"):
        yield


RNG = np.random.default_rng(5)
VALUES = RNG.random((300, 200))
FRAME = pd.DataFrame(
    {
        "k": RNG.integers(0, 9, 5_000),
        "v": RNG.integers(0, 1000, 5_000),
        "f": RNG.random(5_000),
        "s": RNG.choice(["a", "bb", "ccc"], 5_000),
    }
)
OTHER = pd.DataFrame({"k": range(9), "name": list("abcdefghi")})


def x() -> Any:
    return da.from_array(VALUES, chunks=(100, 70))


def frame() -> Any:
    return dd.from_pandas(FRAME, npartitions=4)


def bag() -> Any:
    return db.from_sequence(range(200), npartitions=5)


OFFSET = 3

ARRAYS: dict[str, Callable[[], Any]] = {
    "elementwise": lambda: da.sin(x()) * 2 + x(),
    "reduction": lambda: x().mean(axis=0),
    "product": lambda: x().T @ x(),
    "rechunk": lambda: x().rechunk((37, 200)),
    "slices": lambda: x()[1:] - x()[:-1],
    "mask": lambda: x()[x() > 0.5],
    "user": lambda: x().map_blocks(lambda block: block + OFFSET),
    "overlap": lambda: x().map_overlap(lambda block: block * 2, depth=1),
    "svd": lambda: abs(da.linalg.svd(x().rechunk((100, 200)))[1]),
    "random": lambda: da.random.default_rng(1).random((50, 50), chunks=20),
    "nothing": lambda: da.zeros((0,), chunks=1),
    "scalar": lambda: x().sum(),
}
FRAMES: dict[str, Callable[[], Any]] = {
    "filter": lambda: frame()[frame().v > 500],
    "group": lambda: frame().groupby("k").agg({"v": "sum", "f": "mean"}),
    "merge": lambda: frame().merge(dd.from_pandas(OTHER, npartitions=2), on="k"),
    "sort": lambda: frame().sort_values(["v", "f"]),
    "user": lambda: frame().map_partitions(lambda part: part.assign(w=part.v + OFFSET)),
    "apply": lambda: frame().v.apply(lambda v: v * 2, meta=("v", "int64")),
    "shuffle": lambda: frame().shuffle("s").s.value_counts(),
    "index": lambda: frame().set_index("v"),
    "scalar": lambda: frame().f.sum(),
}
UNORDERED = ("merge", "index")  # the order of a partition's rows depends on which part came first
BAGS: dict[str, Callable[[], Any]] = {
    "map": lambda: bag().map(lambda n: n * OFFSET),
    "fold": lambda: bag().fold(lambda a, b: a + b),
    "frequencies": lambda: bag().map(lambda n: n % 7).frequencies(),
    "group": lambda: bag().groupby(lambda n: str(n % 5), shuffle="tasks").map(sorted_group),
    "filter": lambda: bag().filter(lambda n: n % 3).map_partitions(sum),
    "join": lambda: bag().join([1, 2, 3], lambda n: n % 5),
    "zip": lambda: db.zip(bag(), bag().map(str)),
}


def sorted_group(group: Any) -> Any:
    key, members = group
    return key, sorted(members)


def both(program: Callable[[], Any]) -> tuple[Any, Any]:
    (made,) = dask.compute(program(), scheduler=sf.dask_get)
    (expected,) = dask.compute(program(), scheduler="sync")
    return made, expected


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays(session: Session, name: str) -> None:
    made, expected = both(ARRAYS[name])
    np.testing.assert_allclose(made, expected, rtol=1e-12)
    assert type(made) is type(expected)
    assert made.dtype == expected.dtype
    if made.size and isinstance(made, np.ndarray):
        made[0] = 0  # an ordinary array


@pytest.mark.parametrize("name", FRAMES)
def test_frames(session: Session, name: str) -> None:
    made, expected = both(FRAMES[name])
    if isinstance(expected, pd.DataFrame):
        if name in UNORDERED:
            frames = [f.reset_index(drop=name == "merge") for f in (made, expected)]
            by = list(frames[0].columns)
            made, expected = (f.sort_values(by, ignore_index=True) for f in frames)
        pd.testing.assert_frame_equal(made, expected)
        made.iloc[0, 0] = made.iloc[0, 0]  # an ordinary frame
    elif isinstance(expected, pd.Series):
        pd.testing.assert_series_equal(made.sort_index(), expected.sort_index())
    else:
        np.testing.assert_allclose(made, expected, rtol=1e-12)


@pytest.mark.parametrize("name", BAGS)
def test_bags(session: Session, name: str) -> None:
    made, expected = both(BAGS[name])
    key = (lambda each: each) if name != "zip" else str
    if isinstance(expected, list):
        assert sorted(made, key=key) == sorted(expected, key=key)
    else:
        assert made == expected


def test_several_collections_at_once_and_delayed(session: Session) -> None:
    @dask.delayed
    def joined(*parts: Any) -> str:
        return "-".join(map(str, parts))

    total = x().sum()
    made = dask.compute(
        joined(1, joined("a"), [total]), {"n": bag().sum()}, total, scheduler=sf.dask_get
    )
    expected = dask.compute(
        joined(1, joined("a"), [total]), {"n": bag().sum()}, total, scheduler="sync"
    )
    assert made == expected


def inc(n: int) -> int:
    return n + 1


def add(*numbers: int) -> int:
    return sum(numbers)


@st.composite
def legacy_graphs(draw: st.DrawFn) -> dict[str, Any]:
    """Graphs in Dask's old form: literals, aliases, calls, calls within calls."""
    graph: dict[str, Any] = {"k0": draw(st.integers(-5, 5))}
    for n in range(1, draw(st.integers(1, 8))):
        names = st.sampled_from(sorted(graph))
        value = st.one_of(names, st.integers(-5, 5))
        kind = draw(st.sampled_from(["literal", "alias", "call", "nested"]))
        if kind == "literal":
            graph[f"k{n}"] = draw(st.integers(-5, 5))
        elif kind == "alias":
            graph[f"k{n}"] = draw(names)
        elif kind == "call":
            graph[f"k{n}"] = (add, *draw(st.lists(value, max_size=3)))
        else:
            graph[f"k{n}"] = (add, (inc, draw(value)), (sum, [draw(value), (inc, draw(value))]))
    return graph


@settings(max_examples=examples(15), deadline=None)
@given(graph=legacy_graphs(), data=st.data())
def test_any_graph_in_the_old_form(session: Session, graph: Any, data: st.DataObject) -> None:
    key = st.sampled_from(sorted(graph))
    keys = data.draw(st.recursive(key, lambda inner: st.lists(inner, max_size=3), max_leaves=5))
    assert sf.dask_get(graph, keys) == dask.get(graph, keys)


def test_an_error_arrives_as_it_was(session: Session) -> None:
    with pytest.raises(ZeroDivisionError):
        bag().map(lambda n: 1 // n).compute(scheduler=sf.dask_get)
    assert bag().sum().compute(scheduler=sf.dask_get) == sum(range(200))


def test_a_key_that_is_not_there_is_named(session: Session) -> None:
    with pytest.raises(InvalidArgument, match="no key 'b'"):
        sf.dask_get({"a": (inc, "b"), "c": 1}, ["c", "b"])


def test_what_cannot_travel_is_refused(session: Session) -> None:
    import threading

    with pytest.raises(NotPicklable, match="lock"):
        sf.dask_get({"a": (inc, threading.Lock())}, "a")


def test_functions_travel_once_and_large_values_lie_in_the_store_once(session: Session) -> None:
    ballast = b"x" * 300_000
    table = np.arange(100_000)

    def work(n: int, values: Any) -> int:
        return n + len(ballast) + int(values[-1])

    graph = {("work", n): (work, n, table) for n in range(40)}
    shell: Any = session.executor.start()  # type: ignore[attr-defined]
    sent: list[int] = []
    for worker in shell.pool.workers.values():
        queue = worker.channel.queue
        worker.channel.queue = lambda m, fds=(), queue=queue: (sent.append(len(m)), queue(m, fds))
    try:
        made = sf.dask_get(graph, list(graph))
    finally:
        for worker in shell.pool.workers.values():
            del worker.channel.queue
    assert made == tuple(n + 300_000 + 99_999 for n in range(40))
    assert sum(size > 300_000 for size in sent) <= 2  # a message a worker has the function
    assert max(sent) < table.nbytes
    assert {span.pid for span in session.last_trace.spans} <= set(session.executor.pids)  # type: ignore[attr-defined]
    assert os.getpid() not in session.last_trace.pids


def test_nothing_of_a_graph_stays_in_the_store(session: Session) -> None:
    before = live_objects()
    made = x().compute(scheduler=sf.dask_get)
    np.testing.assert_array_equal(made, VALUES)
    del made
    assert live_objects() == before


def test_the_trace_calls_tasks_by_dasks_names(session: Session) -> None:
    bag().map(lambda n: n).sum().compute(scheduler=sf.dask_get)
    assert any("sum" in span.call for span in session.last_trace.spans)
