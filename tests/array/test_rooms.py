"""Files of arrays import in one direction, also in functions and for types; the chapters know
nothing of the class."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
ARRAY = ROOT / "shframe" / "array"
NODES_ONLY = {"protocols", "operators", "dtypes", "functions", "expr", "grid", "lower", "plan"}
NODES_ONLY |= {"rules", "kernels"}


def modules() -> dict[str, Path]:
    """Files by the names that they are imported by."""
    found = {}
    for path in sorted(ARRAY.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = path
    return found


def imports(path: Path, known: set[str]) -> set[str]:
    """The array modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inner & known or {node.module}
    return found & known


def circle(edges: dict[str, set[str]]) -> list[str]:
    """Modules of which each imports the next, and the last the first; none: empty."""
    done: set[str] = set()

    def visit(name: str, above: list[str]) -> list[str]:
        if name in above:
            return [*above[above.index(name) :], name]
        if name in done:
            return []
        for other in sorted(edges[name]):
            found = visit(other, [*above, name])
            if found:
                return found
        done.add(name)
        return []

    return next((found for name in edges if (found := visit(name, []))), [])


def test_no_two_files_import_each_other() -> None:
    known = modules()
    # the package's own file names what may be asked of it: it is above all others
    edges = {name: imports(path, set(known)) - {"shframe.array"} for name, path in known.items()}
    assert len(edges) > 40
    assert circle(edges) == []


def test_what_works_on_nodes_does_not_know_the_class() -> None:
    known = modules()
    above = {"shframe.array.ndarray", "shframe.array.namespace", "shframe.array.wrapping"}
    wrong = {
        name: bad
        for name, path in known.items()
        if len(name.split(".")) > 2 and name.split(".")[2] in NODES_ONLY
        if (bad := imports(path, set(known)) & above)
    }
    assert wrong == {}


def test_a_planted_circle_is_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == ["a", "b", "c", "a"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []
