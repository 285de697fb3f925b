"""Operators of what is lazy and pandas-shaped: all of them go through one method.

They are written out twice, since what they return differs: of a frame, series or index one of the
same kind; of a value a value, or one of the kind that it is combined with.
"""

from __future__ import annotations

import functools
from typing import Any, NoReturn, Protocol, Self, TypeVar, overload

from shframe.dataframe.plan.plan_text import plan_text
from shframe.errors import UnsupportedType
from shframe.graph.plan.expr import Expr
from shframe.lazy.collection import Collection


class Operand(Collection):
    """A lazy object that takes part in pandas' operators."""

    __slots__ = ()
    __array_ufunc__ = None  # NumPy's values leave the operator to the lazy side
    __pandas_priority__ = 5000  # and so do pandas' objects, of which a frame has 4000

    @classmethod
    def _plan_text(cls, plan: Expr) -> str:
        return plan_text(plan)

    def _operator(self, name: str, other: Any, reflected: bool = False) -> Any:
        raise AssertionError(f"{type(self).__name__} lacks operators")

    def _unary(self, name: str) -> Self:
        raise AssertionError(f"{type(self).__name__} lacks operators")

    def __shframe_token__(self) -> NoReturn:
        raise UnsupportedType(
            f"a lazy {type(self).__name__} cannot be a part of a constant\n"
            "  pass it as an argument of its own, or compute() it first"
        )


class RowOperators(Operand):
    """Operators of frames, series and indexes."""

    __slots__ = ()

    def __add__(self, other: Any) -> Self:
        made: Self = self._operator("add", other)
        return made

    def __radd__(self, other: Any) -> Self:
        made: Self = self._operator("add", other, True)
        return made

    def __sub__(self, other: Any) -> Self:
        made: Self = self._operator("sub", other)
        return made

    def __rsub__(self, other: Any) -> Self:
        made: Self = self._operator("sub", other, True)
        return made

    def __mul__(self, other: Any) -> Self:
        made: Self = self._operator("mul", other)
        return made

    def __rmul__(self, other: Any) -> Self:
        made: Self = self._operator("mul", other, True)
        return made

    def __truediv__(self, other: Any) -> Self:
        made: Self = self._operator("truediv", other)
        return made

    def __rtruediv__(self, other: Any) -> Self:
        made: Self = self._operator("truediv", other, True)
        return made

    def __floordiv__(self, other: Any) -> Self:
        made: Self = self._operator("floordiv", other)
        return made

    def __rfloordiv__(self, other: Any) -> Self:
        made: Self = self._operator("floordiv", other, True)
        return made

    def __mod__(self, other: Any) -> Self:
        made: Self = self._operator("mod", other)
        return made

    def __rmod__(self, other: Any) -> Self:
        made: Self = self._operator("mod", other, True)
        return made

    def __pow__(self, other: Any) -> Self:
        made: Self = self._operator("pow", other)
        return made

    def __rpow__(self, other: Any) -> Self:
        made: Self = self._operator("pow", other, True)
        return made

    def __and__(self, other: Any) -> Self:
        made: Self = self._operator("and_", other)
        return made

    def __rand__(self, other: Any) -> Self:
        made: Self = self._operator("and_", other, True)
        return made

    def __or__(self, other: Any) -> Self:
        made: Self = self._operator("or_", other)
        return made

    def __ror__(self, other: Any) -> Self:
        made: Self = self._operator("or_", other, True)
        return made

    def __xor__(self, other: Any) -> Self:
        made: Self = self._operator("xor", other)
        return made

    def __rxor__(self, other: Any) -> Self:
        made: Self = self._operator("xor", other, True)
        return made

    def __eq__(self, other: object) -> Self:  # type: ignore[override]
        made: Self = self._operator("eq", other)
        return made

    def __ne__(self, other: object) -> Self:  # type: ignore[override]
        made: Self = self._operator("ne", other)
        return made

    __hash__ = None  # type: ignore[assignment]  # == is lazy and elementwise, as in pandas

    def __lt__(self, other: Any) -> Self:
        made: Self = self._operator("lt", other)
        return made

    def __le__(self, other: Any) -> Self:
        made: Self = self._operator("le", other)
        return made

    def __gt__(self, other: Any) -> Self:
        made: Self = self._operator("gt", other)
        return made

    def __ge__(self, other: Any) -> Self:
        made: Self = self._operator("ge", other)
        return made

    def __neg__(self) -> Self:
        return self._unary("neg")

    def __pos__(self) -> Self:
        return self._unary("pos")

    def __invert__(self) -> Self:
        return self._unary("invert")

    def __abs__(self) -> Self:
        return self._unary("abs")


Rows = TypeVar("Rows", bound=RowOperators)
Value = TypeVar("Value", bound=Operand)
Made = TypeVar("Made", covariant=True)


class Operator(Protocol[Made]):
    """What `value.__add__` and its like are."""

    @overload
    def __call__(self, other: Rows, /) -> Rows: ...
    @overload
    def __call__(self, other: object, /) -> Made: ...


class _Binary:
    """A binary operator as an attribute of values."""

    def __init__(self, name: str, reflected: bool = False) -> None:
        self.name = name
        self.reflected = reflected

    def __get__(self, instance: Value, owner: type[Value]) -> Operator[Value]:
        return functools.partial(instance._operator, self.name, reflected=self.reflected)


class ValueOperators(Operand):
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
