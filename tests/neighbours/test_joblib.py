"""The joblib backend: the same answers as loky, with the data stored once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score

from shframe.benchmarks.runner.processes import measure_memory
from shframe.session import Session


@pytest.fixture
def backend(session: Session) -> Iterator[None]:
    with joblib.parallel_config("shframe", n_jobs=2):
        yield


def test_calls_run_in_the_workers_in_order(backend: None) -> None:
    assert joblib.Parallel()(joblib.delayed(pow)(n, 2) for n in range(500)) == [
        n * n for n in range(500)
    ]
    pids = joblib.Parallel()(joblib.delayed(os.getpid)() for _ in range(4))
    assert os.getpid() not in pids


def test_results_can_come_as_a_generator(backend: None) -> None:
    made = joblib.Parallel(return_as="generator")(joblib.delayed(abs)(-n) for n in range(20))
    assert list(made) == list(range(20))
    unordered = joblib.Parallel(return_as="generator_unordered")
    assert sorted(unordered(joblib.delayed(abs)(-n) for n in range(20))) == list(range(20))


def test_the_error_of_a_call_is_its_own(backend: None) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        joblib.Parallel()(joblib.delayed(int)(text) for text in ["1", "x", *"23456789"])
    assert joblib.Parallel()(joblib.delayed(int)(text) for text in "123") == [1, 2, 3]


def objects_and_address(array: Any, _: int) -> tuple[int, bool, float]:
    return os.getpid(), array.flags.writeable, float(array[-1])


def test_a_large_array_is_stored_once_for_a_parallel_call(session: Session) -> None:
    data = np.arange(4_000_000, dtype="f8")
    store = session.executor.store
    seen: list[int] = []

    def calls() -> Iterator[Any]:
        for n in range(24):
            seen.append(sum(info.nbytes >= data.nbytes for info in store.objects()))
            yield joblib.delayed(objects_and_address)(data, n)

    with joblib.parallel_config("shframe", n_jobs=2):  # the workers import what they need
        joblib.Parallel(batch_size=1)(
            joblib.delayed(objects_and_address)(data[:9], n) for n in range(24)
        )
    before = measure_memory(os.getpid()).total
    with joblib.parallel_config("shframe", n_jobs=2):
        results = joblib.Parallel(batch_size=1)(calls())
    grown = measure_memory(os.getpid()).total - before
    assert {(writeable, last) for _, writeable, last in results} == {(False, 3_999_999.0)}
    assert max(seen) == 1
    assert grown < 1.5 * data.nbytes  # one copy; a copy in each worker would be two more


def nested(n: int) -> list[int]:
    inner = joblib.Parallel(n_jobs=2)(joblib.delayed(os.getpid)() for _ in range(3))
    return [*inner, os.getpid()]


def test_a_parallel_call_inside_of_a_task_runs_in_the_task(backend: None) -> None:
    for pids in joblib.Parallel()(joblib.delayed(nested)(n) for n in range(4)):
        assert len(set(pids)) == 1


def test_one_job_runs_here(session: Session) -> None:
    with joblib.parallel_config("shframe", n_jobs=1):
        assert joblib.Parallel()([joblib.delayed(os.getpid)()]) == [os.getpid()]
    with joblib.parallel_config("shframe"):
        assert joblib.effective_n_jobs() == 2


def answers() -> tuple[Any, ...]:
    rows, labels = make_classification(1500, 20, random_state=0)
    forest = RandomForestClassifier(12, random_state=0)
    scores = cross_val_score(RandomForestClassifier(4, random_state=0), rows, labels, cv=4)
    predicted = forest.fit(rows, labels).predict_proba(rows)
    return scores.tolist(), predicted.tolist(), [tree.tree_.node_count for tree in forest]


def test_scikit_learn_gives_the_answers_that_loky_gives(session: Session) -> None:
    with joblib.parallel_config("shframe", n_jobs=2):
        ours = answers()
    with joblib.parallel_config("sequential"):
        assert answers() == ours


def test_a_forest_reads_its_data_from_one_object(session: Session) -> None:
    rows, labels = make_classification(20_000, 20, random_state=0)
    store = session.executor.store
    made: list[Any] = []
    put = store.put
    store.put = lambda value: made.append(value) or put(value)  # type: ignore[func-returns-value]
    try:
        with joblib.parallel_config("shframe", n_jobs=2):
            RandomForestClassifier(8, max_depth=3, random_state=0).fit(rows, labels)
    finally:
        del store.put
    sizes = [one.nbytes for one in made if getattr(one, "nbytes", 0) >= rows.nbytes // 2]
    assert len(sizes) == 1  # as float32, which the forest makes of it


BY_NAME = "assert joblib.Parallel(n_jobs=2, backend='shframe')(calls) == [3, 2, 1]\n"
IN_A_BLOCK = (
    "with joblib.parallel_config('shframe', n_jobs=2):\n"
    "    assert joblib.Parallel()(calls) == [3, 2, 1]\n"
)


@pytest.mark.parametrize("asked", [BY_NAME, IN_A_BLOCK])
@pytest.mark.parametrize("order", ["joblib, shframe", "shframe, joblib", "shframe, sklearn.base"])
def test_joblib_knows_the_backend_whichever_is_imported_first(order: str, asked: str) -> None:
    code = (
        f"import {order}\n"
        "import joblib\n"
        "parallel = joblib.parallel\n"
        "calls = [joblib.delayed(abs)(n) for n in range(-3, 0)]\n"
        f"{asked}"
        "print(type(parallel.__loader__).__name__, parallel.__spec__.loader is parallel.__loader__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "SourceFileLoader True\n"
    assert done.stderr == ""


def test_shframe_imports_no_joblib() -> None:
    code = "import shframe, sys; shframe.Executor; print('joblib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
