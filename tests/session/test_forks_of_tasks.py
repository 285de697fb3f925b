"""A task that forks: its child reads what the task has read, and is no second worker."""

from __future__ import annotations

import multiprocessing
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import shframe as sf
from shframe.session import Session
from tests.conftest import in_child, live_objects, until


class Nothing:
    """An actor."""


def test_a_child_reads_the_inputs_of_its_task(session: Session) -> None:
    table = pd.DataFrame({"a": np.arange(100_000), "s": ["text"] * 100_000})

    def looks(array: Any, frame: Any, refs: Any) -> list[str]:
        sf.get(refs[0])
        return [
            in_child(lambda: float(array.sum())),
            in_child(lambda: (int(frame.a.sum()), frame.s.iloc[-1])),
            in_child(lambda: float(sf.get(refs[0]).sum())),
        ]

    ones = sf.put(np.ones(200_000))
    found = sf.get(sf.remote(looks).remote(ones, sf.put(table), [sf.put(np.ones(150_000))]))
    assert found == ["200000.0", "(4999950000, 'text')", "150000.0"]


def test_a_pool_of_a_task_reads_its_inputs(session: Session) -> None:
    def sums(array: Any) -> list[float]:
        with multiprocessing.get_context("fork").Pool(2) as pool:
            return [float(one) for one in pool.map(np.sum, [array, array[:1000]])]

    assert sf.get(sf.remote(sums).remote(sf.put(np.ones(200_000)))) == [200_000, 1_000]


def test_what_a_child_reads_behind_its_task_stays_as_it_was(
    session: Session, tmp_path: Path
) -> None:
    def leaves(array: Any) -> None:
        pid = os.fork()
        if pid:
            os.waitpid(pid, 0)
        elif os.fork():
            os._exit(0)
        else:
            while not (tmp_path / "go").exists():
                time.sleep(0.01)
            (tmp_path / "part").write_text(str(float(array.sum())))
            (tmp_path / "part").rename(tmp_path / "found")
            os._exit(0)

    sf.get(sf.remote(leaves).remote(sf.put(np.ones(200_000))))
    for n in range(20):
        assert sf.get(sf.remote(np.sum).remote(sf.put(np.full(200_000, n)))) == 200_000 * n
    (tmp_path / "go").touch()
    assert until((tmp_path / "found").exists, 20)
    assert (tmp_path / "found").read_text() == "200000.0"
    asked = sf.remote(os.getpid)
    sf.get(sf.remote(Nothing).remote().__ray_ready__.remote())  # wakes who waits for strays
    assert until(
        lambda: len(sf.get([asked.remote() for _ in range(8)])) == 8 and not live_objects()
    )


@pytest.mark.parametrize("raises", [False, True])
def test_a_child_that_comes_back_from_its_task_is_no_worker(session: Session, raises: bool) -> None:
    def splits() -> int:
        pid = os.fork()
        if pid:
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if raises:
            raise ValueError("of the child")
        return -1

    assert sf.get(sf.remote(splits).remote()) == int(raises)
    assert sf.get([sf.remote(abs).remote(n) for n in range(50)]) == [*range(50)]


def test_a_child_that_speaks_for_its_task_hears_that_it_cannot(session: Session) -> None:
    def asks(refs: Any) -> str:
        return in_child(lambda: sf.get(refs[0]))

    assert "forked" in sf.get(sf.remote(asks).remote([sf.put(np.ones(200_000))]))
