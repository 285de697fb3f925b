"""Users' functions of single elements on arrays: frompyfunc and vectorize, as NumPy has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from shframe.array.namespace import apply_gufunc, asarray, broadcast_arrays
from shframe.array.ndarray import Array
from shframe.errors import InvalidArgument, UnsupportedType

__all__ = ["frompyfunc", "vectorize"]


class _EachElement:
    """A function of elements as one of arrays, which is made where it is called."""

    def __init__(self, function: Callable[..., Any], inputs: int, outputs: int) -> None:
        self.function = function
        self.inputs = inputs
        self.outputs = outputs
        self.__name__ = getattr(function, "__name__", type(function).__name__)

    def __call__(self, *blocks: Any) -> Any:
        objects = [block.astype(object) for block in blocks]
        return np.frompyfunc(self.function, self.inputs, self.outputs)(*objects)

    def apply(self, arrays: Iterable[Any], dtypes: list[Any]) -> Any:
        """The lazy array, or arrays, of what is returned for each element."""
        results = ",".join(["()"] * self.outputs)
        signature = f"{','.join(['()'] * self.inputs)}->{results}"
        return apply_gufunc(self, signature, *arrays, output_dtypes=dtypes)


def frompyfunc(func: Callable[..., Any], /, nin: int, nout: int) -> Callable[..., Any]:
    """A function of lazy arrays that calls a Python function on each element, all of which
    broadcast, and returns arrays of the objects that it returns.

    nin, nout: how many arguments it takes, and how many values it returns.
    Raises: InvalidArgument for less than one of either; when called, UnsupportedType for another
        number of arguments.
    Cost: a call of Python an element, in the workers; objects are pickled.

    Examples
    --------
    >>> import shframe.array as xp
    >>> xp.frompyfunc(hex, 1, 1)(xp.arange(3, chunks=2)).compute().tolist()
    ['0x0', '0x1', '0x2']
    """
    np.frompyfunc(func, nin, nout)  # says what is wrong with its arguments
    if nin < 1 or nout < 1:
        raise InvalidArgument(f"frompyfunc() takes nin and nout of at least 1, got {nin}, {nout}")
    each = _EachElement(func, nin, nout)

    def call(*arrays: Any) -> Any:
        if len(arrays) != nin:
            raise UnsupportedType(
                f"{each.__name__}() takes {nin} positional arguments but {len(arrays)} were given"
            )
        return each.apply(arrays, [object] * nout)

    call.__name__ = call.__qualname__ = f"{each.__name__} (vectorized)"
    return call


class _Bound:
    """A function some of whose arguments are given, called with the others in their order."""

    def __init__(self, function: Callable[..., Any], args: list[Any], named: dict[str, Any]):
        self.function = function
        self.args = args  # None where an element goes, else a tuple of the value
        self.named = named
        self.__name__ = getattr(function, "__name__", type(function).__name__)

    def __call__(self, *elements: Any) -> Any:
        left = iter(elements)
        args = [next(left) if each is None else each[0] for each in self.args]
        named = {name: next(left) if v is None else v[0] for name, v in self.named.items()}
        return self.function(*args, **named)


class vectorize:
    """A function of lazy arrays that calls a Python function on each element, all of which
    broadcast; its results have dtypes.

    otypes: of the results, as a string of characters or a list of dtypes. None: those of what the
        function returns for the first elements, which are computed at the call.
    excluded: numbers and names of arguments that are handed over as they are.
    signature: core dimensions such as "(n)->()": the function gets arrays of these.
    doc: of the function that is made; cache: accepted, without effect.
    Raises: InvalidArgument for arrays without elements and no `otypes`; UnsupportedType for strings
        of no length, which only all results tell: pass otypes=["U10"], or otypes=[object].
    Cost: a call of Python an element, in the workers.

    Examples
    --------
    >>> import shframe.array as xp
    >>> step = xp.vectorize(lambda a, b: a - b if a > b else a + b)
    >>> step(xp.asarray([1, 2, 3, 4]), 2).compute().tolist()
    [3, 4, 1, 2]
    """

    def __init__(
        self,
        pyfunc: Callable[..., Any],
        otypes: Any = None,
        doc: str | None = None,
        excluded: Iterable[int | str] | None = None,
        cache: bool = False,
        signature: str | None = None,
    ) -> None:
        # what is wrong with the options, NumPy says
        checked = np.vectorize(pyfunc, otypes, doc, None, cache, signature)
        self.pyfunc = pyfunc
        self.signature = signature
        self.excluded = set(excluded or ())
        self.otypes = None if otypes is None else [np.dtype(each) for each in otypes]
        self.__name__ = getattr(pyfunc, "__name__", type(pyfunc).__name__)
        self.__doc__ = checked.__doc__
        if self.otypes is not None:
            _check_lengths(self.otypes)

    def __call__(self, *args: Any, **named: Any) -> Any:
        places = [None if n not in self.excluded else (each,) for n, each in enumerate(args)]
        words = {name: (v,) if name in self.excluded else None for name, v in named.items()}
        function = _Bound(self.pyfunc, places, words)
        given = [each for n, each in enumerate(args) if n not in self.excluded]
        given += [each for name, each in named.items() if name not in self.excluded]
        if not given:
            raise InvalidArgument("args can not be empty")
        if self.signature is not None:
            return apply_gufunc(
                function, self.signature, *given, output_dtypes=self.otypes, vectorize=True
            )
        arrays = [asarray(each) for each in given]
        dtypes = self.otypes or _learn(function, arrays)
        return _EachElement(function, len(arrays), len(dtypes)).apply(arrays, dtypes)


def _learn(function: Callable[..., Any], arrays: list[Array]) -> list[np.dtype[Any]]:
    """The dtypes of what a function returns for the first elements."""
    if not all(each.size for each in broadcast_arrays(*arrays)):
        raise InvalidArgument("cannot call `vectorize` on size 0 inputs unless `otypes` is set")
    first = [each[(0,) * each.ndim].compute() for each in arrays]
    made = function(*first)
    dtypes = [np.asarray(each).dtype for each in (made if isinstance(made, tuple) else (made,))]
    _check_lengths([np.dtype(each.char) for each in dtypes])
    return dtypes


def _check_lengths(dtypes: list[np.dtype[Any]]) -> None:
    for dtype in dtypes:
        if not dtype.itemsize:
            raise UnsupportedType(
                f"the longest string of dtype {dtype.str!r} is known when all are computed\n"
                '  pass a length, otypes=["U10"], or otypes=[object]'
            )
