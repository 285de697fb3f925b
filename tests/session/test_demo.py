"""The README's first command does what it promises, beside pandas."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]


def demo(*words: str, folder: Path) -> str:
    """What the command prints; it must end well."""
    done = subprocess.run(
        [sys.executable, "-m", "shframe", "demo", *words],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "SHFRAME_WORKERS": "2"},
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("words", [(), ("--rows", "1000000")])
def test_the_demo_agrees_with_pandas_on_two_workers(words: tuple[str, ...], tmp_path: Path) -> None:
    said = demo(*words, folder=tmp_path)
    assert "The result equals that of pandas." in said
    assert re.search(r"\d+ of \d+ columns, \d+ of \d+ row groups", said)
    assert len(set(re.findall(r"pid (\d+)", said))) >= 2
    if not words:
        assert "336,776 flights, 16 airlines" in said


def test_the_demo_shows_what_the_users_own_files_hold(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}).to_parquet(tmp_path / "own.parquet")
    said = demo("--data", "own.parquet", folder=tmp_path)
    assert re.search(r"a +int64\nb +str", said)


@pytest.mark.parametrize("words", [("--data", "nowhere.parquet"), ("--rows", "-5")])
def test_what_cannot_be_shown_is_said_in_a_line(words: tuple[str, ...], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "shframe", "demo", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=60
    )
    assert done.returncode != 0
    assert words[1] in done.stderr
    assert "Traceback" not in done.stderr
