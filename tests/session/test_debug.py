"""sf.debug(): the newest failed task again, here, with its real inputs, copying nothing."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import shframe as sf
import shframe.array as sa
from shframe.errors import NothingToDebug
from tests.conftest import warmed
from tests.session.test_starting import environment


@pytest.fixture(scope="module", autouse=True)
def two_workers() -> Iterator[None]:
    warmed(sf.init(workers=2, memory="1GB", inline_bytes=0))
    yield
    sf.shutdown()


def address(array: Any) -> int:
    return int(array.__array_interface__["data"][0])


def fails(array: Any, n: int, *, key: str = "") -> float:
    raise LookupError(f"no {key} in {len(array)} of {n}")


def failed_by(function: Any, *args: Any, **kwargs: Any) -> Any:
    with pytest.raises(Exception):  # noqa: B017, PT011  # each test looks at what it was
        sf.get(sf.remote(function).remote(*args, **kwargs))
    return sf.debug(run=False)


def test_a_call_is_opened_with_its_inputs_in_place() -> None:
    ref = sf.put(np.arange(1_000_000))
    failed = failed_by(fails, ref, 3, key="k")
    before = sf.memory(holders=False)
    assert address(failed.args[0]) == address(sf.get(ref))
    assert failed.args[1:] == (3,)
    assert failed.kwargs == {"key": "k"}
    assert failed.function is fails
    assert failed.task == "fails"
    assert isinstance(failed.error, LookupError)
    assert "in fails" in str(failed.error.__cause__)
    after = sf.memory(holders=False)
    assert (after.live, after.fresh, after.written) == (before.live, before.fresh, before.written)
    with pytest.raises(LookupError, match="no k in 1000000 of 3"):
        failed.run()


def test_the_inputs_live_until_the_next_failure() -> None:
    failed_by(fails, sf.put(np.ones(1_000_000)), 1)
    assert sf.memory(holders=False).live >= 8_000_000
    assert sf.debug(run=False).args[0].sum() == 1_000_000
    failed_by(fails, [], 1)
    gc.collect()  # pytest's own record of the first error is a cycle
    assert sf.memory(holders=False).live == 0


class Local:
    pass


def test_no_variable_of_the_user_is_kept() -> None:
    def caller() -> Any:
        mine = Local()
        try:
            sf.get(sf.remote(fails).remote([], 1))
        except LookupError:
            return weakref.ref(mine)

    seen = caller()
    gc.collect()
    assert seen() is None
    assert sf.debug(run=False).task == "fails"


def made(n: int) -> Any:
    return np.full(200_000, n, "f8")


def test_what_other_tasks_made_is_read_in_place() -> None:
    ref = sf.remote(made).remote(5)
    failed = failed_by(fails, ref, 1)
    assert address(failed.args[0]) == address(sf.get(ref))


def fails_on_rows(part: pd.DataFrame) -> pd.DataFrame:
    if len(part) > 1:
        raise LookupError(f"{len(part)} rows")
    return part


def test_a_task_of_a_frame_is_opened() -> None:
    frame = sf.from_pandas(pd.DataFrame({"a": np.arange(100_000)}))
    meta = pd.DataFrame({"a": [1]})
    with pytest.raises(LookupError):
        frame.map_partitions(fails_on_rows, meta=meta).compute()
    failed = sf.debug(run=False)
    assert "fails_on_rows" in failed.task
    assert str(Path(__file__)) in failed.site
    with pytest.raises(LookupError, match="100000 rows"):
        failed.run()
    del failed


def fails_on_two(block: Any) -> Any:
    if block[0] == 2:
        raise LookupError("two")
    return block


def test_a_task_of_an_array_between_others_is_opened() -> None:
    array = sa.concatenate([sa.full((100_000,), n, chunks=100_000) for n in range(4)])
    with pytest.raises(LookupError, match="two"):
        sa.map_blocks(fails_on_two, array, dtype="f8").compute()
    failed = sf.debug(run=False)
    with pytest.raises(LookupError, match="two"):
        failed.run()
    del failed


def test_a_task_of_a_task_is_opened() -> None:
    def parent() -> Any:
        return sf.get(sf.remote(fails).remote(np.zeros(300_000), 2))

    with pytest.raises(LookupError):
        sf.get(sf.remote(parent).remote())
    assert sf.debug(run=False).task == "parent"


class Adder:
    def add(self, n: int) -> int:
        raise LookupError("never")


def test_a_method_of_an_actor_cannot_be_opened() -> None:
    actor = sf.remote(Adder).remote()
    with pytest.raises(LookupError):
        sf.get(actor.add.remote(1))
    failed = sf.debug(run=False)
    assert failed.task == "Adder.add"
    with pytest.raises(NothingToDebug, match=r"Adder\.add is a method of an actor"):
        sf.debug()
    del actor


def dies(array: Any) -> None:
    os._exit(int(array[0]))


def test_a_task_whose_worker_died_is_opened() -> None:
    failed = failed_by(dies, sf.put(np.full(100_000, 7)))
    assert failed.died
    assert failed.args[0][0] == 7
    assert isinstance(failed.error, sf.errors.WorkerDied)


PROGRAM = """
import numpy as np
import shframe as sf

def outer(array, n):
    doubled = array.sum() * 2
    return inner(doubled, n)

def inner(total, n):
    import json
    return json.loads("{" * n)

def dies(array):
    import os
    os._exit(1)

SETTINGS
try:
    sf.get(sf.remote(outer).remote(sf.put(np.arange(100_000)), 3))
except ValueError:
    pass
assert sf.debug() is None
if SETTINGS_DIE:
    try:
        sf.get(sf.remote(dies).remote(sf.put(np.arange(5))))
    except sf.errors.WorkerDied:
        pass
    sf.debug()
sf.shutdown()
try:
    sf.debug()
except sf.errors.NothingToDebug as error:
    print("then:", str(error).splitlines()[0])
"""


@pytest.mark.parametrize("kind", ["processes", "sync"])
def test_pdb_stands_where_the_users_code_raised(tmp_path: Path, kind: str) -> None:
    script = tmp_path / "script.py"
    die = str(kind == "processes")
    settings = f"sf.init(executor={kind!r}, workers=1)"
    script.write_text(PROGRAM.replace("SETTINGS_DIE", die).replace("SETTINGS", settings))
    typed = "p total, n\nup\np doubled, array.shape\nup\nq\np array.shape\nq\n"
    done = subprocess.run(
        [sys.executable, str(script)],
        input=typed,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"> {script}(11)inner()\n")
    assert "(np.int64(9999900000), 3)" in done.stdout
    assert "(np.int64(9999900000), (100000,))" in done.stdout
    assert "*** Oldest frame" in done.stdout
    assert done.stdout.endswith("then: no task has failed in this session\n")
