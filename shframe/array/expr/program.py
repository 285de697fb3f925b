"""Programs: an elementwise expression of any size as a flat list of steps.

A step calls an operation on operands and returns an array of a known dtype. Operands are inputs,
earlier steps or constants; the last step is the result. An operation takes its operands and
then `out`, as a NumPy ufunc does.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Operation = Callable[..., Any]


class Named:
    """An operation or reducer whose token is made of its fields."""

    __slots__ = ()

    def __shframe_content__(self) -> tuple[object, ...]:
        return tuple([getattr(self, name) for name in self.__match_args__])  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Constant:
    """A scalar operand; Python's own int, float and complex take the other operands' dtype."""

    value: Any

    def __shframe_content__(self) -> tuple[object, ...]:
        if isinstance(self.value, np.generic):
            return (self.value.dtype, self.value.tobytes())
        return (self.value,)


# An operand: n >= 0 is the n-th input, n < 0 the result of step ~n, or a constant.
StepOperand = int | Constant


@dataclass(frozen=True, slots=True)
class Step(Named):
    """One operation on operands; `dtype` is that of its result."""

    operation: Operation
    operands: tuple[StepOperand, ...]
    dtype: np.dtype[Any]


Program = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Where(Named):
    """Elements of the second operand where the first is true, else of the third."""

    def __call__(self, condition: Any, one: Any, other: Any, out: Any) -> None:
        np.copyto(out, other, casting="unsafe")
        np.copyto(out, one, where=condition, casting="unsafe")


@dataclass(frozen=True, slots=True)
class Cast(Named):
    """The operand's values in another dtype."""

    def __call__(self, values: Any, out: Any) -> None:
        if values.dtype.kind == "c" and out.dtype.kind in "iuf":
            values = values.real  # NumPy has warned of it at the call, when it was asked
        np.copyto(out, values, casting="unsafe")


@dataclass(frozen=True, slots=True)
class Round(Named):
    """Rounded to a number of decimals, halves to even."""

    decimals: int

    def __call__(self, values: Any, out: Any) -> None:
        if out.dtype.kind in "iu":  # NumPy cannot round integers into an array
            out[...] = np.round(values, self.decimals)
        else:
            np.round(values, self.decimals, out=out)


@dataclass(frozen=True, slots=True)
class Refuse(Named):
    """The first operand's values; an error where the second is true anywhere."""

    error: type[Exception]
    message: str

    def __call__(self, values: Any, wrong: Any, out: Any) -> None:
        if np.any(wrong):
            raise self.error(self.message)
        np.copyto(out, values)


@dataclass(frozen=True, slots=True)
class Sign(Named):
    """An operator, which NumPy defines for more kinds of values than its ufunc."""

    sign: Callable[[Any, Any], Any]

    def __call__(self, one: Any, other: Any, out: Any) -> None:
        out[...] = self.sign(one, other)


@dataclass(frozen=True, slots=True)
class Apply(Named):
    """A function of NumPy's that is elementwise and takes no `out`."""

    name: str
    how: tuple[tuple[str, Any], ...] = ()

    def __call__(self, *operands: Any, out: Any) -> None:
        out[...] = getattr(np, self.name)(*operands, **dict(self.how))


@dataclass(frozen=True, slots=True)
class Typed(Named):
    """A ufunc told which dtype to work in, or what may be cast."""

    ufunc: np.ufunc
    how: tuple[tuple[str, Any], ...]

    def __call__(self, *operands: Any, out: Any) -> None:
        _call_told(self.ufunc, operands, out, self.how)


@dataclass(frozen=True, slots=True)
class Clip(Named):
    """Values between two bounds."""

    def __call__(self, values: Any, low: Any, high: Any, out: Any) -> None:
        np.clip(values, low, high, out=out)


@dataclass(frozen=True, slots=True)
class Part(Named):
    """One result of a ufunc that has several."""

    ufunc: np.ufunc
    number: int
    how: tuple[tuple[str, Any], ...]

    def __call__(self, *operands: Any, out: Any) -> None:
        outs: list[Any] = [None] * self.ufunc.nout
        outs[self.number] = out
        _call_told(self.ufunc, operands, tuple(outs), self.how)


def _call_told(ufunc: np.ufunc, operands: Any, out: Any, how: tuple[tuple[str, Any], ...]) -> None:
    """A ufunc with options; that imaginary parts are cast away was said at the call."""
    options = dict(how)
    if options.get("casting") != "unsafe":
        ufunc(*operands, out=out, **options)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
        ufunc(*operands, out=out, **options)


@dataclass(frozen=True, slots=True)
class Masked(Named):
    """The values, or the mask, of what numpy.ma returns for an operator or ufunc.

    marked: which operands are masked: the mask of each of them is the next operand.
    """

    function: Callable[..., Any]
    marked: tuple[bool, ...]
    of_mask: bool

    def __call__(self, *operands: Any, out: Any) -> None:
        given = iter(operands)
        arrays = [
            _masked_tile(next(given), next(given)) if marked else next(given)
            for marked in self.marked
        ]
        made = self.function(*arrays)
        out[...] = np.ma.getmaskarray(made) if self.of_mask else np.ma.getdata(made)


def _masked_tile(values: Any, mask: Any) -> Any:
    """A tile of numpy.ma's kind; values or mask that are the same everywhere come as one element.

    It is a copy, as an operator may change its first operand.
    """
    if np.shape(values) != np.shape(mask):
        values, mask = np.broadcast_arrays(values, mask)
    return np.ma.MaskedArray(values, mask=mask, copy=True)


@dataclass(frozen=True, slots=True)
class Pack(Named):
    """Records whose fields are the operands, in their order."""

    def __call__(self, *operands: Any, out: Any) -> None:
        for name, values in zip(out.dtype.names, operands, strict=True):
            out[name] = values


@dataclass(frozen=True, slots=True)
class Field(Named):
    """A field of records, or several as other records."""

    name: str | tuple[str, ...]

    def __call__(self, records: Any, out: Any) -> None:
        if isinstance(self.name, str):
            out[...] = records[self.name]
            return
        for name in self.name:
            out[name] = records[name]


@dataclass(frozen=True, slots=True)
class SetField(Named):
    """Records with other values in a field."""

    name: str

    def __call__(self, records: Any, values: Any, out: Any) -> None:
        out[...] = records
        out[self.name] = values


def merge(
    steps: Sequence[tuple[object, Program, Sequence[object]]],
) -> tuple[Program, list[object]]:
    """One program from several, given in order as (name, program, names of its inputs).

    An input that an earlier program is named after becomes that program's result; the others
    are the inputs of the whole, returned in order, each once.
    """
    inputs: dict[object, int] = {}
    results: dict[object, int] = {}
    flat: list[Step] = []
    for name, program, sources in steps:
        base = len(flat)
        slots = [
            ~results[s] if s in results else inputs.setdefault(s, len(inputs)) for s in sources
        ]

        def moved(operand: StepOperand, slots: list[int] = slots, base: int = base) -> StepOperand:
            if isinstance(operand, Constant):
                return operand
            return slots[operand] if operand >= 0 else ~(~operand + base)

        flat += [
            Step(step.operation, tuple(map(moved, step.operands)), step.dtype) for step in program
        ]
        results[name] = len(flat) - 1
    return tuple(flat), list(inputs)
