"""The public conformance suite of the array API, run as its users run it, with NumPy and with our
arrays: as they are, and in blocks of two and three elements in worker processes.

    git clone --recurse-submodules https://github.com/data-apis/array-api-tests
    pip install -r array-api-tests/requirements.txt
    ARRAY_API_TESTS=array-api-tests python -m tests.array.conformance

Names the cases that fail with ours and not with NumPy; the exit code is 1 if there are any. As
examples are drawn, NumPy is asked more often about these, before they are named.
Arguments are those of pytest: `-n 2`, `-k floor`, `--max-examples 10`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CASE = re.compile(r"FAILED (\S+?(?:\[.*\])?)(?: - .*)?$")
MORE = ["--max-examples", "5000"]
AGAIN = 10  # how often
WAYS = {
    "NumPy": ("numpy", []),
    "shframe.array": ("shframe.array", []),
    "shframe.array in small blocks": ("shframe.array", ["-p", "tests.array.small_blocks"]),
}


def failures(
    suite: Path, namespace: str, options: list[str], cases: tuple[str, ...] = ("array_api_tests",)
) -> tuple[set[str], str]:
    """The cases of the suite, or those of some, that fail with a namespace, and pytest's last line.

    A case has no deadline: it is about values, and machines differ.
    """
    where = {**os.environ, "ARRAY_API_TESTS_MODULE": namespace, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", *cases, "-q", "--tb=no", "-rf"]
    command += ["--disable-deadline", "-p", "no:cacheprovider", *options]
    done = subprocess.run(command, cwd=suite, env=where, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(f"the suite did not run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    lines = done.stdout.splitlines()
    return {each[1] for line in lines if (each := CASE.match(line))}, lines[-1]


def main(options: list[str]) -> int:
    if "ARRAY_API_TESTS" not in os.environ:
        raise SystemExit("set ARRAY_API_TESTS to a clone of data-apis/array-api-tests")
    suite = Path(os.environ["ARRAY_API_TESTS"]).resolve()
    numpys: set[str] = set()
    ours: set[str] = set()
    for name, (namespace, more) in WAYS.items():
        found, last = failures(suite, namespace, [*more, *options])
        print(f"{name}: {last}", flush=True)
        if namespace == "numpy":
            numpys = found
            continue
        for _ in range(AGAIN):
            if found - numpys:
                numpys |= failures(suite, "numpy", MORE, tuple(found - numpys))[0]
        for case in sorted(found - numpys):
            print(f"  {case}")
        ours |= found - numpys
    print(f"{len(ours)} cases fail that do not fail with NumPy")
    return bool(ours)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
