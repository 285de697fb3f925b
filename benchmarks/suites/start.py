"""How long a new process needs: for the import, for the first small and large result, and for its
first task beside engines that run Python calls."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import shframe as sf
from shframe.benchmarks.engines.call_engines import PEERS, leaf
from shframe.benchmarks.suites.case import Case

_SMALL = "{'k': [1, 2, 3] * 1000, 'v': range(3000)}"
_LARGE = "{'k': numpy.arange(10**6) % 9, 'v': numpy.arange(10**6) / 7}"
_SCRIPTS = {
    ("import", "shframe"): "import shframe",
    ("import", "python"): "pass",
    ("import", "pandas"): "import pandas",
}
for _name, _data in (("small", _SMALL), ("large", _LARGE)):
    _SCRIPTS[_name, "shframe"] = (
        "import numpy, pandas, shframe\n"
        f"lazy = shframe.from_pandas(pandas.DataFrame({_data}), npartitions=4)\n"
        "lazy.groupby('k').v.sum().compute()"
    )
    _SCRIPTS[_name, "pandas"] = (
        f"import numpy, pandas\npandas.DataFrame({_data}).groupby('k').v.sum()"
    )


class Cold(Case):
    """A whole process: only the import, or the first group-by of 3,000 or of a million rows."""

    size = 1_000_000
    quick_size = 1_000_000
    params = (["import", "small", "large"], ["shframe", "pandas", "python"])

    def setup(self, script: str, engine: str) -> None:
        self.code = _SCRIPTS.get((script, engine), "pass")

    def time_answer(self, script: str, engine: str) -> Any:
        subprocess.run([sys.executable, "-c", self.code], check=True)


_CALLS = {
    "task": "def call(n):\n    return n\n",
    "pandas task": "def call(n):\n    import pandas\n    return int(pandas.Series([n]).sum())\n",
}
_FIRST = {
    "shframe": (
        "import shframe as sf\nsf.init(workers=2)\n"
        "print(sf.get(sf.remote(call).remote(3)))\nsf.shutdown()\n"
    ),
    "ray": (
        "import ray\n"
        "ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=40)\n"
        "print(ray.get(ray.remote(call).remote(3)))\nray.shutdown()\n"
    ),
    "distributed": (
        "import distributed\nclient = distributed.Client(\n"
        "    n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50)\n"
        "print(client.submit(call, 3).result())\nclient.shutdown()\n"
    ),
    "ProcessPoolExecutor": (
        "from concurrent.futures import ProcessPoolExecutor\n"
        "with ProcessPoolExecutor(2) as pool:\n    print(pool.submit(call, 3).result())\n"
    ),
}


class FirstTask(Case):
    """A whole process that starts two workers, runs one task, with or without pandas, and ends."""

    size = 1
    quick_size = 1
    params = ([*_CALLS], [*_FIRST])

    def setup(self, what: str, engine: str) -> None:
        self.code = _CALLS[what] + _FIRST[engine]

    def time_answer(self, what: str, engine: str) -> Any:
        command = [sys.executable, "-c", self.code]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        assert done.stdout.strip() == "3", f"{engine} gave {done.stdout!r}"


class StartAgain(Case):
    """In one process: end the engine, start it again, and have the result of a task."""

    size = 1
    quick_size = 1
    params = (["shframe", "ray", "distributed", "ProcessPoolExecutor"],)

    def setup(self, engine: str) -> None:
        self.peer = PEERS[engine]()
        self.peer.start()

    def teardown(self, engine: str) -> None:
        self.peer.stop()

    def time_answer(self, engine: str) -> Any:
        if engine == "shframe":
            sf.shutdown()
        else:
            self.peer.stop()
        self.peer.start()
        self.peer.results([self.peer.submit(leaf, 3)])
