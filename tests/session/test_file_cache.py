"""The file cache as such, against a model: which values are there, and which go first."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shframe as sf
from shframe.file_cache import FileCache
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task
from shframe.graph.tasks.task_graph import Keeper, TaskGraph
from shframe.session import Session
from tests.examples import examples

MOST = 10


@dataclass(frozen=True)
class Value:
    """What the cache needs of a handle."""

    id: int
    nbytes: int


@dataclass
class Model:
    """The parts of each value, the one used last at the end; parts that were read."""

    values: OrderedDict[Value, set[str]] = field(default_factory=OrderedDict)
    noted: set[str] = field(default_factory=set)

    def find(self, part: str) -> Value | None:
        for value, parts in self.values.items():
            if part in parts:
                self.values.move_to_end(value)
                return value
        return None

    def keep(self, parts: set[str], value: Value) -> None:
        new = parts.difference(*self.values.values())
        if new and value.nbytes <= MOST:
            while self.nbytes() + value.nbytes > MOST:
                self.values.popitem(last=False)
            self.values[value] = new

    def release(self, needed: int) -> None:
        while needed > 0 and self.values:
            needed -= self.values.popitem(last=False)[0].nbytes

    def nbytes(self) -> int:
        return sum(value.nbytes for value in self.values)


PARTS = st.sets(st.sampled_from("abcdef"), max_size=3)
STEPS = st.lists(
    st.tuples(st.just("find"), st.sampled_from("abcdef"))
    | st.tuples(st.just("keep"), PARTS, st.integers(0, MOST + 2))
    | st.tuples(st.just("release"), st.integers(0, MOST))
    | st.tuples(st.just("note"), PARTS)
    | st.tuples(st.just("clear")),
    max_size=30,
)


@settings(max_examples=examples(60), deadline=None)
@given(taken=STEPS)
def test_it_holds_what_a_model_holds(taken: list[tuple[Any, ...]]) -> None:
    cache, model = FileCache(MOST), Model()
    for number, (step, *given_) in enumerate(taken):
        if step == "find":
            assert cache.find(given_[0]) is model.find(given_[0])
        elif step == "keep":
            value = Value(number, given_[1])
            cache.keep(given_[0], value)  # type: ignore[arg-type]
            model.keep(given_[0], value)
        elif step == "release":
            cache.release(given_[0])
            model.release(given_[0])
        elif step == "note":
            cache.note(given_[0])
            model.noted |= given_[0]
        else:
            cache.clear()
            model = Model()
        assert (cache.nbytes, len(cache)) == (model.nbytes(), len(model.values))
        assert {part for part in "abcdef" if cache.was_read(part)} == model.noted
    for part in "abcdef":
        assert cache.find(part) is model.find(part)


def test_parts_that_were_read_long_ago_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shframe.file_cache.NOTED", 3)
    cache = FileCache(MOST)
    cache.note("abc")
    cache.note("a")
    cache.note("d")
    assert [part for part in "abcd" if cache.was_read(part)] == ["a", "c", "d"]


def _one() -> int:
    return 1


def _more(value: int) -> int:
    return value + 1


def test_a_keeper_gets_results_that_are_no_outputs(session: Session) -> None:
    taken: dict[Key, Any] = {}
    first, second = Key("first"), Key("second")
    graph = TaskGraph()
    graph.add([Task(first, Function(_one)), Task(second, Function(_more), (first,))])
    graph.outputs = (second,)
    graph.keepers.append(Keeper((first, Key("absent")), taken.update))
    assert sf.get(session.run(graph)) == [2]
    assert sf.get(taken[first]) == 1
    assert Key("absent") not in taken


def _fails(value: int) -> int:
    raise ValueError(f"no room for {value}")


def test_a_keeper_gets_nothing_of_a_run_that_fails(session: Session) -> None:
    taken: dict[Key, Any] = {}
    first, second = Key("first"), Key("second")
    graph = TaskGraph()
    graph.add([Task(first, Function(_one)), Task(second, Function(_fails), (first,))])
    graph.outputs = (second,)
    graph.keepers.append(Keeper((first,), taken.update))
    with pytest.raises(ValueError, match="no room for 1"):
        session.run(graph)
    assert not taken
