"""The command line: `shframe demo`, `shframe bench` and `shframe store`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["bench"]:
        from shframe.benchmarks.run import main as bench

        return bench(given[1:])
    parser = argparse.ArgumentParser(prog="shframe", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser("demo", help="the main job on real data, beside pandas")
    demo.add_argument("--rows", type=int, help="use a generated table with this number of rows")
    demo.add_argument("--data", help="use your own Parquet file or folder")
    demo.add_argument("--workers", type=int, help="worker processes; default: one per core")
    commands.add_parser("bench", help="benchmarks beside pandas, NumPy and others")
    commands.add_parser("store", help="list what programs of this user have published")
    asked = parser.parse_args(given)
    from shframe.errors import ShframeError

    try:
        if asked.command == "store":
            return _store()
        from shframe.demo import run

        return run(rows=asked.rows, data=asked.data, workers=asked.workers)
    except ShframeError as error:
        print(f"shframe: {error}", file=sys.stderr)
        return 1


def _store() -> int:
    """List what is published."""
    import time

    from shframe.store.byte_sizes import format_bytes
    from shframe.store.sharing.publisher import published

    found = published()
    if not found:
        print("nothing is published")
    for one in found:
        age = max(0, round(time.time() - one.since))
        size = format_bytes(one.nbytes)
        print(f"{one.name}  {one.kind}, {size}, by process {one.pid}, {age} s ago")
    return 0
