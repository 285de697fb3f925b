"""A process and all that descend from it: their memory, their processor time, who is left."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shframe.store.limits.memory_usage import process_tree

PAUSE = 0.02  # seconds between two looks
TICK = os.sysconf("SC_CLK_TCK")
_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class TreeMemory:
    """Bytes, shared pages by their part (PSS). segments: pages of memory files (memfd), each
    file once, whether or not a process maps them."""

    anon: int = 0
    shared: int = 0
    file: int = 0
    segments: int = 0

    @property
    def total(self) -> int:
        """The PSS of all, and the pages of memory files that none has mapped."""
        return self.held + self.file

    @property
    def held(self) -> int:
        """The same without pages of files, which the kernel takes back when it needs them."""
        return self.anon + max(self.shared, self.segments)


def measure_memory(pid: int) -> TreeMemory:
    """What a process and its descendants take now."""
    parts: dict[str, int] = {}
    segments: dict[tuple[int, int], int] = {}
    for one in process_tree([pid]):
        for name, value in _rollup(one):
            parts[name] = parts.get(name, 0) + value
        segments.update(_memory_files(one))
    return TreeMemory(
        anon=parts.get("Pss_Anon", 0),
        shared=parts.get("Pss_Shmem", 0),
        file=parts.get("Pss_File", 0),
        segments=sum(segments.values()),
    )


def _rollup(pid: int) -> Iterator[tuple[str, int]]:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
            name, value, *_ = line.split()
            if name.startswith("Pss_"):
                yield name.rstrip(":"), int(value) << 10


def _memory_files(pid: int) -> Iterator[tuple[tuple[int, int], int]]:
    with contextlib.suppress(OSError):
        for path in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                if os.readlink(path).startswith("/memfd:"):
                    found = os.stat(path)
                    yield (found.st_dev, found.st_ino), found.st_blocks * 512


class MemoryWatch:
    """Looks at a tree every 20 ms from `start` to `stop`; keeps the largest of each part."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._looking = threading.Event()
        self._ended = threading.Event()
        self.peak = TreeMemory()
        self.total = self.held = 0
        self._thread = threading.Thread(target=self._look_on, daemon=True)
        self._thread.start()

    def start(self) -> None:
        """Look from now on."""
        self._looking.set()

    def stop(self) -> None:
        """Look once more, and then no more: what is timed has the processors to itself."""
        if self._looking.is_set():
            self._looking.clear()
            self._look()

    def end(self) -> None:
        """End the thread."""
        self._ended.set()
        self._thread.join()

    def _look_on(self) -> None:
        while not self._ended.wait(PAUSE):
            if self._looking.is_set():
                self._look()

    def _look(self) -> None:
        now, most = measure_memory(self._pid), self.peak
        self.total, self.held = max(self.total, now.total), max(self.held, now.held)
        self.peak = TreeMemory(
            anon=max(most.anon, now.anon),
            shared=max(most.shared, now.shared),
            file=max(most.file, now.file),
            segments=max(most.segments, now.segments),
        )


@dataclass(frozen=True)
class ProcessorTime:
    """Seconds: the clock, what all processors did, what was taken from this virtual machine, and
    what a tree of processes used."""

    clock: float
    busy: float
    stolen: float
    own: float


def measure_processors(pid: int) -> ProcessorTime:
    """The counters now, of the machine and of a process and its descendants."""
    fields = [int(one) / TICK for one in Path("/proc/stat").read_text().split("\n")[0].split()[1:]]
    user, nice, system, _, _, irq, softirq, stolen, *_ = fields
    busy = user + nice + system + irq + softirq
    own = sum(_processor_time(one) for one in process_tree([pid]))
    return ProcessorTime(time.monotonic(), busy, stolen, own)


def _processor_time(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(one) for one in fields[11:15]) / TICK  # its own and its ended children's


def other_load(start: ProcessorTime, end: ProcessorTime) -> tuple[float, float]:
    """(processors that others kept busy, processors' worth that was taken), on average."""
    passed = end.clock - start.clock
    if passed < 50 / TICK:  # the counters move in ticks of 10 ms
        return 0.0, 0.0
    others = (end.busy - start.busy) - (end.own - start.own)
    return max(0.0, others / passed), (end.stolen - start.stolen) / passed


def adopt_orphans() -> None:
    """From now on what descends from this process and loses its parent becomes its child."""
    ctypes.CDLL(None).prctl(_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_left_processes(known: set[int], patience: float = 3.0) -> list[str]:
    """End what descends from this process and should have ended; says what it was."""
    deadline = time.monotonic() + patience
    while left := running_children() - known:
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    names = []
    for pid in sorted(left):
        with contextlib.suppress(OSError):
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            names.append(f"{pid}: {command[:100]}")
    for kind in (signal.SIGTERM, signal.SIGKILL):
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, kind)
        time.sleep(0.2 if left else 0)
        left = running_children() - known
    return names


def running_children() -> set[int]:
    """What descends from this process and runs; what has ended is collected."""
    found = set()
    for pid in process_tree([os.getpid()]) - {os.getpid()}:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            if fields[0] == "Z":
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
            else:
                found.add(pid)
    return found
