"""Scalar: the lazy result of a reduction, and what is computed from such results."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd

from shframe.dataframe import arguments
from shframe.dataframe.base import Partitioned
from shframe.dataframe.expr import relations
from shframe.dataframe.expr.relations import Params, Value
from shframe.dataframe.kernels import rowwise, values
from shframe.dataframe.methods.operators import Operand
from shframe.dataframe.plan.planner import PLANNER
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.plan.planner import Layer, Planner
from shframe.lazy.collection import Collection


class Scalar(Operand):
    """A lazy reduction: a value, or a Series over the columns of a frame.

    It can stand in the arguments of whatever pandas would take the value in.

    Examples
    --------
    >>> import pandas as pd, shframe as sf
    >>> x = sf.from_pandas(pd.Series([1.0, 2.0, 6.0]))
    >>> (x - x.mean()).compute().tolist()
    [-2.0, -1.0, 3.0]
    """

    __slots__ = ()
    planner: ClassVar[Planner] = PLANNER
    expr: Value
    _line = staticmethod(Partitioned._line)

    def _result(self, refs: list[ObjectRef], layer: Layer) -> Any:
        value = refs[0].value()
        return value.copy() if isinstance(value, (pd.Series, pd.DataFrame, np.ndarray)) else value

    def _persisted(self, refs: list[ObjectRef], layer: Layer) -> Scalar:
        return Scalar(relations.Given(relations.Held(refs[0]), self.expr.sample))

    def __repr__(self) -> str:
        return f"<shframe Scalar: {self.expr.name}>"

    def __float__(self) -> float:
        return float(self.compute())

    def __int__(self) -> int:
        return int(self.compute())

    def __bool__(self) -> bool:
        return bool(self.compute())

    def __getitem__(self, label: Any) -> Scalar:
        """The value of one column, of a reduction of a frame."""
        return self._computed(values.item, label=label)

    def _operator(self, name: str, other: Any, reflected: bool = False) -> Any:
        if arguments.is_rows(other):
            return other._operator(name, self, not reflected)
        if arguments.is_value(other):
            both = (self.expr, other.expr)
            return self._computed(rowwise.binary, both, name=name, reflected=reflected)
        if isinstance(other, Collection):
            raise arguments.unusable(other)
        return self._computed(rowwise.scalar, name=name, value=other, reflected=reflected)

    def _unary(self, name: str) -> Any:
        return self._computed(rowwise.unary, name=name)

    def abs(self) -> Scalar:
        """The absolute value."""
        return self._unary("abs")

    def round(self, decimals: int = 0) -> Scalar:
        """The value rounded to so many decimals."""
        return self._computed(values.rounded, decimals=decimals)

    def __round__(self, decimals: int = 0) -> Scalar:
        return self.round(decimals)

    def _computed(
        self, kernel: Any, sources: tuple[Value, ...] | None = None, **params: Any
    ) -> Any:
        node = relations.Computed(sources or (self.expr,), kernel, Params(**params))
        _ = node.sample  # pandas says at the call what is wrong with it
        return Scalar(node)
