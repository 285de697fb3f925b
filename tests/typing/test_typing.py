"""mypy and pyright, and so an editor, know what calls return: `assert_type` in files beside."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGES = ("tasks.py", "lazy.py", "frames.py", "arrays.py")

Lines = dict[str, set[int]]  # by file, those with errors


def mypy() -> Lines:
    """The lines that mypy, as strict as for shframe itself, has errors at."""
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", "--follow-imports=silent", *_paths()],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    found: Lines = {}
    for line in done.stdout.splitlines():
        match = re.match(r"tests/typing/(\w+\.py):(\d+): error: ", line)
        if match:
            found.setdefault(match[1], set()).add(int(match[2]))
    return found


def pyright() -> Lines:
    """The lines that pyright has errors at."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pyright",
            "--pythonpath",
            sys.executable,
            "--outputjson",
            *_paths(),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"},
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    found: Lines = {}
    for one in json.loads(done.stdout)["generalDiagnostics"]:
        if one["severity"] == "error":
            line = one["range"]["start"]["line"] + 1
            found.setdefault(Path(one["file"]).name, set()).add(line)
    return found


def _paths() -> list[str]:
    return [f"tests/typing/{page}" for page in PAGES]


@pytest.mark.timeout(400)
def test_what_calls_return_is_known() -> None:
    unknown: dict[str, set[str]] = {}
    for checker in (mypy, pyright):
        for page, lines in checker().items():
            source = (HERE / page).read_text().splitlines()
            for line in lines:
                unknown.setdefault(source[line - 1], set()).add(f"{page}, {checker.__name__}")
    assert not unknown
