"""delayed: calls that are written down now and run together later, as one task graph.

A Delayed holds a function and its arguments, which may contain other Delayed. Nothing is walked
until it is computed; then it is walked with a stack, so that a chain may be as long as memory.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, overload

from shframe.argument_checks import check_integer
from shframe.errors import UnsupportedType
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.plan.tokens import tokenize
from shframe.lazy.collection import run_graph
from shframe.lazy.delayed_graph import VALUE, Call, DelayedCall, graph_of


class Delayed(DelayedCall):
    """A value to be computed by `compute()`; its operators, items, attributes and calls are
    further ones.

    Examples
    --------
    >>> import shframe as sf
    >>> @sf.delayed
    ... def double(x):
    ...     return 2 * x
    >>> total = sum([double(1), double(2)], sf.delayed(0))
    >>> (total + 1).compute(), (total / 2).compute()
    (7, 3.0)
    >>> sf.shutdown()
    """

    __slots__ = ()

    @property
    def key(self) -> str:
        """Identifies its task: two Delayed with the same key run once."""
        if type(self._key) is int:
            return f"{self._call.name}-{self._key}"
        return str(self._key)

    def compute(self, *, progress: bool | None = None, executor: Any = None) -> Any:
        """The value, as an ordinary, writable object. Raises: what the function raises."""
        [ref] = run_graph(graph_of([self]), progress, executor)
        return ref.value(writable=True)

    def persist(self, *, progress: bool | None = None, executor: Any = None) -> Delayed:
        """The same, computed now and kept in shared memory."""
        [ref] = run_graph(graph_of([self]), progress, executor)
        return self._kept(ref)

    @property
    def _family(self) -> object:
        return Delayed

    @staticmethod
    def _compute_all(many: list[Any], progress: bool | None, executor: Any) -> list[Any]:
        refs = run_graph(graph_of(many), progress, executor)
        return [ref.value(writable=True) for ref in refs]

    @staticmethod
    def _persist_all(many: list[Any], progress: bool | None, executor: Any) -> list[Any]:
        refs = run_graph(graph_of(many), progress, executor)
        return [one._kept(ref) for one, ref in zip(many, refs, strict=True)]

    def _kept(self, ref: ObjectRef) -> Delayed:
        return Delayed(VALUE, (ref,), {}, self.key)

    def __getattr__(self, name: str) -> DelayedAttribute:
        if name.startswith("_"):
            raise AttributeError(
                f"a Delayed has no attribute {name!r}; compute() returns the value"
            )
        return DelayedAttribute(self, name)

    def __getitem__(self, item: Any) -> Delayed:
        return _pure(_ITEM, self, item)

    def __call__(self, *args: Any, **kwargs: Any) -> Delayed:
        return Delayed(_CALLED, (self, *args), kwargs)

    def __iter__(self) -> Iterator[Delayed]:
        if self._call.outputs is None:
            raise UnsupportedType(
                "cannot iterate over a Delayed of unknown length\n"
                "  set it with delayed(f, nout=2), or compute() the value first"
            )
        return (self[n] for n in range(self._call.outputs))

    def __len__(self) -> int:
        if self._call.outputs is None:
            raise UnsupportedType("a Delayed has no length before it is computed")
        return self._call.outputs

    def __bool__(self) -> NoReturn:
        raise UnsupportedType(
            "the truth value of a Delayed is unknown before it is computed\n"
            "  compute() returns the value"
        )

    def __setitem__(self, item: Any, value: Any) -> NoReturn:
        raise UnsupportedType("a Delayed cannot be modified\n  make a new one from it")

    def __hash__(self) -> int:
        return hash(self._key)

    def __shframe_token__(self) -> str:
        return self.key

    if TYPE_CHECKING:  # what _add_operators() adds

        def _binary(self, other: Any, /) -> Delayed: ...
        def _unary(self) -> Delayed: ...

        __add__ = __sub__ = __mul__ = __truediv__ = __floordiv__ = __mod__ = __pow__ = _binary
        __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rfloordiv__ = __rmod__ = _binary
        __matmul__ = __and__ = __or__ = __xor__ = __lshift__ = __rshift__ = _binary
        __rmatmul__ = __rand__ = __ror__ = __rxor__ = __rlshift__ = __rrshift__ = _binary
        __lt__ = __le__ = __gt__ = __ge__ = __rpow__ = _binary
        __eq__ = __ne__ = _binary  # type: ignore[assignment]  # a value, not a bool
        __neg__ = __pos__ = __abs__ = __invert__ = _unary

    def __copy__(self) -> Delayed:
        return self

    def __deepcopy__(self, memo: object) -> Delayed:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"the Delayed {self.key!r} has not been computed\n"
            "  pass it as an argument to a delayed function, or compute() it first"
        )

    def __repr__(self) -> str:
        return f"Delayed({self.key!r})"


_D = TypeVar("_D", bound=Delayed)


class DelayedFunction(Delayed):
    """A function whose calls are Delayed."""

    __slots__ = ("_own", "_pure")

    def __init__(self, own: Call, pure: bool) -> None:
        super().__init__(VALUE, (own.function,), {})
        self._own = own
        self._pure = pure

    def __call__(self, *args: Any, **kwargs: Any) -> Delayed:
        if not kwargs and not self._pure:
            return Delayed(self._own, args, _NOTHING)
        pure = kwargs.pop("pure", self._pure)
        key = kwargs.pop("dask_key_name", None)
        if pure and key is None:
            key = _content_key(self._own, args, kwargs)
        return Delayed(self._own, args, kwargs, key)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __reduce__(self) -> Any:
        return DelayedFunction, (self._own, self._pure)

    def __repr__(self) -> str:
        return f"DelayedFunction({self._own.name})"


class DelayedAttribute(Delayed):
    """An attribute of a Delayed. Calling it makes one task: the method itself is not a value."""

    __slots__ = ("_name", "_owner")

    def __init__(self, owner: Delayed, name: str) -> None:
        super().__init__(_ATTRIBUTE, (owner, name), _NOTHING, f"getattr-{tokenize(owner, name)}")
        self._owner = owner
        self._name = name

    def __call__(self, *args: Any, **kwargs: Any) -> Delayed:
        call = Call(_call_method, self._name, None)
        return Delayed(call, (self._owner, self._name, *args), kwargs)


@overload
def delayed(
    obj: None = None,
    name: str | None = None,
    pure: bool | None = None,
    nout: int | None = None,
    traverse: bool = True,
) -> Callable[[Callable[..., Any]], DelayedFunction]: ...
@overload
def delayed(
    obj: _D,
    name: str | None = None,
    pure: bool | None = None,
    nout: int | None = None,
    traverse: bool = True,
) -> _D: ...
@overload
def delayed(
    obj: Callable[..., Any],
    name: str | None = None,
    pure: bool | None = None,
    nout: int | None = None,
    traverse: bool = True,
) -> DelayedFunction: ...
@overload
def delayed(
    obj: object,
    name: str | None = None,
    pure: bool | None = None,
    nout: int | None = None,
    traverse: bool = True,
) -> Delayed: ...
def delayed(
    obj: Any = None,
    name: str | None = None,
    pure: bool | None = None,
    nout: int | None = None,
    traverse: bool = True,
) -> Any:
    """Make a function lazy: its calls are Delayed. Any other value becomes a Delayed of it.

    name: the name of its tasks (of a value: its key). pure: whether calls with equal arguments run
    once; None: no. nout: how many values it returns, so that a call can be unpacked. traverse:
    known to Dask; Delayed are found wherever they are inside an argument.

    A Delayed among arguments is an input, in lists, tuples and dicts too, and so are frames, arrays
    and handles (`sf.put`). Other arguments are pickled when it is computed. A large one that
    several calls share is stored once. Tasks get read-only views of what is shared.

    Cost: 1 us a call and some 300 bytes, and as much again when computed.

    Examples
    --------
    >>> import shframe as sf
    >>> parts = [sf.delayed(pow)(n, 2) for n in range(4)]
    >>> sf.delayed(sum)(parts).compute()
    14
    >>> sf.shutdown()
    """
    if obj is None:
        return functools.partial(delayed, name=name, pure=pure, nout=nout, traverse=traverse)
    if nout is not None:
        nout = check_integer("nout", nout, 0)
    if isinstance(obj, Delayed):
        return obj
    if callable(obj):
        shown = name or str(getattr(obj, "__name__", type(obj).__name__))
        return DelayedFunction(Call(obj, shown, nout), bool(pure))
    if name is None and pure:
        name = f"{type(obj).__name__}-{tokenize(obj)}"
    return Delayed(VALUE, (obj,), _NOTHING, name)


def _pure(call: Call, *args: Any) -> Delayed:
    """A call that runs once with all calls of equal arguments."""
    return Delayed(call, args, _NOTHING, _content_key(call, args, _NOTHING))


def _content_key(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """The key that calls of the same content share."""
    return f"{call.name}-{tokenize(call.token, args, kwargs)}"


def _apply(function: Any, *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


def _call_method(value: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    return getattr(value, name)(*args, **kwargs)


_NOTHING: dict[str, Any] = {}
_CALLED = Call(_apply, "call", None)
_ATTRIBUTE = Call(getattr, "getattr", None)
_ITEM = Call(operator.getitem, "getitem", None)

_BINARY = (
    "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul",
    "and", "or", "xor", "lshift", "rshift",
)  # fmt: skip
_COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")
_UNARY = ("neg", "pos", "abs", "invert")


def _add_operators() -> None:
    """The operators of Delayed, each a call of its function in `operator`."""

    def add(name: str, method: Callable[..., Any]) -> None:
        method.__name__ = method.__qualname__ = name
        setattr(Delayed, name, method)

    for name in (*_BINARY, *_COMPARISONS, *_UNARY):
        call = Call(getattr(operator, f"__{name}__"), name, None)
        add(f"__{name}__", lambda self, *other, call=call: _pure(call, self, *other))
        if name in _BINARY:
            add(f"__r{name}__", lambda self, other, call=call: _pure(call, other, self))


_add_operators()
