"""The runner: fresh processes, verdicts on answers and leaks, records, tables, reports."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from shframe.benchmarks.answers import digest
from shframe.benchmarks.ask import Timed
from shframe.benchmarks.run import is_chosen
from shframe.benchmarks.runner.page_cache import cached_share, drop_from_cache
from shframe.benchmarks.runner.processes import MemoryWatch, measure_processors
from shframe.benchmarks.runner.record import Job, load, new_run
from shframe.benchmarks.runner.tables import compare_runs, rows_of
from shframe.benchmarks.runner.verdicts import judge_answers
from shframe.benchmarks.suites.case import SUITES, Case, find_case
from shframe.session import Session


def run_quick(folder: Path, *options: str) -> tuple[int, dict[str, Any], str]:
    path = folder / "run.json"
    command = [sys.executable, "-m", "shframe.benchmarks", "--quick", "--output", str(path)]
    done = subprocess.run(
        [*command, *options],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "SHFRAME_BENCH_DATA": str(folder / "data"),
            "SHFRAME_BENCH_WORKERS": "2",
        },
    )
    return done.returncode, json.loads(path.read_text()), done.stdout + done.stderr


def test_a_quick_run_compares_answers_and_watches_memory(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    options = ["--only", "q6,parquet", "--engines", "shframe,pandas", "--report", str(page)]
    options += ["--python", f"here={sys.executable}"]  # as of another checkout
    code, run, said = run_quick(tmp_path, "groupby", *options)
    assert code == 0, said
    jobs = run["jobs"]
    assert [(job["case"], job["engine"]) for job in jobs] == [
        ("GroupBy", engine) for engine in ("shframe", "pandas")
    ]
    for job in jobs:
        assert job["status"] == "ok", job
        assert len(job["seconds"]) == 2
        assert job["memory"] > 30e6
        assert job["cached"] > 0.99
    assert "parquet q6" in said
    text = page.read_text()
    assert "<table>" in text
    assert "<svg" in text
    assert "http" not in text.replace("http://www.w3.org", "")  # nothing is fetched


def job(engine: str, answer: Any, *, seconds: float = 1.0, question: str = "q1") -> Job:
    made = Job("groupby", "GroupBy", [question], engine, 100, "rows")
    made.seconds, made.answer = [seconds, seconds, seconds], digest(answer)
    return made


def test_a_wrong_answer_is_no_time() -> None:
    jobs = [job("shframe", 3.5), job("pandas", 2.5), job("duckdb", 2.5)]
    judge_answers(jobs)
    assert [one.status for one in jobs] == ["wrong", "ok", "ok"]
    assert jobs[0].median is None
    assert "differs from pandas" in jobs[0].problem


class Leaking(Case):
    """Puts an array that it keeps, each time."""

    kept: list[Any]

    def setup(self, *chosen: Any) -> None:
        self.kept = []

    def time_answer(self, *chosen: Any) -> Any:
        import shframe as sf

        ref = sf.put(bytearray(1_000_000))
        if chosen[0] == "kept":
            self.kept.append(ref)


@pytest.mark.parametrize(("what", "left"), [("kept", 3), ("dropped", 0)])
def test_objects_that_are_left_are_counted(session: Session, what: str, left: int) -> None:
    rounds = Timed(Leaking(), [what], False, lambda *_, **__: None).do(3, 0.0)
    assert rounds.leaked == left
    assert len(rounds.seconds) == 3


def test_a_process_that_is_left_is_ended_and_named(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys\n"
        "from shframe.benchmarks.runner import processes as p\n"
        "p.adopt_orphans()\n"
        "known = p.running_children()\n"
        'inner = \'import subprocess; print(subprocess.Popen(["sleep", "60"]).pid)\'\n'
        "subprocess.run([sys.executable, '-c', inner], check=True)\n"
        "names = p.end_left_processes(known, patience=0.2)\n"
        "assert len(names) == 1 and 'sleep 60' in names[0], names\n"
        "assert p.running_children() == known\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL)


def test_memory_and_processor_time_of_a_tree_are_seen() -> None:
    work = "x = bytearray(80_000_000); x[::4096] = b'1' * len(x[::4096])\nwhile True: pass"
    inner = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}])"
    child = subprocess.Popen([sys.executable, "-c", inner], start_new_session=True)
    watch = MemoryWatch(child.pid)
    try:
        watch.start()
        before = measure_processors(child.pid)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            time.sleep(0.05)
            now = measure_processors(child.pid)
            if watch.total > 80e6 and now.own - before.own > 0.05:
                break
        watch.stop()
        assert watch.total > 80e6
        assert now.own > before.own
        assert now.busy > before.busy
    finally:
        watch.end()
        os.killpg(child.pid, 9)
        child.wait()


def test_the_page_cache_is_told(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(os.urandom(1 << 20))
    path.read_bytes()
    assert cached_share([path]) == 1
    drop_from_cache([path])
    share = cached_share([path])
    assert share is not None
    assert share <= 1
    assert cached_share([]) is None


def test_runs_are_saved_compared_and_shown(tmp_path: Path) -> None:
    old, new = new_run("warm", 2), new_run("warm", 2)
    old.jobs = [job("shframe", 1, seconds=2.0), job("pandas", 1, seconds=4.0)]
    new.jobs = [job("shframe", 1, seconds=1.0), job("pandas", 1, seconds=4.0)]
    old.save(tmp_path / "old.json")
    loaded = load(tmp_path / "old.json")
    assert dataclasses.asdict(loaded) == dataclasses.asdict(old)
    text = compare_runs(loaded, new)
    assert "geometric mean groupby shframe: 0.50x (n=1)" in text
    assert "faster" in text
    heads, rows = rows_of(new.jobs)
    assert heads == ["", "shframe", "pandas", "/ best other", "/ pandas"]
    assert rows[0] == ["q1", "1 *", "4 (4.00x)", "0.25x", "0.25x"]


@pytest.mark.parametrize(
    ("only", "chosen"),
    [
        ({"q3"}, True),
        ({"q3", "q4", "memory"}, True),
        ({"q3", "parquet"}, False),
        ({"GroupBy", "q3"}, True),
        ({"Join", "q3"}, False),
        ({"25%"}, False),
    ],
)
def test_words_choose_questions(only: set[str], chosen: bool) -> None:
    cls = find_case("groupby", "GroupBy")
    assert is_chosen(only, "GroupBy", cls, ("memory", "q3")) == chosen


def test_suites_can_be_listed() -> None:
    for suite, names in SUITES.items():
        for name in names:
            cls = find_case(suite, name)
            assert cls.__doc__
            for question in cls.questions():
                assert cls.values_of([*question, str(cls.params[-1][0])])
