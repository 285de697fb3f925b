"""Every place that docs/tour.md names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def names_defined(path: Path) -> set[str]:
    """Functions, classes, methods and module variables of a file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found


def test_every_place_of_the_tour_exists() -> None:
    places = re.findall(r"`([\w/]+\.py): (\w+)`", (ROOT / "docs/tour.md").read_text())
    assert len(places) > 40
    missing = [f"{file}: {name}" for file, name in places if name not in names_defined(ROOT / file)]
    assert missing == []
