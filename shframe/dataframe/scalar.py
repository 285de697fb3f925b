"""Scalar: the lazy result of a reduction, and what is computed from such results."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from shframe.dataframe import arguments
from shframe.dataframe.expr.base import Params, Value
from shframe.dataframe.expr.positions import UnderLabel
from shframe.dataframe.expr.relations import Whole
from shframe.dataframe.expr.values import Computed, Given, Held
from shframe.dataframe.kernels import rowwise, values
from shframe.dataframe.methods.operators import operate_values
from shframe.dataframe.methods.storing import store_pandas
from shframe.dataframe.numpy_protocols import NumpyProtocols
from shframe.dataframe.operators import ValueOperators
from shframe.dataframe.plan.planner import PLANNER
from shframe.dataframe.wrap import wrap, wraps
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.plan.planner import Layer, Planner

_OF_ANY_NUMBER = frozenset(("ndim", "shape", "size"))  # NumPy and pandas ask for these


@wraps(Value)
class Scalar(NumpyProtocols, ValueOperators):
    """A lazy reduction: a value, or a Series over the columns of a frame.

    It can be passed wherever pandas would take the value. What it has is lazy too, but of
    `obj.loc[label]`: whether that is a row or several is known when it is computed, so methods and
    attributes of it compute it.

    Examples
    --------
    >>> import pandas as pd, shframe as sf
    >>> x = sf.from_pandas(pd.Series([1.0, 2.0, 6.0]))
    >>> (x - x.mean()).compute().tolist()
    [-2.0, -1.0, 3.0]
    """

    __slots__ = ()
    planner: ClassVar[Planner[Any]] = PLANNER
    expr: Value

    def _result(self, parts: Iterable[Any], layer: Layer[Any]) -> Any:
        (value,) = parts
        return value.copy() if isinstance(value, (pd.Series, pd.DataFrame, np.ndarray)) else value

    def _persisted(self, refs: list[ObjectRef], layer: Layer[Any]) -> Scalar:
        return Scalar(Given(Held(refs[0]), self.expr.sample))

    def __repr__(self) -> str:
        return f"<shframe Scalar: {self.expr.name}>"

    def __str__(self) -> str:
        return str(self.compute())

    def __format__(self, spec: str) -> str:
        return format(self.compute(), spec)

    def __float__(self) -> float:
        return float(self.compute())

    def __int__(self) -> int:
        return int(self.compute())

    def __bool__(self) -> bool:
        return bool(self.compute())

    def __index__(self) -> int:
        return int(self.compute())

    def __getattr__(self, name: str) -> Any:
        """What the value has, lazily: `df.isna().sum().sort_values()`, `df.time.max().year`."""
        if name.startswith("_") or name == "expr":
            raise AttributeError(name)
        sample = self.expr.sample
        column = isinstance(sample, pd.Series) and name in sample.index
        if isinstance(self.expr, UnderLabel) and not (column and not hasattr(pd.Series, name)):
            return getattr(self._found(), name)
        if isinstance(sample, pd.Series) and name in sample.index and not hasattr(pd.Series, name):
            return self[name]
        if isinstance(sample, (pd.Series, pd.DataFrame)):
            return getattr(self._as_rows(), name)
        if not hasattr(sample, name):
            kind = type(sample).__name__
            raise AttributeError(f"'Scalar' object has no attribute {name!r}, nor has a {kind}")
        if isinstance(sample, np.generic) and name in _OF_ANY_NUMBER:
            return getattr(sample, name)
        if not callable(getattr(sample, name)):
            return self._compute_with(values.get_attribute, name=name)
        return lambda *args, **kwargs: self._compute_with(
            values.call_method, name=name, args=args, kwargs=kwargs
        )

    def _found(self) -> Any:
        """What is under a label, computed: only that tells whether it is a row or several."""
        value = self.compute()
        known = isinstance(value, (pd.Series, pd.DataFrame))
        return wrap(store_pandas(value)) if known else value

    def _as_rows(self) -> Any:
        """The lazy frame or series that this value is."""
        return wrap(Whole((self.expr,), rowwise.pass_through, Params()))

    def item(self) -> Any:
        """The value, computed."""
        value = self.compute()
        return value.item() if hasattr(value, "item") else value

    @property
    def _is_labelled(self) -> bool:  # type: ignore[override]  # rows always are
        return isinstance(self.expr.sample, (pd.Series, pd.DataFrame))

    def __len__(self) -> int:
        return len(self.compute())

    def __iter__(self) -> Any:
        return iter(self.compute())

    def __getitem__(self, label: Any) -> Scalar:
        """The value of one column, of a reduction of a frame; or those where a condition holds."""
        if arguments.is_value(label) and isinstance(label.expr.sample, pd.Series):
            made: Scalar = self._as_rows()[label._as_rows()]
            return made
        return self._compute_with(values.get_item, label=label)

    def _operator(self, name: str, other: Any, reflected: bool = False) -> Any:
        if arguments.is_rows(other):
            return other._operator(name, self, not reflected)
        return Scalar(operate_values(self.expr, name, other, reflected))

    def _unary(self, name: str) -> Scalar:
        return self._compute_with(rowwise.operate_unary, name=name)

    def abs(self) -> Scalar:
        """The absolute value."""
        return self._unary("abs")

    def round(self, decimals: int = 0) -> Scalar:
        """The value rounded to so many decimals."""
        return self._compute_with(values.round_value, decimals=decimals)

    def __round__(self, decimals: int = 0) -> Scalar:
        return self.round(decimals)

    def _compute_with(self, kernel: Any, **params: Any) -> Scalar:
        node = Computed((self.expr,), kernel, Params(**params))
        sample = node.sample  # pandas says at the call what is wrong with it
        if isinstance(self.expr, UnderLabel):
            node = UnderLabel((self.expr,), kernel, node.params, sample)
        return Scalar(node)
