"""Programs of one user read what another has published, in place, whatever becomes of it."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import shframe as sf
import shframe.array as xp
from shframe.cli import main
from shframe.errors import NameTaken, NotPublished, SharingFailed, StoreFull
from shframe.session import current
from shframe.store import memory
from shframe.store.sharing import rendezvous
from tests.conftest import until

ROOT = Path(__file__).parents[2]
ROWS = 1_000_000


@pytest.fixture(autouse=True)
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A session, and a runtime folder of its own."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", os.fspath(tmp_path))
    sf.init(workers=2, memory="512MB", inline_bytes=0)
    yield
    sf.shutdown()


class Program:
    """Another program, which publishes and then does what it is told, a line at a time."""

    def __init__(self, body: str) -> None:
        text = (
            "import sys, numpy as np, pandas as pd, shframe as sf, shframe.array as xp\n"
            f"sf.init(workers=2, memory='512MB')\n{body}\nprint('ready', flush=True)\n"
            "for line in sys.stdin:\n    exec(line)\n    print('done', flush=True)\nsf.shutdown()\n"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", text],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        self.heard("ready")

    def heard(self, word: str) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == word

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        self.heard("done")

    def end(self, how: int | None = None) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        if how is not None:
            self.process.send_signal(how)
        with self.process.stdout:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()
            self.process.wait(20)


@pytest.fixture
def other(request: pytest.FixtureRequest) -> Iterator[Any]:
    programs: list[Program] = []

    def start(body: str) -> Program:
        programs.append(Program(body))
        return programs[-1]

    yield start
    for program in programs:
        if program.process.poll() is None:
            program.end(signal.SIGKILL)


FRAME = f"""
frame = pd.DataFrame({{"k": np.arange({ROWS}) % 7, "v": np.arange({ROWS}) * 0.5,
                      "t": pd.array(["a", "b", None, "d"] * ({ROWS} // 4), "str")}})
"""


def frame() -> pd.DataFrame:
    scope: dict[str, Any] = {"np": np, "pd": pd}
    exec(FRAME, scope)
    made: pd.DataFrame = scope["frame"]
    return made


def test_a_lazy_frame_is_lazy_for_who_attaches_it(other: Any) -> None:
    other(FRAME + "sf.publish('trades', sf.from_pandas(frame, npartitions=5))")
    trades = sf.attach("trades")
    assert isinstance(trades, sf.DataFrame)
    pd.testing.assert_frame_equal(trades.compute(), frame())
    found = trades.groupby("k")["v"].sum().compute()
    pd.testing.assert_series_equal(found, frame().groupby("k")["v"].sum())


def test_arrays_tables_and_any_object_come_back_as_they_were(other: Any) -> None:
    other(
        FRAME + "import pyarrow as pa\n"
        "sf.publish('lazy', xp.arange(10**6, chunks=10**5, dtype='f8').reshape(1000, 1000))\n"
        "sf.publish('array', np.arange(10**6).reshape(1000, 1000).T)\n"
        "sf.publish('table', pa.table({'a': np.arange(10**5)}))\n"
        "sf.publish('frame', frame)\n"
        "sf.publish('ref', sf.put(np.arange(10**5)))\n"
        "sf.publish('any', {'a': [1, None, 'x'], 'b': np.arange(3)})\n"
        "sf.publish('none', None)"
    )
    lazy = sf.attach("lazy")
    assert isinstance(lazy, xp.Array)
    assert (lazy.T[3].compute() == np.arange(1e6).reshape(1000, 1000).T[3]).all()
    array = sf.attach("array")
    assert array.flags.f_contiguous
    assert not array.flags.writeable
    assert (array == np.arange(10**6).reshape(1000, 1000).T).all()
    assert sf.attach("table").equals(pa.table({"a": np.arange(10**5)}))
    pd.testing.assert_frame_equal(sf.attach("frame"), frame())
    assert (sf.attach("ref") == np.arange(10**5)).all()
    assert sf.attach("any")["a"] == [1, None, "x"]
    assert sf.attach("none") is None
    assert [one.name for one in sf.published()] == sorted(
        ["lazy", "array", "table", "frame", "ref", "any", "none"]
    )


@pytest.mark.parametrize("how", ["unpublish", "exit", "kill"])
def test_readers_go_on_whatever_becomes_of_the_publisher(other: Any, how: str) -> None:
    program = other("sf.publish('x', xp.arange(1 << 22, chunks=1 << 20, dtype='f8'))")
    attached = sf.attach("x")
    if how == "unpublish":
        program.tell("sf.unpublish('x'); big = [sf.put(np.ones(1 << 22)) for _ in range(8)]")
    else:
        program.end(signal.SIGKILL if how == "kill" else None)
    assert float(attached.sum().compute()) == 2**43 - 2**21
    with pytest.raises(NotPublished, match="'x'"):
        sf.attach("x")
    assert sf.published() == []
    segments = [s for s in current().executor.store.local._segments.values() if s.capacity]
    kept = [os.fstat(s.fd).st_blocks * 512 for s in segments if s.id >> 32 == 4094]
    assert (1 << 25) <= sum(kept) <= 1.1 * (1 << 25)


def test_attaching_takes_no_time_and_no_memory(other: Any) -> None:
    other("sf.publish('big', np.ones(48 << 20 >> 3))\nsf.publish('small', np.ones(10))")
    sf.attach("small")
    before = memory([os.getpid()], [])
    begin = time.perf_counter()
    view = sf.attach("big")
    spent = time.perf_counter() - begin
    after = memory([os.getpid()], [])
    assert view.nbytes == 48 << 20
    assert after.anon - before.anon < view.nbytes / 100
    assert spent < 1  # a copy of it into fresh pages, and more; the figure is in benchmarks/


def test_a_name_is_used_once_and_must_be_one(other: Any) -> None:
    program = other("sf.publish('x', 1)")
    with pytest.raises(NameTaken, match=str(program.process.pid)):
        sf.publish("x", 2)
    for name in ("", "a/b", 3, "n" * 300, "a\nb", "\ud800"):
        with pytest.raises(SharingFailed, match="name"):
            sf.publish(name, 1)  # type: ignore[arg-type]
    with pytest.raises(NotPublished, match="there are 'x'"):
        sf.attach("y")
    with pytest.raises(NotPublished, match="this program has published nothing"):
        sf.unpublish("x")
    sf.publish("mine", [1])
    sf.unpublish("mine")
    sf.publish("mine", [2])
    assert sf.attach("mine") == [2]


def test_what_does_not_fit_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    live = current().executor.store.ledger.totals()
    with pytest.raises(StoreFull, match="publishing 'big'"):
        sf.publish("big", np.broadcast_to(np.ones(1 << 20), (100, 1 << 20)) + 0)
    with pytest.raises(TypeError):
        sf.publish("gen", (n for n in range(3)))
    sf.shutdown()
    assert live == (0, 0)
    assert list((tmp_path / "shframe").glob("*")) == []


def test_an_attached_value_leaves_no_trace_when_it_is_dropped(other: Any) -> None:
    other("sf.publish('x', np.arange(10**6))")
    store = current().executor.store
    before = len(store.local._segments)
    view = sf.attach("x")
    assert len(store.local._segments) == before + 1
    del view
    sf.put(1)
    assert len(store.local._segments) == before


def test_workers_forget_what_nobody_reads_any_more(other: Any) -> None:
    other("sf.publish('x', xp.arange(1 << 20, chunks=1 << 18, dtype='f8'))")

    def summed() -> float:
        return float((sf.attach("x") * 2).sum().compute())

    def descriptors() -> list[int]:
        executor: Any = current().executor
        return [len(os.listdir(f"/proc/{pid}/fd")) for pid in executor.pids[1:]]

    expected = summed()
    summed()
    before = descriptors()
    for _ in range(12):
        assert summed() == expected
    assert all(now <= then + 2 for now, then in zip(descriptors(), before, strict=True))


def test_a_socket_of_a_dead_publisher_is_removed(other: Any, tmp_path: Path) -> None:
    program = other("sf.publish('x', 1)")
    program.end(signal.SIGKILL)
    assert len(list((tmp_path / "shframe").iterdir())) == 1
    assert sf.published() == []
    assert list((tmp_path / "shframe").iterdir()) == []


def test_a_folder_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shframe").mkdir(mode=0o755)
    with pytest.raises(SharingFailed, match="can be entered by other users"):
        sf.publish("x", 1)


@pytest.fixture
def passable(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runtime folder that others may walk through, as far as its own modes let them."""
    with tempfile.TemporaryDirectory(prefix="shframe-test-") as folder:
        os.chmod(folder, 0o711)
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_is_refused_before_a_byte_is_read(passable: Path) -> None:
    sf.publish("x", np.arange(10))
    (path,) = (passable / "shframe").glob("*.sock")
    script = (
        "import os, socket, sys\nos.setgid(65534); os.setuid(65534)\n"
        "s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
        "try:\n    s.connect(sys.argv[1])\nexcept PermissionError:\n"
        "    print('shut out')\n    sys.exit()\n"
        "message, fds, _, _ = socket.recv_fds(s, 1 << 16, 1)\nprint(message, fds)"
    )
    command = [sys.executable, "-c", script, os.fspath(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert done.stdout.strip() == "shut out", done.stderr
    os.chmod(passable / "shframe", 0o711)  # as nobody should: the kernel's word remains
    os.chmod(path, 0o777)
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert done.stdout.strip() == "b'' []", done.stderr
    os.chmod(passable / "shframe", 0o700)
    assert (sf.attach("x") == np.arange(10)).all()


def test_a_client_that_sends_nonsense_or_goes_away_harms_nobody(tmp_path: Path) -> None:
    sf.publish("x", [1])
    (path,) = (tmp_path / "shframe").glob("*.sock")
    for message in (None, b"\0", b"\xff" * 1000):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.connect(os.fspath(path))
            if message is not None:
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    client.send(message)
    assert sf.attach("x") == [1]


def test_a_stopped_publisher_is_told_from_a_dead_one(
    other: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(rendezvous, "PATIENCE", 0.2)
    program = other("sf.publish('x', 1)")
    sf.publish("mine", 2)
    pid = program.process.pid
    program.process.send_signal(signal.SIGSTOP)
    assert until(lambda: " T " in Path(f"/proc/{pid}/stat").read_text())
    try:
        with pytest.raises(SharingFailed, match=f"process {pid} has not answered"):
            sf.attach("x")
        with pytest.raises(NameTaken, match=str(pid)):
            sf.publish("x", 3)
        assert [one.name for one in sf.published()] == ["mine"]
        assert str(pid) in caplog.text
    finally:
        program.process.send_signal(signal.SIGCONT)
    assert sf.attach("x") == 1


def test_one_of_many_gets_a_name_that_all_want_at_once() -> None:
    """Eight threads publish under one name, again and again: one wins, the others hear of it."""
    for _ in range(5):
        with ThreadPoolExecutor(8) as pool:
            tried = [pool.submit(sf.publish, "x", n) for n in range(8)]
        errors = [one.exception() for one in tried]
        (won,) = [n for n, error in enumerate(errors) if error is None]
        assert all(isinstance(e, NameTaken) for n, e in enumerate(errors) if n != won)
        assert sf.attach("x") == won
        sf.unpublish("x")
    assert current().executor.store.ledger.totals() == (0, 0)


def test_a_fork_of_the_publisher_neither_answers_nor_takes_the_names_away(tmp_path: Path) -> None:
    sf.publish("x", np.arange(10))
    child = os.fork()
    if not child:  # lives on after the parent has taken the name back
        with contextlib.suppress(BaseException):
            current().publisher.close()
            signal.pause()
        os._exit(0)
    try:
        assert (sf.attach("x") == np.arange(10)).all()
        sf.unpublish("x")
        assert list((tmp_path / "shframe").iterdir()) == []
        sf.publish("x", 3)
        assert sf.attach("x") == 3
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_without_descriptors_the_error_says_so(other: Any) -> None:
    other("sf.publish('x', np.arange(10))")
    sf.attach("x")  # all modules are there
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    next_one = os.dup(0)
    os.close(next_one)
    resource.setrlimit(resource.RLIMIT_NOFILE, (next_one, hard))
    try:
        with pytest.raises(SharingFailed, match="ulimit -n"):
            sf.attach("x")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert (sf.attach("x") == np.arange(10)).all()


def test_a_runtime_folder_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/no/such/folder")
    with pytest.raises(SharingFailed, match="/no/such/folder"):
        sf.publish("x", 1)
    with pytest.raises(SharingFailed, match="XDG_RUNTIME_DIR"):
        sf.published()


def test_the_command_lists_what_is_published(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["store"]) == 0
    assert capsys.readouterr().out == "nothing is published\n"
    sf.publish("trades", np.ones(1 << 20))
    assert main(["store"]) == 0
    assert f"trades  ndarray, 8.0 MiB, by process {os.getpid()}" in capsys.readouterr().out


def test_the_kernel_says_who_is_there() -> None:
    a, b = socket.socketpair()
    with a, b:
        assert rendezvous.peer(a) == (os.getpid(), os.geteuid())
