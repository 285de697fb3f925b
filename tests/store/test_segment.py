"""Segments: sealed, read-only for all views, private copies page by page, with a fallback."""

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shframe.store.shared_memory.mapping import PAGE
from shframe.store.shared_memory.segment import Attached, Segment

MEBIBYTE = 1 << 20


def _memfd_is_refused() -> bool:
    try:
        os.close(os.memfd_create("shframe-test"))
    except OSError:
        return True
    return False


refused = _memfd_is_refused()


@pytest.fixture
def segment() -> Any:
    segment = Segment.create(5, 16 * MEBIBYTE)
    yield segment
    segment.close()


def resident(segment: Attached) -> int:
    return os.fstat(segment.fd).st_blocks * 512


def test_segment_is_sparse_until_reserved_and_after_a_punch(segment: Segment) -> None:
    assert resident(segment) == 0
    segment.reserve(0, 4 * MEBIBYTE)
    assert resident(segment) == 4 * MEBIBYTE
    segment.writable[:PAGE] = 9
    assert segment.punch(0, 4 * MEBIBYTE)
    assert resident(segment) == 0
    assert not np.asarray(segment.readonly)[:PAGE].any()


@pytest.mark.skipif(refused, reason="memfd_create is refused here: the fallback cannot be sealed")
def test_segment_cannot_shrink_or_grow_and_belongs_to_its_owner(segment: Segment) -> None:
    seals = fcntl.fcntl(segment.fd, fcntl.F_GET_SEALS)
    assert seals == fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW
    for size in (0, segment.capacity + PAGE):
        with pytest.raises(PermissionError):
            os.ftruncate(segment.fd, size)
    assert os.fstat(segment.fd).st_mode & 0o777 == 0o400


def test_readonly_view_shows_what_the_owner_writes_and_takes_no_write(segment: Segment) -> None:
    view = np.asarray(segment.readonly)
    segment.writable[3] = 7
    assert view[3] == 7
    with pytest.raises(ValueError, match="read-only"):
        view[3] = 8


def test_readonly_descriptor_cannot_map_or_write(segment: Segment) -> None:
    fd = segment.readonly_fd()
    try:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.pwrite(fd, b"x", 0)
        with pytest.raises(OSError, match="Permission denied"):
            Segment(6, os.dup(fd)).writable  # noqa: B018  # the mapping is made by the access
    finally:
        os.close(fd)


_WRITER = """
import ctypes, sys
from shframe.store.shared_memory.segment import Attached
attached = Attached(1, int(sys.argv[1]))
print(ctypes.string_at(attached.readonly.address + 100, 4).decode(), flush=True)
ctypes.memset(attached.readonly.address + 100, 0, 4)
print("survived")
"""


def run(script: str, *arguments: object, pass_fds: tuple[int, ...]) -> Any:
    """Run a script in a fresh Python that inherits the descriptors."""
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        capture_output=True,
        text=True,
        pass_fds=pass_fds,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )


@pytest.mark.parametrize("writable_descriptor", [False, True])
def test_process_that_writes_through_its_mapping_dies_and_changes_nothing(
    segment: Segment, writable_descriptor: bool
) -> None:
    segment.writable[100:104] = np.frombuffer(b"kept", np.uint8)
    fd = os.dup(segment.fd) if writable_descriptor else segment.readonly_fd()
    done = run(_WRITER, fd, pass_fds=(fd,))
    os.close(fd)
    assert done.returncode == -signal.SIGSEGV
    assert done.stdout == "kept\n"
    assert bytes(segment.writable[100:104]) == b"kept"


def private_dirty(address: int) -> int:
    """Bytes of the mapping at `address` that were copied on write."""
    inside = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        head = line.split()[0]
        if "-" in head and not head.endswith(":"):
            start, _, end = head.partition("-")
            inside = int(start, 16) <= address < int(end, 16)
        elif inside and head == "Private_Dirty:":
            return int(line.split()[1]) << 10
    raise AssertionError("no mapping at that address")


def test_private_view_copies_touched_pages_only_and_reaches_nobody(segment: Segment) -> None:
    segment.writable[: 8 * MEBIBYTE] = 1
    pages, address = segment.private_view(PAGE + 64, 6 * MEBIBYTE)
    assert address == pages.address + 64
    view = np.asarray(pages)[64:]
    assert view.sum(dtype=np.int64) == len(view)
    assert private_dirty(pages.address) == 0
    view[0] = view[10 * PAGE] = 5
    assert private_dirty(pages.address) == 2 * PAGE
    assert (np.asarray(segment.readonly)[: 8 * MEBIBYTE] == 1).all()


def test_views_outlive_the_segment(segment: Segment) -> None:
    segment.writable[:8] = 3
    view = np.asarray(segment.readonly)[:8]
    pages, _ = segment.private_view(0, 8)
    segment.close()
    segment.close()
    assert view.tolist() == [3] * 8
    assert np.asarray(pages).tolist() == [3] * 8


def test_attached_segment_owns_its_descriptor(segment: Segment) -> None:
    segment.writable[0] = 4
    fd = segment.readonly_fd()
    attached = Attached(5, fd)
    assert np.asarray(attached.readonly)[0] == 4
    attached.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)


def test_descriptor_that_is_no_segment_is_closed_and_named() -> None:
    read, write = os.pipe()
    os.close(write)
    with pytest.raises(OSError, match="mapping 0 bytes"):
        Attached(1, read)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(read)


@pytest.mark.parametrize("error", [OSError, AttributeError])
def test_segment_without_memfd_is_a_file_without_a_name(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def refuse(*_: object) -> int:
        raise error

    monkeypatch.setattr(os, "memfd_create", refuse)
    before = set(os.listdir("/dev/shm"))
    segment = Segment.create(1, MEBIBYTE)
    assert set(os.listdir("/dev/shm")) == before
    assert os.fstat(segment.fd).st_nlink == 0
    assert os.fstat(segment.fd).st_mode & 0o777 == 0o400
    segment.reserve(0, MEBIBYTE)
    segment.writable[:4] = 6
    attached = Attached(1, segment.readonly_fd())
    assert np.asarray(attached.readonly)[:4].tolist() == [6] * 4
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.pwrite(attached.fd, b"x", 0)
    assert segment.punch(0, MEBIBYTE)
    attached.close()
    segment.close()


def test_mappings_use_no_descriptor(segment: Segment) -> None:
    before = len(os.listdir("/proc/self/fd"))
    views = [segment.private_view(0, PAGE) for _ in range(50)]
    assert len(os.listdir("/proc/self/fd")) == before
    del views


@pytest.mark.skipif(refused, reason="memfd_create is refused here: the fallback cannot be sealed")
def test_segment_that_cannot_be_reserved_raises_instead_of_dying(segment: Segment) -> None:
    with pytest.raises(OSError):  # noqa: PT011  # past the sealed end: the number varies
        segment.reserve(segment.capacity, PAGE)


_READER = """
import sys
import numpy as np
from shframe.store import Ledger, LocalStore, Ref
segment, fd, ledger_fd = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
ledger = Ledger.attach(ledger_fd, 1)
store = LocalStore(1, 1 << 30, ledger)
store.attach(segment, fd)
ref = eval(sys.argv[4])
value = store.get(ref)
mapping = store._segments[segment].readonly
address = value.__array_interface__["data"][0]
assert mapping.address <= address < mapping.address + mapping.nbytes
own = store.get_writable(ref)
own += 1
print(int(value.sum()), int(own.sum()), len(store.pinned()))
"""


def test_other_process_reads_an_object_in_place() -> None:
    from shframe.store import Store

    store = Store(1 << 28)
    ref = store.put(np.arange(100_000))
    fd = store.descriptor(ref.segment)
    done = run(_READER, ref.segment, fd, store.ledger.fd, ref, pass_fds=(fd, store.ledger.fd))
    os.close(fd)
    store.close()
    assert done.stderr == ""
    total = sum(range(100_000))
    assert done.stdout.split() == [str(total), str(total + 100_000), "1"]
