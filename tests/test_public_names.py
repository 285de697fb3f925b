"""`__all__` is what is visible, and a new public name is a visible change."""

from __future__ import annotations

import importlib
import subprocess
import sys
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
    known = set(module.__all__) | {"annotations", "TYPE_CHECKING", "Any", "Callable", "ModuleType"}
    if room == "shframe.errors":
        known |= {"Iterable"}
    assert visible <= known


def test_a_room_that_is_loaded_does_not_take_the_place_of_a_public_name() -> None:
    code = "import shframe.remote, shframe.delayed, shframe as sf; sf.remote(abs); sf.delayed(abs)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_public_names_are_the_committed_ones() -> None:
    lines = []
    for room in ROOMS:
        module = importlib.import_module(room)
        lines += [f"{room}.{name}" for name in sorted(module.__all__)]
    committed = Path(__file__).with_name("public_names.txt")
    assert committed.read_text().split() == lines
