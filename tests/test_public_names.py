"""`__all__` is what is visible, and a new public name is a visible change."""

from __future__ import annotations

import ast
import importlib
import types
from pathlib import Path

import pytest

ROOMS = ["shframe", "shframe.array", "shframe.dataframe", "shframe.errors"]


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_name_is_there_and_nothing_else_is_visible(room: str) -> None:
    module = importlib.import_module(room)
    for name in module.__all__:
        assert hasattr(module, name), name
    visible = {
        name
        for name in dir(module)
        if not name.startswith("_") and not isinstance(getattr(module, name), types.ModuleType)
    }
    known = set(module.__all__) | {"annotations", "TYPE_CHECKING", "Any", "Callable"}
    if room == "shframe.errors":
        known |= {"Iterable"}
    assert visible <= known


@pytest.mark.parametrize("room", ROOMS)
def test_names_are_those_that_type_checkers_see(room: str) -> None:
    """The names of a room load when they are used; what is imported for types says what each is."""
    module = importlib.import_module(room)
    path = module.__file__
    assert path is not None
    for node in ast.walk(ast.parse(Path(path).read_text())):
        if isinstance(node, ast.ImportFrom) and node.module not in ("__future__", "typing"):
            assert node.module is not None
            for one in node.names:
                home = importlib.import_module(node.module)
                assert getattr(home, one.name) is getattr(module, one.asname or one.name), one.name


def test_public_names_are_the_committed_ones() -> None:
    lines = []
    for room in ROOMS:
        module = importlib.import_module(room)
        lines += [f"{room}.{name}" for name in sorted(module.__all__)]
    committed = Path(__file__).with_name("public_names.txt")
    assert committed.read_text().split() == lines


def test_no_room_has_the_name_of_a_function() -> None:
    """Importing shframe/wait.py would put a module in the place of shframe.wait."""
    for name, folder in (("shframe", "shframe"), ("shframe.store", "store")):
        package = importlib.import_module(name)
        rooms = {path.stem for path in Path(__file__).parents[1].joinpath(folder).glob("*")}
        functions = set(package.__all__) - set(getattr(package, "_ROOMS", ()))
        assert not rooms & functions
