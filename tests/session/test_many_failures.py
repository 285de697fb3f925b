"""Many small computations of which one or several tasks fail, or that are cancelled, on real
workers: each comes to its end. A few hundred here; with --soak 20,000."""

from __future__ import annotations

import contextlib
import random
from typing import Any

import pandas as pd
import pytest

import shframe as sf
from shframe.errors import Cancelled
from tests.conftest import warmed

PARTS = 8


class Planned(Exception):
    """What is meant to be raised."""


def checked(part: Any) -> Any:
    if part.iloc[0] < 0:
        raise Planned(int(part.iloc[0]))
    return part


def act(*values: int) -> int:
    if values[-1] < 0:
        raise Planned(values[-1])
    return sum(values)


@pytest.mark.timeout(3600)
def test_every_computation_ends(request: pytest.FixtureRequest) -> None:
    soak = request.config.getoption("--soak")
    dice = random.Random(20 if soak else 7)
    warmed(sf.init(workers=2, memory="1GB", inline_bytes=0))
    try:
        frames = {signs: frame_of(signs) for signs in (patterns(dice) for _ in range(24))}
        failed = 0
        for n in range(20_000 if soak else 400):
            if n % 3:
                failed += compute(frames, dice)
            else:
                call(dice)
        assert failed > (1000 if soak else 20)
        assert sf.get(sf.remote(act).remote(1)) == 1
    finally:
        sf.shutdown()


def patterns(dice: random.Random) -> tuple[bool, ...]:
    """Which partitions fail: none, one, many, or all."""
    share = dice.choice((0.0, 0.1, 0.5, 1.0))
    return tuple(dice.random() < share for _ in range(PARTS))


def frame_of(signs: tuple[bool, ...]) -> Any:
    values = [-n - 1 if negative else n + 1 for n, negative in enumerate(signs)]
    lazy = sf.from_pandas(pd.Series([v for v in values for _ in range(2)]), npartitions=PARTS)
    return lazy.map_partitions(checked, meta=pd.Series(dtype="int64"))


def compute(frames: dict[tuple[bool, ...], Any], dice: random.Random) -> bool:
    """Whether a computation has failed, as it was to."""
    signs = dice.choice([*frames])
    if not any(signs):
        assert len(frames[signs].compute()) == 2 * PARTS
        return False
    with pytest.raises(Planned):
        frames[signs].compute()
    return True


def call(dice: random.Random) -> None:
    """Some calls that read each other; some fail, some are cancelled."""
    task: Any = sf.remote(act)
    refs: list[Any] = []
    for _ in range(dice.randint(1, 12)):
        inputs = dice.sample(refs, min(len(refs), dice.randint(0, 2)))
        refs.append(task.remote(*inputs, dice.choice((1, 1, 1, -1))))
    for ref in dice.sample(refs, dice.randint(0, len(refs))):
        if dice.random() < 0.3:
            sf.cancel(ref)
    for ref in refs:
        with contextlib.suppress(Planned, Cancelled):
            assert sf.get(ref, timeout=60) >= 1
