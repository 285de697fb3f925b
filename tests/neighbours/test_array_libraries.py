"""Libraries that take arrays of any namespace of the array API take ours, and return ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_libraries_return_lazy_arrays() -> None:
    program = Path(__file__).with_name("array_libraries.py")
    where = {**os.environ, "SCIPY_ARRAY_API": "1"}
    command = [sys.executable, "-W", "ignore", str(program)]
    done = subprocess.run(command, env=where, capture_output=True, text=True)
    assert done.stderr == ""
    said = done.stdout.splitlines()
    assert len(said) >= 2  # scipy and scikit-learn are among the tests' packages
    assert all(line.endswith(" []") for line in said), said
