"""The trace: what ran where and when, with bytes in and out; written as Chrome/Perfetto JSON."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple


class Span(NamedTuple):
    """One task's run.

    key: the name of its result, as a Key or as text.
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
class Trace:
    """The spans of one computation, in the order in which they ended; `notes` say what else
    happened (work in the driver, retries, deaths)."""

    spans: list[Span] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def steps(self) -> Iterator[tuple[str, dict[int, int]]]:
        """For each kind of call, in order of first appearance: tasks by pid."""
        found: dict[str, Counter[int]] = {}
        for span in self.spans:
            found.setdefault(span.call, Counter())[span.pid] += 1
        for call, pids in found.items():
            yield call, dict(pids)

    @property
    def pids(self) -> set[int]:
        """Processes that ran a task."""
        return {span.pid for span in self.spans}

    def alone(self) -> dict[str, float]:
        """Seconds in which a call was the only one that ran, by call: what no worker shared."""
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
        found: Counter[str] = Counter()
        for span in self.spans:
            if span.call == call:
                found.update(dict(span.copied))
        return dict(found)

    def text(self) -> str:
        """A line per kind of call: tasks, seconds, bytes in and out, what was converted, pids."""
        lines = []
        alone = self.alone()
        for call, pids in self.steps():
            spans = [span for span in self.spans if span.call == call]
            seconds = sum(span.end - span.start for span in spans)
            read = sum(span.bytes_in for span in spans) / 1e6
            made = sum(span.bytes_out for span in spans) / 1e6
            where = ", ".join(f"pid {pid}: {count}" for pid, count in sorted(pids.items()))
            lines.append(
                f"{len(spans):>5} x {call}  {seconds:.3f} s ({alone.get(call, 0.0):.3f} s alone), "
                f"{read:.1f} MB in, {made:.1f} MB out ({where})"
            )
            lines += [
                f"        converted {nbytes / 1e6:.1f} MB: {reason}"
                for reason, nbytes in self.copied(call).items()
            ]
        return "\n".join([*lines, *self.notes])

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write Chrome trace-event JSON, which ui.perfetto.dev and chrome://tracing open."""
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
