"""What users of NumPy, of the array API standard and of dask.array expect is there, by tiers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import shframe.array as xp

# names in the list that are not there, each with its reason
MISSING = {
    "memmap": "a file mapped into memory is read by from_array(np.memmap(...))",
    "Array.dask": "there is no dictionary of tasks",
    "Array.to_dask_dataframe": "frames come from shframe.dataframe",
    "Array.to_svg": "explain() is text",
    "as_gufunc": "apply_gufunc() does it",
    "boundaries": "overlap() and map_overlap() take boundary=",
    "ensure_minimum_chunksize": "blocks may be shorter than the depth of an overlap",
    "register_chunk_type": "blocks are NumPy's",
    "trim_internal": "trim_overlap() does it",
    "utils.meta_from_array": "blocks are NumPy's",
}
TIERS = ("must", "should")


def listed() -> dict[str, list[str]]:
    """The names of each tier, of methods with 'Array.' ahead of them."""
    found: dict[str, list[str]] = {tier: [] for tier in TIERS}
    for line in Path(__file__).with_name("surface.txt").read_text().splitlines():
        tier, *names = line.split()
        found[tier] += names
    return found


def is_there(name: str) -> bool:
    at: Any = xp
    for part in name.split("."):
        if not hasattr(at, part):
            return False
        at = getattr(at, part)
    return True


@pytest.mark.parametrize("tier", TIERS)
def test_only_what_is_said_to_be_missing_is(tier: str, capsys: pytest.CaptureFixture[str]) -> None:
    names = listed()[tier]
    absent = [name for name in names if not is_there(name)]
    with capsys.disabled():
        print(f"\n{tier}: {len(names) - len(absent)} of {len(names)} names of arrays")
    assert sorted(absent) == sorted(set(names) & MISSING.keys())


def test_nothing_is_said_to_be_missing_that_is_there_or_not_listed() -> None:
    names = {name for tier in listed().values() for name in tier}
    assert MISSING.keys() <= names
    assert not [name for name in MISSING if is_there(name)]
