"""publish and attach: data that several programs of one user read in place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shframe import session
from shframe.graph.objects.object_ref import ObjectRef
from shframe.lazy.collection import Collection

if TYPE_CHECKING:
    from shframe.store.sharing.publisher import Published

_PARTS = ("parts", "refs")  # the field of a persisted node that has its objects


def publish(name: str, value: object) -> int:
    """Offer a value to other programs of this user; gives the bytes that were copied for it.

    A lazy frame or array is computed first and stays lazy for those who attach it. The data are
    copied once, into memory that holds nothing else, and count in this session's budget until
    unpublish() or the end of the session. Who has attached them goes on after that.

    Raises: NameTaken when the name is used (the message says by which process), SharingFailed for
        a name with "/" or an unsafe folder, NotStorable, StoreFull.
    Cost: one copy of the bytes.

    Examples
    --------
    >>> import shframe as sf
    >>> sf.publish("numbers", list(range(5))) > 0
    True
    >>> sf.attach("numbers")
    [0, 1, 2, 3, 4]
    >>> sf.unpublish("numbers")
    """
    import pickle

    publisher = session.current().publisher
    if isinstance(value, ObjectRef):
        value = value.value()
    if not isinstance(value, Collection):
        return publisher.publish(name, type(value).__name__, [value])
    publisher.check(name)  # before the work
    persisted = value.persist()
    whole: Any = persisted.expr
    field = next(one for one in _PARTS if hasattr(whole, one))
    refs = getattr(whole, field)
    node = replace(whole, **{field: ()})
    about = pickle.dumps((type(persisted), field, node))
    kind = type(value).__name__
    return publisher.publish(name, kind, [ref.value() for ref in refs], about)


def attach(name: str) -> Any:
    """What another program has published: read-only, in place, nothing is copied.

    A frame or an array that was lazy is lazy; any other value is as sf.get() gives it.

    Raises: NotPublished, which names what there is; SharingFailed: also when its program is
        stopped and does not answer.
    Cost: milliseconds, whatever the size.

    Examples
    --------
    See publish().
    """
    import pickle

    from shframe.graph.objects.ref_backend import release_dropped
    from shframe.store.sharing.publisher import descriptor

    executor = session.current().executor
    release_dropped(executor.store, executor.dropped)
    refs, about = executor.store.adopt_apart(descriptor(name))
    handles = tuple(map(executor.home.handle, refs))
    if not about:
        return handles[0].value()
    collection, field, node = pickle.loads(about)
    return collection(replace(node, **{field: handles}))


def published() -> list[Published]:
    """What all programs of this user have published: name, kind, nbytes, pid, since.

    Examples
    --------
    >>> import shframe as sf
    >>> sf.published()
    []
    """
    from shframe.store.sharing.publisher import published as listed

    return listed()


def unpublish(name: str) -> None:
    """Offer no more what this program has published; who has attached it goes on.

    Raises: NotPublished: also when another program has published it.
    """
    session.current().publisher.unpublish(name)
