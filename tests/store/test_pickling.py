"""What a script defines arrives in a process that does not have it: cached and dispatching
functions, and instances with slots.
"""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import dataclasses, functools, sys, typing, weakref

@functools.lru_cache
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

@functools.lru_cache(maxsize=7, typed=True)
def squared(n):
    "The square."
    return n * n

squared.unit = "m2"

def uses(n):
    return squared(n) + fibonacci(n)

@functools.singledispatch
def named(value):
    return "object"

@named.register
def _(value: list):
    return [named(one) for one in value]

@named.register
def _(value: int):
    return "int"

class Cached:
    factor = 3

    @functools.lru_cache
    def times(self, n):
        return n * self.factor

    @functools.cached_property
    def next(self):
        return self.factor + 1

    @classmethod
    @functools.cache
    def of_class(cls):
        return cls.factor

    @functools.singledispatchmethod
    def kind(self, value):
        return "object"

    @kind.register
    def _(self, value: int):
        return "int"

class Point:
    __slots__ = ("x",)

class Private(Point):
    __slots__ = ("y", "__hidden", "__weakref__")

    def __init__(self, x, y):
        self.x, self.y, self.__hidden = x, y, 9

    def hidden(self):
        return self.__hidden

class Open(Point):
    pass

class One:
    __slots__ = "alone"

class Stated:
    __slots__ = {"a": "the a"}

    def __getstate__(self):
        return {"a": self.a}

    def __setstate__(self, state):
        self.a = state["a"] + 1

class Mixed:
    __slots__ = ("z", "__dict__")

@dataclasses.dataclass(slots=True)
class Data:
    a: int
    b: int = 3

@dataclasses.dataclass(slots=True, frozen=True)
class Frozen:
    a: int
    b: tuple = ()

class Row(typing.NamedTuple):
    a: int

def with_attributes(kind, **attributes):
    made = kind.__new__(kind)
    for name, value in attributes.items():
        setattr(made, name, value)
    return made

def build():
    return [
        Private(1, 2), with_attributes(Point), with_attributes(Open, x=5, more=1),
        with_attributes(One, alone=1), with_attributes(Stated, a=1),
        with_attributes(Mixed, z=1, w=2), Data(1), Frozen(2), Row(3),
    ]

def check(values):
    assert fibonacci(50) == 12586269025 and fibonacci.cache_info().currsize > 40
    assert squared(4) == 16 and squared.unit == "m2" and squared.__doc__ == "The square."
    assert squared.cache_parameters() == {"maxsize": 7, "typed": True} and uses(3) == 11
    assert named([1, "a", [2]]) == ["int", "object", ["int"]] and named.__name__ == "named"
    cached = Cached()
    assert (cached.times(4), cached.next, Cached.of_class()) == (12, 4, 3)
    assert vars(cached) == {"next": 4} and cached.kind(1) + cached.kind("") == "intobject"
    private, part, open_, one, stated, mixed, data, frozen, row = values
    assert (private.x, private.y, private.hidden()) == (1, 2, 9) and weakref.ref(private)
    assert not any(hasattr(value, "__dict__") for value in (private, part, one, data))
    assert not hasattr(part, "x") and vars(open_) == {"more": 1} and open_.x == 5
    assert (one.alone, mixed.z, mixed.w, row.a) == (1, 1, 2, 3) and stated.a >= 1
    assert data == Data(1) and repr(data) == "Data(a=1, b=3)"
    assert frozen == Frozen(2) and hash(frozen) == hash(Frozen(2))
    return True
"""
SEND = """
from shframe.store.codec.pickling import dumps
sys.stdout.buffer.write(dumps((check, build, build())))
"""
READ = """
import pickle, sys
from shframe.store.codec.pickling import dumps
for _ in range(2):  # what has arrived can be sent on
    data = sys.stdin.buffer.read() if not _ else dumps((check, build, values))
    check, build, values = pickle.loads(data)
    assert check(values) and check(build())
print("fine")
"""
USE = """
import shframe as sf
sf.init(workers=2)
assert sf.get(sf.remote(check).remote(build()))
assert check(sf.get(sf.remote(build).remote())) and check(sf.get(sf.put(build())))
assert sf.get([sf.remote(squared).remote(3), sf.remote(uses).remote(3)]) == [9, 11]
assert sf.Executor().submit(uses, 3).result() == sf.Pool().map(uses, [3])[0] == 11
assert sf.inspect_serializability(uses) == (True, [])
class Sentinel:
    def __reduce__(self):
        return "NOTHING"
NOTHING = Sentinel()
fine, (failure,) = sf.inspect_serializability(lambda: NOTHING)
assert not fine and failure.name == "NOTHING" and "__main__" in failure.reason
print("fine")
"""


def python(code: str, data: bytes = b"") -> bytes:
    done = subprocess.run(
        [sys.executable, "-c", code], input=data, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def test_what_a_script_defines_arrives_elsewhere_and_can_be_sent_on() -> None:
    assert python(READ, python(SCRIPT + SEND)) == b"fine\n"


def test_tasks_take_and_give_what_a_script_defines() -> None:
    assert python(SCRIPT + USE) == b"fine\n"
