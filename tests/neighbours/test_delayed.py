"""sf.delayed: graphs written as calls, with plain calls as the oracle."""

from __future__ import annotations

import functools
import operator
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shframe as sf
import shframe.array as xp
from shframe.errors import InvalidArgument, NotPicklable, UnsupportedType
from shframe.lazy.delayed_graph import graph_of
from shframe.session import Session
from tests.conftest import live_objects
from tests.examples import examples


def added(*numbers: int, more: int = 0) -> int:
    return sum(numbers) + more


def total(parts: Any) -> int:
    """The sum of all numbers in nested containers."""
    if isinstance(parts, dict):
        return sum(total(one) for one in parts.values())
    if isinstance(parts, (list, tuple, set)):
        return sum(map(total, parts))
    return int(parts)


numbers = st.integers(-100, 100)


@st.composite
def programs(draw: st.DrawFn) -> list[tuple[str, list[int], int]]:
    """Steps: how it calls, which earlier values it reads, and a number."""
    count = draw(st.integers(1, 12))
    return [
        (
            draw(st.sampled_from(["call", "by name", "nested", "operator"])),
            draw(st.lists(st.integers(0, max(n - 1, 0)), min_size=0, max_size=3)) if n else [],
            draw(numbers),
        )
        for n in range(count)
    ]


def run(program: list[tuple[str, list[int], int]], lazy: bool) -> list[Any]:
    wrap: Callable[[Any], Any] = sf.delayed if lazy else lambda value: value
    values: list[Any] = []
    for how, read, number in program:
        sources = [values[n] for n in read]
        if how == "call":
            values.append(wrap(added)(number, *sources))
        elif how == "by name":
            values.append(wrap(added)(*sources, more=sources[-1] if sources else number))
        elif how == "nested":
            values.append(wrap(total)([number, {"a": sources}, (1, *sources)]))
        else:
            values.append(functools.reduce(operator.sub, sources, wrap(number)) * 2)
    return values


@settings(max_examples=examples(20), deadline=None)
@given(program=programs())
def test_any_program_gives_what_plain_calls_give(
    session: Session, program: list[tuple[str, list[int], int]]
) -> None:
    assert list(sf.compute(*run(program, lazy=True))) == run(program, lazy=False)


EXPRESSIONS: list[Callable[[Any], Any]] = [
    lambda x: 3 - x,
    lambda x: (x + 1) ** 2 // 3 % 5,
    lambda x: 2 / (x | 1),
    lambda x: (x << 2) & 6 ^ 1,
    lambda x: abs(-x) + ~x,
    lambda x: x == 7,
    lambda x: x >= 8,
    lambda x: x.bit_length() + x.real,
    lambda x: [x, x][1],
]


@pytest.mark.parametrize("place", range(len(EXPRESSIONS)))
def test_operators_attributes_and_items(session: Session, place: int) -> None:
    expression = EXPRESSIONS[place]
    assert sf.compute(expression(sf.delayed(7)))[0] == expression(7)


def test_values_that_are_taken_apart(session: Session) -> None:
    quotient, rest = sf.delayed(divmod, nout=2)(17, 5)
    assert sf.compute(quotient, rest) == (3, 2)
    record = sf.delayed({"name": "Ada", "born": [10, 12, 1815]})
    assert record["born"][2].compute() == 1815
    assert record["name"].upper().replace("A", "O").compute() == "ODO"
    assert sf.delayed(operator.attrgetter)("real")(5).compute() == 5


def marked(path: str) -> int:
    with open(path, "a") as file:
        file.write("x")
    return os.getpid()


def test_what_is_shared_runs_once(session: Session, tmp_path: Path) -> None:
    path = str(tmp_path / "mark")
    one = sf.delayed(marked)(path)
    pid, half, both = sf.compute(one, one / 2, [one, {"also": one}])
    assert Path(path).read_text() == "x"
    assert (half, both) == (pid / 2, [pid, {"also": pid}])
    assert pid != os.getpid()


def test_calls_of_a_pure_function_are_one(session: Session, tmp_path: Path) -> None:
    path = str(tmp_path / "mark")
    pure = sf.delayed(marked, pure=True)
    assert pure(path).key == pure(path).key != pure(path + "x").key
    sf.compute(pure(path), pure(path))
    assert Path(path).read_text() == "x"
    plain = sf.delayed(marked)
    assert plain(path).key != plain(path).key
    sf.compute(plain(path), plain(path), plain(path, pure=True), pure(path))
    assert Path(path).read_text() == "xxxx"


def test_names_and_keys(session: Session) -> None:
    assert sf.delayed(added, name="plus")(1).key.startswith("plus-")
    assert sf.delayed(added)(1, dask_key_name="mine").key == "mine"
    assert sf.delayed([1, 2], name="numbers").key == "numbers"
    assert repr(sf.delayed(added)(1, dask_key_name="mine")) == "Delayed('mine')"


def test_a_decorated_method_is_lazy(session: Session) -> None:
    class Scale:
        factor = 3

        @sf.delayed(pure=True)
        def times(self, n: int) -> int:
            return self.factor * n

    assert Scale().times(4).compute() == 12


def test_a_large_argument_of_many_calls_is_stored_once(session: Session) -> None:
    big = np.arange(200_000)
    pick = sf.delayed(lambda array, n: (int(array[n]), array.flags.writeable))
    calls = [pick(big, n) for n in range(10)] + [pick([big][0], n=3)]
    graph = graph_of(calls)
    assert len(graph.data) == 1
    assert live_objects() == 1
    del graph
    assert sf.compute(*calls) == (*((n, False) for n in range(10)), (3, False))


def test_frames_arrays_and_handles_are_inputs(session: Session) -> None:
    frame = sf.from_pandas(pd.DataFrame({"v": range(1000)}), npartitions=3)
    array = xp.from_array(np.arange(1000), chunks=300)
    handle = sf.put(np.arange(50_000))
    summed = sf.delayed(lambda one, *, other, third: one.v.sum() + other.sum() + third.sum())
    call = summed(frame, other=array, third=handle)
    assert call.compute() == 2 * 499_500 + 1_249_975_000
    n, row, half = sf.compute(call, frame.v.max(), {"half": array[:500].sum()})
    assert (n, row, half) == (2 * 499_500 + 1_249_975_000, 999, {"half": 124_750})


def test_what_was_persisted_is_not_computed_again(session: Session, tmp_path: Path) -> None:
    path = str(tmp_path / "mark")
    one = sf.delayed(marked)(path)
    kept, frame = sf.persist(one, sf.from_pandas(pd.DataFrame({"v": [1, 2]}), npartitions=1))
    assert kept.key == one.key
    assert (kept + 0).compute() == kept.compute() == kept.persist().compute()
    assert Path(path).read_text() == "x"
    assert frame.v.sum().compute() == 3


def test_results_are_ones_own_and_outlive_what_made_them(session: Session) -> None:
    result = sf.delayed(np.zeros)(200_000).compute()
    result[:] = 1
    assert result.sum() == 200_000


def test_a_chain_and_a_tree_of_thousands(session: Session) -> None:
    add = sf.delayed(operator.add)
    chain = sf.delayed(0)
    for _ in range(3000):
        chain = add(chain, 1)
    level = [sf.delayed(abs)(-n) for n in range(2048)]
    while len(level) > 1:
        level = [add(*pair) for pair in zip(level[::2], level[1::2], strict=True)]
    assert sf.compute(chain, level[0]) == (3000, 2047 * 1024)


def test_a_task_takes_less_than_a_kilobyte_of_memory() -> None:
    add = sf.delayed(operator.add)
    tracemalloc.start()
    try:
        level = [add(n, 1) for n in range(4096)]
        calls = len(level)
        while len(level) > 1:
            level = [add(*pair) for pair in zip(level[::2], level[1::2], strict=True)]
            calls += len(level)
        graph = graph_of(level)
        assert len(graph.tasks) == calls
        assert tracemalloc.get_traced_memory()[0] / calls < 1024
    finally:
        tracemalloc.stop()


def raises(n: int) -> None:
    raise LookupError(f"no {n}")


def test_an_error_is_the_functions_own(session: Session) -> None:
    with pytest.raises(LookupError, match="no 3"):
        (sf.delayed(raises)(3) + 1).compute()


def test_what_a_delayed_cannot_do_is_said_at_once(session: Session) -> None:
    value = sf.delayed(added)(1)
    with pytest.raises(UnsupportedType, match="cannot iterate over a Delayed"):
        list(value)
    with pytest.raises(UnsupportedType, match="truth"):
        bool(value)
    with pytest.raises(UnsupportedType, match="cannot be modified"):
        value["a"] = 1
    with pytest.raises(AttributeError, match="_private"):
        _ = value._private
    with pytest.raises(InvalidArgument, match="nout must be an integer >= 0, got -1"):
        sf.delayed(added, nout=-1)
    with pytest.raises(NotPicklable, match="has not been computed"):
        sf.delayed(lambda: value)().compute()
    with open(os.devnull) as file, pytest.raises(NotPicklable, match="an argument of added"):
        sf.delayed(added)(file).compute()
