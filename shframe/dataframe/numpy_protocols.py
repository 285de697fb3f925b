"""NumPy's functions of lazy objects stay lazy: np.exp(df.v), np.where(df.v > 0, 1, 0).

Functions that are not known here get computed objects, and give what they give of pandas'.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from shframe.dataframe import arguments
from shframe.dataframe.methods import numpy_calls
from shframe.dataframe.operators import Operators
from shframe.dataframe.wrap import wrap
from shframe.errors import UnsupportedType


class NumpyProtocols(Operators):
    """What NumPy asks of an object that it is given."""

    __slots__ = ()
    _is_labelled = True

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """The values as a NumPy array. Cost: computes them.

        Raises: UnsupportedType where pandas asks, since it would lose the labels.
        """
        asking = sys._getframe(1).f_globals.get("__name__", "")
        if asking.startswith("pandas.") and self._is_labelled:
            raise UnsupportedType(
                f"pandas would take a lazy {type(self).__name__} for its values, without labels\n"
                "  use the function of shframe of the same name, or compute() it first"
            )
        return np.asarray(self.compute(), dtype=dtype)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs.get("out") is not None:
            return NotImplemented
        name = numpy_calls.OPERATORS.get(ufunc.__name__)
        if name is None or len(inputs) != 2 or kwargs:
            return wrap(numpy_calls.call_ufunc(ufunc, inputs, kwargs))
        left, right = inputs
        if numpy_calls.is_lazy(left):
            return left._operator(name, right)
        return right._operator(name, left, True)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function is np.where and len(args) == 3:
            return wrap(numpy_calls.choose(*args))
        if function is np.select:
            return wrap(numpy_calls.select(*args, **kwargs))
        if function is np.isin and len(args) == 2 and not kwargs and arguments.is_rows(args[0]):
            return args[0].isin(args[1])
        if function is np.clip:
            low = args[1] if len(args) > 1 else kwargs.get("a_min", kwargs.get("min"))
            high = args[2] if len(args) > 2 else kwargs.get("a_max", kwargs.get("max"))
            return args[0].clip(low, high)
        name = numpy_calls.NAMES.get(function.__name__, function.__name__)
        if name in ("ndim", "shape", "size") and len(args) == 1:
            return getattr(args[0], name)
        if name in numpy_calls.METHODS and args and numpy_calls.is_lazy(args[0]):
            found = getattr(args[0], name)
            if len(args) == 1 and name not in ("round", "cumsum", "cumprod") and args[0].ndim == 2:
                kwargs = {"axis": None, **kwargs}  # of all values, as NumPy and pandas have it
            if name in ("std", "var"):  # which NumPy divides by the number of values
                return found(ddof=kwargs.pop("ddof", 0), **kwargs)
            return found(*args[1:], **kwargs)
        if name == "unique" and len(args) == 1 and not kwargs:
            return args[0].sort_values().unique()
        values, named = arguments.compute_lazy(*args, **kwargs)
        return function(*values, **named)
