"""compute and persist: several lazy objects at once, what is of one kind in one task graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shframe.lazy.collection import Lazy


def compute(*args: Any, progress: bool | None = None, executor: Any = None) -> tuple[Any, ...]:
    """The values of several lazy objects, also of those in lists, tuples and dicts.

    All Delayed run as one graph, and all frames, series and values of frames: what they share, a
    file that several read or a join, is computed once. Arrays follow one after another. Other
    values are returned unchanged. executor: see Collection.compute().

    Cost: what several frames read is read once, with the columns that any of them needs, and kept
        until all have read it; where separate reads take less, each reads its own.

    Examples
    --------
    >>> import shframe as sf
    >>> one = sf.delayed(1)
    >>> sf.compute(one + 1, [one, 5], {"half": one / 2})
    (2, [1, 5], {'half': 0.5})
    >>> sf.shutdown()
    """
    values: dict[int, Any] = {}
    for many in _families(_lazy_in(args)):
        made = many[0]._compute_all(many, progress, executor)
        values.update((id(one), value) for one, value in zip(many, made, strict=True))
    return tuple(_replace(arg, lambda one: values[id(one)]) for arg in args)


def persist(*args: Any, progress: bool | None = None, executor: Any = None) -> tuple[Any, ...]:
    """The same lazy objects, computed now and kept in shared memory.

    Examples
    --------
    >>> import shframe as sf
    >>> total, = sf.persist(sf.delayed(sum)([1, 2]))
    >>> total.compute()
    3
    >>> sf.shutdown()
    """
    kept: dict[int, Any] = {}
    for many in _families(_lazy_in(args)):
        made = many[0]._persist_all(many, progress, executor)
        kept.update((id(one), value) for one, value in zip(many, made, strict=True))
    return tuple(_replace(arg, lambda one: kept[id(one)]) for arg in args)


def _lazy_in(args: tuple[Any, ...]) -> list[Lazy]:
    found: dict[int, Lazy] = {}

    def note(one: Lazy) -> Lazy:
        found[id(one)] = one
        return one

    for arg in args:
        _replace(arg, note)
    return [*found.values()]


def _replace(value: Any, change: Callable[[Lazy], Any]) -> Any:
    """The value with the lazy objects in its containers changed."""
    kind = type(value)
    if isinstance(value, Lazy):
        return change(value)
    if kind in (list, tuple, set):
        return kind(_replace(one, change) for one in value)
    if kind is dict:
        return {_replace(k, change): _replace(v, change) for k, v in value.items()}
    return value


def _families(found: list[Lazy]) -> list[list[Lazy]]:
    """Lists of those that run in one graph."""
    families: dict[Any, list[Lazy]] = {}
    for one in found:
        family = one._family
        families.setdefault(id(one if family is None else family), []).append(one)
    return [*families.values()]
