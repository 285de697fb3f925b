"""sf.memory() tells what lies in the store and why; compact() lets go of it."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import shframe as sf
import shframe.array as xp
from shframe.session import current

ROWS = 200_000  # of float64: 1.5 MiB
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def session() -> Iterator[None]:
    sf.init(workers=2, memory="256MB", inline_bytes=0)
    yield
    sf.shutdown()


def held(nbytes: int = ROWS * 8) -> tuple[str, ...]:
    """What holds the one object of this size."""
    (found,) = [one for one in sf.memory().objects if one.nbytes == nbytes]
    return found.holders


def test_each_object_is_listed_with_its_size_place_and_line() -> None:
    ref = sf.put(np.ones(ROWS))
    small = sf.put(3)
    lazy = sf.from_pandas(pd.DataFrame({"a": np.arange(ROWS)}), npartitions=4).persist()
    report = sf.memory()
    assert [one.nbytes for one in report.objects] == sorted(
        (one.nbytes for one in report.objects), reverse=True
    )
    first = report.objects[0]
    assert (first.kind, first.nbytes, first.where) == ("array", ROWS * 8, "shared")
    assert first.site.startswith(__file__)
    assert first.references == 1
    tables = [one for one in report.objects if one.kind == "table"]
    assert len(tables) == 4
    assert all(one.site.startswith(__file__) for one in tables)
    assert [one.where for one in report.objects].count("inline") == 1
    live, resident = current().executor.store.ledger.totals()
    assert (report.live, report.resident) == (live, resident)
    assert "held by local variable 'ref'" in str(report)
    del ref, small, lazy
    assert sf.memory().objects == ()


def test_what_spilled_and_what_is_attached_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", os.fspath(tmp_path))
    refs = [sf.put(np.full(ROWS, float(n))) for n in range(4)]
    store = current().executor.store
    store.spill(ROWS * 8)
    assert [one.where for one in sf.memory().objects].count("spilled") >= 1
    assert sf.memory().spilled == store.spilled_bytes() > 0
    sf.publish("x", np.ones(10))
    attached = sf.attach("x")
    (one,) = [one for one in sf.memory().objects if one.where == "attached"]
    assert one.viewers == (os.getpid(),)
    assert one.holders[0].startswith("local variable 'attached' of test_what_spilled")
    assert len(refs) == 4
    assert attached.sum() == 10


KEPT: dict[str, Any] = {}


@pytest.fixture
def unfrozen() -> Iterator[None]:
    """The garbage collector, which knows who holds what, is to know this module's variables."""
    gc.unfreeze()
    yield
    gc.collect()
    gc.freeze()


def test_variables_containers_and_views_are_named(unfrozen: None) -> None:
    KEPT["deep"] = [{"er": sf.put(np.ones(ROWS))}]
    assert f"variable 'KEPT' of module {__name__} (dict)" in held()
    KEPT.clear()
    view = sf.get(sf.put(np.ones(ROWS)))
    assert any(name.startswith("local variable 'view'") for name in held())
    frame = pd.DataFrame({"a": sf.get(sf.put(np.ones(ROWS + 1)))}, copy=False)
    assert any(name.startswith("local variable 'frame'") for name in held((ROWS + 1) * 8))
    assert len(view) + 1 == len(frame)


def test_a_traceback_a_closure_and_a_cycle_are_named() -> None:
    def fails() -> None:
        big = sf.put(np.ones(ROWS))
        raise ValueError(big)

    error: Exception | None = None
    try:
        fails()
    except ValueError as raised:
        raised.args = ()
        error = raised
    assert any("traceback" in name and "fails()" in name for name in held())
    del error

    def capturing(ref: Any) -> Callable[[], Any]:
        return lambda: ref

    function = capturing(sf.put(np.ones(ROWS)))
    assert any("function" in name and "captured" in name for name in held())
    del function

    class Node:
        me: Any
        ref: Any

    gc.disable()
    try:
        node = Node()
        node.me, node.ref = node, sf.put(np.ones(ROWS))
        del node
        assert held() == ("a cycle of references, which gc.collect() frees",)
    finally:
        gc.enable()
    gc.collect()
    assert sf.memory().objects == ()


def test_asking_keeps_nothing_alive() -> None:
    ref = sf.put(np.ones(ROWS))
    gc.disable()
    try:
        assert sf.memory().objects
        del ref
        assert sf.memory().objects == ()
    finally:
        gc.enable()


def test_ipythons_out_is_named() -> None:
    script = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "def run(cell): shell.run_cell(cell, store_history=True).raise_error()\n"
        "run('import shframe as sf, numpy as np')\n"
        "run('sf.put(np.ones(10**6))')\nrun('1')\nrun('2')\nrun('3')\nrun('4')\n"
        "run('print(sf.memory())')\nrun('sf.shutdown()')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        env={**os.environ, "IPYTHONDIR": os.devnull},
    )
    assert "held by IPython's Out" in done.stdout, done.stderr


@pytest.mark.parametrize(
    "whole",
    [
        np.arange(float(ROWS)),
        pa.table({"a": np.arange(ROWS), "s": ["x"] * ROWS}),
        pd.DataFrame({"a": np.arange(ROWS), "s": pd.array(["x", None] * (ROWS // 2), "str")}),
    ],
    ids=["array", "table", "frame"],
)
def test_compact_gives_what_a_slice_shows_and_pins_nothing(whole: Any) -> None:
    stored = sf.get(sf.put(whole))
    few = sf.compact(stored[10:13])
    del stored
    assert sf.memory().objects == ()
    if isinstance(few, pd.DataFrame):
        pd.testing.assert_frame_equal(few, whole[10:13])
        few.iloc[0, 0] = 5
    elif isinstance(few, pa.Table):
        assert few.equals(whole[10:13])
        assert few.nbytes < 1000
    else:
        assert few.tolist() == whole[10:13].tolist()
        few[0] = 5


@pytest.mark.parametrize("job", ["elementwise", "final", "groupby"])
def test_a_steady_state_takes_few_fresh_pages(job: str) -> None:
    n = 2_000_000
    x = xp.from_array(np.random.default_rng(1).random(n), chunks=n // 8)
    keys = np.arange(n) % 100_000
    frame = sf.from_pandas(pd.DataFrame({"k": keys, "v": np.ones(n)}), npartitions=8).persist()

    def once() -> None:
        if job == "elementwise":
            (xp.sqrt(x * x + 1) * 3 - x / 2).persist()
        elif job == "final":
            (xp.sqrt(x * x + 1) * 3 - x / 2).compute()
        else:
            frame.groupby("k").agg({"v": ["mean", "max", "median"]}).compute()

    once()
    once()
    before = sf.memory(holders=False)
    for _ in range(10):
        once()
    after = sf.memory(holders=False)
    written = after.written - before.written
    assert written > 10 * 4_000_000
    assert after.fresh - before.fresh < 0.1 * written
