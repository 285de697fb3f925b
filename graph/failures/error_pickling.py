"""What a task raised, from the worker to the user: its own type, with its own frames and its task.

In the worker an error is pickled, with its traceback as a string. In the driver it stays pickled
(PickledError) until it is read: only then, in the thread that reads, is the user's code run that
makes it again. `as_task_error` adds the task, its inputs and the line that built it, and makes it a
TaskFailed beside its own type.
"""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

from shframe.graph.errors import ActorDied, RemoteTraceback, TaskFailed
from shframe.graph.failures import tracebacks
from shframe.graph.objects.object_ref import Failure, Pending
from shframe.graph.scheduler.task_state import TaskState
from shframe.graph.tasks.function import UserCode, members
from shframe.graph.tasks.task import Task
from shframe.graph.wire.work import Raised
from shframe.store.errors import ShframeError
from shframe.store.ref import Ref

_INPUTS = 5  # inputs of a task that are named
_SITES = 3  # lines of users' functions that one task is named by

# What is set by these works for exceptions that forbid it, such as frozen dataclasses.
_own: Any = vars(BaseException)
_CAUSE, _CONTEXT = _own["__cause__"], _own["__context__"]
_HIDDEN, _ARGS = _own["__suppress_context__"], _own["args"]

_USERS = (Exception, SystemExit, GeneratorExit)  # what users' code may raise when it is asked

# --- from the worker --------------------------------------------------------------------


def pack_error(error: BaseException) -> Raised:
    """The error with its traceback as a string; one that cannot be pickled becomes TaskFailed.

    It keeps no frame: what its task read is free when the worker lets go of it.
    """
    text = _text(error)
    bare = error.with_traceback(None)
    _CAUSE.__set__(bare, None)
    _CONTEXT.__set__(bare, None)
    return _pack(bare, text)


def pack_local_error(error: BaseException) -> Raised:
    """The error of a task that ran in this process, which goes on as it is.

    It is packed bare: where tblib has taught pickle to take tracebacks along, they hold the frames
    of the code at work here.
    """
    text = _text(error)
    trace, cause, context = error.__traceback__, error.__cause__, error.__context__
    hidden = error.__suppress_context__
    _CAUSE.__set__(error, None)
    _CONTEXT.__set__(error, None)
    try:
        return _pack(error.with_traceback(None), text)
    finally:
        error.with_traceback(trace)
        _CAUSE.__set__(error, cause)
        _CONTEXT.__set__(error, context)
        _HIDDEN.__set__(error, hidden)


def unpack_error(raised: Raised) -> BaseException:
    """A worker's exception with its traceback as cause. Runs the code of its type."""
    try:
        error = pickle.loads(raised.payload)
        if not isinstance(error, BaseException):
            raise TypeError(f"it is a {type(error).__name__} here")
        if raised.text:
            _CAUSE.__set__(error, RemoteTraceback(raised.text))
        return error
    except _USERS as unread:  # its module may be known in the worker alone
        made = TaskFailed(
            f"a task raised {raised.message:.500}\n  which cannot be read here: {summarize(unread)}"
        )
        if raised.text:
            made.__cause__ = RemoteTraceback(raised.text)
        return made


def pack_unraised(error: BaseException) -> Raised:
    """An error of this process and its traceback's text, as a worker gets it."""
    cause = error.__cause__
    return _pack(error, cause.text if isinstance(cause, RemoteTraceback) else "")


def make_picklable(error: BaseException) -> BaseException:
    """The error, or a stand-in for one that cannot be pickled: for other picklers than ours."""
    return error if _payload(error, error) is not None else _stand_in(error)


def summarize(error: BaseException) -> str:
    """The type of an error and its message, cut; its own code may fail at that."""
    name = type(error).__name__
    try:
        return f"{name}: {error!s:.500}"
    except _USERS as unsaid:
        return f"{name}, whose __str__ raised {type(unsaid).__name__}"


def _text(error: BaseException) -> str:
    try:
        return tracebacks.text_of(error)
    except _USERS:  # attributes of the error, which the traceback module asks for, are users' code
        return f"{''.join(traceback.format_tb(error.__traceback__))}{summarize(error)}\n"


def _pack(error: BaseException, text: str) -> Raised:
    for stand_in in (error, _Parts(error), _stand_in(error)):
        payload = _payload(stand_in, error)
        if payload is not None:
            return Raised(payload, text, summarize(error), isinstance(error, Exception))
    raise AssertionError("a TaskFailed with a message can always be pickled")


def _payload(sent: Any, error: BaseException) -> bytes | None:
    """What is sent for an error, pickled; None if it cannot be unpickled as it was."""
    import cloudpickle

    try:
        payload = bytes(cloudpickle.dumps(sent, protocol=5))
        made = pickle.loads(payload)
        return payload if sent is not error or _is_same(made, error) else None
    except _USERS:
        return None


def _is_same(made: BaseException, error: BaseException) -> bool:
    """Whether a constructor that was called again has made the same of what it was given.

    Values are not compared by `==`, which may be the user's; what pickles differently by chance
    is only sent in parts.
    """
    import cloudpickle

    if type(made) is not type(error):
        return False
    if not _is_plain(type(error)):
        return True
    was, became = _ARGS.__get__(error), _ARGS.__get__(made)
    return bool(cloudpickle.dumps(was, protocol=5) == cloudpickle.dumps(became, protocol=5))


def _is_plain(kind: type[BaseException]) -> bool:
    """Whether exceptions of a kind are pickled as its constructor and their args."""
    return kind.__reduce_ex__ is object.__reduce_ex__ and kind.__reduce__ in _PLAIN


_PLAIN = (BaseException.__reduce__, OSError.__reduce__)


class _Parts:
    """Pickled for an exception whose constructor cannot be called again; unpickled as it was."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __reduce__(self) -> tuple[Any, ...]:
        kind = type(self.error)
        if not _is_plain(kind):
            raise TypeError(f"{kind.__name__} defines its own __reduce__")
        return _from_parts, (kind, _ARGS.__get__(self.error), _own_fields(self.error))


def _from_parts(kind: type[BaseException], args: tuple[Any, ...], state: Any) -> BaseException:
    made = kind.__new__(kind, *args)
    _ARGS.__set__(made, args)
    made.__dict__.update(state)
    return made


def _stand_in(error: BaseException) -> TaskFailed:
    name, _, message = summarize(error).partition(": ")
    made = TaskFailed(
        f"a task raised {name}, which cannot be sent between processes\n  message: {message}"
    )
    for note in _notes_of(error):
        made.add_note(note)
    return made


def _own_fields(error: BaseException) -> dict[str, Any]:
    """The attributes that were set on an error, past what its type makes of such questions."""
    fields: dict[str, Any] = object.__getattribute__(error, "__dict__")
    return fields


def _notes_of(error: BaseException) -> list[str]:
    """The notes of an error, whatever was put there in their place."""
    notes = _own_fields(error).get("__notes__")
    if isinstance(notes, str):
        return [notes]
    if not isinstance(notes, (list, tuple)):
        return []
    return [one for one in notes if isinstance(one, str)]


# --- in the driver ----------------------------------------------------------------------


class Note(NamedTuple):
    """The note of a task that failed. sites: the lines that built it."""

    name: str
    sites: tuple[str, ...]
    inputs: str

    def __str__(self) -> str:
        built = ", ".join(site for site in self.sites if site) or "an unknown line"
        return f"the task: {self.name}\n  built at: {built}\n  inputs: {self.inputs}"


def note_of_task(task: Task, site: str, held: Sequence[Any]) -> Note:
    """Of a graph's task: its key, where the user's functions in it were handed over, or else
    where the computation was asked for. held: its inputs, those that are known, or values."""
    codes = (one for one in members(task.function.shared) if isinstance(one, UserCode))
    sites = dict.fromkeys(code.site for code in codes if code.site)
    name = f"{task.function.label} {task.key}"
    return Note(name, tuple(sites)[:_SITES] or (site,), describe_inputs(held, []))


class PickledError(NamedTuple):
    """The error of a task, to be made where it is read: that runs users' code.

    note: of its task, None: the message says it already.
    called: whether it is a TaskFailed beside its own type, as errors of calls are.
    """

    raised: Raised
    note: Note | None = None
    called: bool = False

    @property
    def message(self) -> str:
        """Its type and message."""
        return self.raised.message

    def error(self) -> BaseException:
        """Make it."""
        error = unpack_error(self.raised)
        if self.note is None:
            return error
        try:
            return as_task_error(error, self.note) if self.called else add_note_to(error, self.note)
        except _USERS:  # it answers no questions
            made = TaskFailed(f"the task {self.note.name} raised {self.raised.message}")
            made.__cause__ = RemoteTraceback(f"{self.raised.text}{self.note}\n")
            return made


class ConstructorFailed(NamedTuple):
    """The error of calls of an actor whose constructor has raised."""

    actor: str
    cause: PickledError | ConstructorFailed

    @property
    def message(self) -> str:
        """Its message."""
        return f"the constructor of the actor {self.actor} raised {self.cause.message}"

    def error(self) -> BaseException:
        """Make it."""
        made = ActorDied(self.message)
        made.__cause__ = self.cause.error()
        return made


def as_task_error(error: BaseException, note: Note) -> BaseException:
    """The error of a call: of its own type and a TaskFailed as well, where Python allows that."""
    error = add_note_to(error, note)
    if isinstance(error, ShframeError):
        return error
    try:
        return _both(error)
    except _USERS:  # a type that cannot be inherited from, or made again
        return error


def add_note_to(error: BaseException, note: Note) -> Exception:
    """The error with a note of its task, in its traceback's text too.

    What would end the driver if it were raised there (SystemExit and the like) is a TaskFailed.
    """
    if not isinstance(error, Exception):
        made = TaskFailed(f"the task {note.name} raised {summarize(error)}")
        made.__cause__ = error.__cause__
        error = made
    _own_fields(error)["__notes__"] = [*_notes_of(error), str(note)]
    cause = error.__cause__
    if isinstance(cause, RemoteTraceback):
        cause.text = f"{tracebacks.with_source(cause.text).rstrip()}\n{note}\n"
    return error


def describe_value(held: Any) -> str:
    """An input, for messages: its kind and its size."""
    if isinstance(held, bytes):
        return f"a pickled value of {len(held)} bytes"
    if isinstance(held, Ref):
        return f"{held.kind} of {held.nbytes} bytes"
    if isinstance(held, (TaskState, Pending, Failure)):
        return "a missing value"
    nbytes = getattr(held, "nbytes", None)
    return f"{_argument(held)} of {nbytes} bytes" if isinstance(nbytes, int) else _argument(held)


def describe_inputs(held: Iterable[Any], arguments: Sequence[str]) -> str:
    """The inputs of a task and its own arguments, for messages."""
    found = [*map(describe_value, held), *arguments]
    more = f" and {len(found) - _INPUTS} more" if len(found) > _INPUTS else ""
    return (", ".join(found[:_INPUTS]) or "none") + more


def describe_arguments(args: Any) -> list[str]:
    """The arguments of a call, for messages: their types and sizes."""
    if isinstance(args, bytes):
        return [f"{len(args)} bytes of pickled arguments"]
    return [_argument(value) for value in args]


def _argument(value: Any) -> str:
    size = f" of {len(value)}" if isinstance(value, (str, bytes)) else ""
    return f"{type(value).__name__}{size}"


def _both(error: Exception) -> BaseException:
    kind: Any = type(error)
    both = _both_type(kind)
    layout = OSError if isinstance(error, OSError) else BaseException
    made: Any = layout.__new__(both, *error.args)
    layout.__init__(made, *error.args)
    if isinstance(error, OSError):
        for name in ("filename", "filename2"):
            if getattr(error, name) is not None:  # else the text would name None
                setattr(made, name, getattr(error, name))
    made.__dict__.update(_own_fields(error))
    made.__dict__["error"] = error
    _CAUSE.__set__(made, error.__cause__)
    if str(made) != str(error):
        raise TypeError(f"{kind.__name__} made of the same args has another message")
    return made  # type: ignore[no-any-return]


@cache
def _both_type(kind: Any) -> Any:
    name = f"TaskFailed({kind.__name__})"
    return type(name, (_TaskError, kind), {"__module__": kind.__module__, "__qualname__": name})


class _TaskError(TaskFailed):
    """A TaskFailed that is a user's exception too: `error` is that exception."""

    error: Exception

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.error,)

    def __str__(self) -> str:
        return str(self.error)


def _again(error: Exception) -> BaseException:
    try:
        return _both(error)
    except Exception:
        return error
