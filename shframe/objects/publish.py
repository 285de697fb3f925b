"""publish and attach: data that several programs of one user read in place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shframe import session
from shframe.graph.objects.object_ref import ObjectRef
from shframe.lazy.collection import Collection

if TYPE_CHECKING:
    from shframe.store.sharing.publisher import Published

_PARTS = ("parts", "refs")  # the field of a persisted node that holds its objects


def publish(name: str, value: object) -> int:
    """Offer a value to other programs of this user; returns the number of bytes copied.

    A lazy frame or array is computed first and stays lazy for those who attach it. The data are
    copied once, into a segment of their own, and count in this session's budget until unpublish()
    or the end of the session. Programs that have attached them keep them after that.

    Raises: NameTaken if the name is in use (the message names the process), SharingFailed for a
        name with "/" or an unsafe folder, NotStorable, StoreFull.
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
    """The value that another program has published: read-only, in place, nothing is copied.

    A lazy frame or array is lazy here, too; any other value is as sf.get() returns it.

    Raises: NotPublished, which lists the names that exist; SharingFailed, also if its program is
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
    """List what the programs of this user have published: name, kind, nbytes, pid, since.

    Examples
    --------
    >>> import shframe as sf
    >>> sf.published()
    []
    """
    from shframe.store.sharing.publisher import published as listed

    return listed()


def unpublish(name: str) -> None:
    """Stop offering a value of this program; programs that have attached it keep it.

    Raises: NotPublished, also if another program has published it.
    """
    session.current().publisher.unpublish(name)
