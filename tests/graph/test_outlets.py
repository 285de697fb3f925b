"""Lines for a reader that may not read: none waits, the newest are kept, and the gap is told."""

from __future__ import annotations

import os
import sys

import pytest

from shframe.graph.driver import log_streams
from shframe.graph.driver.log_streams import Outlets
from shframe.graph.wire.log_messages import OUT


def test_lines_beyond_the_bound_are_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_streams, "KEPT", 10_000)
    out, into = os.pipe()
    with os.fdopen(into, "w") as stream, os.fdopen(out) as reader:
        monkeypatch.setattr(sys, "stdout", stream)
        lines = Outlets()
        said = [f"{n} {'x' * 90}\n" for n in range(2_000)]
        for line in said:
            lines.say(OUT, line)
            lines.write()
        assert lines.waiting
        read = ""
        while lines.waiting:
            read += os.read(out, 1 << 16).decode()
            lines.write()
        stream.close()
        read += reader.read()
    before, _, after = read.partition("[")
    count, _, kept = after.partition(" lines of tasks were dropped: they were not read]\n")
    assert said[: before.count("\n")] == before.splitlines(keepends=True)[: before.count("\n")]
    assert kept.splitlines(keepends=True) == said[-kept.count("\n") :]
    assert len(said) == before.count("\n") + int(count) + kept.count("\n")


def test_a_stream_without_a_reader_takes_nothing_and_keeps_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out, into = os.pipe()
    os.close(out)
    with os.fdopen(into, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        lines = Outlets()
        lines.say(OUT, "nobody hears\n")
        lines.write()
        assert not lines.waiting
