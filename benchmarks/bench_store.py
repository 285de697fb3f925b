"""Writing into shared memory: which way, and put and get beside a plain copy."""

from __future__ import annotations

import ctypes
import mmap
import os
import subprocess
import sys
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
from typing import Any

import numpy as np


class Fresh:
    """Filling a new segment: by its mapping, after fallocate, after populate, by pwrite."""

    rows = 50_000_000
    quick_rows = 1_000_000
    param_names = ("way",)
    params = (["pwrite", "mapping", "fallocate", "populate"],)

    def setup(self, way: str) -> None:
        self.source = np.ones(self.rows)

    def time_answer(self, way: str) -> Any:
        nbytes = self.source.nbytes
        fd = os.memfd_create("shframe-bench")
        try:
            os.ftruncate(fd, nbytes)
            if way == "pwrite":
                return _pwritten(fd, memoryview(self.source.data).cast("B"))
            if way == "fallocate":
                os.posix_fallocate(fd, 0, nbytes)
            with mmap.mmap(fd, nbytes) as mapped:
                target = np.frombuffer(mapped, "f8")
                if way == "populate":
                    address = ctypes.c_void_p(target.ctypes.data)
                    ctypes.CDLL(None).madvise(address, ctypes.c_size_t(nbytes), 23)
                target[:] = self.source
                del target
            return nbytes
        finally:
            os.close(fd)


def _pwritten(fd: int, data: memoryview) -> int:
    offset = 0
    while offset < len(data):
        offset += os.pwrite(fd, data[offset : offset + (1 << 20)], offset)
    return offset


class PutGet:
    """put of 800 MB into pages used before, beside a copy into memory used before."""

    rows = 100_000_000
    quick_rows = 1_000_000
    param_names = ("what",)
    params = (["put", "copy", "get"],)

    def setup(self, what: str) -> None:
        import shframe as sf

        self.source = np.ones(self.rows)
        self.target = np.ones(self.rows)
        self.ref = sf.put(self.source)
        if what == "put":
            self.ref = sf.put(np.ones(1))
            sf.put(self.source)

    def time_answer(self, what: str) -> Any:
        import shframe as sf

        if what == "put":
            self.ref = sf.put(np.ones(1))  # the one of the last round is free from here on
            self.ref = sf.put(self.source)
            return self.ref.nbytes
        if what == "copy":
            np.copyto(self.target, self.source)
            return self.target.nbytes
        return sf.get(self.ref).nbytes


class Attach:
    """Opening 800 MB that another program holds: attach() beside shared_memory by its name."""

    rows = 100_000_000
    quick_rows = 1_000_000
    param_names = ("how",)
    params = (["shframe", "shared_memory"],)

    def setup(self, how: str) -> None:
        holder = (
            "import sys, numpy as np, shframe as sf\n"
            "from multiprocessing.shared_memory import SharedMemory\n"
            f"data = np.ones({self.rows})\n"
            "if sys.argv[1] == 'shframe':\n"
            "    sf.publish('shframe-bench', data)\n    print(flush=True)\n"
            "else:\n"
            "    block = SharedMemory(create=True, size=data.nbytes)\n"
            "    np.frombuffer(block.buf, 'f8')[:] = data\n    print(block.name, flush=True)\n"
            "sys.stdin.read()\n"
            "if sys.argv[1] == 'shframe':\n    sf.shutdown()\nelse:\n    block.unlink()\n"
        )
        self.holder = subprocess.Popen(
            [sys.executable, "-c", holder, how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.holder.stdout is not None
        self.name = self.holder.stdout.readline().strip()

    def teardown(self, how: str) -> None:
        self.holder.communicate()

    def time_answer(self, how: str) -> Any:
        if how == "shframe":
            import shframe as sf

            return sf.attach("shframe-bench").nbytes
        block = SharedMemory(name=self.name)
        resource_tracker.unregister(f"/{block.name}", "shared_memory")  # or it removes the name
        assert block.buf is not None
        nbytes = np.frombuffer(block.buf, "f8").nbytes
        block.close()
        return nbytes
