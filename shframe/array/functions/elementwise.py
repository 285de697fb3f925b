"""Elementwise functions: how any operation on operands that broadcast becomes a node, and where,
clip, round, astype and the like. A node has a program of one step; rules/fuse_elementwise.py joins
steps to programs. NumPy's ufuncs have their face in ufuncs.py.
"""

from __future__ import annotations

import contextlib
import functools
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from shframe.array.expr import nodes
from shframe.array.expr.nodes import Node, on_grid
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
from shframe.array.functions.convert import (
    from_array,
    from_objects,
    lazy_node,
    node_of,
    values_of,
)
from shframe.array.functions.numpy_probe import NO_VALUE, ask, dtype_of, sample_of
from shframe.array.grid import chunks as grids
from shframe.errors import InvalidArgument, UnsupportedType

Operand = Node | Constant
SCALARS = (bool, int, float, complex, np.generic)
COMPARISONS = (np.equal, np.not_equal)  # they are defined for any two objects


def apply(operation: Operation, operands: Sequence[Any], name: str, dtype: Any = None) -> Node:
    """The array of an operation's results on operands that broadcast.

    dtype: of the result; None: what the ufunc `operation` returns for these operands.
    """
    read = _operand_of_comparison if operation in COMPARISONS else operand_of
    given = [read(operand) for operand in operands]
    found = tuple([each for each in given if isinstance(each, Node)])
    sources, grid = _on_one_grid(found, name)
    slots = iter(range(len(found)))
    own = tuple([each if isinstance(each, Constant) else next(slots) for each in given])
    result = learn_dtype(operation, given, name) if dtype is None else np.dtype(dtype)
    return nodes.Elementwise((Step(operation, own, result),), sources, grid, result)


def _on_one_grid(operands: tuple[Node, ...], name: str) -> tuple[tuple[Node, ...], grids.Chunks]:
    """The operands on one grid, which they broadcast to; raises ChunkMismatch."""
    first = operands[0].chunks if operands else ()
    if all([node.chunks == first for node in operands]):  # as most are: nothing is to be found out
        return operands, first
    shape = grids.broadcast_shape([node.shape for node in operands], name)
    grid = grids.unify([node.chunks for node in _leading(operands, shape)], shape)
    return tuple([on_grid(node, grids.fit(grid, node.shape)) for node in operands]), grid


def _leading(operands: tuple[Node, ...], shape: grids.Shape) -> Sequence[Node]:
    """The operands whose grids count. What is stored is read in any grid: it follows the others, or
    that one of its kind which has the most blocks; x[1:] - x[:-1] has no slivers between blocks."""
    bound = [node for node in operands if not _has_any_grid(node)]
    if any([node.shape == shape for node in bound]):
        return bound
    whole = [node for node in operands if node.shape == shape]
    if bound or not whole:
        return operands
    return [max(whole, key=lambda node: math.prod(node.numblocks))]


def _has_any_grid(node: Node) -> bool:
    """Whether a node is a part of what is stored, or elementwise work on such parts."""
    parts = node.sources if isinstance(node, nodes.Elementwise) else (node,)
    for part in parts:
        while isinstance(part, nodes.Slice | nodes.Rechunk):
            part = part.source
        if not isinstance(part, nodes.FromArray | nodes.Full):
            return False
    return True


def operand_of(value: Any) -> Operand:
    """A node, or a constant for what has no axes."""
    if isinstance(value, Operand):
        return value
    if isinstance(value, np.ndarray) and value.ndim == 0 and not value.dtype.hasobject:
        value = value[()]
    if isinstance(value, SCALARS) and not isinstance(value, np.void):  # a record may be changed
        return Constant(value)
    return node_of(value)


def _operand_of_comparison(value: Any) -> Operand:
    """An operand of == or !=, for which NumPy takes Python objects too."""
    if isinstance(value, (Operand, *SCALARS)) or lazy_node(value) is not None:
        return operand_of(value)
    array = np.asarray(value)
    if not array.dtype.hasobject:
        return operand_of(array)
    return Constant(None) if value is None else from_objects(array)


def _samples(operands: Sequence[Operand]) -> list[Any]:
    """What tells a result's dtype without values: empty arrays, and the constants."""
    return [
        each.value if isinstance(each, Constant) else np.empty((0,), each.dtype)
        for each in operands
    ]


def learn_dtype(call: Callable[..., Any], operands: Sequence[Operand], name: str) -> np.dtype[Any]:
    """The dtype that a NumPy function returns for operands; raises what NumPy says of them."""
    result: np.dtype[Any] = ask(call, name, *_samples(operands)).dtype
    return result


def call_ufunc(ufunc: np.ufunc, *operands: Any, **how: Any) -> tuple[Node, ...]:
    """A ufunc's results.

    how: dtype=, signature= and casting=, which say what the ufunc works in and what may be cast.
    """
    name = ufunc.__name__
    if ufunc.signature is not None:
        raise UnsupportedType(
            f"{name} works on whole axes; matmul, matvec, vecdot and vecmat are supported"
        )
    if len(operands) != ufunc.nin:
        raise UnsupportedType(f"{name} takes {ufunc.nin} operands, {len(operands)} were given")
    if ufunc is np.power:
        _check_exponent(*operands)
    options = tuple((key, _option(key, value)) for key, value in how.items() if value is not None)
    if ufunc.nout == 1 and not options:
        return (apply(ufunc, operands, name),)
    given = [operand_of(operand) for operand in operands]
    kinds = [
        learn_dtype(functools.partial(_result, ufunc, n, dict(options)), given, name)
        for n in range(ufunc.nout)
    ]
    if ufunc.nout == 1:
        return (apply(Typed(ufunc, options), given, name, kinds[0]),)
    parts = enumerate(kinds)
    return tuple(apply(Part(ufunc, n, options), given, name, kind) for n, kind in parts)


def _check_exponent(base: Any, exponent: Any) -> None:
    """Raises InvalidArgument, with NumPy's sentence, for a negative number as the exponent of
    integers; lazy exponents are looked at when they are there."""
    node = lazy_node(base)
    if node is None or node.dtype.kind not in "iu":
        return
    if isinstance(exponent, int | np.integer) and exponent < 0:
        ask(lambda: np.power(np.ones(1, node.dtype), exponent), "power")


def _option(key: str, value: Any) -> Any:
    """An option of a ufunc as a program has it: equal ones have one form."""
    return dtype_of(value) if key == "dtype" and not isinstance(value, tuple) else value


def _result(ufunc: np.ufunc, number: int, how: dict[str, Any], *operands: Any) -> Any:
    """One result of a ufunc."""
    made = ufunc(*operands, **how)
    return made[number] if isinstance(made, tuple) else made


def call(ufunc: np.ufunc, *operands: Any, **how: Any) -> Node:
    """The result of a ufunc that has one; `how` as call_ufunc() has it."""
    return call_ufunc(ufunc, *operands, **how)[0]


def compare(ufunc: np.ufunc, one: Node, other: Any) -> Node:
    """What == or != returns: where NumPy cannot compare two kinds of values, they are unequal."""
    if one.dtype.kind != "V":
        with contextlib.suppress(UnsupportedType):
            return call(ufunc, one, other)
    sign = Sign(operator.ne if ufunc is np.not_equal else operator.eq)
    given = [one, operand_of(other)]
    kind = learn_dtype(sign.sign, given, ufunc.__name__)
    return apply(sign, given, ufunc.__name__, kind)


def where(condition: Any, x: Any = None, y: Any = None, /) -> Node:
    """Elements of `x` where the condition is true, else of `y`.

    Raises: UnsupportedType without `x` and `y`: nonzero() finds the indices.
    """
    if x is None or y is None:
        raise UnsupportedType(
            "either both or neither of x and y should be given, and neither is not supported\n"
            "  nonzero() returns the indices of a condition"
        )
    operands = [operand_of(each) for each in (x, y)]
    mask = condition if isinstance(condition, SCALARS) else astype(node_of(condition), np.bool_)
    ask_for = lambda *values: np.where(np.empty((0,), np.bool_), *values)  # noqa: E731
    return apply(Where(), (mask, *operands), "where", learn_dtype(ask_for, operands, "where"))


def clip(
    x: Node,
    /,
    min: Any = NO_VALUE,
    max: Any = NO_VALUE,
    *,
    a_min: Any = NO_VALUE,
    a_max: Any = NO_VALUE,
    dtype: Any = None,
    casting: Any = "same_kind",
) -> Node:
    """The values, not below one bound nor above the other; None is no bound, nor is an integer
    at or beyond the end of the array's integer dtype.

    a_min, a_max: NumPy's names for min and max.
    dtype, casting: what values and bounds are compared in, and how they may be cast to it.
    """
    if dtype is not None:
        check_casting(x, dtype, casting)
        x = astype(x, dtype)
    low = _bound(x, _one_of("min", a_min, min), lowest=True)
    high = _bound(x, _one_of("max", a_max, max), lowest=False)
    if low is None and high is None:
        return call(np.positive, x)
    if low is None or high is None:
        return call(np.minimum, x, high) if low is None else call(np.maximum, x, low)
    given = [x, operand_of(low), operand_of(high)]
    return apply(Clip(), given, "clip", learn_dtype(np.clip, given, "clip"))


def _one_of(name: str, old: Any, new: Any) -> Any:
    """A bound, under whichever of its two names it is given."""
    if old is not NO_VALUE and new is not NO_VALUE:
        raise InvalidArgument(
            f"Passing `{name}` keyword argument when `a_{name}` is provided is forbidden."
        )
    found = new if old is NO_VALUE else old
    return None if found is NO_VALUE else found


def _bound(x: Node, bound: Any, *, lowest: bool) -> Any:
    """The bound; None where no value of the dtype can be beyond it."""
    if type(bound) is not int or x.dtype.kind not in "iu":
        return bound
    ends = np.iinfo(x.dtype)
    return None if (bound <= ends.min if lowest else bound >= ends.max) else bound


def round(x: Node, decimals: int = 0) -> Node:
    """Rounded to a number of decimals, halves to even."""
    digits = operator.index(decimals)
    dtype = learn_dtype(lambda v: np.round(v, digits), [x], "round")
    return apply(Round(digits), (x,), "round", dtype)


def astype(x: Node, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Node:
    """The values in another dtype. One that says only its kind ("U", "M8") gets its length, or
    unit, as NumPy would choose it for the whole array.

    Raises: UnsupportedType when the values cannot be cast, or the dtype is of Python objects.
    Cost: none; but the unit of times in strings depends on all of them: they are computed here.
    """
    if device not in ("cpu", None):
        raise InvalidArgument(
            f'Device not understood. Only "cpu" is allowed, but received: {device}'
        )
    wanted = dtype_of(dtype)
    if wanted == x.dtype:
        return x
    if x.dtype.kind in "SU" and wanted.kind in "mM" and np.datetime_data(wanted)[0] == "generic":
        values = ask(lambda strings: strings.astype(wanted), "astype", values_of(x))
        return from_array(values, x.chunks)
    sample = sample_of(x.shape, x.dtype)
    result = ask(lambda values: values.astype(wanted), "astype", sample).dtype
    return apply(Cast(), (x,), "astype", result)


def check_casting(x: Node, dtype: Any, casting: Any) -> None:
    """Raises UnsupportedType, with NumPy's sentence, where a rule does not allow a cast."""
    if casting != "unsafe":
        wanted = dtype_of(dtype)
        ask(lambda v: v.astype(wanted, casting=casting), "astype", sample_of((0,), x.dtype))


def _by_name(name: str, *operands: Any, **how: Any) -> Node:
    """What a function of NumPy's that is elementwise returns."""
    ask_for = functools.partial(getattr(np, name), **how)
    given = [operand_of(each) for each in operands]
    return apply(Apply(name, tuple(how.items())), given, name, learn_dtype(ask_for, given, name))


def real(x: Node, /) -> Node:
    """Real parts; a real array as it is."""
    return _by_name("real", x) if x.dtype.kind == "c" else x


def imag(x: Node, /) -> Node:
    """Imaginary parts, zeros for a real array."""
    return _by_name("imag", x)


def angle(x: Node, /, deg: bool = False) -> Node:
    """The angles of complex numbers, in radians or degrees."""
    return _by_name("angle", x, deg=bool(deg))


def sinc(x: Node, /) -> Node:
    """sin(pi x) / (pi x)."""
    return _by_name("sinc", x)


def nan_to_num(
    x: Node,
    /,
    copy: bool = True,
    nan: float = 0.0,
    posinf: float | None = None,
    neginf: float | None = None,
) -> Node:
    """Numbers for NaN and infinities; for these the largest finite ones if none are given.

    copy: False raises InvalidArgument, as nothing is changed in place.
    """
    if not copy:
        raise InvalidArgument("nan_to_num(copy=False) is not possible: arrays are lazy")
    return _by_name("nan_to_num", x, nan=nan, posinf=posinf, neginf=neginf)


def isposinf(x: Node, /) -> Node:
    """Where the values are infinity."""
    return call(np.logical_and, call(np.isinf, x), call(np.logical_not, call(np.signbit, x)))


def isneginf(x: Node, /) -> Node:
    """Where the values are minus infinity."""
    return call(np.logical_and, call(np.isinf, x), call(np.signbit, x))


def isclose(
    one: Node, other: Node, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False
) -> Node:
    """Where two arrays are equal within tolerances, as numpy.isclose has it."""
    return _by_name("isclose", one, other, rtol, atol, equal_nan=bool(equal_nan))
