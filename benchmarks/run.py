"""The command line: `shframe bench`, `python -m benchmarks`, `python -m shframe.benchmarks`."""

from __future__ import annotations

import argparse
import importlib.util
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from shframe.benchmarks.engines.limits import threads
from shframe.benchmarks.runner.measure import Conditions, measure
from shframe.benchmarks.runner.processes import adopt_orphans
from shframe.benchmarks.runner.record import (
    OWN,
    UNCACHED,
    Job,
    Run,
    history_folder,
    load,
    new_run,
)
from shframe.benchmarks.runner.report import write_plots, write_report
from shframe.benchmarks.runner.tables import compare_runs, describe_run, print_tables
from shframe.benchmarks.runner.verdicts import judge_answers
from shframe.benchmarks.suites.case import SUITES, Case, find_case

QUICK = ("groupby", "join", "tpch", "files", "functions")  # by default, with --quick


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; 1 after a wrong answer, a failed job or a leak."""
    asked = _parse(arguments)
    if asked.list:
        _print_suites()
        return 0
    if asked.compare:
        old, new = (load(_find_run(name)) for name in asked.compare)
        print(compare_runs(old, new))
        return 0
    if asked.show:
        _show(load(_find_run(asked.show)), asked)
        return 0
    run = new_run("cold" if asked.cold else "warm", asked.workers)
    path = asked.output or history_folder() / f"{run.started.replace(':', '')}-{run.commit}.json"
    conditions = Conditions(
        rounds=asked.rounds or (2 if asked.quick else 3),
        least=0.0 if asked.quick else 1.0,
        cold=asked.cold,
        limit=asked.limit,
        workers=asked.workers,
    )
    print(describe_run(run), flush=True)
    adopt_orphans()
    try:
        signal.signal(signal.SIGTERM, _interrupt)
        _run_all(run, asked, conditions)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
    run.save(path)
    _write_pages(run, asked)
    names = [_environment(one)[0] for one in asked.python]
    if len(names) == 2:
        print(compare_runs(run.of_environment(names[0]), run.of_environment(names[1])))
    print(f"\nsaved as {path}")
    bad = [
        job
        for job in run.jobs
        if job.status == "wrong" or (job.engine == OWN and job.status != "ok")
    ]
    for job in bad:
        print(f"{job.status}: {job.case} {' '.join(job.question)} {job.label}: {job.problem}")
    return 1 if bad else 0


def _interrupt(number: int, _: FrameType | None) -> None:
    """End as after Ctrl-C: the job that runs is ended, and what is done is saved."""
    raise KeyboardInterrupt


def _show(run: Run, asked: argparse.Namespace) -> None:
    """The tables of a saved run, and its pages."""
    print(describe_run(run))
    for jobs in run.by_case().values():
        print_tables(jobs, find_case(jobs[0].suite, jobs[0].case).__doc__ or "")
    _write_pages(run, asked)


def _write_pages(run: Run, asked: argparse.Namespace) -> None:
    if asked.report:
        write_report(run, asked.report)
    if asked.plots:
        write_plots(run, asked.plots)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="shframe bench", description=__doc__)
    parser.add_argument("suites", nargs="*", help=f"which of {', '.join(SUITES)}; default: all")
    parser.add_argument("--list", action="store_true", help="say what there is, and end")
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--quick", action="store_true", help="small data, for correctness")
    sizes.add_argument("--large", action="store_true", help="10 times the usual rows or scale")
    sizes.add_argument("--size", type=float, help="rows, or TPC-H's scale")
    parser.add_argument("--only", default="", help="comma-separated: classes, questions, sources")
    parser.add_argument("--engines", default="", help="comma-separated; default: all installed")
    parser.add_argument("--rounds", type=int, help="timed rounds at least, after one to warm up")
    parser.add_argument("--workers", type=int, default=threads(), help="of each engine")
    parser.add_argument("--cold", action="store_true", help="read the files from the disk")
    parser.add_argument("--limit", type=float, default=900.0, help="seconds for a job")
    parser.add_argument(
        "--python",
        action="append",
        default=[],
        metavar="[NAME=]PATH",
        help="the interpreter of an environment whose shframe is measured; may be repeated",
    )
    parser.add_argument(
        "--uncached", action="store_true", help="also shframe that keeps no columns of files"
    )
    parser.add_argument("--output", type=Path, help="where to save the run as JSON")
    parser.add_argument("--report", type=Path, help="write an HTML page with tables and plots")
    parser.add_argument("--plots", type=Path, help="write a plot of each class into this folder")
    parser.add_argument(
        "--show", metavar="RUN", help="a saved run again, also as --report, --plots"
    )
    parser.add_argument(
        "--compare", nargs=2, metavar="RUN", help="two saved runs: files, or `last` and `previous`"
    )
    asked = parser.parse_args(arguments)
    for name in asked.suites:
        if name not in SUITES:
            parser.error(f"unknown suite {name!r}; there are {', '.join(SUITES)}")
    return asked


def _run_all(run: Run, asked: argparse.Namespace, conditions: Conditions) -> None:
    """Job by job; a table after each class."""
    for suite in asked.suites or (QUICK if asked.quick else SUITES):
        for name in SUITES[suite]:
            cls = find_case(suite, name)
            begin = len(run.jobs)
            for question, engines in _questions(name, cls, asked):
                jobs = []
                for engine, environment, python in engines:
                    job = Job(suite, name, list(question), engine, _size(cls, asked), cls.unit)
                    job.environment = environment
                    jobs.append(measure(job, conditions, python))
                judge_answers(jobs)
                run.jobs += jobs
                _print_progress(jobs)
            if run.jobs[begin:]:
                print_tables(run.jobs[begin:], cls.__doc__ or "")


def _questions(
    name: str, cls: type[Case], asked: argparse.Namespace
) -> Iterator[tuple[tuple[str, ...], list[tuple[str, str, str | None]]]]:
    """Questions that are asked for, each with (engine, environment, interpreter)."""
    only, wanted = _listed(asked.only), _listed(asked.engines)
    places: list[tuple[str, str | None]] = [("", None)]
    if asked.python:
        places = [_environment(one) for one in asked.python]
    for question in cls.questions():
        if only and not is_chosen(only, name, cls, question):
            continue
        engines: list[tuple[str, str, str | None]] = []
        for engine in map(str, cls.params[-1]):
            if wanted and engine not in wanted:
                continue
            if not is_installed(engine) or not cls.can_ask(question, engine):
                continue
            if engine == OWN:
                engines += [(engine, environment, python) for environment, python in places]
                if asked.uncached and "memory" not in question:
                    engines.append((engine, UNCACHED, None))
            else:
                engines.append((engine, "", None))
        if engines:
            yield question, engines


def is_chosen(only: set[str], name: str, cls: type[Case], question: tuple[str, ...]) -> bool:
    """Whether a question has one of the words of each kind that are asked for.

    A kind is the classes, or what one of the params of this class can be.
    """
    classes = {one for names in SUITES.values() for one in names}
    kinds = [(classes, name)]
    kinds += [
        ({*map(str, values)}, word) for values, word in zip(cls.params[:-1], question, strict=True)
    ]
    asked = [(only & words, word) for words, word in kinds if only & words]
    return bool(asked) and all(word in words for words, word in asked)


def _listed(text: str) -> set[str]:
    return {word.strip() for word in text.split(",") if word.strip()}


def _environment(text: str) -> tuple[str, str | None]:
    """(name, interpreter) of NAME=PATH or PATH."""
    name, mark, path = text.rpartition("=")
    return (name if mark else str(Path(path).parents[1].name), path)


def is_installed(engine: str) -> bool:
    """Whether the package of an engine can be imported."""
    rivals = ("polars", "duckdb", "dask", "distributed", "ray", "numexpr", "loky", "joblib")
    package = engine.partition(" ")[0]  # "dask threads" is one of dask's schedulers
    return package not in rivals or importlib.util.find_spec(package) is not None


def _size(cls: type[Case], asked: argparse.Namespace) -> float:
    if asked.size is not None:
        if asked.size < 1 and cls.unit != "scale":
            raise SystemExit(f"--size {asked.size} is a scale; {cls.__name__} has {cls.unit}")
        return float(asked.size)
    if asked.quick:
        return float(cls.quick_size)
    return float(cls.large_size or cls.size) if asked.large else float(cls.size)


def _print_progress(jobs: list[Job]) -> None:
    for job in jobs:
        time_or_not = f"{job.median:.4f} s" if job.median is not None else job.status
        words = " ".join([job.case, *job.question, job.label])
        load = f", others {job.others:.1f} cores" if job.others > 0.2 else ""
        note = f"  {job.note}" if job.note else ""
        problem = f"  {job.problem}" if job.problem else ""
        memory = f"{job.memory / 1e6:.0f} MB"
        if "budget" in job.note:
            memory += f" ({job.without_files / 1e6:.0f} MB without files)"
        print(f"  {words:<44} {time_or_not:>12}  {memory:>9}{load}{note}{problem}", flush=True)


def _print_suites() -> None:
    for suite, names in SUITES.items():
        for name in names:
            cls = find_case(suite, name)
            first = (cls.__doc__ or "").splitlines()[0]
            print(f"{suite:<14} {name:<12} {first}")


def _find_run(name: str) -> Path:
    """A file, or the last or previous run of the history."""
    if name in ("last", "previous"):
        kept = sorted(history_folder().glob("*.json"))
        count = 1 if name == "last" else 2
        if len(kept) < count:
            raise SystemExit(f"no {name} run in {history_folder()}")
        return kept[-count]
    return Path(name)
