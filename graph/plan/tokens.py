"""Content tokens: equal values have equal tokens, in every process and every run.

Nothing here depends on Python's hash(), on id() or on repr(). Values that are data (arrays,
tables) enter by the digest of their bytes; what has a `__shframe_token__` names itself, and what
has a `__shframe_content__` enters by those values.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import functools
import hashlib
import pathlib
import pickle
import types
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

Feed = Callable[[bytes], object]


def tokenize(*values: object) -> str:
    """Digest of the values' content, 32 hexadecimal digits.

    Cost: O(bytes of the values).

    Examples
    --------
    >>> tokenize(1, "a") == tokenize(1, "a"), tokenize(1) == tokenize(1.0)
    (True, False)
    """
    return tokenize_after(b"", values)


def tokenize_after(beginning: bytes, values: Iterable[Any]) -> str:
    """The same of bytes and what follows them."""
    parts = [beginning]  # one call of the digest for all of them: most are a few bytes long
    add = parts.append
    for value in values:
        writer = _WRITERS.get(type(value))
        if writer is None:
            feed(value, add)
        else:
            writer(value, add)
    return hashlib.blake2b(b"".join(parts), digest_size=16).hexdigest()


def feed(value: Any, update: Feed) -> None:
    """Give the canonical bytes of `value` to `update`."""
    kind = type(value)
    writer = _WRITERS.get(kind)
    if writer is None:
        writer = _writer_of(kind)
        if kind.__module__.startswith(("numpy", "shframe.")):  # users' classes are not kept alive
            _WRITERS[kind] = writer
    writer(value, update)


def _writer_of(kind: type) -> Callable[[Any, Feed], object]:
    """What writes the values of a type that is not in the table yet."""
    if hasattr(kind, "__shframe_token__"):
        return _write_own
    if hasattr(kind, "__shframe_content__"):
        return functools.partial(_write_content, f"{kind.__module__}.{kind.__qualname__}".encode())
    if issubclass(kind, enum.Enum):
        return _write_enum
    if issubclass(kind, pathlib.PurePath):
        return _text(b"path", str)
    if issubclass(kind, tuple):
        return functools.partial(_sequence, b"tuple:" + kind.__qualname__.encode())
    if issubclass(kind, np.dtype):
        return _write_dtype
    if issubclass(kind, np.ufunc):
        return _write_ufunc
    return _by_pickle


def _tagged(update: Feed, tag: bytes, payload: bytes) -> None:
    # lengths first: no content of one value can look like the beginning of another
    update(b"%s %d:%s" % (tag, len(payload), payload))


def _write_text(value: str, update: Feed) -> None:
    content = value.encode("utf-8", "surrogatepass")
    update(b"str %d:%s" % (len(content), content))


def _sequence(tag: bytes, values: Iterable[Any], update: Feed) -> None:
    items = values if isinstance(values, (tuple, list)) else list(values)
    update(b"%s %d;" % (tag, len(items)))
    for item in items:  # as feed() does, but for a call less for what most values are
        kind = type(item)
        if kind is int:
            update(b"int %d;" % item)
        elif kind is str:
            _write_text(item, update)
        elif kind in _WRITERS:
            _WRITERS[kind](item, update)
        else:
            feed(item, update)


def _set(value: Iterable[object], update: Feed) -> None:
    _sequence(b"set", sorted(tokenize(item) for item in value), update)


def _dict(value: dict[object, object], update: Feed) -> None:
    _sequence(b"dict", (part for pair in value.items() for part in pair), update)


def _write_own(value: Any, update: Feed) -> None:
    token = value.__shframe_token__()
    update(b"own %d:%s" % (len(token), token.encode()))


def _write_content(tag: bytes, value: Any, update: Feed) -> None:
    _sequence(tag, value.__shframe_content__(), update)


def _write_enum(value: enum.Enum, update: Feed) -> None:
    feed((type(value).__qualname__, value.name), update)


def _write_dtype(value: np.dtype[Any], update: Feed) -> None:
    """A dtype by its letters; a structured one, or one with notes of the user's, by pickle."""
    if value.kind in "biufcmMSU" and value.metadata is None:
        update(b"dtype %s;" % value.str.encode())
    else:
        _by_pickle(value, update)


def _write_ufunc(value: np.ufunc, update: Feed) -> None:
    if getattr(np, value.__name__, None) is value:
        _tagged(update, b"ufunc", value.__name__.encode())
    else:  # any other
        _by_pickle(value, update)


def _write_function(value: types.FunctionType, update: Feed) -> None:
    """A function of our own by its name, as pickle has it; any other by its code."""
    name = f"{value.__module__}.{value.__qualname__}"
    if name.startswith("shframe.") and "<" not in name:
        _tagged(update, b"function", name.encode())
    else:
        _by_pickle(value, update)


def _by_pickle(value: object, update: Feed) -> None:
    """Arrays, tables, functions and all else: by class and pickled bytes."""
    import cloudpickle  # not loaded before it is needed: it takes 20 ms

    tag = f"{type(value).__module__}.{type(value).__qualname__}".encode()
    buffers: list[pickle.PickleBuffer] = []
    payload = cloudpickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    _tagged(update, tag, payload)
    for buffer in buffers:
        with buffer.raw() as raw:  # its digest, so that nothing of it is copied
            update(hashlib.blake2b(raw, digest_size=16).digest())


def _text(tag: bytes, form: Callable[[Any], str]) -> Callable[[Any, Feed], object]:
    return lambda value, update: _tagged(update, tag, form(value).encode("utf-8", "surrogatepass"))


_WRITERS: dict[type, Callable[[Any, Feed], object]] = {
    type(None): lambda value, update: update(b"none;"),
    bool: lambda value, update: update(b"true;" if value else b"false;"),
    int: lambda value, update: update(b"int %d;" % value),
    float: _text(b"float", float.hex),
    complex: _text(b"complex", lambda v: v.real.hex() + "," + v.imag.hex()),
    str: _write_text,
    bytes: lambda value, update: _tagged(update, b"bytes", value),
    tuple: functools.partial(_sequence, b"tuple"),
    list: functools.partial(_sequence, b"list"),
    set: _set,
    frozenset: _set,
    dict: _dict,
    slice: lambda v, update: _sequence(b"slice", (v.start, v.stop, v.step), update),
    range: lambda v, update: _sequence(b"range", (v.start, v.stop, v.step), update),
    type(...): lambda value, update: update(b"ellipsis;"),
    type: _text(b"type", lambda v: f"{v.__module__}.{v.__qualname__}"),
    types.FunctionType: _write_function,
    types.BuiltinFunctionType: _text(
        b"builtin", lambda v: f"{getattr(v, '__module__', '')}.{v.__qualname__}"
    ),
    datetime.datetime: _text(b"datetime", datetime.datetime.isoformat),
    datetime.date: _text(b"date", datetime.date.isoformat),
    datetime.timedelta: _text(b"timedelta", lambda v: f"{v.days},{v.seconds},{v.microseconds}"),
    decimal.Decimal: _text(b"decimal", str),
}
