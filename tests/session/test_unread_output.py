"""What tasks print never holds up what they give: a reader may be slow, stand still, or be gone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import logging, sys, warnings
import shframe as sf
sf.init(workers=2)

@sf.remote
def talk(n):
    for line in range(1000):
        print(n, line, "words " * 60)
        print(n, line, "errors " * 60, file=sys.stderr)
    logging.getLogger("talk").warning("a record %d", n)
    warnings.warn(f"a warning {n}")
    return n

values = [sf.get(talk.remote(n)) for n in range(6)]
open(sys.argv[1], "w").write(str(values))
sf.shutdown()
"""


@pytest.mark.parametrize("reader", ["stands still", "is gone"])
def test_results_come_whoever_reads_the_output(tmp_path: Path, reader: str) -> None:
    found = tmp_path / "values"
    child = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(found)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdout is not None
    assert child.stderr is not None
    try:
        if reader == "is gone":
            child.stdout.close()
            child.stderr.close()
        assert child.wait(60) == 0
    finally:
        child.kill()
        child.stdout.close()
        child.stderr.close()
    assert found.read_text() == "[0, 1, 2, 3, 4, 5]"


def test_a_slow_reader_gets_all_that_it_has_room_for(tmp_path: Path) -> None:
    script = SCRIPT.replace("range(1000)", "range(20)")
    child = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "values")],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    lines = [line.split(") ", 1)[1] for line in child.stdout.splitlines()]
    assert lines == [f"{n} {line} {'words ' * 60}" for n in range(6) for line in range(20)]
    assert child.stderr.count("errors ") == 6 * 20 * 60
    assert child.stderr.count("a record") == 6
