"""Starting the server process, and keeping it for the next session when one has ended.

The server starts before the driver imports what it needs itself, so that both do so side by side. A
server that is parked has no workers; it ends after a while, and with the driver.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from shframe.graph.machine.kept_heap import ENVIRONMENT
from shframe.graph.wire.channel import Channel, Closed, pair
from shframe.graph.wire.fork_messages import Preload, Rest, Rested

HEAVY = {  # of a driver that has loaded the first, what its workers will need
    "numpy": ("numpy",),
    "pyarrow": ("pyarrow", "pyarrow.compute", "pyarrow.parquet"),
    "pandas": ("pandas",),
    "shframe.dataframe": ("shframe.dataframe.kernels",),
    "shframe.array": ("shframe.array.kernels",),
}
ONE_THREAD = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
WAIT_SECONDS = 5.0  # for a server to end its workers


@dataclass(slots=True)
class Launched:
    """A server process and the connection to it.

    modules: what it was asked to import. used: whether it was asked for workers.
    """

    process: subprocess.Popen[bytes]
    channel: Channel
    modules: set[str] = field(default_factory=set)
    used: bool = False

    def preload(self, modules: Iterable[str]) -> bool:
        """Have it import these for workers to come; whether libraries are among what is new, which
        a worker that is there takes long to import. Raises: Closed.
        """
        new = [name for name in modules if name not in self.modules]
        if new:
            self.modules.update(new)
            self.channel.send(Preload(new))
        return any(not name.startswith("shframe.") for name in new)

    def end(self) -> None:
        """End it and all below it, and wait until they are gone."""
        self.channel.end()
        if not self.used:  # it may be importing, and reads nothing until that is done
            self.process.kill()
        try:
            self.process.wait(timeout=WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def rest(self) -> bool:
        """End its workers and wait until they are gone; False: it does not do so."""
        try:
            self.channel.send(Rest())
            while True:
                message, _ = self.channel.receive(WAIT_SECONDS)
                if isinstance(message, Rested):
                    return True
        except (Closed, TimeoutError):
            return False


_lock = threading.Lock()
_parked: Launched | None = None
_owner = os.getpid()


def heavy() -> list[str]:
    """What workers will need of what this process has loaded."""
    loaded = [needed for name, needed in HEAVY.items() if name in sys.modules]
    return [name for needed in loaded for name in needed]


def launch() -> Launched:
    """A server process: the parked one, or a new one, which starts now."""
    global _parked
    with _lock:
        found, _parked = _parked, None
        if found is not None and _owner == os.getpid() and found.process.poll() is None:
            found.preload(heavy())
            return found
        if found is not None and _owner == os.getpid():
            found.end()
    return _start(heavy())


def _start(modules: list[str]) -> Launched:
    ours, theirs = pair()
    with theirs:
        theirs.set_inheritable(True)
        process = subprocess.Popen(
            command(theirs.fileno(), os.getpid(), sys.path, modules),
            env=environment(dict(os.environ)),
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
    return Launched(process, Channel(ours), set(modules))


def park(launched: Launched) -> None:
    """A session has ended: keep its server for the next one, if it has shown that it works."""
    global _parked, _owner
    if not launched.used or not launched.rest():
        launched.end()
        return
    with _lock:
        before, _parked, _owner = _parked, launched, os.getpid()
    if before is not None:
        before.end()


def parked() -> Launched | None:
    """The server that waits for a session."""
    return _parked


def end_parked() -> None:
    """End the server that waits for a session, if there is one."""
    global _parked
    with _lock:
        found, _parked = _parked, None
    if found is not None and _owner == os.getpid():
        found.end()


def command(control: int, driver: int, path: Sequence[str], modules: Sequence[str]) -> list[str]:
    """The command line that starts a server with the driver's module path."""
    code = (
        f"import sys; sys.path[:] = {list(path)!r}; "
        "from shframe.graph.worker.fork_server import main; "
        f"main({control}, {driver}, {list(modules)!r})"
    )
    return [sys.executable, "-P", "-c", code]


def environment(base: dict[str, str]) -> dict[str, Any]:
    """The environment of a server: the driver's, with one thread for each library, and a heap that
    keeps its pages between two kernels."""
    return {**ONE_THREAD, **ENVIRONMENT, **base}
