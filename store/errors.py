"""The root of the error tree and the errors of the store; every one survives pickling.

Each class also inherits the builtin error that a caller expects. A classmethod builds the message
from values, which are kept as attributes.

    ShframeError
    ├── StoreFull      (MemoryError)   no room within the budget, or none in the machine
    ├── ObjectLost     (LookupError)   the object was released
    │   └── SegmentGone                its memory is not mapped here
    ├── NotStorable    (TypeError)     a value that cannot be put
    ├── InvalidSize    (ValueError)    a size in bytes that cannot be read
    ├── SpillFailed    (OSError)       the spill folder cannot be used
    ├── SharingFailed (RuntimeError)   a name, folder or socket that cannot be used
    │   ├── NameTaken                  something is published under that name
    │   └── NotPublished (LookupError) nothing is
    └── StoreClosed    (RuntimeError)  a call after close(), or in a forked child
"""

from typing import Self

from shframe.store.byte_sizes import format_bytes


class ShframeError(Exception):
    """The root: everything that shframe raises on purpose is one of these."""


class InvalidSize(ShframeError, ValueError):
    """A size in bytes that cannot be read."""


class StoreFull(ShframeError, MemoryError):
    """The object does not fit; nothing has been changed."""

    needed: int
    free: int
    budget: int
    pinned: int
    sealed: int
    what: str

    def __new__(cls, *args: object) -> Self:
        """MemoryError.__new__ refuses a class whose first base is another: unpickling by
        `cls.__new__(cls)`, as tblib does once it is installed, would fail."""
        return Exception.__new__(cls, *args)

    @classmethod
    def for_bytes(
        cls, needed: int, *, free: int, budget: int, pinned: int, sealed: int, what: str
    ) -> Self:
        """What was needed, what was free, and what holds the rest (all in bytes)."""
        error = cls(
            f"{format_bytes(needed)} needed for {what}, "
            f"{format_bytes(free)} free of {format_bytes(budget)}\n"
            f"  {format_bytes(pinned)} pinned by live views here, "
            f"{format_bytes(sealed)} in sealed objects of all processes\n"
            "  release objects, drop views, or raise the budget of the session (memory=...)"
        )
        error.needed, error.free, error.budget = needed, free, budget
        error.pinned, error.sealed, error.what = pinned, sealed, what
        return error

    @classmethod
    def for_machine(cls, needed: int, *, budget: int, what: str, reason: str) -> Self:
        """The operating system refused pages that the budget would have allowed."""
        error = cls(
            f"{format_bytes(needed)} needed for {what}, but the machine refused the pages: "
            f"{reason}\n"
            f"  the budget of {format_bytes(budget)} would have allowed them\n"
            "  lower the budget of the session (memory=...), or free memory elsewhere"
        )
        error.needed, error.free, error.budget = needed, 0, budget
        error.pinned, error.sealed, error.what = 0, 0, what
        return error


class ObjectLost(ShframeError, LookupError):
    """The object is not in the store any more."""

    id: int

    @classmethod
    def for_id(cls, id: int, reason: str) -> Self:
        """For an object, and what happened to it."""
        error = cls(
            f"object {id:#x} is not in the store: {reason}\n"
            "  keep a reference to objects that are read later, or put the value again"
        )
        error.id = id
        return error


class SegmentGone(ObjectLost):
    """The memory of the object is not mapped in this process."""

    segment: int

    @classmethod
    def for_segment(cls, segment: int, id: int) -> Self:
        """For a segment, and the object that was requested."""
        error = cls.for_id(id, f"its segment {segment:#x} is not attached to this process")
        error.segment = segment
        return error


class NotStorable(ShframeError, TypeError):
    """The value has no stored form; the store is unchanged."""

    type_name: str

    @classmethod
    def for_value(cls, value: object, reason: str, advice: str) -> Self:
        """For a value: its type, the reason, and what to do instead."""
        kind = type(value)
        name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
        error = cls(f"a value of type {name} cannot be put into the store: {reason}\n  {advice}")
        error.type_name = name
        return error


class SpillFailed(ShframeError, OSError):
    """The folder that objects are to be spilled to cannot be used."""


class SharingFailed(ShframeError, RuntimeError):
    """Data cannot be shared between programs as asked."""


class NameTaken(SharingFailed):
    """A name under which something is published already."""

    @classmethod
    def by(cls, name: str, pid: int) -> Self:
        """For a name, and the process that has it."""
        return cls(
            f"{name!r} is published by process {pid}\n"
            "  choose another name, or unpublish() it there"
        )


class NotPublished(SharingFailed, LookupError):
    """A name under which nothing is published."""

    @classmethod
    def among(cls, name: str, known: list[str], lead: str) -> Self:
        """For a name, and the names that exist."""
        shown = ", ".join(map(repr, known[:20])) or "nothing"
        return cls(f"nothing is published as {name!r}\n  {lead} {shown}")


class StoreClosed(ShframeError, RuntimeError):
    """The store takes no calls: it was closed, or this process is a fork of its owner."""

    @classmethod
    def for_call(cls, call: str, *, forked: bool) -> Self:
        """For a call, and why it came too late."""
        why = "belongs to the process that forked this one" if forked else "was closed"
        return cls(
            f"{call} was called, but this store {why}\n"
            "  start a session of its own here; objects read before stay valid"
        )
