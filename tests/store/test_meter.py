"""The meter: private pages of the whole process tree, every segment once."""

import os
import subprocess
import sys

import numpy as np

from shframe.store import Store, memory
from shframe.store.limits.memory_usage import process_tree

MEBIBYTE = 1 << 20


def test_segment_counts_once_and_only_its_resident_pages() -> None:
    store = Store(1 << 28)
    ref = store.put(np.ones(4 * MEBIBYTE, np.uint8))
    fds = [store.descriptor(ref.segment) for _ in range(2)]
    measured = memory([], fds)
    for fd in fds:
        os.close(fd)
    store.close()
    assert measured.segments == 4 * MEBIBYTE
    assert (measured.anon, measured.total) == (0, 4 * MEBIBYTE)


def test_private_pages_of_children_count_and_shared_views_do_not() -> None:
    script = "x = bytearray(b'x' * (64 << 20)); print('ready', flush=True); input()"
    shell = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {script!r}])"
    with subprocess.Popen(
        [sys.executable, "-c", shell], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        assert len(process_tree([child.pid])) == 2
        measured = memory([child.pid], [])
        child.communicate(b"\n")
    assert 64 * MEBIBYTE <= measured.anon < 110 * MEBIBYTE
    assert memory([child.pid], []).total == 0
