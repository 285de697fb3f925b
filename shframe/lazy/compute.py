"""compute and persist: several lazy objects at once, all Delayed of them in one task graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from shframe.graph.objects.object_ref import ObjectRef
from shframe.lazy.collection import Lazy, run_graph


def compute(*args: Any, progress: bool | None = None, executor: Any = None) -> tuple[Any, ...]:
    """The values of several lazy objects, also of those in lists, tuples and dicts.

    All Delayed run as one graph, in which what they share runs once; frames and arrays follow one
    after another. Other values are returned unchanged. executor: see Collection.compute().

    Examples
    --------
    >>> import shframe as sf
    >>> one = sf.delayed(1)
    >>> sf.compute(one + 1, [one, 5], {"half": one / 2})
    (2, [1, 5], {'half': 0.5})
    >>> sf.shutdown()
    """
    found = _lazy_in(args)
    together = _run_together(found, progress, executor)
    values = {id(one): ref.value(writable=True) for one, ref in together}
    for one in found:
        if id(one) not in values:
            values[id(one)] = one.compute(progress=progress, executor=executor)
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
    found = _lazy_in(args)
    together = _run_together(found, progress, executor)
    kept = {id(one): one._kept(ref) for one, ref in together}
    for one in found:
        if id(one) not in kept:
            kept[id(one)] = one.persist(progress=progress, executor=executor)
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


def _run_together(
    found: list[Lazy], progress: bool | None, executor: Any
) -> Iterator[tuple[Lazy, ObjectRef]]:
    """The results of those that share one graph with others of their kind."""
    kinds: dict[Callable[..., Any], list[Lazy]] = {}
    for one in found:
        kinds.setdefault(one._graph_of, []).append(one)
    for graph_of, many in kinds.items():
        graph = graph_of(many)
        if graph is not None:
            yield from zip(many, run_graph(graph, progress, executor), strict=True)
