"""Pickling by value: cloudpickle's pickler, and reducers for what it would send by a name that is
not known elsewhere, send broken, or refuse: cached and dispatching functions, and classes with
slots, of a script or notebook.
"""

import functools
import io
import sys
import types
from collections.abc import Callable
from typing import Any

import cloudpickle

_CACHED = type(functools.cache(len))
_DISPATCHING: types.CodeType = vars(functools)["singledispatch"](len).__code__


class Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle has no types
    """What cloudpickle's does, and the reducers of this file."""

    def reducer_override(self, value: Any) -> Any:
        """Called by pickle for each value that is no plain builtin."""
        reduce = _REDUCERS.get(type(value))
        reduced = None if reduce is None else reduce(value)
        if reduced is not None:
            return reduced
        reduced = super().reducer_override(value)
        if isinstance(value, type) and "__slots__" in vars(value) and isinstance(reduced, tuple):
            return _with_slots(value, reduced)
        return reduced


def dumps(value: object) -> bytes:
    """Pickle by value, all in band. Raises: whatever pickle says."""
    stream = io.BytesIO()
    Pickler(stream, protocol=5).dump(value)
    return stream.getvalue()


def _reduce_file(file: io.TextIOWrapper) -> Any:
    """A standard stream by its name. cloudpickle would read any other file and pass its text on as
    a StringIO.
    """
    for name in ("stdout", "stderr"):
        if file is getattr(sys, name):
            return getattr, (sys, name)
    raise TypeError("cannot pickle an open file ('TextIOWrapper')")


class _Late:
    """A function that is filled in once it has been made: it may refer to what calls it."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    function: Callable[..., Any]


def _reduce_cached(cached: Any) -> Any:
    """A function under functools.lru_cache, without what it has cached; None: by its name."""
    if _is_importable(cached):
        return None
    state = cached.__wrapped__, {k: v for k, v in vars(cached).items() if k != "__wrapped__"}
    how = tuple(cached.cache_parameters().values())
    return _make_cached, how, state, None, None, _fill_cached


def _make_cached(maxsize: int | None, typed: bool) -> Any:
    late = _Late()
    cached = functools.lru_cache(maxsize, typed)(late)
    vars(cached)["late"] = late
    return cached


def _fill_cached(cached: Any, state: tuple[Any, dict[str, Any]]) -> None:
    function, attributes = state
    vars(cached).pop("late").function = function
    vars(cached).update(attributes, __wrapped__=function)


def _reduce_dispatching(function: Any) -> Any:
    """A function under functools.singledispatch with what is registered; None: any other one."""
    if function.__code__ is not _DISPATCHING or _is_importable(function):
        return None
    cells = dict(zip(function.__code__.co_freevars, function.__closure__, strict=True))
    attributes = {k: v for k, v in vars(function).items() if k not in _OF_DISPATCHING}
    state = dict(function.registry), cells["funcname"].cell_contents, attributes
    return _make_dispatching, (), state, None, None, _fill_dispatching


_OF_DISPATCHING = frozenset(vars(functools.singledispatch(len)))


def _make_dispatching() -> Any:
    return functools.singledispatch(_Late())


def _fill_dispatching(function: Any, state: tuple[dict[type, Any], str, dict[str, Any]]) -> None:
    registered, name, attributes = state
    for kind, implementation in registered.items():
        function.register(kind, implementation)
    functools.update_wrapper(function, registered[object])
    vars(function).update(attributes)
    cells = dict(zip(function.__code__.co_freevars, function.__closure__, strict=True))
    cells["funcname"].cell_contents = name


def _reduce_cached_property(value: Any) -> Any:
    """A functools.cached_property, which has a lock before Python 3.12."""
    return _make_cached_property, (value.func, value.attrname)


def _make_cached_property(function: Any, name: str | None) -> Any:
    made: Any = functools.cached_property(function)
    made.attrname = name
    return made


def _with_slots(kind: type, reduced: tuple[Any, ...]) -> Any:
    """The reduction of cloudpickle with the slots of the class, which it leaves out."""
    make, args, state, *rest = reduced
    # a tuple can have none, and a NamedTuple's metaclass refuses them
    if getattr(make, "__name__", "") != "_make_skeleton_class" or issubclass(kind, tuple):
        return reduced
    *first, keywords, tracker, extra = args
    slots = vars(kind)["__slots__"]
    names = [slots] if isinstance(slots, str) else list(slots)
    hidden = {_mangle(name, kind) for name in names}
    attributes, others = state
    kept = {k: v for k, v in attributes.items() if k not in hidden and k != "__slots__"}
    wanted = {**keywords, "__slots__": slots if isinstance(slots, str | dict) else tuple(names)}
    return (make, (*first, wanted, tracker, extra), (kept, others), *rest)


def _mangle(name: str, kind: type) -> str:
    """The attribute that a slot is: names that begin with two underscores are private."""
    private = name.startswith("__") and not name.endswith("__")
    return f"_{kind.__name__.lstrip('_')}{name}" if private else name


def _is_importable(value: Any) -> bool:
    """Whether a process that imports its module finds the value under its name."""
    name = getattr(value, "__module__", None) or "__main__"
    found: Any = sys.modules.get(name)
    by_value = cloudpickle.list_registry_pickle_by_value()
    if name == "__main__" or any(f"{name}.".startswith(f"{one}.") for one in by_value):
        return False
    for part in getattr(value, "__qualname__", "").split("."):
        found = getattr(found, part, None)
    return found is value


_REDUCERS: dict[type, Callable[[Any], Any]] = {
    _CACHED: _reduce_cached,
    types.FunctionType: _reduce_dispatching,
    functools.cached_property: _reduce_cached_property,
    io.TextIOWrapper: _reduce_file,
}
