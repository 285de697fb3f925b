"""Imports point down: shframe -> graph -> store, and in graph from folder to folder; no circles.

All imports count, those inside functions and under TYPE_CHECKING too.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FORBIDDEN = {
    "store": lambda name: not name.startswith("shframe.store"),
    "graph": lambda name: not name.startswith(("shframe.store", "shframe.graph")),
    "shframe": lambda name: name.startswith("shframe.benchmarks"),
}
# The folders of graph/, from the top down; a set stands on one floor, where none uses another.
FLOORS = (
    {"executors"},
    {"driver", "worker"},
    {"failures"},
    {"scheduler", "plan"},
    {"tasks"},
    {"objects"},
    {"wire"},
    {"tracing"},
    {"machine", "cached", "errors"},
)
# What works on the nodes of an array's plan, and what it must not know: the class of users.
NODES_ONLY = ("protocols", "operators", "dtypes", "functions", "expr", "grid", "lower", "plan")
NODES_ONLY += ("rules", "kernels")
CLASS = frozenset(
    f"shframe.array.{name}" for name in ("ndarray", "namespace", "wrapping", "composed")
)
# Whose folders and files are also looked at as wholes: none of them may use another in a circle.
PACKAGES = ("shframe", "shframe.graph", "shframe.store", "shframe.dataframe", "shframe.array")


def imported(source: str) -> Iterator[tuple[str, list[str]]]:
    """The absolute imports of a file: (module, names taken from it)."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, [alias.name for alias in node.names]


def upward_imports(source: str, folder: str) -> list[str]:
    """Names of shframe modules that a file of the folder may not import."""
    found = []
    for module, names in imported(source):
        found += [f"shframe.{name}" for name in names] if module == "shframe" else [module]
    return [n for n in found if n.split(".")[0] == "shframe" and FORBIDDEN[folder](n)]


def modules() -> dict[str, Path]:
    """The files of shframe, graph and store by the names under which they are imported."""
    found = {}
    for folder in ("shframe", "graph", "store"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if parts[0] == "shframe" and len(parts) > 1 and parts[1] in ("graph", "store"):
                continue  # the links of a checkout
            if parts[0] == "shframe" and len(parts) > 1 and parts[1] == "benchmarks":
                continue
            name = ".".join(parts if parts[0] == "shframe" else ("shframe", *parts))
            found[name.removesuffix(".__init__")] = path
    return found


def edges(files: dict[str, Path]) -> dict[str, set[str]]:
    """Which of the modules import which."""
    found: dict[str, set[str]] = {name: set() for name in files}
    for name, path in files.items():
        for module, names in imported(path.read_text()):
            inner = {f"{module}.{one}" for one in names} & files.keys()
            # a package is imported before its modules; only what is taken from it counts
            taken = len(inner) < len(names) or not names
            found[name] |= inner | ({module} if module in files and taken else set())
        found[name].discard(name)
    return found


@functools.cache
def project() -> dict[str, set[str]]:
    """The edges of all files; not to be changed."""
    return edges(modules())


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """Groups of modules of which each reaches each other one."""
    reach = {name: _reachable(graph, name) for name in graph}
    groups = []
    seen: set[str] = set()
    for name in graph:
        group = {other for other in reach[name] if name in reach[other]}
        if group and name not in seen:
            groups.append(group)
            seen |= group
    return groups


def _reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    stack = [*graph[start]]
    while stack:
        one = stack.pop()
        if one not in found:
            found.add(one)
            stack.extend(graph[one])
    return found


def folder_edges(graph: dict[str, set[str]], package: str) -> dict[str, set[str]]:
    """Which folders and files directly in a package use which."""
    found: dict[str, set[str]] = {}
    apart = {name for name in PACKAGES if name != package and name.startswith(f"{package}.")}
    if package == "shframe":
        apart -= {"shframe.dataframe", "shframe.array"}
    for name, used in graph.items():
        here = _part_of(name, package, apart)
        if here is not None:
            others = {_part_of(other, package, apart) for other in used} - {None, here}
            found.setdefault(here, set()).update(one for one in others if one is not None)
    for used in list(found.values()):
        for one in used:
            found.setdefault(one, set())
    return found


def _part_of(module: str, package: str, apart: set[str]) -> str | None:
    """The folder or file of a package that a module belongs to; None for one of another package."""
    if not module.startswith(f"{package}."):
        return None
    part = ".".join(module.split(".")[: package.count(".") + 2])
    return None if part in apart else part


def floor_of(module: str) -> int | None:
    """The floor of a module of graph; None for any other, and for graph/__init__.py."""
    parts = module.split(".")
    if parts[:2] != ["shframe", "graph"] or len(parts) < 3:
        return None
    (floor,) = [n for n, folders in enumerate(FLOORS) if parts[2] in folders]
    return floor


def arrows_up(graph: dict[str, set[str]]) -> list[str]:
    """Imports in graph/ that lead to a folder above, or to another one on the same floor."""
    found = []
    for name, used in graph.items():
        for other in used:
            here, there = floor_of(name), floor_of(other)
            if here is None or there is None or name.split(".")[2] == other.split(".")[2]:
                continue
            if here >= there:
                found.append(f"{name} -> {other}")
    return sorted(found)


@pytest.mark.parametrize("folder", ["store", "graph"])
def test_imports_point_down(folder: str) -> None:
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files
    wrong = {str(f): bad for f in files if (bad := upward_imports(f.read_text(), folder))}
    assert wrong == {}


def test_folders_of_graph_import_only_those_below() -> None:
    assert arrows_up(project()) == []


def test_no_modules_import_each_other() -> None:
    assert circles(project()) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_folders_of_a_package_use_each_other(package: str) -> None:
    assert circles(folder_edges(project(), package)) == []


def test_what_works_on_nodes_of_arrays_does_not_know_the_class() -> None:
    inner = tuple(f"shframe.array.{name}" for name in NODES_ONLY)
    looked_at = {name: used for name, used in project().items() if name.startswith(inner)}
    assert len(looked_at) > 40
    assert {name: bad for name, used in looked_at.items() if (bad := used & CLASS)} == {}


def test_a_planted_upward_import_is_found() -> None:
    assert upward_imports("from shframe.graph.tasks.task import Key", "store")
    assert upward_imports("def f():\n    from shframe import session", "graph")
    assert not upward_imports("from shframe.store.ref import Ref", "graph")


def test_a_planted_arrow_and_circle_are_found() -> None:
    planted = {
        "shframe.graph.wire.channel": {"shframe.graph.tasks.task"},
        "shframe.graph.tasks.task": {"shframe.graph.wire.channel"},
        "shframe.graph.driver.pool": {"shframe.graph.worker.main", "shframe.graph.errors"},
        "shframe.graph.worker.main": set(),
        "shframe.graph.errors": set(),
    }
    assert arrows_up(planted) == [
        "shframe.graph.driver.pool -> shframe.graph.worker.main",
        "shframe.graph.wire.channel -> shframe.graph.tasks.task",
    ]
    assert circles(planted) == [{"shframe.graph.wire.channel", "shframe.graph.tasks.task"}]
    folders = folder_edges(planted, "shframe.graph")
    assert circles(folders) == [{"shframe.graph.wire", "shframe.graph.tasks"}]


def test_imports_inside_functions_and_for_types_count() -> None:
    source = "if TYPE_CHECKING:\n    import a.b\ndef f():\n    from c import d\n"
    assert [*imported(source)] == [("a.b", []), ("c", ["d"])]


def test_shframe_touches_no_segment() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "shframe").rglob("*.py")
        if not {"graph", "store", "benchmarks"} & set(path.relative_to(ROOT).parts[1:2])
        and "shframe.store.shared_memory.segment" in path.read_text()
    ]
    assert wrong == []
