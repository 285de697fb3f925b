"""Errors of tasks as users meet them: their own type and frames, the task, its inputs, its line."""

from __future__ import annotations

import dataclasses
import gc
import os
import sys
import time
import traceback
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

import shframe as sf
import shframe.array as sa
from shframe.errors import RemoteTraceback, TaskFailed
from tests.conftest import live_objects, warmed


@pytest.fixture(scope="module", autouse=True)
def two_workers() -> Iterator[None]:
    warmed(sf.init(workers=2, memory="1GB", inline_bytes=0))
    yield
    sf.shutdown()


def inner(n: int) -> float:
    return 1 / n


def divides(_: Any, n: int) -> float:
    return inner(n)


def raised_by(function: Any, *args: Any) -> Any:
    with pytest.raises(BaseException) as caught:  # noqa: PT011  # each test looks at what it was
        sf.get(sf.remote(function).remote(*args))
    return caught.value


def text(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def test_an_error_tells_the_task_its_inputs_and_the_line_that_called_it() -> None:
    data = sf.put(np.zeros(100_000))
    with pytest.raises(ZeroDivisionError, match=r"^division by zero") as caught:
        sf.get(sf.remote(divides).remote(data, 0))
    (note,) = caught.value.__notes__
    assert "the task: divides" in note
    assert "array of 800000 bytes" in note
    assert "int" in note
    line = caught.traceback[0].lineno + 1
    assert f"built at: {__file__}:{line}" in note
    assert note in str(caught.value.__cause__)
    assert (str(caught.value), caught.value.args) == ("division by zero", ("division by zero",))
    assert isinstance(caught.value, TaskFailed)


def test_the_users_frames_stay_and_ours_are_folded() -> None:
    error = raised_by(divides, None, 0)
    assert isinstance(error.__cause__, RemoteTraceback)
    told = error.__cause__.text
    assert "in divides\n    return inner(n)" in told
    assert "in inner\n    return 1 / n" in told
    assert "frames of shframe" in told or "frame of shframe" in told
    assert "worker.py" not in told


def from_another() -> None:
    try:
        inner(0)
    except ZeroDivisionError as error:
        raise LookupError("nothing there") from error


def while_another() -> None:
    try:
        inner(0)
    except ZeroDivisionError:
        raise LookupError("nothing there")  # noqa: B904  # the context is what is tested


@pytest.mark.parametrize(
    ("function", "words"), [(from_another, "direct cause"), (while_another, "During handling")]
)
def test_what_an_error_came_from_is_told(function: Any, words: str) -> None:
    told = raised_by(function).__cause__.text
    assert "ZeroDivisionError: division by zero" in told
    assert words in told
    assert told.count("in inner") == 1


class NeedsTwo(Exception):
    def __init__(self, code: int, what: str) -> None:
        super().__init__(f"{what} has code {code}")
        self.code = code


def raise_needs_two() -> None:
    raise NeedsTwo(7, "it")


def test_an_error_whose_constructor_needs_more_arrives_as_it_was() -> None:
    error = raised_by(raise_needs_two)
    assert isinstance(error, NeedsTwo)
    assert isinstance(error, TaskFailed)
    assert (str(error), error.args, error.code) == ("it has code 7", ("it has code 7",), 7)


def raise_with_lock() -> None:
    import threading

    error = ValueError("locked")
    error.lock = threading.Lock()  # type: ignore[attr-defined]
    raise error


def test_an_error_that_cannot_be_pickled_says_what_it_was() -> None:
    error = raised_by(raise_with_lock)
    assert type(error) is TaskFailed
    assert "ValueError" in str(error)
    assert "locked" in str(error)
    assert "in raise_with_lock" in error.__cause__.text


def raise_silent() -> None:
    class Silent(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no words")

        def __reduce__(self) -> Any:
            raise RuntimeError("no way")

    raise Silent


def test_an_error_that_cannot_even_be_told_is_a_task_failed() -> None:
    assert "Silent" in str(raised_by(raise_silent))


def leaves(how: str) -> None:
    raise {"exit": SystemExit(3), "interrupt": KeyboardInterrupt(), "end": GeneratorExit()}[how]


@pytest.mark.parametrize(
    ("how", "name"),
    [("exit", "SystemExit"), ("interrupt", "KeyboardInterrupt"), ("end", "GeneratorExit")],
)
def test_what_would_end_a_program_is_an_error_of_the_task(how: str, name: str) -> None:
    pids = set(sf.session.executor().pids)  # type: ignore[attr-defined]
    error = raised_by(leaves, how)
    assert type(error) is TaskFailed
    assert name in str(error)
    assert set(sf.session.executor().pids) == pids  # type: ignore[attr-defined]


def raise_group() -> None:
    raise ExceptionGroup("two", [ValueError("one"), TypeError("other")])


@dataclasses.dataclass(frozen=True)
class Frozen(Exception):
    x: int


class Closed(Exception):
    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{name} cannot be set")


class EndsTheProgram(Exception):
    def __reduce__(self) -> Any:
        return sys.exit, (3,)


class Asks(type):
    def __instancecheck__(cls, one: object) -> bool:
        raise RuntimeError("this cannot be asked")


class Asked(Exception, metaclass=Asks):
    """An exception whose type cannot be asked for what is of it."""


def strange(kind: str) -> None:
    made = {
        "frozen": lambda: Frozen(3),
        "closed": lambda: Closed("shut"),
        "asked": lambda: Asked("who"),
        "ends": lambda: EndsTheProgram("now"),
        "file": lambda: FileNotFoundError(2, "No such file", "here"),
        "two files": lambda: OSError(18, "cross-device", "here", None, "there"),
    }
    raise made[kind]()


@pytest.mark.parametrize(
    ("kind", "expected", "words"),
    [
        ("frozen", Frozen, "3"),
        ("closed", Closed, "shut"),
        ("asked", Asked, "who"),
        ("ends", TaskFailed, "message: now"),
        ("file", FileNotFoundError, "[Errno 2] No such file: 'here'"),
        ("two files", OSError, "[Errno 18] cross-device: 'here' -> 'there'"),
    ],
)
def test_strange_errors_arrive_and_harm_nobody(kind: str, expected: type, words: str) -> None:
    error = raised_by(strange, kind)
    assert issubclass(type(error), expected)
    assert issubclass(type(error), TaskFailed)
    assert words in str(error)
    assert "the task: strange" in text(error)
    again = sf.remote(retry_exceptions=[Asked], max_retries=2)(strange)
    with pytest.raises(FileNotFoundError, match="No such file"):
        sf.get(again.remote("file"), timeout=10)


class OfTheWorker(Exception):
    def __reduce__(self) -> Any:
        return _in_a_worker, (os.getpid(),)


def _in_a_worker(pid: int) -> Exception:
    if os.getpid() != pid:
        raise ImportError("no such module here")
    return OfTheWorker("there")


def raise_of_the_worker() -> None:
    raise OfTheWorker("there")


def test_an_error_that_only_the_worker_can_read_harms_nobody() -> None:
    error = raised_by(raise_of_the_worker)
    assert isinstance(error, TaskFailed)
    assert "no such module here" in str(error)
    assert sf.get(sf.remote(abs).remote(-1), timeout=10) == 1


def test_a_group_arrives_with_its_members() -> None:
    error = raised_by(raise_group)
    assert [type(one) for one in error.exceptions] == [ValueError, TypeError]


def noted() -> None:
    error = KeyError("k")
    error.add_note("the user's own note")
    raise error


def test_the_users_notes_come_first() -> None:
    error = raised_by(noted)
    assert error.__notes__[0] == "the user's own note"
    assert "the task: noted" in error.__notes__[1]
    assert "the user's own note" in text(error)


def test_an_error_of_a_task_of_a_task_names_both() -> None:
    child = sf.remote(divides)

    def parent() -> float:
        return float(sf.get(child.remote(None, 0)))

    error = raised_by(parent)
    assert isinstance(error, ZeroDivisionError)
    assert [note.splitlines()[0] for note in error.__notes__] == [
        "the task: divides",
        "the task: parent",
    ]
    assert "in inner" in text(error)
    assert "in parent" in text(error)


def fails_in_frame(part: pd.DataFrame) -> pd.DataFrame:
    raise LookupError(f"no rows like {len(part)}")


def test_an_error_in_a_frame_names_the_line_that_gave_the_function() -> None:
    frame = sf.from_pandas(pd.DataFrame({"a": range(10)}))
    given = frame.map_partitions(fails_in_frame, meta=pd.DataFrame({"a": [1]}))
    line = test_an_error_in_a_frame_names_the_line_that_gave_the_function.__code__.co_firstlineno
    with pytest.raises(LookupError, match="no rows like 10") as caught:
        given.compute()
    (note,) = caught.value.__notes__
    assert f"built at: {__file__}:{line + 2}" in note
    assert "bytes" in note
    told = caught.value.__cause__.text  # type: ignore[union-attr]
    assert "in fails_in_frame" in told
    assert "worker.py" not in told


def fails_in_array(block: Any) -> Any:
    raise LookupError("no such block")


def test_an_error_in_an_array_names_the_line_that_gave_the_function() -> None:
    array = sa.from_array(np.zeros(1000), chunks=500)
    line = test_an_error_in_an_array_names_the_line_that_gave_the_function.__code__.co_firstlineno
    with pytest.raises(LookupError, match="no such block") as caught:
        sa.map_blocks(fails_in_array, array, dtype="f8").compute()
    (note,) = caught.value.__notes__
    assert f"built at: {__file__}:{line + 4}" in note


def holds_its_input(array: Any) -> None:
    try:
        raise ValueError(array.sum())
    except ValueError as error:
        kept = error
        raise LookupError("with a view in every frame") from kept


def test_a_failure_that_is_dropped_frees_what_its_task_read() -> None:
    before = live_objects()
    ref = sf.put(np.ones(1_000_000))
    error = raised_by(holds_its_input, ref)
    assert "with a view" in str(error)
    del ref, error
    raised_by(divides, None, 0)  # the newest failure is kept for sf.debug()
    deadline = time.monotonic() + 5
    while live_objects() > before and time.monotonic() < deadline:
        gc.collect()  # pytest's own record of the error is a cycle
        time.sleep(0.01)
    assert live_objects() == before
