"""What tasks print, warn of and log reaches the driver: all of it, in lines that say who speaks."""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import shframe as sf
from tests.conftest import until, warmed
from tests.session.test_starting import NOTEBOOK, environment


@pytest.fixture(scope="module", autouse=True)
def two_workers() -> Iterator[None]:
    warmed(sf.init(workers=2, memory="1GB", inline_bytes=0))
    yield
    sf.shutdown()


def lines(text: str) -> list[str]:
    """Lines of output, with the pid as a word."""
    return [re.sub(r"pid=\d+", "pid=N", line) for line in text.splitlines()]


def speaks(words: str) -> int:
    print(words)
    print(words.upper(), file=sys.stderr)
    return os.getpid()


def test_prints_come_to_the_stream_they_were_meant_for(capsys: pytest.CaptureFixture[str]) -> None:
    pid = sf.get(sf.remote(speaks).remote("hello"))
    out, err = capsys.readouterr()
    assert (out, err) == (f"(speaks pid={pid}) hello\n", f"(speaks pid={pid}) HELLO\n")


def speaks_in_parts(count: int) -> None:
    for n in range(count):
        sys.stdout.write(f"{n} ")
    print("end")
    print("no newline", end="")


def test_lines_are_whole(capsys: pytest.CaptureFixture[str]) -> None:
    sf.get(sf.remote(speaks_in_parts).remote(3))
    assert lines(capsys.readouterr().out) == [
        "(speaks_in_parts pid=N) 0 1 2 end",
        "(speaks_in_parts pid=N) no newline",
    ]


def shows_progress() -> None:
    for n in range(5):
        print(f"\r{n} of 5", end="", flush=True)
    print("\rdone  ")


def test_a_line_that_is_written_over_is_shown_as_it_ends(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sf.get(sf.remote(shows_progress).remote())
    assert lines(capsys.readouterr().out) == ["(shows_progress pid=N) done  "]


def says(what: str) -> None:
    print(what)


def test_output_comes_before_a_result_that_nobody_had_to_wait_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for n in range(300):
        ref = sf.remote(says).remote(f"line {n}")
        while not ref.done():
            pass
        sf.get(ref)
        assert lines(capsys.readouterr().out) == [f"(says pid=N) line {n}"]


def says_same(_: int) -> None:
    time.sleep(0.01)
    print("the same")


def test_a_line_of_many_tasks_is_shown_once_with_a_count(
    capsys: pytest.CaptureFixture[str],
) -> None:
    says = sf.remote(says_same)
    sf.get([says.remote(n) for n in range(10)])
    shown = lines(capsys.readouterr().out)
    assert shown[0] == "(says_same pid=N) the same"
    counts = [re.fullmatch(r".*the same \[repeated (\d+)x by [12] workers?\]", s) for s in shown]
    assert sum(1 if one is None else int(one[1]) for one in counts) == 10
    assert len(shown) < 6  # a slow machine may need more than one window
    sf.get(says.remote(0))
    assert lines(capsys.readouterr().out) == ["(says_same pid=N) the same"]


def counts_to(n: int) -> None:
    for _ in range(n):
        print("tick")


def test_a_task_may_repeat_itself(capsys: pytest.CaptureFixture[str]) -> None:
    sf.get(sf.remote(counts_to).remote(5))
    assert lines(capsys.readouterr().out) == ["(counts_to pid=N) tick"] * 5


def starts_a_program() -> None:
    print("before")
    subprocess.run(["sh", "-c", "echo from a program; echo its error >&2"], check=True)
    os.write(1, b"from C\n")


def test_what_programs_and_c_code_write_comes_too(capsys: pytest.CaptureFixture[str]) -> None:
    sf.get(sf.remote(starts_a_program).remote())
    out, err = map(lines, capsys.readouterr())
    assert out[0] == "(starts_a_program pid=N) before"
    assert [line.partition(") ")[2] for line in out[1:]] == ["from a program", "from C"]
    assert [line.partition(") ")[2] for line in err] == ["its error"]


def dies(how: str) -> None:
    print("last words")
    print("and a part", end="", flush=True)
    if how == "exit":
        os._exit(3)
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("how", ["exit", "kill"])
def test_the_last_words_of_a_worker_are_heard(capsys: pytest.CaptureFixture[str], how: str) -> None:
    with pytest.raises(sf.errors.WorkerDied):
        sf.get(sf.remote(max_retries=0)(dies).remote(how))
    deadline = time.monotonic() + 5
    out = ""
    while "and a part" not in out and time.monotonic() < deadline:
        time.sleep(0.02)
        out += capsys.readouterr().out
    assert "(dies pid=N) last words" in lines(out)
    assert out.endswith(" and a part\n")


def shouts(count: int, piece: int) -> None:
    for n in range(count):
        sys.stdout.write("x" * (piece - 8) + f"{n:7}\n")


def test_nothing_is_lost_of_a_lot(capfd: pytest.CaptureFixture[str]) -> None:
    sf.get(sf.remote(shouts).remote(20_000, 1000))
    out = capfd.readouterr().out
    assert [int(line[-7:]) for line in out.splitlines()] == list(range(20_000))


def shouts_a_line(size: int) -> None:
    print("x" * size)


def test_a_line_without_an_end_is_broken_and_nothing_is_lost(
    capfd: pytest.CaptureFixture[str],
) -> None:
    sf.get(sf.remote(shouts_a_line).remote(30_000_000))
    out = capfd.readouterr().out
    assert out.count("x") == 30_000_000
    assert max(map(len, out.splitlines())) < 3_000_000


class Speaker:
    def say(self, words: str) -> None:
        print(words)

    def start(self, words: str) -> None:
        thread = threading.Thread(target=print, args=(words,))
        thread.start()
        thread.join()


def test_an_actor_speaks_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    actor = sf.remote(Speaker).remote()
    sf.get(actor.say.remote("hello"))
    sf.get(actor.start.remote("from a thread"))
    del actor
    shown = lines(capsys.readouterr().out)
    assert shown == ["(Speaker.say pid=N) hello", "(Speaker.start pid=N) from a thread"]


def speaks_of_rows(part: pd.DataFrame) -> pd.DataFrame:
    print(f"{len(part)} rows")
    return part


def test_a_function_of_a_frame_speaks_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    frame = sf.from_pandas(pd.DataFrame({"a": range(10)}))
    meta = pd.DataFrame({"a": [1]})
    frame.map_partitions(speaks_of_rows, meta=meta).compute()
    assert "(speaks_of_rows pid=N) 10 rows" in lines(capsys.readouterr().out)


# --- warnings ---------------------------------------------------------------------------


class OwnWarning(UserWarning):
    def __init__(self, text: str, code: int = 0) -> None:
        super().__init__(text)
        self.code = code


def warns(text: str) -> None:
    for _ in range(3):
        warnings.warn(OwnWarning(text, 7), stacklevel=1)


def test_a_warning_is_the_same_warning_here() -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        sf.get(sf.remote(warns).remote("careful"))
    (one,) = seen
    assert one.category is OwnWarning
    assert isinstance(one.message, OwnWarning)
    assert (str(one.message), one.message.code) == ("careful", 7)
    assert (one.filename, one.lineno) == (__file__, warns.__code__.co_firstlineno + 2)


def test_the_users_filters_decide() -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", "not this", OwnWarning, __name__)
        sf.get([sf.remote(warns).remote(text) for text in ("not this", "but this")])
    assert [str(one.message) for one in seen] == ["but this"]


def test_a_repeated_warning_is_shown_once() -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("default")
        sf.get([sf.remote(warns).remote("once only") for _ in range(10)])
    assert [str(one.message) for one in seen] == ["once only"]


def test_a_filter_that_makes_errors_ends_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sf.get(sf.remote(warns).remote("no error")) is None
        assert sf.get(sf.remote(abs).remote(-1)) == 1


# --- log records ------------------------------------------------------------------------


def logs(text: str) -> None:
    log = logging.getLogger("some.library")
    log.debug("%s in detail", text)
    log.info("%s", text)
    try:
        raise LookupError("nothing there")
    except LookupError:
        log.exception("it went wrong", extra={"code": 7})


def test_records_go_to_the_logger_of_their_name(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "some.library")
    sf.get(sf.remote(logs).remote("news"))

    def records() -> list[logging.LogRecord]:
        return [record for record in caplog.records if record.name == "some.library"]

    assert until(lambda: len(records()) == 2)  # a busy machine shows them late
    first, second = records()
    assert (first.levelname, first.getMessage(), first.funcName) == ("INFO", "news", "logs")
    assert first.pathname == __file__
    assert first.process != os.getpid()
    assert second.code == 7  # type: ignore[attr-defined]
    assert "LookupError: nothing there" in str(second.exc_text)
    caplog.clear()
    caplog.set_level(logging.DEBUG, "some.library")
    sf.get(sf.remote(logs).remote("news"))
    assert "news in detail" in caplog.text
    caplog.clear()
    caplog.set_level(logging.CRITICAL, "some.library")
    sf.get(sf.remote(logs).remote("news"))
    assert not caplog.records


class Broken(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        raise RuntimeError("a handler of the user's")


def test_a_handler_that_raises_ends_nothing() -> None:
    log = logging.getLogger("some.library")
    handler = Broken()
    log.addHandler(handler)
    try:
        sf.get(sf.remote(logs).remote("news"))
        assert sf.get(sf.remote(abs).remote(-1)) == 1
    finally:
        log.removeHandler(handler)


def test_a_record_that_nobody_handles_says_who_speaks(tmp_path: Path) -> None:
    code = (
        "import logging, shframe as sf\n"
        "def logs():\n"
        "    logging.getLogger('lib').warning('beware')\n"
        "    logging.getLogger('lib').info('not this')\n"
        "sf.init(workers=1)\n"
        "sf.get(sf.remote(logs).remote())\n"
    )
    assert lines(ran(code, tmp_path).stderr) == ["(logs pid=N) beware"]


# --- whole programs ---------------------------------------------------------------------


def ran(code: str, folder: Path, **more: Any) -> Any:
    script = folder / "script.py"
    script.write_text(code)
    return subprocess.run(
        [sys.executable, str(script)], env=environment(), capture_output=True, text=True, **more
    )


PROGRAM = """
import time, warnings
import shframe as sf
def says(n):
    print("value", n)
    warnings.warn(f"careful with {n}")
sf.init(workers=2)
refs = [sf.remote(says).remote(n) for n in range(3)]
"""


def test_what_is_said_while_nobody_waits_is_shown_at_the_end(tmp_path: Path) -> None:
    done = ran(PROGRAM + "while not all(r.done() for r in refs): time.sleep(0.01)\n", tmp_path)
    assert sorted(lines(done.stdout)) == [f"(says pid=N) value {n}" for n in range(3)]
    shown = [line for line in done.stderr.splitlines() if not line.startswith("  ")]
    assert [line.rpartition(":")[2] for line in sorted(shown)] == [
        f" careful with {n}" for n in range(3)
    ]
    assert all(line.startswith(str(tmp_path / "script.py:6")) for line in shown)
    assert '  warnings.warn(f"careful with {n}")' in done.stderr


def test_shframe_itself_prints_nothing(tmp_path: Path) -> None:
    code = (
        "import os, shutil, pandas as pd, shframe as sf, shframe.array as sa, numpy as np\n"
        "sf.init(workers=2, inline_bytes=0)\n"
        "os.makedirs('gone'); os.chdir('gone')\n"
        "ref = sf.remote(abs).remote(-1)\n"
        "sf.get(ref)\n"
        "frame = sf.from_pandas(pd.DataFrame({'a': range(1000), 'b': range(1000)}))\n"
        "frame.groupby('a').agg({'b': 'mean'}).compute()\n"
        "sa.from_array(np.ones(10_000), chunks=1000).sum().compute()\n"
        "sf.memory()\n"
        "sf.shutdown()\n"
    )
    done = ran(code, tmp_path, cwd=tmp_path)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def test_output_that_nobody_reads_any_more_ends_nothing(tmp_path: Path) -> None:
    code = (
        "import os, sys, shframe as sf\n"
        "sf.init(workers=2)\n"
        "os.close(1)\n"
        "sf.get([sf.remote(print).remote('x' * 100_000) for _ in range(20)])\n"
        "sys.stderr.write('went on')\n"
        "sys.stdout = None\n"
        "sf.get(sf.remote(print).remote('more'))\n"
    )
    assert ran(code, tmp_path).stderr == "went on"


def prints_for(seconds: float) -> None:
    end = time.monotonic() + seconds
    n = 0
    while time.monotonic() < end:
        print("line", n)
        n += 1


def test_ctrl_c_in_the_middle_of_output_loses_nothing_of_the_session() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        ref = sf.remote(prints_for).remote(1.5)
        timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            sf.get(ref)
        timer.join()
    finally:
        signal.signal(signal.SIGINT, before)
    with pytest.raises(sf.errors.Cancelled):
        sf.get(ref)
    assert sf.get(sf.remote(abs).remote(-1)) == 1


CELLS = """
import nbformat, sys
from nbclient import NotebookClient
cells = [nbformat.v4.new_code_cell(cell) for cell in open(sys.argv[1]).read().split("# ---")]
client = NotebookClient(nbformat.v4.new_notebook(cells=cells), timeout=60, kernel_name="python3")
for place, cell in enumerate(client.execute().cells):
    for output in cell.outputs:
        for line in output.get("text", "").splitlines():
            print(place, output["name"], line)
"""
COMPUTED = """
import time, warnings, logging
import shframe as sf
session = sf.init(workers=2, inline_bytes=0)
def says(n):
    print("value", n)
    if n > 2: warnings.warn("careful")
# ---
sf.get(sf.remote(says).remote(1))
# ---
import pandas as pd
frame = sf.from_pandas(pd.DataFrame({"a": range(10)}))
done = frame.map_partitions(lambda part: print(len(part), "rows") or part,
                            meta=pd.DataFrame({"a": [1]})).compute()
# ---
ref = sf.remote(says).remote(2)
time.sleep(0.5)
# ---
refs = [sf.remote(says).remote(3) for _ in range(8)]
sf.get(refs)
sf.shutdown()
"""


def test_in_a_notebook_the_cell_that_computed_it_shows_it(tmp_path: Path) -> None:
    assert NOTEBOOK != CELLS
    cells = tmp_path / "cells.py"
    cells.write_text(COMPUTED)
    done = subprocess.run(
        [sys.executable, "-c", CELLS, str(cells)],
        env={**environment(), "IPYTHONDIR": str(tmp_path), "JUPYTER_PLATFORM_DIRS": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    shown = lines(done.stdout)
    assert shown[:4] == [
        "1 stdout (says pid=N) value 1",
        "2 stdout (<lambda> pid=N) 10 rows",
        "3 stdout (says pid=N) value 2",
        "4 stdout (says pid=N) value 3",
    ]
    rest = "\n".join(shown[4:])
    assert "[repeated " in rest
    assert rest.count("UserWarning: careful") == 1
    assert all(line.startswith("4 ") for line in shown[4:])
