"""What a call is made with: its function, its arguments, taken at the call, and its options.

Plain values are taken as they are, others pickled, large ones put into the store on their own.
Handles among the arguments are inputs; those deeper inside stay handles.
"""

from __future__ import annotations

import functools
import logging
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from shframe.graph.errors import NotPicklable
from shframe.graph.objects import ref_pickling
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.wire.call_format import STREAM, Input
from shframe.store.codec import codec
from shframe.store.errors import NotStorable

log = logging.getLogger("shframe")
_LOOKED_AT = 64  # elements of a container that is looked into for being plain


@dataclass(frozen=True, slots=True)
class TaskOptions:
    """The options of a call.

    returns: how many handles it returns, STREAM: one for each value of a generator.
    retries: how often it is tried again when its worker dies.
    retry_exceptions: whether what it raises is tried again too, or the types for which it is.
    backoff: seconds before it is tried again after an exception, twice as many each further time.
    timeout: seconds that it may run. priority: more is more urgent.
    speculative: whether an idle worker runs it too when it takes much longer than others.
    memory: bytes that it needs, for admission. writable: whether it may write into its inputs.
    ahead: values that a generator makes before they are asked for, 0: no limit.
    name: for errors and the status, None: that of its function.
    """

    returns: int = 1
    retries: int = 3
    retry_exceptions: bool | tuple[type[BaseException], ...] = False
    backoff: float = 0.0
    timeout: float | None = None
    priority: int = 0
    speculative: bool = False
    memory: int = 0
    writable: bool = False
    ahead: int = 64
    name: str | None = None

    @property
    def handles(self) -> int:
        """How many handles a call has: a generator's that of the whole and that of its readers."""
        return 2 if self.returns == STREAM else max(self.returns, 1)


class CallableRef(Protocol):
    """What a call calls, as workers know it: a Function, or one that a task has sent."""

    @property
    def digest(self) -> bytes: ...
    @property
    def payload(self) -> bytes: ...
    @property
    def name(self) -> str: ...


class Arguments(NamedTuple):
    """What a call is made with: args as they are sent, the handles that are inputs.

    places: the positions of inputs among args, None: they come first. packed: whether args are
    pickled. keep: the handles deeper inside.
    """

    args: Any
    inputs: tuple[ObjectRef, ...]
    places: tuple[int, ...] | None
    packed: bool
    keep: tuple[ObjectRef, ...]


DEFAULT_OPTIONS = TaskOptions()
NO_ARGUMENTS = Arguments((), (), None, False, ())
_ATOMS = codec.ATOMS | {bytes}
_NUMBERS = _ATOMS - {bytes, str}  # small, whatever they are
_make = functools.partial(tuple.__new__, Arguments)  # checks nothing: a third of the time


def arguments_of(
    args: tuple[Any, ...], kwargs: dict[str, Any], put: Callable[[Any], ObjectRef]
) -> Arguments:
    """Take the arguments of a call.

    Raises: NotPicklable: names the argument that cannot be pickled.
    Cost: 1 us for plain values; a large value is put into the store.
    """
    if not kwargs:
        for value in args:
            if type(value) not in _NUMBERS:
                break
        else:
            return _make((args, (), None, False, ()))
        inputs: list[ObjectRef] = []
        places: list[int] = []
        rest: list[Any] = []
        size = 0
        for place, value in enumerate(args):
            kind = type(value)
            if kind is ObjectRef:
                places.append(place)
                inputs.append(value)
            elif kind in _ATOMS:
                if (kind is str or kind is bytes) and len(value) > 4096:
                    size += len(value)
                rest.append(value)
            else:
                break
        else:
            if size < codec.INLINE_LIMIT:
                leading = not places or places[-1] == len(places) - 1
                return _make(
                    (tuple(rest), tuple(inputs), None if leading else tuple(places), False, ())
                )
    return _pack(args, kwargs, put)


def _pack(
    args: tuple[Any, ...], kwargs: dict[str, Any], put: Callable[[Any], ObjectRef]
) -> Arguments:
    inputs: dict[ObjectRef, int] = {}

    def take(name: object, value: Any) -> Any:
        if type(value) is not ObjectRef:
            if plain(value) or not _is_large(name, value):
                return value
            log.info("argument %s is large: it is put into the store on its own", name)
            value = put(value)
        return Input(inputs.setdefault(value, len(inputs)))

    positional = tuple(take(place, value) for place, value in enumerate(args))
    named = {name: take(repr(name), value) for name, value in kwargs.items()}
    with ref_pickling.noting() as inside:
        payload = _dump((positional, named))
    return Arguments(payload, tuple(inputs), None, True, tuple(inside))


def plain(value: Any, depth: int = 3) -> bool:
    """Whether a value is small and consists of plain values only, which pickle knows itself."""
    kind = type(value)
    if kind in _ATOMS:
        return kind not in (str, bytes) or len(value) < 4096
    if kind is Input:
        return True
    if not depth or kind not in (list, tuple, dict) or len(value) > _LOOKED_AT:
        return False
    if kind is dict:
        return all(plain(k, 0) and plain(v, depth - 1) for k, v in value.items())
    return all(plain(one, depth - 1) for one in value)


def _is_large(name: object, value: Any) -> bool:
    with ref_pickling.noting():
        try:
            encoded = codec.encode(value)
        except NotStorable as error:
            raise NotPicklable(f"argument {name} cannot be sent to a worker: {error}") from error
    return len(encoded.recipe) + sum(p.nbytes for p in encoded.pieces) >= codec.INLINE_LIMIT


def _dump(value: Any) -> bytes:
    if all(map(plain, value[0])) and all(map(plain, value[1].values())):
        return pickle.dumps(value, protocol=5)

    from shframe.store.codec.pickling import dumps  # loads cloudpickle

    return dumps(value)
