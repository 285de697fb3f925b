"""What an editor knows of tasks, handles and actors. Checked, never run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, assert_type

import shframe as sf
from shframe.tasks.actors import ActorClass
from shframe.tasks.remote import RemoteFunction


def double(x: int) -> int:
    return 2 * x


class Counter:
    def add(self, n: int) -> int:
        return n


remote_double = sf.remote(double)
remote_counter = sf.remote(Counter)
counter = remote_counter.remote()
ref = sf.put(1)

assert_type(ref, sf.ObjectRef)
assert_type(sf.get(ref), Any)
assert_type(sf.get([ref, ref]), list[Any])
assert_type(sf.wait([ref]), tuple[list[sf.ObjectRef], list[sf.ObjectRef]])
assert_type(sf.as_completed([ref]), Iterator[sf.ObjectRef])
assert_type(remote_double, RemoteFunction)
assert_type(remote_double.options(num_returns=2), RemoteFunction)
assert_type(remote_counter, ActorClass)
assert_type(remote_counter.options(name="c"), ActorClass)
assert_type(counter, sf.ActorHandle)
assert_type(sf.get_actor("c"), sf.ActorHandle)
assert_type(remote_double.remote(1), Any)  # num_returns= decides: a handle, a list, a generator
assert_type(counter.add.remote(1), Any)
