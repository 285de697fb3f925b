"""The tests of store and pool pass where little is to be had: run again, in such a place.

In CI the tests that ask most of the place; with --soak all of the store's and the graph's, and
the whole suite with a small /dev/shm.
"""

from __future__ import annotations

import errno
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests import examples
from tests.places import without_memfd

ROOT = Path(__file__).parents[2]
SHORT = [
    "tests/store/test_segment.py",
    "tests/store/test_store.py",
    "tests/store/test_forks.py",
    "tests/store/test_spill.py",
    "tests/graph/test_executors.py",
]
LONG = ["tests/store", "tests/graph"]
NOBODY = 65534


def passes(prefix: list[str], paths: list[str], folder: Path, seconds: int = 900) -> None:
    """Run the tests of these paths by a command that makes the place."""
    command = [*prefix, sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    command.append(f"--examples={examples.SHARE / 2}")
    done = subprocess.run(
        [*command, f"--basetemp={folder / 'made'}", *paths],
        cwd=ROOT,
        env={
            **os.environ,
            "TMPDIR": os.fspath(folder),
            "HYPOTHESIS_STORAGE_DIRECTORY": os.fspath(folder / "hypothesis"),
        },
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout


def works(prefix: list[str]) -> str:
    """Why a command cannot make its place here; "" when it can."""
    try:
        done = subprocess.run([*prefix, "true"], capture_output=True, text=True, timeout=30)
    except FileNotFoundError as error:
        return str(error)
    return "" if done.returncode == 0 else done.stderr.strip() or f"code {done.returncode}"


@pytest.fixture
def paths(request: pytest.FixtureRequest) -> list[str]:
    return LONG if request.config.getoption("--soak") else SHORT


@pytest.mark.timeout(1200)
def test_with_few_descriptors(paths: list[str], tmp_path: Path) -> None:
    passes(["bash", "-c", 'ulimit -n 256; exec "$@"', "-"], paths, tmp_path)


SMALL = [
    "unshare",
    "-m",
    "bash",
    "-c",
    'mount -t tmpfs -o size=64m none /dev/shm && exec "$@"',
    "-",
]


@pytest.mark.timeout(3600)
def test_with_a_small_dev_shm(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    reason = works(SMALL)
    if reason:
        pytest.skip(f"no mount namespace here: {reason}")
    if request.config.getoption("--soak"):
        everything = [*LONG, "tests/session", "tests/dataframe", "tests/array", "tests/kill"]
        passes(SMALL, everything, tmp_path, 3000)
    else:
        passes(SMALL, SHORT, tmp_path)


# Nobody may have no way to where Python and the repository lie: reading is allowed, no more.
OTHER = [
    "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
    "--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search",
]  # fmt: skip


@pytest.mark.timeout(1200)
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_as_another_user(paths: list[str]) -> None:
    reason = works(OTHER)
    if reason:
        pytest.skip(f"no other user here: {reason}")
    with tempfile.TemporaryDirectory(prefix="places-") as folder:  # all can reach it
        os.chown(folder, NOBODY, NOBODY)
        passes(OTHER, paths, Path(folder))


@pytest.mark.timeout(1200)
@pytest.mark.skipif(
    platform.machine() not in without_memfd.NUMBERS, reason="the call's number is not known here"
)
def test_where_memfd_is_refused(paths: list[str], tmp_path: Path) -> None:
    prefix = [sys.executable, without_memfd.__file__]
    reason = works(prefix)
    if reason:
        pytest.skip(f"no seccomp here: {reason}")
    refused = subprocess.run(
        [*prefix, sys.executable, "-c", "import os; os.memfd_create('x')"],
        capture_output=True,
        text=True,
    )
    assert f"[Errno {errno.EPERM}]" in refused.stderr
    passes(prefix, paths, tmp_path)


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_where_the_kernel_promises_no_more_memory_than_it_has(tmp_path: Path) -> None:
    """Changes a setting of the whole machine meanwhile, so it is asked for by --soak."""
    setting = Path("/proc/sys/vm/overcommit_memory")
    before = setting.read_text()
    try:
        setting.write_text("2")
    except OSError as error:
        pytest.skip(f"vm.overcommit_memory cannot be set here: {error}")
    try:
        passes([], SHORT, tmp_path)
    finally:
        setting.write_text(before)
