"""The last events of the scheduler are kept: few bytes, no user's value, and found by task."""

from __future__ import annotations

import logging
import time
import weakref

import pytest

import shframe as sf
from shframe.graph.driver.event_log import FEW, KEPT, EventLog
from shframe.graph.scheduler.messages import (
    Abort,
    Called,
    Died,
    Done,
    Drop,
    Entered,
    Fail,
    Failed,
    Recall,
    Recalled,
    Run,
    Submitted,
)
from shframe.graph.scheduler.task_state import TaskState


def told(log: EventLog, number: int) -> list[str]:
    return [line.partition(" s ago: ")[2] for line in log.about(number)]


def test_what_happened_to_a_task_is_found_in_order() -> None:
    log = EventLog()
    log.add(Called(7, [TaskState(0, "k", (), 7, 3), TaskState(0, "k", (), 8, 3)]), [Run(1, [7, 8])])
    log.add(Recalled(1, [8]), [Run(2, [8])])
    log.add(Died(1, 7), [Run(2, [7])])
    log.add(Failed(2, 7), [Fail(7, [8]), Recall(2, [8])])
    assert told(log, 7) == [
        "called",
        "sent to worker 1",
        "worker 1 died while it ran",
        "sent to worker 2",
        "failed (worker 2, again False)",
        "failed",
    ]
    assert told(log, 8) == [
        "called",
        "sent to worker 1",
        "returned by worker 1, which had not begun it",
        "sent to worker 2",
        "failed with task 7",
        "recalled from worker 2",
    ]
    assert told(log, 9) == []


def test_a_run_and_many_tasks_at_once() -> None:
    log, count = EventLog(), FEW + 1
    log.add(Submitted(1, 10, [1] * count), [])
    log.add(Entered(1, ["k"] * count, [()] * count), [Run(3, [*range(10, 10 + count)])])
    log.add(Done(3, [(n, 0.1, 0) for n in range(10, 10 + count)]), [Drop([10]), Abort(1, 11)])
    assert told(log, 10) == ["submitted", "sent to worker 3", "done by worker 3"]
    assert told(log, 11)[-1] == "its run failed with it"
    assert f"entered {count} tasks of run 1" in log.newest(3)[1]


def test_only_the_last_are_kept_and_no_call_is() -> None:
    log = EventLog()
    call = _Call(0, "k", (), 0, 3)
    gone = weakref.ref(call)
    log.add(Called(0, [call]), [])
    del call
    assert gone() is None
    for number in range(KEPT):
        log.add(Done(1, [(number, 0.1, 0)]), [])
    assert told(log, 0) == ["done by worker 1 in 0.100000 s, 0 bytes stored"]
    assert len(log.newest(2 * KEPT)) == KEPT


class _Call(TaskState):
    __slots__ = ("__weakref__",)


def test_an_event_costs_little() -> None:
    log, event, instructions = EventLog(), Done(1, [(5, 0.1, 0)]), [Run(1, [6])]

    def seconds() -> float:
        begin = time.perf_counter()
        for _ in range(1000):
            log.add(event, instructions)
        return time.perf_counter() - begin

    assert min(seconds() for _ in range(20)) / 1000 < 5e-6  # 0.5 us here


def test_a_failure_of_the_loop_logs_its_last_events(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = sf.init(workers=1, memory="256MB")
    try:
        assert sf.get(sf.remote(abs).remote(-1)) == 1
        loop = session.executor.start()  # type: ignore[attr-defined]

        def fail() -> None:
            raise ZeroDivisionError("planned")

        monkeypatch.setattr(loop, "_do_what_is_due", fail)
        monkeypatch.setattr("threading.excepthook", lambda _: None)
        with caplog.at_level(logging.CRITICAL, "shframe"), pytest.raises(ZeroDivisionError):
            sf.get(sf.remote(abs).remote(-2))
        assert "the driver's loop has failed; its last events:" in caplog.text
        assert "('called', " in caplog.text
    finally:
        sf.shutdown()
