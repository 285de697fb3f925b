"""memory and compact: what is stored, what keeps it alive, and how to release it."""

from __future__ import annotations

import gc
import os
from dataclasses import dataclass
from typing import Any

from shframe import session
from shframe.graph.objects.object_ref import ObjectRef

_NAMED = 20  # so many of the largest objects have their holders searched


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One live object: what it is, how large, where, since which line, and what holds it.

    kind: array, table, pickle...; where: inline, shared, spilled (on disk) or attached.
    site: `file:line` of the code that created it.
    references: handles and computations that refer to it.
    viewers: pids of the processes that have views of it, which pin it.
    holders: what refers to it in this process, in words; empty if it was not searched.
    """

    id: int
    kind: str
    nbytes: int
    where: str
    site: str
    references: int
    viewers: tuple[int, ...]
    holders: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class MemoryReport:
    """How much memory is used, in bytes; printed: a table of the largest objects.

    live: in objects; cached: those of them that are columns of files, which make way for others.
    resident: pages of shared memory, with free ones that are kept for reuse.
    spilled: on disk; private: memory of all processes that is not shared.
    fresh: pages ever allocated by the machine; written: bytes ever written into objects. If fresh
        stops growing while written grows, pages are reused.
    """

    budget: int
    live: int
    cached: int
    resident: int
    spilled: int
    private: int
    fresh: int
    written: int
    objects: tuple[StoredObject, ...]

    def __str__(self) -> str:
        from shframe.store.byte_sizes import format_bytes as text

        lines = [
            f"{text(self.live)} in {len(self.objects)} objects ({text(self.cached)} cached from "
            f"files), {text(self.resident)} of shared pages of a budget of {text(self.budget)}, "
            f"{text(self.spilled)} on disk; {text(self.private)} private in all processes"
        ]
        for one in self.objects[:_NAMED]:
            lines.append(f"  {text(one.nbytes):>10}  {one.kind}, {one.where}, {one.site}")
            lines.extend(f"{'':14}held by {holder}" for holder in one.holders)
            if one.viewers:
                seen = ["this process" if pid == os.getpid() else str(pid) for pid in one.viewers]
                lines.append(f"{'':14}viewed by {', '.join(seen)}")
        if len(self.objects) > _NAMED:
            lines.append(f"  and {len(self.objects) - _NAMED} smaller ones")
        return "\n".join(lines)

    __repr__ = __str__


def memory(holders: bool = True) -> MemoryReport:
    """The objects in the session's store, largest first, and what keeps them alive.

    holders: whether to search for variables, frames, tracebacks and cycles that refer to the 20
        largest objects. Cost: tens of milliseconds for each.

    Examples
    --------
    >>> import numpy as np, shframe as sf
    >>> ref = sf.put(np.zeros(100_000))
    >>> sf.memory().objects[0].nbytes
    800000
    >>> sf.shutdown()
    """
    from shframe.graph.objects.ref_backend import release_dropped
    from shframe.store.limits.memory_usage import memory as measured

    executor: Any = session.current().executor
    store = executor.store
    release_dropped(store, executor.dropped)
    small = _small_values(store)
    infos = sorted(store.objects(), key=lambda info: -info.nbytes)
    pids = store_pids(executor)
    named = _holders([info.id for info in infos[:_NAMED]], store) if holders else {}
    live, resident = store.ledger.totals()
    fresh, written = store.ledger.flow()
    stored = [
        StoredObject(
            info.id,
            info.kind,
            info.nbytes,
            info.where,
            info.site,
            info.count,
            tuple(pids.get(slot, 0) for slot in info.holders),
            tuple(named.get(info.id, ())),
        )
        for info in infos
    ]
    return MemoryReport(
        store.budget,
        live,
        session.current().file_cache.nbytes,
        resident,
        store.spilled_bytes(),
        measured([os.getpid()], []).anon,
        fresh,
        written,
        tuple(sorted([*stored, *small], key=lambda one: -one.nbytes)),
    )


def _small_values(store: Any) -> list[StoredObject]:
    """Results of tasks that are kept in their handles, in this process."""
    return [
        StoredObject(one.id, "pickle", len(one.state), "inline", "", 1, (), ())
        for one in gc.get_objects()
        if type(one) is ObjectRef and type(one.state) is bytes and one.belongs_to(store)
    ]


def compact(value: Any) -> Any:
    """A copy of a value that pins nothing: for a small slice of a large object.

    A view keeps the whole object alive, even if it shows only a part. The copy is an ordinary,
    writable value in this process's own memory, of that part only.

    Raises: NotStorable for a value that sf.put() would refuse.
    Cost: one copy of the bytes of the view.

    Examples
    --------
    >>> import numpy as np, shframe as sf
    >>> few = sf.compact(sf.get(sf.put(np.arange(1_000_000)))[:3])
    >>> few.tolist()
    [0, 1, 2]
    >>> sf.shutdown()
    """
    from shframe.store.codec import codec

    return codec.own_copy(value)


def store_pids(executor: Any) -> dict[int, int]:
    """The running process in each slot of the store."""
    return {0: os.getpid(), **getattr(executor, "slots", {})}


def _holders(ids: list[int], store: Any) -> dict[int, list[str]]:
    """For each object, what refers to its handles and views in this process."""
    from shframe.diagnostics.referrers import find_holders

    wanted = set(ids)
    found: dict[int, list[Any]] = {}
    for one in gc.get_objects():
        if type(one) is ObjectRef and (id := one.stored_in(store)) in wanted:
            found.setdefault(id, []).append(one)
    for pin in store.local.live_pins():
        if pin.id in wanted:
            found.setdefault(pin.id, []).extend(_viewers_of(pin))
    named: dict[int, list[str]] = {}
    for id in found:
        phrases: dict[str, None] = {}
        while found[id]:
            value = found[id].pop()
            phrases.update(dict.fromkeys(find_holders(value, [found, *found.values()])))
        named[id] = list(phrases)
    return named


def _viewers_of(pin: Any) -> list[Any]:
    """The NumPy arrays over a pin that are reachable from objects the collector knows."""
    import numpy as np

    from shframe.diagnostics.referrers import all_referents

    views: dict[int, Any] = {}
    for value in all_referents():
        if type(value) is np.ndarray and _root(value) is pin:
            views[id(value)] = value
    return list(views.values())


def _root(array: Any) -> Any:
    from shframe.store.shared_memory.pins import PrivatePin

    base = array
    while base is not None and hasattr(base, "base"):
        base = base.base
    return base._pin if isinstance(base, PrivatePin) else base
