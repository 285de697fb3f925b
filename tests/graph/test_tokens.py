"""Tokens: equal content has one token, in every process; other content has another."""

from __future__ import annotations

import itertools
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from shframe.dataframe.kernels import rowwise
from shframe.graph.plan.expr import Expr
from shframe.graph.plan.tokens import tokenize
from tests import test_layers

ROOT = Path(__file__).parents[2]
DIFFERENT: list[Any] = [
    *(None, True, False, 0, 1, 1.0, -0.0, 0.0, 1 + 0j, "1", b"1", "", b"", ..., -1, 12, 2**70),
    *((), [], (1,), [1], (1, 2), (12,), ((1,), 2), (1, (2,)), ("a", "b"), ("ab",), ("a", "", "b")),
    *({}, {1: 2}, set(), {1}, slice(1), slice(1, 2), range(1), range(2), int, float, len),
    *map(np.dtype, ["f8", "f4", ">f8", "i8", "u8", "bool", "U1", "U2", "S1", "V8", "O"]),
    *map(np.dtype, ["M8[s]", "M8[D]", "m8[s]", "M8", [("a", "i4")], [("b", "i4")]]),
    np.dtype("i8", metadata={"unit": "m"}),
    *(np.add, np.subtract, np.float64(1), np.float32(1), np.int64(1)),
    *(np.array([1, 2]), np.array([1, 3]), np.array([1.0, 2.0]), np.zeros(100_000)),
    *(rowwise.assign, rowwise.operate, test_layers.circles, test_layers.edges),
    *(pd.Timestamp("2020"), pd.Timestamp("2021"), Path("a"), Path("b")),
]


def test_different_content_has_different_tokens() -> None:
    tokens = [tokenize(value) for value in DIFFERENT]
    assert len(set(tokens)) == len(DIFFERENT)
    for one, other in itertools.permutations([0, "0", (), ("0",)], 2):
        assert tokenize(one, other) != tokenize((one, other)) != tokenize([one, other])


def test_another_process_makes_the_same_tokens() -> None:
    program = (
        "from tests.graph.test_tokens import DIFFERENT, tokenize\n"
        "print(*[tokenize(value) for value in DIFFERENT])\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.split() == [tokenize(value) for value in DIFFERENT]


@dataclass(frozen=True, eq=False)
class Node(Expr):
    """A node with one below it."""

    below: Expr | None
    value: Any


class Own:
    """What enters by some of its values."""

    def __init__(self, value: int, note: str) -> None:
        self.value, self.note = value, note

    def __shframe_content__(self) -> tuple[object, ...]:
        return (self.value,)


def test_what_has_content_enters_by_it() -> None:
    assert tokenize(Own(1, "a")) == tokenize(Own(1, "b")) != tokenize(Own(2, "a"))
    assert tokenize(Own(1, "a")) != tokenize((1,))


@pytest.mark.parametrize("length", [1, 5000])
def test_the_token_of_a_long_chain_is_made_without_recursion(length: int) -> None:
    def chain(last: int) -> Expr:
        node: Expr | None = None
        for n in range(length):
            node = Node(node, n)
        return Node(node, last)

    assert chain(1).token == chain(1).token != chain(2).token
    assert chain(1) == chain(1)
    assert hash(chain(1)) == hash(chain(1))
