"""Imports point down: shframe -> graph -> store."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FORBIDDEN = {
    "store": lambda name: not name.startswith("shframe.store"),
    "graph": lambda name: not name.startswith(("shframe.store", "shframe.graph")),
    "shframe": lambda name: name.startswith("shframe.benchmarks"),
}


def upward_imports(source: str, folder: str) -> list[str]:
    """Names of shframe modules that a file of the folder may not import."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "shframe":
                found += [f"shframe.{alias.name}" for alias in node.names]
            else:
                found.append(node.module)
    return [n for n in found if n.split(".")[0] == "shframe" and FORBIDDEN[folder](n)]


@pytest.mark.parametrize("folder", ["store", "graph"])
def test_imports_point_down(folder: str) -> None:
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files
    wrong = {str(f): bad for f in files if (bad := upward_imports(f.read_text(), folder))}
    assert wrong == {}


def test_a_planted_upward_import_is_found() -> None:
    assert upward_imports("from shframe.graph.tasks.task import Key", "store")
    assert upward_imports("def f():\n    from shframe import session", "graph")
    assert not upward_imports("from shframe.store.ref import Ref", "graph")


def test_shframe_touches_no_segment() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "shframe").rglob("*.py")
        if not {"graph", "store", "benchmarks"} & set(path.relative_to(ROOT).parts[1:2])
        and "shframe.store.shared_memory.segment" in path.read_text()
    ]
    assert wrong == []
