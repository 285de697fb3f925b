"""Functions as they are sent to workers, which know them by a digest of their content.

A Function is pickled at most once and sent to each worker at most once. One Function object
serves all tasks of a layer, so parameters that the tasks share are sent with it, not with them.
"""

from __future__ import annotations

import collections
import contextlib
import functools
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from types import CodeType
from typing import Any

from shframe.graph.cached import cached_property
from shframe.graph.errors import NotPicklable
from shframe.graph.objects import ref_pickling
from shframe.graph.tracing.call_site import user_line


class Function:
    """A callable with the keyword parameters that all its calls share.

    Parameters
    ----------
    call: what a worker calls, as `call(*inputs, *args, **shared)`.
    shared: keyword parameters, the same for each call.

    Examples
    --------
    >>> Function(max, default=0)([])
    0
    """

    __slots__ = ("__dict__", "call", "shared")

    def __init__(self, call: Callable[..., Any], **shared: Any) -> None:
        self.call = call
        self.shared = shared

    def __call__(self, *values: Any, **named: Any) -> Any:
        return self.call(*values, **self.shared, **named)

    @cached_property
    def name(self) -> str:
        """The callable's name, for traces and errors."""
        steps = self.shared.get("steps")
        if steps:
            return "+".join(step.function.name for step in steps)
        return str(getattr(self.call, "__name__", type(self.call).__name__))

    @cached_property
    def label(self) -> str:
        """The name of what the user gave: of a kernel of ours, of the functions that it applies."""
        names = dict.fromkeys(m.name for m in members(self.shared) if isinstance(m, UserCode))
        return "+".join(names) or self.name

    @cached_property
    def ours(self) -> bool:
        """Whether the code is shframe's own and calls nothing of the user's."""
        module = getattr(self.call, "__module__", None) or ""
        return module.startswith("shframe.") and not _holds_user_code(self.shared)

    def __reduce__(self) -> tuple[Any, ...]:
        return _function, (self.call, self.shared)

    @cached_property
    def payload(self) -> bytes:
        """The pickled callable and its shared parameters; raises NotPicklable.

        The handles that it captures are kept by this function.
        """
        with ref_pickling.noting() as inside:
            made = pickled((self.call, self.shared), self.name)
        self.captured = tuple(inside)
        return made

    @property
    def handles(self) -> tuple[Any, ...]:
        """The handles that it captures, and users' functions in it."""
        codes = (one for one in members(self.shared) if isinstance(one, UserCode))
        return (*self.captured, *(ref for code in codes for ref in code.captured))

    @cached_property
    def digest(self) -> bytes:
        """16 bytes that name the content."""
        return hashlib.blake2b(self.payload, digest_size=16).digest()


def _function(call: Callable[..., Any], shared: dict[str, Any]) -> Function:
    return Function(call, **shared)


_PLAIN = frozenset((str, int, bool, float, bytes, type(None)))


def _holds_user_code(root: object) -> bool:
    """Whether a UserCode, or a plain function of the user's, is anywhere in `root`."""
    stack = [root]
    while stack:
        value = stack.pop()
        if type(value) in _PLAIN:
            continue
        if isinstance(value, Function):  # which remembers what it holds
            if not value.ours:
                return True
        elif isinstance(value, UserCode):
            return True
        else:
            stack.extend(_parts(value))
    return False


def members(root: object) -> Iterator[object]:
    """A value and all that is in it: in containers, dataclasses and what Functions share."""
    stack = [root]
    while stack:
        value = stack.pop()
        yield value
        stack.extend((value.shared,) if isinstance(value, Function) else _parts(value))


def _parts(value: object) -> Iterable[object]:
    """What is in a container or a dataclass, the last first."""
    if isinstance(value, dict):
        return value.values()
    if isinstance(value, (list, tuple)):
        return reversed(value)
    fields = getattr(type(value), "__dataclass_fields__", ())
    return [getattr(value, name, None) for name in fields]


class UserCode:
    """A user's function, captured by value when it is handed over.

    Later changes of its globals or of its source do not reach the captured one.
    site: the `file:line` that handed it over, in the process that did.
    captured: the handles in it, which it keeps.
    """

    __slots__ = ("captured", "digest", "function", "payload", "site")

    def __init__(self, function: Callable[..., Any], payload: bytes | None = None) -> None:
        if not callable(function):
            raise TypeError(f"expected a callable, got {type(function).__name__}")
        self.function = function
        name = getattr(function, "__qualname__", type(function).__name__)
        with ref_pickling.noting() as inside:
            self.payload = payload if payload is not None else pickled(function, name)
        self.captured = tuple(inside)
        self.digest = hashlib.blake2b(self.payload, digest_size=16).hexdigest()
        self.site = user_line() if payload is None else ""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def __shframe_token__(self) -> str:
        return self.digest

    def __reduce__(self) -> tuple[Any, ...]:
        return _load_user_code, (self.payload,)

    @property
    def name(self) -> str:
        return getattr(self.function, "__name__", type(self.function).__name__)


def _load_user_code(payload: bytes) -> UserCode:
    import cloudpickle

    return UserCode(cloudpickle.loads(payload), payload)


def pickled(value: object, name: str) -> bytes:
    """Pickle by cloudpickle; raises NotPicklable that names the variable at fault."""
    try:
        return dumped(value)
    except Exception as error:
        raise NotPicklable(
            f"{name} cannot be sent to a worker (not picklable): {error}\n"
            f"{_culprits(value)}"
            "  open files, locks, connections and generators cannot be pickled: "
            "create them inside the function"
        ) from error


def dumped(value: object) -> bytes:
    """Pickle what a function captures. Raises: whatever pickle says."""
    buffer = io.BytesIO()
    _pickler()(buffer, protocol=5).dump(value)
    return buffer.getvalue()


@functools.cache
def _pickler() -> Any:
    """The store's, but code remembers its file, so that tracebacks and warnings name the user's
    lines."""
    from shframe.store.codec.pickling import Pickler

    known = Pickler.dispatch_table
    reduced = known[CodeType]

    def code(value: CodeType) -> tuple[Any, ...]:
        made, args, *rest = reduced(value)
        file = "".join(value.co_filename)  # not interned, or the bytes would depend on who is
        return (made, tuple(file if _is_no_file(one) else one for one in args), *rest)

    table = collections.ChainMap({CodeType: code}, known)
    return type("Pickler", (Pickler,), {"dispatch_table": table})


def _is_no_file(value: object) -> bool:
    return isinstance(value, str) and value == "<dynamic-code>"


def _culprits(value: object) -> str:
    """Lines that name the captured variables which cannot be pickled."""
    function: Any = value[0] if isinstance(value, tuple) else value
    code = getattr(function, "__code__", None)
    if code is None:
        return ""
    captured = {}
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        with contextlib.suppress(ValueError):  # it is empty yet
            captured[name] = cell.cell_contents
    known = getattr(function, "__globals__", {})
    captured |= {name: known[name] for name in code.co_names if name in known}
    lines = []
    for name, item in captured.items():
        try:
            dumped(item)
        except Exception:
            lines.append(f"  it captures {name!r}, of type {type(item).__name__}\n")
    return "".join(lines)
