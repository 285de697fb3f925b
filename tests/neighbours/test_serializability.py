"""sf.inspect_serializability names what keeps a function or value from travelling."""

from __future__ import annotations

import threading
from typing import Any

import shframe as sf

LOCK = threading.Lock()


def test_what_can_travel_has_no_failures() -> None:
    assert sf.inspect_serializability(lambda: 1) == (True, [])
    assert sf.inspect_serializability({"a": [1, 2]}) == (True, [])


def test_captured_variables_attributes_and_elements_are_named() -> None:
    class Holder:
        def __init__(self) -> None:
            self.fine = 1
            self.lock = threading.Lock()

    holder, generator = Holder(), (n for n in range(3))

    def inner() -> Any:
        return generator

    def work() -> Any:
        return holder, inner, LOCK

    fine, failures = sf.inspect_serializability(work)
    assert not fine
    assert {failure.name for failure in failures} == {"lock", "generator", "LOCK"}
    parents = {failure.name: failure.parent for failure in failures}
    assert parents["lock"] is holder
    assert parents["generator"] is inner
    assert all("pickle" in failure.reason for failure in failures)


def test_a_value_without_parts_is_the_failure_itself() -> None:
    lock = threading.Lock()
    fine, (failure,) = sf.inspect_serializability(lock, name="my lock")
    assert (fine, failure.obj, failure.name, failure.parent) == (False, lock, "my lock", None)
