"""Elementwise functions: every NumPy ufunc with one or two results, and where, clip, round,
astype. An operation becomes a node of one step; rules.py joins steps to programs.
"""

from __future__ import annotations

import contextlib
import functools
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from shframe.array import ndarray
from shframe.array.expr import nodes
from shframe.array.expr.program import (
    Apply,
    Cast,
    Clip,
    Constant,
    Operation,
    Part,
    Round,
    Sign,
    Step,
    Typed,
    Where,
)
from shframe.array.functions import creation, reductions
from shframe.array.functions.numpy_probe import NO_VALUE, ask, dtype_of, sample_of
from shframe.array.grid import chunks as grids
from shframe.errors import InvalidArgument, UnsupportedType

SCALARS = (bool, int, float, complex, np.generic)
COMPARED = (np.equal, np.not_equal)  # they are defined for any two objects


def applied(
    operation: Operation, operands: Sequence[Any], name: str, dtype: Any = None
) -> ndarray.Array:
    """The array of an operation's results on operands that broadcast.

    dtype: of the result; None: what the ufunc `operation` gives for these operands.
    """
    read = as_compared if operation in COMPARED else as_operand
    given = [read(operand) for operand in operands]
    found = [each for each in given if isinstance(each, nodes.Node)]
    shape = grids.broadcast_shape([node.shape for node in found], name)
    grid = grids.unified([node.chunks for node in found], shape)
    sources = tuple(_on_grid(node, grids.fitted(grid, node.shape)) for node in found)
    slots = iter(range(len(found)))
    program_operands = tuple(each if isinstance(each, Constant) else next(slots) for each in given)
    result = learned(operation, given, name) if dtype is None else np.dtype(dtype)
    program = (Step(operation, program_operands, result),)
    return ndarray.Array(nodes.Elementwise(program, sources, grid, result))


def as_operand(value: Any) -> nodes.Node | Constant:
    """A node, or a constant for what has no axes."""
    if isinstance(value, ndarray.Array):
        return value.expr
    if isinstance(value, np.ndarray) and value.ndim == 0 and not value.dtype.hasobject:
        value = value[()]
    if isinstance(value, SCALARS) and not isinstance(
        value, np.void
    ):  # a record may be written into
        return Constant(value)
    return creation.asarray(value).expr


def as_compared(value: Any) -> nodes.Node | Constant:
    """An operand of == or !=, for which NumPy takes Python objects too."""
    if isinstance(value, (ndarray.Array, *SCALARS)):
        return as_operand(value)
    array = np.asarray(value)
    if not array.dtype.hasobject:
        return as_operand(value)
    return Constant(None) if value is None else creation.objects(array)


def _on_grid(node: nodes.Node, grid: grids.Chunks) -> nodes.Node:
    return node if node.chunks == grid else nodes.Rechunk(node, grid, node.dtype)


def samples(operands: Sequence[nodes.Node | Constant]) -> list[Any]:
    """What tells a result's dtype without values: empty arrays, and the constants."""
    return [
        each.value if isinstance(each, Constant) else np.empty((0,), each.dtype)
        for each in operands
    ]


def learned(call: Any, operands: Sequence[nodes.Node | Constant], name: str) -> np.dtype[Any]:
    """The dtype that a NumPy function gives for operands; raises what NumPy says of them."""
    result = ask(call, name, *samples(operands)).dtype
    if result.hasobject:
        raise UnsupportedType(f"{name} gives Python objects, which arrays cannot hold")
    return result


def called(
    ufunc: np.ufunc, operands: Sequence[Any], dtype: Any = None
) -> tuple[ndarray.Array, ...]:
    """A ufunc's results.

    dtype: what the ufunc works in, and mostly gives.
    """
    name = ufunc.__name__
    if ufunc.signature is not None:
        raise UnsupportedType(f"{name} works on whole axes; matmul and vecdot are supported")
    if len(operands) != ufunc.nin:
        raise UnsupportedType(f"{name} takes {ufunc.nin} operands, {len(operands)} were given")
    if ufunc.nout == 1 and dtype is None:
        return (applied(ufunc, operands, name),)
    given = [as_operand(operand) for operand in operands]
    inside = None if dtype is None else dtype_of(dtype)
    kinds = [
        learned(functools.partial(_part, ufunc, n, dtype), given, name) for n in range(ufunc.nout)
    ]
    if ufunc.nout == 1 and inside is not None:
        return (applied(Typed(ufunc, inside), operands, name, kinds[0]),)
    parts = enumerate(kinds)
    return tuple(applied(Part(ufunc, n, inside), operands, name, kind) for n, kind in parts)


def compared(ufunc: np.ufunc, one: ndarray.Array, other: Any) -> ndarray.Array:
    """What == or != gives: where NumPy cannot compare two kinds of values, they are unequal."""
    if one.dtype.kind != "V":
        with contextlib.suppress(UnsupportedType):
            return called(ufunc, (one, other))[0]
    sign = Sign(operator.ne if ufunc is np.not_equal else operator.eq)
    kind = learned(sign.sign, [as_operand(one), as_operand(other)], ufunc.__name__)
    return applied(sign, (one, other), ufunc.__name__, kind)


def _part(ufunc: np.ufunc, place: int, dtype: Any, *operands: Any) -> Any:
    """One result of a ufunc."""
    made = ufunc(*operands, dtype=dtype)
    return made[place] if isinstance(made, tuple) else made


class UFunc:
    """A NumPy ufunc on lazy arrays, with its methods reduce, accumulate and outer.

    Examples
    --------
    >>> add(creation.arange(3, chunks=2), 1).compute().tolist()
    [1, 2, 3]
    """

    def __init__(self, ufunc: np.ufunc) -> None:
        self.ufunc = ufunc
        self.__name__ = ufunc.__name__
        self.__doc__ = f"numpy.{ufunc.__name__}, lazily, on blocks."

    def __call__(self, *operands: Any, dtype: Any = None) -> ndarray.Array:
        return called(self.ufunc, operands, dtype)[0]

    def __repr__(self) -> str:
        return f"<ufunc {self.__name__!r}>"

    @property
    def nin(self) -> int:
        """How many operands."""
        return self.ufunc.nin

    @property
    def nout(self) -> int:
        """How many results."""
        return self.ufunc.nout

    def reduce(
        self,
        x: Any,
        axis: Any = 0,
        dtype: Any = None,
        keepdims: bool = False,
        *,
        initial: Any = NO_VALUE,
        where: Any = True,
    ) -> ndarray.Array:
        """The ufunc between all elements along axes."""
        how: dict[str, Any] = {"axis": axis, "dtype": dtype, "keepdims": keepdims}
        return reductions.folded(self.ufunc, x, initial=initial, where=where, **how)

    def accumulate(self, x: Any, axis: int = 0, dtype: Any = None) -> ndarray.Array:
        """The running result along an axis."""
        return reductions.scanned(self.ufunc, x, axis=axis, dtype=dtype)

    def outer(self, one: Any, other: Any, /, dtype: Any = None) -> ndarray.Array:
        """The ufunc of all pairs of elements."""
        first, second = creation.asarray(one), creation.asarray(other)
        index = (..., *[None] * second.ndim)
        return self(first[index], second, dtype=dtype)


class TwoResults:
    """A NumPy ufunc of two results on lazy arrays."""

    def __init__(self, ufunc: np.ufunc) -> None:
        self.ufunc = ufunc
        self.__name__ = ufunc.__name__
        self.__doc__ = f"numpy.{ufunc.__name__}, lazily, on blocks."

    def __call__(self, *operands: Any, dtype: Any = None) -> tuple[ndarray.Array, ndarray.Array]:
        one, other = called(self.ufunc, operands, dtype)
        return one, other

    def __repr__(self) -> str:
        return f"<ufunc {self.__name__!r}>"


abs = absolute = UFunc(np.absolute)
add = UFunc(np.add)
acos = arccos = UFunc(np.arccos)
acosh = arccosh = UFunc(np.arccosh)
asin = arcsin = UFunc(np.arcsin)
asinh = arcsinh = UFunc(np.arcsinh)
atan = arctan = UFunc(np.arctan)
atan2 = arctan2 = UFunc(np.arctan2)
atanh = arctanh = UFunc(np.arctanh)
bitwise_and = UFunc(np.bitwise_and)
bitwise_count = UFunc(np.bitwise_count)
bitwise_invert = bitwise_not = invert = UFunc(np.invert)
bitwise_left_shift = left_shift = UFunc(np.left_shift)
bitwise_or = UFunc(np.bitwise_or)
bitwise_right_shift = right_shift = UFunc(np.right_shift)
bitwise_xor = UFunc(np.bitwise_xor)
cbrt = UFunc(np.cbrt)
ceil = UFunc(np.ceil)
conj = conjugate = UFunc(np.conjugate)
copysign = UFunc(np.copysign)
cos = UFunc(np.cos)
cosh = UFunc(np.cosh)
deg2rad = UFunc(np.deg2rad)
degrees = UFunc(np.degrees)
divide = true_divide = UFunc(np.divide)
divmod = TwoResults(np.divmod)
equal = UFunc(np.equal)
exp = UFunc(np.exp)
exp2 = UFunc(np.exp2)
expm1 = UFunc(np.expm1)
fabs = UFunc(np.fabs)
float_power = UFunc(np.float_power)
floor = UFunc(np.floor)
floor_divide = UFunc(np.floor_divide)
fmax = UFunc(np.fmax)
fmin = UFunc(np.fmin)
fmod = UFunc(np.fmod)
frexp = TwoResults(np.frexp)
gcd = UFunc(np.gcd)
greater = UFunc(np.greater)
greater_equal = UFunc(np.greater_equal)
heaviside = UFunc(np.heaviside)
hypot = UFunc(np.hypot)
isfinite = UFunc(np.isfinite)
isinf = UFunc(np.isinf)
isnan = UFunc(np.isnan)
isnat = UFunc(np.isnat)
lcm = UFunc(np.lcm)
ldexp = UFunc(np.ldexp)
less = UFunc(np.less)
less_equal = UFunc(np.less_equal)
log = UFunc(np.log)
log10 = UFunc(np.log10)
log1p = UFunc(np.log1p)
log2 = UFunc(np.log2)
logaddexp = UFunc(np.logaddexp)
logaddexp2 = UFunc(np.logaddexp2)
logical_and = UFunc(np.logical_and)
logical_not = UFunc(np.logical_not)
logical_or = UFunc(np.logical_or)
logical_xor = UFunc(np.logical_xor)
maximum = UFunc(np.maximum)
minimum = UFunc(np.minimum)
modf = TwoResults(np.modf)
multiply = UFunc(np.multiply)
negative = UFunc(np.negative)
nextafter = UFunc(np.nextafter)
not_equal = UFunc(np.not_equal)
positive = UFunc(np.positive)
pow = power = UFunc(np.power)
rad2deg = UFunc(np.rad2deg)
radians = UFunc(np.radians)
reciprocal = UFunc(np.reciprocal)
remainder = mod = UFunc(np.remainder)
rint = UFunc(np.rint)
sign = UFunc(np.sign)
signbit = UFunc(np.signbit)
sin = UFunc(np.sin)
sinh = UFunc(np.sinh)
spacing = UFunc(np.spacing)
sqrt = UFunc(np.sqrt)
square = UFunc(np.square)
subtract = UFunc(np.subtract)
tan = UFunc(np.tan)
tanh = UFunc(np.tanh)
trunc = UFunc(np.trunc)


def where(condition: Any, one: Any = None, other: Any = None, /) -> ndarray.Array:
    """Elements of `one` where the condition is true, else of `other`.

    Raises: UnsupportedType without `one` and `other`: nonzero() finds places.
    """
    if one is None or other is None:
        raise UnsupportedType("where() needs both values\n  nonzero() gives the places")
    operands = [as_operand(each) for each in (one, other)]
    condition = condition if isinstance(condition, SCALARS) else astype(condition, np.bool_)
    call = lambda *values: np.where(np.empty((0,), np.bool_), *values)  # noqa: E731
    dtype = learned(call, operands, "where")
    return applied(Where(), (condition, one, other), "where", dtype)


def clip(
    x: Any,
    a_min: Any = NO_VALUE,
    a_max: Any = NO_VALUE,
    *,
    min: Any = NO_VALUE,
    max: Any = NO_VALUE,
) -> ndarray.Array:
    """The values, not below one bound nor above the other; None is no bound, nor is an integer
    at or beyond the end of the array's integer dtype.

    min, max: the standard's names for a_min and a_max.
    """
    array = creation.asarray(x)
    low = _bound(array, _one_of("min", a_min, min), lowest=True)
    high = _bound(array, _one_of("max", a_max, max), lowest=False)
    if low is None or high is None:
        if low is None and high is None:
            return positive(array)
        return minimum(array, high) if low is None else maximum(array, low)
    given = [as_operand(each) for each in (array, low, high)]
    return applied(Clip(), (array, low, high), "clip", learned(np.clip, given, "clip"))


def _one_of(name: str, old: Any, new: Any) -> Any:
    """A bound, under whichever of its two names it is given."""
    if old is not NO_VALUE and new is not NO_VALUE:
        raise InvalidArgument(
            f"Passing `{name}` keyword argument when `a_{name}` is provided is forbidden."
        )
    found = new if old is NO_VALUE else old
    return None if found is NO_VALUE else found


def _bound(array: ndarray.Array, bound: Any, *, lowest: bool) -> Any:
    """The bound; None where no value of the dtype can be beyond it."""
    if type(bound) is not int or array.dtype.kind not in "iu":
        return bound
    ends = np.iinfo(array.dtype)
    return None if (bound <= ends.min if lowest else bound >= ends.max) else bound


def round(x: Any, decimals: int = 0) -> ndarray.Array:
    """Rounded to a number of decimals, halves to even."""
    array = creation.asarray(x)
    places = operator.index(decimals)
    dtype = learned(lambda v: np.round(v, places), [array.expr], "round")
    return applied(Round(places), (array,), "round", dtype)


around = round


def astype(x: Any, dtype: Any, /, *, copy: bool = True) -> ndarray.Array:
    """The values in another dtype. One that says only its kind ("U", "M8") gets its length, or
    unit, as NumPy would choose it for the whole array.

    Raises: UnsupportedType when the values cannot be cast, or the dtype is of Python objects.
    Cost: none; but the unit of times in text depends on all of it, so that is computed here.
    """
    array = creation.asarray(x)
    wanted = dtype_of(dtype)
    if wanted == array.dtype:
        return array
    if wanted.hasobject:
        raise UnsupportedType(f"values of dtype {array.dtype} cannot become {wanted}")
    if (
        array.dtype.kind in "SU"
        and wanted.kind in "mM"
        and np.datetime_data(wanted)[0] == "generic"
    ):
        values = ask(lambda text: text.astype(wanted), "astype", array.compute())
        return creation.from_array(values, array.chunks)
    sample = sample_of(array.shape, array.dtype)
    result = ask(lambda values: values.astype(wanted), "astype", sample).dtype
    return applied(Cast(), (array,), "astype", result)


def _by_name(name: str, *operands: Any, **how: Any) -> ndarray.Array:
    """What a function of NumPy's that is elementwise gives."""
    call = functools.partial(getattr(np, name), **how)
    dtype = learned(call, [as_operand(each) for each in operands], name)
    return applied(Apply(name, tuple(how.items())), operands, name, dtype)


def real(x: Any, /) -> ndarray.Array:
    """Real parts; a real array as it is."""
    array = creation.asarray(x)
    return _by_name("real", array) if array.dtype.kind == "c" else array


def imag(x: Any, /) -> ndarray.Array:
    """Imaginary parts, zeros for a real array."""
    return _by_name("imag", creation.asarray(x))


def angle(x: Any, /) -> ndarray.Array:
    """The angles of complex numbers, in radians."""
    return _by_name("angle", creation.asarray(x))


def sinc(x: Any, /) -> ndarray.Array:
    """sin(pi x) / (pi x)."""
    return _by_name("sinc", creation.asarray(x))


def nan_to_num(
    x: Any, /, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> ndarray.Array:
    """Numbers for NaN and infinities; for these the largest finite ones if none are given."""
    how = {"nan": nan, "posinf": posinf, "neginf": neginf}
    return _by_name("nan_to_num", creation.asarray(x), **how)


def isposinf(x: Any, /) -> ndarray.Array:
    """Where the values are infinity."""
    return logical_and(isinf(x), logical_not(signbit(x)))


def isneginf(x: Any, /) -> ndarray.Array:
    """Where the values are minus infinity."""
    return logical_and(isinf(x), signbit(x))


def isclose(
    one: Any, other: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False
) -> ndarray.Array:
    """Where two arrays are equal within tolerances, as numpy.isclose has it."""
    given = (creation.asarray(one), creation.asarray(other), rtol, atol)
    return _by_name("isclose", *given, equal_nan=bool(equal_nan))
