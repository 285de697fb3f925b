"""The operators of masked arrays: Python's own, which numpy.ma defines for its arrays."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Self

Sign = Callable[..., Any]


def _one(sign: Sign) -> Callable[[MaskedOperators], Any]:
    return lambda self: self._operate(sign, self)


def _left(sign: Sign) -> Callable[[MaskedOperators, Any], Any]:
    return lambda self, other: self._operate(sign, self, other)


def _right(sign: Sign) -> Callable[[MaskedOperators, Any], Any]:
    return lambda self, other: self._operate(sign, other, self)


def _inside(sign: Sign) -> Callable[[MaskedOperators, Any], Any]:
    return lambda self, other: self._replace(sign, other)


class MaskedOperators:
    """The operators, by two methods of the class that has them."""

    __slots__ = ()

    def _operate(self, sign: Sign, *operands: Any) -> Any:
        """What an operator returns."""
        raise AssertionError(f"{type(self).__name__} lacks _operate")

    def _replace(self, sign: Sign, other: Any) -> Self:
        """The array itself, with what an operator makes of it and another operand."""
        raise AssertionError(f"{type(self).__name__} lacks _replace")

    __neg__ = _one(operator.neg)
    __pos__ = _one(operator.pos)
    __abs__ = _one(operator.abs)
    __invert__ = _one(operator.invert)

    __lt__ = _left(operator.lt)
    __le__ = _left(operator.le)
    __gt__ = _left(operator.gt)
    __ge__ = _left(operator.ge)
    __eq__ = _left(operator.eq)
    __ne__ = _left(operator.ne)

    __add__, __radd__, __iadd__ = _left(operator.add), _right(operator.add), _inside(operator.iadd)
    __sub__, __rsub__, __isub__ = _left(operator.sub), _right(operator.sub), _inside(operator.isub)
    __mul__, __rmul__, __imul__ = _left(operator.mul), _right(operator.mul), _inside(operator.imul)
    __pow__, __rpow__, __ipow__ = _left(operator.pow), _right(operator.pow), _inside(operator.ipow)
    __mod__, __rmod__, __imod__ = _left(operator.mod), _right(operator.mod), _inside(operator.imod)
    __and__, __rand__, __iand__ = (
        _left(operator.and_),
        _right(operator.and_),
        _inside(operator.iand),
    )
    __or__, __ror__, __ior__ = _left(operator.or_), _right(operator.or_), _inside(operator.ior)
    __xor__, __rxor__, __ixor__ = _left(operator.xor), _right(operator.xor), _inside(operator.ixor)
    __truediv__ = _left(operator.truediv)
    __rtruediv__ = _right(operator.truediv)
    __itruediv__ = _inside(operator.itruediv)
    __floordiv__ = _left(operator.floordiv)
    __rfloordiv__ = _right(operator.floordiv)
    __ifloordiv__ = _inside(operator.ifloordiv)
    __lshift__ = _left(operator.lshift)
    __rshift__ = _left(operator.rshift)
