"""What is built is what is there, and importing it is light."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from shframe.graph.worker.fork_server import BASE

ROOT = Path(__file__).parents[1]


def test_the_package_list_names_every_package() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    homes = {name: ROOT / folder for name, folder in settings["package-dir"].items()}
    found = set()
    for name, home in homes.items():
        for init in home.rglob("__init__.py"):
            inner = init.parent.relative_to(home).parts
            if not (name == "shframe" and inner and inner[0] in ("graph", "store", "benchmarks")):
                found.add(".".join([name, *inner]))
    assert set(settings["packages"]) == found


@pytest.mark.parametrize("room", ["graph", "store"])
def test_the_bare_folder_name_refuses_to_be_imported(room: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import {room}"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert f"imports as shframe.{room}" in done.stderr


def test_a_users_own_graph_module_wins_in_his_folder(tmp_path: Path) -> None:
    (tmp_path / "graph.py").write_text("whose = 'the user'")
    code = (
        f"import sys; sys.path.append({str(ROOT)!r})\n"
        "import graph, shframe.graph.tasks.task\n"
        "print(graph.whose, shframe.graph.tasks.task.Key('a'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("the user")


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("shframe", ("numpy", "pandas", "pyarrow", "cloudpickle")),
        ("shframe.store", ("pandas", "pyarrow", "shframe.dataframe")),
        ("shframe.graph.scheduler.scheduler", ("numpy", "pandas", "pyarrow")),
        ("shframe.array", ("numpy", "pandas", "pyarrow")),
        ("shframe.array.kernels", ("pandas", "pyarrow", "shframe.array.ndarray")),
        ("shframe.dataframe.kernels", ("shframe.dataframe.frame", "shframe.graph.executors.base")),
        (", ".join(BASE), ("numpy", "pandas", "pyarrow", "multiprocessing")),
    ],
)
def test_imports_are_light(module: str, absent: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print([m for m in {absent!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
