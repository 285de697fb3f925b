"""Operators of what is lazy and pandas-shaped: all of them go through one method."""

from __future__ import annotations

from typing import Any, NoReturn

from shframe.dataframe.plan.plan_text import plan_text
from shframe.errors import UnsupportedType
from shframe.graph.plan.expr import Expr
from shframe.lazy.collection import Collection


class Operand(Collection):
    """A lazy object with pandas' operators."""

    __slots__ = ()
    __array_ufunc__ = None  # NumPy's values leave the operator to the lazy side
    __pandas_priority__ = 5000  # and so do pandas' objects, of which a frame has 4000

    @classmethod
    def _plan_text(cls, plan: Expr) -> str:
        return plan_text(plan)

    def _operator(self, name: str, other: Any, reflected: bool = False) -> Any:
        raise AssertionError(f"{type(self).__name__} lacks operators")

    def _unary(self, name: str) -> Any:
        raise AssertionError(f"{type(self).__name__} lacks operators")

    def __shframe_token__(self) -> NoReturn:
        raise UnsupportedType(
            f"a lazy {type(self).__name__} cannot be a part of a constant\n"
            "  pass it as an argument of its own, or compute() it first"
        )

    def __add__(self, other: Any) -> Any:
        return self._operator("add", other)

    def __radd__(self, other: Any) -> Any:
        return self._operator("add", other, True)

    def __sub__(self, other: Any) -> Any:
        return self._operator("sub", other)

    def __rsub__(self, other: Any) -> Any:
        return self._operator("sub", other, True)

    def __mul__(self, other: Any) -> Any:
        return self._operator("mul", other)

    def __rmul__(self, other: Any) -> Any:
        return self._operator("mul", other, True)

    def __truediv__(self, other: Any) -> Any:
        return self._operator("truediv", other)

    def __rtruediv__(self, other: Any) -> Any:
        return self._operator("truediv", other, True)

    def __floordiv__(self, other: Any) -> Any:
        return self._operator("floordiv", other)

    def __rfloordiv__(self, other: Any) -> Any:
        return self._operator("floordiv", other, True)

    def __mod__(self, other: Any) -> Any:
        return self._operator("mod", other)

    def __rmod__(self, other: Any) -> Any:
        return self._operator("mod", other, True)

    def __pow__(self, other: Any) -> Any:
        return self._operator("pow", other)

    def __rpow__(self, other: Any) -> Any:
        return self._operator("pow", other, True)

    def __and__(self, other: Any) -> Any:
        return self._operator("and_", other)

    def __rand__(self, other: Any) -> Any:
        return self._operator("and_", other, True)

    def __or__(self, other: Any) -> Any:
        return self._operator("or_", other)

    def __ror__(self, other: Any) -> Any:
        return self._operator("or_", other, True)

    def __xor__(self, other: Any) -> Any:
        return self._operator("xor", other)

    def __rxor__(self, other: Any) -> Any:
        return self._operator("xor", other, True)

    def __eq__(self, other: object) -> Any:
        return self._operator("eq", other)

    def __ne__(self, other: object) -> Any:
        return self._operator("ne", other)

    __hash__ = None  # type: ignore[assignment]  # == is lazy and elementwise, as in pandas

    def __lt__(self, other: Any) -> Any:
        return self._operator("lt", other)

    def __le__(self, other: Any) -> Any:
        return self._operator("le", other)

    def __gt__(self, other: Any) -> Any:
        return self._operator("gt", other)

    def __ge__(self, other: Any) -> Any:
        return self._operator("ge", other)

    def __neg__(self) -> Any:
        return self._unary("neg")

    def __pos__(self) -> Any:
        return self._unary("pos")

    def __invert__(self) -> Any:
        return self._unary("invert")

    def __abs__(self) -> Any:
        return self._unary("abs")
