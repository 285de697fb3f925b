"""Taking in what workers send: results, requests of tasks, what they hold and what they let go."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from shframe.graph.driver.cancellation import Cancellation
from shframe.graph.driver.context import Context
from shframe.graph.driver.graph_runs import GraphRuns
from shframe.graph.driver.log_relay import LogRelay
from shframe.graph.driver.memory import Memory
from shframe.graph.driver.outbox import Outbox
from shframe.graph.driver.pool import WorkerHandle
from shframe.graph.driver.task_calls import TaskCalls
from shframe.graph.driver.worker_requests import WorkerRequests
from shframe.graph.scheduler.messages import Done, Failed, Recalled, Relieved
from shframe.graph.wire.work import Report, Result
from shframe.store.ref import Ref

_NUMBER, _HELD = itemgetter(0), itemgetter(1)  # of a result


class Reports:
    """Reports of the workers of one session; used by the loop's thread only."""

    def __init__(
        self,
        context: Context,
        outbox: Outbox,
        cancellation: Cancellation,
        runs: GraphRuns,
        calls: TaskCalls,
        memory: Memory,
        requests: WorkerRequests,
        logs: LogRelay,
    ) -> None:
        self.context = context
        self.store = context.store
        self.outbox = outbox
        self.cancellation = cancellation
        self.runs = runs
        self.calls = calls
        self.memory = memory
        self.requests = requests
        self.logs = logs

    def take_in(self, worker: WorkerHandle) -> None:
        """Take in all that has arrived from a worker; one whose message cannot be is ended."""
        try:
            for message, fds in worker.channel.arrived():
                if len(message) == 1:  # as most: results and nothing else
                    self._take_results(worker, *message)
                else:
                    self._take(worker, Report(*message), fds)
        except Exception as error:
            self.context.distrust(worker, error)

    def _take(self, worker: WorkerHandle, report: Report, fds: list[int]) -> None:
        slot = worker.slot
        for segment, fd in zip(report.segments, fds, strict=True):
            self.store.attach_worker(slot, segment, fd)
            worker.segments.add(segment)
        if report.spoke:
            self.logs.spoke = True
        if report.requests:
            self.requests.take_in(worker, report.requests)
        for held in report.held:  # before results let go of what is held
            self.store.hold(held, slot)
        for let_go in report.let_go:
            self.store.unhold(let_go, slot)
        if report.recalled:
            for number in report.recalled:
                self.cancellation.end_task(slot, number)
            self.context.handle(Recalled(slot, report.recalled))
        if report.results:
            self._take_results(worker, report.results)
        if report.dropped:
            self.requests.take_dropped(slot, report.dropped)
        if report.trimmed:
            self.memory.note_answer(slot)
            self.context.handle(Relieved())

    def _take_results(self, worker: WorkerHandle, results: Sequence[tuple[Any, ...]]) -> None:
        done: list[tuple[int, float, int]] = []
        failed: list[Failed] = []
        live, slot = self.calls.live, worker.slot
        cancelled, reading = self.cancellation.deadlines, self.outbox.reading
        stored = [held for held in map(_HELD, results) if type(held) is Ref and not held.inline]
        if stored:
            self.store.adopt_all(stored, slot)
        worker.owes.difference_update(map(_NUMBER, results))
        for result in results:
            number, held, start, end = result if len(result) == 4 else result[:4]
            if cancelled or reading:
                self.cancellation.end_task(slot, number)
            call = live.get(number)
            if held is None:
                failed.extend(self._take_failure(worker, Result(*result)))
            elif call is not None:
                done.append((number, end - start, self.calls.take(worker, call, result)))
            elif self.runs.holding(number) is None:
                self._drop_result(held)
                done.append((number, end - start, 0))
            else:
                size = self.runs.take(worker, Result(*result))
                done.append((number, end - start, size))
        if done:
            self.context.handle(Done(slot, done, self.memory.heaps.take_peak(slot)))
        for event in failed:
            self.context.handle(event)

    def _take_failure(self, worker: WorkerHandle, result: Result) -> list[Failed]:
        """A task has raised; the events to be handled after the results."""
        if result.needed:
            self.memory.handle_refusal(worker.slot, result)
            return []
        assert result.error is not None, "a task without a result has an error"
        call = self.calls.live.get(result.number)
        if call is None:
            self.runs.fail_task(result.number, result.error)
            return [Failed(worker.slot, result.number)]
        return [Failed(worker.slot, result.number, self.calls.handle_failure(call, result))]

    def _drop_result(self, held: object) -> None:
        """It is not wanted: the task was cancelled, or another worker was faster."""
        if type(held) is Ref and not held.inline:
            self.store.release(held.id)
