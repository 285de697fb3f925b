"""Content tokens: equal values have equal tokens, in every process and every run.

Nothing here depends on Python's hash(), on id() or on repr(). Values that are data (arrays,
tables) enter by the digest of their bytes; what has a `__shframe_token__` names itself.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import functools
import hashlib
import pathlib
import pickle
import struct
import types
from collections.abc import Callable, Iterable
from typing import Any

Feed = Callable[[bytes], None]


def tokenize(*values: object) -> str:
    """Digest of the values' content, 32 hexadecimal digits.

    Cost: O(bytes of the values).

    Examples
    --------
    >>> tokenize(1, "a") == tokenize(1, "a"), tokenize(1) == tokenize(1.0)
    (True, False)
    """
    digest = hashlib.blake2b(digest_size=16)
    for value in values:
        feed(value, digest.update)
    return digest.hexdigest()


def feed(value: Any, update: Feed) -> None:
    """Give the canonical bytes of `value` to `update`."""
    own = getattr(type(value), "__shframe_token__", None)
    if own is not None:
        _tagged(update, b"own", own(value).encode())
        return
    writer = _WRITERS.get(type(value))
    if writer is not None:
        writer(value, update)
    elif isinstance(value, enum.Enum):
        feed((type(value).__qualname__, value.name), update)
    elif isinstance(value, pathlib.PurePath):
        _tagged(update, b"path", str(value).encode())
    elif isinstance(value, tuple):
        _sequence(b"tuple:" + type(value).__qualname__.encode(), value, update)
    else:
        _by_pickle(value, update)


def _tagged(update: Feed, tag: bytes, payload: bytes) -> None:
    update(struct.pack("<HQ", len(tag), len(payload)))
    update(tag)
    update(payload)


def _sequence(tag: bytes, values: Iterable[object], update: Feed) -> None:
    items = list(values)
    _tagged(update, tag, struct.pack("<Q", len(items)))
    for item in items:
        feed(item, update)


def _set(value: Iterable[object], update: Feed) -> None:
    _sequence(b"set", sorted(tokenize(item) for item in value), update)


def _dict(value: dict[object, object], update: Feed) -> None:
    _sequence(b"dict", (part for pair in value.items() for part in pair), update)


def _by_pickle(value: object, update: Feed) -> None:
    """Arrays, tables, functions and all else: by class and pickled bytes."""
    import cloudpickle

    tag = f"{type(value).__module__}.{type(value).__qualname__}".encode()
    buffers: list[pickle.PickleBuffer] = []
    payload = cloudpickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    _tagged(update, tag, payload)
    for buffer in buffers:
        with buffer.raw() as raw:
            update(raw)  # type: ignore[arg-type]


def _text(tag: bytes, form: Callable[[Any], str]) -> Callable[[Any, Feed], None]:
    return lambda value, update: _tagged(update, tag, form(value).encode("utf-8", "surrogatepass"))


_WRITERS: dict[type, Callable[[Any, Feed], None]] = {
    type(None): _text(b"none", lambda value: ""),
    bool: _text(b"bool", str),
    int: _text(b"int", str),
    float: _text(b"float", float.hex),
    complex: _text(b"complex", lambda v: v.real.hex() + "," + v.imag.hex()),
    str: _text(b"str", str),
    bytes: lambda value, update: _tagged(update, b"bytes", value),
    tuple: functools.partial(_sequence, b"tuple"),
    list: functools.partial(_sequence, b"list"),
    set: _set,
    frozenset: _set,
    dict: _dict,
    slice: lambda v, update: _sequence(b"slice", (v.start, v.stop, v.step), update),
    range: lambda v, update: _sequence(b"range", (v.start, v.stop, v.step), update),
    type(...): _text(b"ellipsis", lambda value: ""),
    type: _text(b"type", lambda v: f"{v.__module__}.{v.__qualname__}"),
    types.BuiltinFunctionType: _text(
        b"builtin", lambda v: f"{getattr(v, '__module__', '')}.{v.__qualname__}"
    ),
    datetime.datetime: _text(b"datetime", datetime.datetime.isoformat),
    datetime.date: _text(b"date", datetime.date.isoformat),
    datetime.timedelta: _text(b"timedelta", lambda v: f"{v.days},{v.seconds},{v.microseconds}"),
    decimal.Decimal: _text(b"decimal", str),
}
