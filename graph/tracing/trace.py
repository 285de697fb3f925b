"""The trace: what ran where and when, with bytes in and out; written as Chrome/Perfetto JSON."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

MOST_SPANS = 100_000  # of one computation: 30 MB, and as much as a viewer opens


class Span(NamedTuple):
    """One task's run.

    key: the name of its result, as a Key or a string.
    start, end: seconds of time.monotonic(), the same clock in all processes of the machine.
    bytes_in, bytes_out: bytes of its inputs and of its result.
    copied: bytes of inputs that had to be converted or copied to be read, by reason.
    """

    key: object
    call: str
    worker: int
    pid: int
    start: float
    end: float
    bytes_in: int
    bytes_out: int
    copied: tuple[tuple[str, int], ...] = ()


@dataclass(slots=True)
class Sums:
    """What tasks of one call took together."""

    pids: Counter[int] = field(default_factory=Counter)  # tasks by process
    seconds: float = 0.0
    bytes_in: int = 0
    bytes_out: int = 0
    copied: Counter[str] = field(default_factory=Counter)

    def add(self, span: Span) -> None:
        """Take a task in."""
        self.pids[span.pid] += 1
        self.seconds += span.end - span.start
        self.bytes_in += span.bytes_in
        self.bytes_out += span.bytes_out
        if span.copied:
            self.copied.update(dict(span.copied))


@dataclass(slots=True)
class Trace:
    """The spans of one computation, in the order in which they ended; `notes` say what else
    happened (work in the driver, retries, deaths).

    Of the first MOST_SPANS tasks a span is kept, of all `sums` by call.
    """

    spans: list[Span] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sums: dict[str, Sums] = field(default_factory=dict)

    def add(self, span: Span) -> None:
        """Take a task in that has ended."""
        sums = self.sums.get(span.call)
        if sums is None:
            sums = self.sums[span.call] = Sums()
        sums.add(span)
        if len(self.spans) < MOST_SPANS:
            self.spans.append(span)
            if len(self.spans) == MOST_SPANS:
                self.notes.append(f"spans are kept of the first {MOST_SPANS:,} tasks only")

    def steps(self) -> Iterator[tuple[str, dict[int, int]]]:
        """For each kind of call, in order of first appearance: tasks by pid."""
        for call, sums in self.sums.items():
            yield call, dict(sums.pids)

    @property
    def pids(self) -> set[int]:
        """Processes that ran a task."""
        return {pid for sums in self.sums.values() for pid in sums.pids}

    def alone(self) -> dict[str, float]:
        """Seconds in which a call was the only one that ran, by call: what no worker shared.

        Of the tasks whose spans are kept.
        """
        events = sorted(
            [(span.start, 1, n) for n, span in enumerate(self.spans)]
            + [(span.end, 0, n) for n, span in enumerate(self.spans)]
        )
        found: dict[str, float] = {}
        running: set[int] = set()
        before = 0.0
        for now, starts, n in events:
            if len(running) == 1:
                call = self.spans[next(iter(running))].call
                found[call] = found.get(call, 0.0) + now - before
            (running.add if starts else running.discard)(n)
            before = now
        return found

    def copied(self, call: str) -> dict[str, int]:
        """Bytes that tasks of a call converted to read their inputs, by reason."""
        return dict(self.sums[call].copied) if call in self.sums else {}

    def text(self) -> str:
        """A line per kind of call: tasks, seconds, bytes in and out, what was converted, pids."""
        lines = []
        alone = self.alone()
        for call, sums in self.sums.items():
            where = ", ".join(f"pid {pid}: {count}" for pid, count in sorted(sums.pids.items()))
            lines.append(
                f"{sums.pids.total():>5} x {call}  {sums.seconds:.3f} s "
                f"({alone.get(call, 0.0):.3f} s alone), {sums.bytes_in / 1e6:.1f} MB in, "
                f"{sums.bytes_out / 1e6:.1f} MB out ({where})"
            )
            lines += [
                f"        converted {nbytes / 1e6:.1f} MB: {reason}"
                for reason, nbytes in self.copied(call).items()
            ]
        return "\n".join([*lines, *self.notes])

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write Chrome trace-event JSON, which ui.perfetto.dev and chrome://tracing open."""
        import json

        text = json.dumps({"traceEvents": self.events(), "displayTimeUnit": "ms"})
        Path(path).write_text(text)

    def events(self) -> list[dict[str, object]]:
        """The spans as Chrome trace events."""
        return [_event(span) for span in self.spans]


def _event(span: Span) -> dict[str, object]:
    return {
        "name": span.call,
        "cat": "task",
        "ph": "X",
        "ts": span.start * 1e6,
        "dur": (span.end - span.start) * 1e6,
        "pid": span.pid,
        "tid": span.worker,
        "args": {
            "key": str(span.key),
            "bytes_in": span.bytes_in,
            "bytes_out": span.bytes_out,
            "copied": dict(span.copied),
        },
    }
