"""Operators of what is lazy and pandas-shaped: all of them go through one method.

They are written out twice, since what they return differs: of a frame, series or index one of the
same kind; of a value a value, or one of the kind that it is combined with.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping
from functools import partial
from typing import Any, NoReturn, Protocol, Self, TypeVar, overload

from shframe import session
from shframe.dataframe.kernels.measuring import measure
from shframe.dataframe.plan.analysis import estimates_of, measures_of
from shframe.dataframe.plan.plan_text import plan_text
from shframe.errors import UnsupportedType
from shframe.graph.plan.expr import Expr
from shframe.graph.tasks.measured import measured_tasks
from shframe.lazy.collection import Collection
from shframe.store.byte_sizes import format_bytes


class Operators(Collection):
    """A lazy object that takes part in pandas' operators."""

    __slots__ = ()
    __array_ufunc__: Any = None  # NumPy's values leave the operator to the lazy side
    __pandas_priority__ = 5000  # and so do pandas' objects, of which a frame has 4000

    @classmethod
    def _plan_text(cls, plan: Expr, notes: Mapping[str, str] | None = None) -> str:
        return plan_text(plan, notes)

    @classmethod
    def _estimates(cls, plan: Expr) -> dict[str, str]:
        return estimates_of(plan)

    def _analyze(self, plan: Expr) -> tuple[dict[str, str], str]:
        graph, _ = self.planner.graph_of(
            [plan], [self._settled], measured=partial(measured_tasks, measure=measure)
        )
        start = time.monotonic()
        store = session.executor().store
        spilled = store.spilled_ever
        for _part in self._parts(graph, False, None):
            pass
        seconds = time.monotonic() - start
        spilled = store.spilled_ever - spilled
        total = f"in all {seconds:.3f} s, {format_bytes(spilled)} spilled"
        return measures_of(plan, session.current().last_trace), total

    def _operator(self, name: str, other: Any, reflected: bool = False) -> Any:
        raise AssertionError(f"{type(self).__name__} lacks operators")

    def _unary(self, name: str) -> Self:
        raise AssertionError(f"{type(self).__name__} lacks operators")

    def __shframe_token__(self) -> NoReturn:
        raise UnsupportedType(
            f"a lazy {type(self).__name__} cannot be a part of a constant\n"
            "  pass it as an argument of its own, or compute() it first"
        )


class RowOperators(Operators):
    """Operators of frames, series and indexes."""

    __slots__ = ()

    def _operator(self, name: str, other: Any, reflected: bool = False) -> Self:
        raise AssertionError(f"{type(self).__name__} lacks operators")

    def __add__(self, other: Any) -> Self:
        return self._operator("add", other)

    def __radd__(self, other: Any) -> Self:
        return self._operator("add", other, True)

    def __sub__(self, other: Any) -> Self:
        return self._operator("sub", other)

    def __rsub__(self, other: Any) -> Self:
        return self._operator("sub", other, True)

    def __mul__(self, other: Any) -> Self:
        return self._operator("mul", other)

    def __rmul__(self, other: Any) -> Self:
        return self._operator("mul", other, True)

    def __truediv__(self, other: Any) -> Self:
        return self._operator("truediv", other)

    def __rtruediv__(self, other: Any) -> Self:
        return self._operator("truediv", other, True)

    def __floordiv__(self, other: Any) -> Self:
        return self._operator("floordiv", other)

    def __rfloordiv__(self, other: Any) -> Self:
        return self._operator("floordiv", other, True)

    def __mod__(self, other: Any) -> Self:
        return self._operator("mod", other)

    def __rmod__(self, other: Any) -> Self:
        return self._operator("mod", other, True)

    def __pow__(self, other: Any) -> Self:
        return self._operator("pow", other)

    def __rpow__(self, other: Any) -> Self:
        return self._operator("pow", other, True)

    def __and__(self, other: Any) -> Self:
        return self._operator("and_", other)

    def __rand__(self, other: Any) -> Self:
        return self._operator("and_", other, True)

    def __or__(self, other: Any) -> Self:
        return self._operator("or_", other)

    def __ror__(self, other: Any) -> Self:
        return self._operator("or_", other, True)

    def __xor__(self, other: Any) -> Self:
        return self._operator("xor", other)

    def __rxor__(self, other: Any) -> Self:
        return self._operator("xor", other, True)

    def __eq__(self, other: object) -> Self:  # type: ignore[override]
        return self._operator("eq", other)

    def __ne__(self, other: object) -> Self:  # type: ignore[override]
        return self._operator("ne", other)

    __hash__ = None  # type: ignore[assignment]  # == is lazy and elementwise, as in pandas

    def __lt__(self, other: Any) -> Self:
        return self._operator("lt", other)

    def __le__(self, other: Any) -> Self:
        return self._operator("le", other)

    def __gt__(self, other: Any) -> Self:
        return self._operator("gt", other)

    def __ge__(self, other: Any) -> Self:
        return self._operator("ge", other)

    def __neg__(self) -> Self:
        return self._unary("neg")

    def __pos__(self) -> Self:
        return self._unary("pos")

    def __invert__(self) -> Self:
        return self._unary("invert")

    def __abs__(self) -> Self:
        return self._unary("abs")

    def __divmod__(self, other: Any) -> tuple[Self, Self]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Self, Self]:
        return other // self, other % self


RowsT = TypeVar("RowsT", bound=RowOperators)
ValueT = TypeVar("ValueT", bound=Operators)
ResultT = TypeVar("ResultT", covariant=True)


class Operator(Protocol[ResultT]):
    """What `value.__add__` and its like are."""

    @overload
    def __call__(self, other: RowsT, /) -> RowsT: ...
    @overload
    def __call__(self, other: object, /) -> ResultT: ...


class _Binary:
    """A binary operator as an attribute of values."""

    def __init__(self, name: str, reflected: bool = False) -> None:
        self.name = name
        self.reflected = reflected

    def __get__(self, instance: ValueT, owner: type[ValueT]) -> Operator[ValueT]:
        return functools.partial(instance._operator, self.name, reflected=self.reflected)


class ValueOperators(Operators):
    """Operators of lazy values."""

    __slots__ = ()

    __add__ = _Binary("add")
    __radd__ = _Binary("add", True)
    __sub__ = _Binary("sub")
    __rsub__ = _Binary("sub", True)
    __mul__ = _Binary("mul")
    __rmul__ = _Binary("mul", True)
    __truediv__ = _Binary("truediv")
    __rtruediv__ = _Binary("truediv", True)
    __floordiv__ = _Binary("floordiv")
    __rfloordiv__ = _Binary("floordiv", True)
    __mod__ = _Binary("mod")
    __rmod__ = _Binary("mod", True)
    __pow__ = _Binary("pow")
    __rpow__ = _Binary("pow", True)
    __and__ = _Binary("and_")
    __rand__ = _Binary("and_", True)
    __or__ = _Binary("or_")
    __ror__ = _Binary("or_", True)
    __xor__ = _Binary("xor")
    __rxor__ = _Binary("xor", True)
    __lt__ = _Binary("lt")
    __le__ = _Binary("le")
    __gt__ = _Binary("gt")
    __ge__ = _Binary("ge")
    __eq__ = _Binary("eq")  # type: ignore[assignment]
    __ne__ = _Binary("ne")  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]  # == is lazy, as in pandas

    def __neg__(self) -> Self:
        return self._unary("neg")

    def __pos__(self) -> Self:
        return self._unary("pos")

    def __invert__(self) -> Self:
        return self._unary("invert")

    def __abs__(self) -> Self:
        return self._unary("abs")
