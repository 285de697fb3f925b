"""Writing into shared memory: which way, and put and get beside a plain copy."""

from __future__ import annotations

import ctypes
import logging
import mmap
import multiprocessing
import os
import pickle
import subprocess
import sys
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
from typing import Any

import numpy as np

from shframe.benchmarks.suites.case import Case


class Fresh(Case):
    """Filling a new segment: by its mapping, after fallocate, after populate, by pwrite."""

    size = 50_000_000
    quick_size = 1_000_000
    params = (["pwrite", "mapping", "fallocate", "populate"],)

    def setup(self, way: str) -> None:
        self.source = np.ones(self.size)

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


SIZES = {"1 KB": (128, 1000), "1 MB": (131_072, 100), "800 MB": (100_000_000, 1)}


def start_ray() -> None:
    """A Ray of two workers, with room for the largest case."""
    import ray

    if not ray.is_initialized():
        ray.init(
            num_cpus=2,
            object_store_memory=3 << 30,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )


def stop(engine: str) -> None:
    """End what start_ray has started."""
    if engine == "ray":
        import ray

        ray.shutdown()


class PutGet(Case):
    """1,000 times 1 KB, 100 times 1 MB, once 800 MB; into memory that was used before."""

    size = 100_000_000
    quick_size = 1_000_000
    params = (["put", "get"], [*SIZES], ["shframe", "ray", "shared_memory", "pickle", "copy"])

    def setup(self, call: str, size: str, engine: str) -> None:
        items, self.count = SIZES[size]
        self.source = np.ones(min(items, self.size))
        self.block: SharedMemory | None = None
        self.put = getattr(self, f"_put_{engine}")
        self.take = getattr(self, f"_get_{engine}")
        if engine == "ray":
            start_ray()
        self.kept: Any = np.ones_like(self.source) if engine == "copy" else None
        for _ in range(2):
            self.put()

    def teardown(self, call: str, size: str, engine: str) -> None:
        self.kept = None
        if self.block is not None:
            self.block.unlink()
        stop(engine)

    def time_answer(self, call: str, size: str, engine: str) -> Any:
        do = self.put if call == "put" else self.take
        for _ in range(self.count):
            do()

    def _put_shframe(self) -> None:
        import shframe as sf

        self.kept = None  # a program that puts again and again has let go of what was before
        self.kept = sf.put(self.source)

    def _get_shframe(self) -> None:
        import shframe as sf

        sf.get(self.kept)

    def _put_ray(self) -> None:
        import ray

        self.kept = None
        self.kept = ray.put(self.source)

    def _get_ray(self) -> None:
        import ray

        ray.get(self.kept)

    def _put_shared_memory(self) -> None:
        if self.block is not None:
            self.block.unlink()
        self.block = SharedMemory(create=True, size=self.source.nbytes)
        assert self.block.buf is not None
        np.frombuffer(self.block.buf, "f8")[: len(self.source)] = self.source
        self.block.close()

    def _get_shared_memory(self) -> None:
        assert self.block is not None
        block = SharedMemory(name=self.block.name)
        assert block.buf is not None
        np.frombuffer(block.buf, "f8")
        block.close()

    def _put_pickle(self) -> None:
        self.kept = pickle.dumps(self.source, protocol=5)

    def _get_pickle(self) -> None:
        pickle.loads(self.kept)

    def _put_copy(self) -> None:
        np.copyto(self.kept, self.source)

    def _get_copy(self) -> None:
        self.kept.copy()


def made(place: int, items: int) -> Any:
    """An array that a task makes."""
    return np.full(items, float(place))


def summed(array: Any) -> float:
    return float(array.sum())


def by_hand(place: int, items: int) -> float:
    """make, copy into shared memory that is warm, sum: what a task and its reader do."""
    if "block" not in _warm:
        _warm["block"] = np.frombuffer(mmap.mmap(-1, items * 8), "f8")
    np.copyto(_warm["block"], made(place, items))
    return summed(_warm["block"])


_warm: dict[str, Any] = {}


class Results(Case):
    """Arrays of 80 MB: made by tasks and summed by tasks, brought here, one read by ten tasks."""

    size = 10_000_000
    quick_size = 1_000_000
    params = (["20 made and summed", "8 to the driver", "1 read by 10"], ["shframe", "ray", "none"])

    def setup(self, job: str, engine: str) -> None:
        if engine == "ray":
            start_ray()
        if engine == "none":  # two processes that do the work and nothing else
            self.pool = multiprocessing.get_context("fork").Pool(2)

    def teardown(self, job: str, engine: str) -> None:
        if engine == "none":
            self.pool.terminate()
            self.pool.join()
        stop(engine)

    def time_answer(self, job: str, engine: str) -> Any:
        return getattr(self, f"_{engine}")(job)

    def compared(self, answer: Any) -> Any:
        """Of the engines that have the result in one process, its sum."""
        return sum(float(np.sum(one)) for one in answer)

    def _shframe(self, job: str) -> Any:
        import shframe as sf
        from shframe.graph.tasks.function import Function
        from shframe.graph.tasks.task import Key, Task
        from shframe.graph.tasks.task_graph import TaskGraph
        from shframe.session import current

        graph = TaskGraph()
        make, add = Function(made), Function(summed)
        sources = {"20 made and summed": 20, "8 to the driver": 8, "1 read by 10": 0}[job]
        tasks = [Task(Key("made", (n,)), make, (), (n, self.size)) for n in range(sources)]
        outputs = tasks
        if job == "20 made and summed":
            outputs = [Task(Key("sum", (n,)), add, (t.key,)) for n, t in enumerate(tasks)]
            tasks = [*tasks, *outputs]
        elif job == "1 read by 10":
            graph.data[Key("x")] = sf.put(made(1, self.size))
            outputs = tasks = [Task(Key("sum", (n,)), add, (Key("x"),)) for n in range(10)]
        graph.add(tasks)
        graph.outputs = tuple(task.key for task in outputs)
        return sf.get(current().run(graph))

    def _ray(self, job: str) -> Any:
        import ray

        make, add = ray.remote(made), ray.remote(summed)
        if job == "20 made and summed":
            return ray.get([add.remote(make.remote(n, self.size)) for n in range(20)])
        if job == "8 to the driver":
            return ray.get([make.remote(n, self.size) for n in range(8)])
        ref = ray.put(made(1, self.size))
        return ray.get([add.remote(ref) for _ in range(10)])

    def _none(self, job: str) -> Any:
        if job == "20 made and summed":
            return self.pool.starmap(by_hand, [(n, self.size) for n in range(20)], chunksize=10)
        if job == "8 to the driver":
            return self.pool.starmap(made, [(n, self.size) for n in range(8)], chunksize=1)
        x = made(1, self.size)
        return [summed(x) for _ in range(10)]


class FirstSum(Case):
    """The sum of 800 MB that was put: right after get(), and of an array that is read again."""

    size = 100_000_000
    quick_size = 1_000_000
    params = (["second", "get and first"],)

    def setup(self, which: str) -> None:
        import shframe as sf

        self.ref = sf.put(np.ones(self.size))
        self.array = sf.get(self.ref)

    def time_answer(self, which: str) -> Any:
        import shframe as sf

        return (self.array if which == "second" else sf.get(self.ref)).sum()


class Attach(Case):
    """Opening 800 MB that another program holds: attach() beside shared_memory by its name."""

    size = 100_000_000
    quick_size = 1_000_000
    params = (["shframe", "shared_memory"],)

    def setup(self, how: str) -> None:
        holder = (
            "import sys, numpy as np, shframe as sf\n"
            "from multiprocessing.shared_memory import SharedMemory\n"
            f"data = np.ones({self.size})\n"
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
