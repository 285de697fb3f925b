"""Every way to start: a script without a guard, `python -c`, the REPL, a notebook."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
import os
import shframe as sf
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task
from shframe.graph.tasks.task_graph import TaskGraph

def pid_of(n):
    return os.getpid()

session = sf.init(workers=2, inline_bytes=0)
graph = TaskGraph()
graph.add([Task(Key("n", (n,)), Function(pid_of), (), (n,)) for n in range(4)])
graph.outputs = tuple(graph.tasks)
pids = {ref.value() for ref in session.run(graph)}
print("workers ran", os.getpid() not in pids and 1 <= len(pids) <= 2)
"""


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def ran(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program],
        env=environment(),
        cwd=folder,
        capture_output=True,
        text=True,
    )


def test_a_script_without_a_main_guard_works(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, str(script)], env=environment(), capture_output=True, text=True
    )
    assert (done.stdout, done.stderr, done.returncode) == ("workers ran True\n", "", 0)


def test_python_c_works(tmp_path: Path) -> None:
    done = ran(PROGRAM, tmp_path)
    assert (done.stdout, done.stderr, done.returncode) == ("workers ran True\n", "", 0)


def test_the_repl_works(tmp_path: Path) -> None:
    lines = PROGRAM.replace("    return os.getpid()\n", "    return os.getpid()\n\n")
    done = subprocess.run(
        [sys.executable, "-i", "-q"],
        input=lines,
        env=environment(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert "workers ran True" in done.stdout
    assert "Error" not in done.stderr


PLAIN = """
import sys
import shframe as sf

@sf.remote
def plain(text, data):
    return {"text": text * 2, "data": data + b"!"}

@sf.remote
def heavy(n):
    import numpy as np
    return np.arange(n)

here = sys.stdout  # a standard stream is the worker's own there

@sf.remote
def streams():
    return here is sys.stdout

assert sf.get(streams.remote())
found = sf.get(plain.remote("a", b"b"))
print(found, "numpy" in sys.modules)
import numpy as np
print(int(sf.get(heavy.remote(200_000)).sum()), sf.get(sf.put(np.float64(2.5))))
"""


def test_plain_tasks_load_no_numpy_and_it_may_come_later(tmp_path: Path) -> None:
    done = ran(PLAIN, tmp_path)
    first = "{'text': 'aa', 'data': b'b!'} False"
    assert (done.stdout, done.stderr) == (f"{first}\n19999900000 2.5\n", "")


FIRST = """
import numpy as np
import shframe as sf
xp = sf.array
data = np.arange(500_000.0)
lazy = xp.from_array(data, chunks=100_000)
for _ in range(3):  # more work than an array's plan may be to stay in the driver in any case
    total = float((xp.floor(xp.ceil(xp.floor(lazy))) + 1).sum().compute())
    assert total == (data + 1).sum(), total
    print(any("tasks ran in the driver" in note for note in sf.last_trace().notes))
sf.shutdown()
sf.init(inline_bytes=0)
assert float(xp.from_array(data, chunks=100_000).sum().compute()) == data.sum()
print(any("tasks ran in the driver" in note for note in sf.last_trace().notes))
"""


def test_the_first_computation_does_not_wait_for_workers(tmp_path: Path) -> None:
    done = ran(FIRST, tmp_path)
    assert (done.stdout.split(), done.stderr) == (["True", "False", "False", "False"], "")


def test_a_server_that_was_never_needed_is_gone_at_once(tmp_path: Path) -> None:
    program = (
        "import time, numpy as np, shframe as sf\n"
        "import pandas\n"  # what the server imports, so that it is busy at the end
        "from shframe.session import current\n"
        "x = sf.array.from_array(np.arange(500_000.0), chunks=100_000)\n"
        "np.floor(np.ceil(np.floor(x))).sum().compute()\n"
        "process = current().executor.launched.process\n"
        "print(process.poll())\n"
        "sf.shutdown()\n"
        "print(process.poll())\n"
        "print(sf.get(sf.remote(len).remote('abc')))\n"
    )
    done = ran(program, tmp_path)
    assert (done.stdout.split(), done.stderr) == (["None", "-9", "3"], "")


NOTEBOOK = """
import nbformat, sys
from nbclient import NotebookClient
cells = [nbformat.v4.new_code_cell(open(sys.argv[1]).read())]
client = NotebookClient(nbformat.v4.new_notebook(cells=cells), timeout=60, kernel_name="python3")
done = client.execute()
print("".join(output.get("text", "") for output in done.cells[0].outputs), end="")
"""


def test_a_notebook_cell_works(tmp_path: Path) -> None:
    cell = tmp_path / "cell.py"
    cell.write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, "-c", NOTEBOOK, str(cell)],
        env={**environment(), "IPYTHONDIR": str(tmp_path), "JUPYTER_PLATFORM_DIRS": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.returncode) == ("workers ran True\n", 0), done.stderr


def test_a_session_that_ends_and_starts_again_works(tmp_path: Path) -> None:
    code = PROGRAM + "sf.shutdown()\n" + PROGRAM
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("workers ran True\n" * 2, "")


def test_a_forked_child_is_told_to_start_its_own_session() -> None:
    code = (
        "import os, sys, shframe as sf, numpy as np\n"
        "ref = sf.put(np.arange(100_000))\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    try:\n"
        "        sf.put(1)\n"
        "    except RuntimeError as error:\n"
        "        print(type(error).__name__, flush=True)\n"
        "    sys.exit(0)\n"
        "os.waitpid(pid, 0)\n"
        "print(int(sf.get(ref).sum()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert done.stdout == "SessionClosed\n4999950000\n"
    assert done.stderr == ""
