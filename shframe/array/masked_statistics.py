"""Covariance and correlation of variables whose observations may be masked, as in numpy.ma."""

from __future__ import annotations

from typing import Any

import numpy as np

from shframe.array import masked_functions
from shframe.array import namespace as xp
from shframe.array.masked import MaskedArray, as_masked
from shframe.errors import InvalidArgument, UnsupportedType

__all__ = ["corrcoef", "cov"]


def cov(
    x: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    allow_masked: bool = True,
    ddof: int | None = None,
) -> MaskedArray:
    """The covariance matrix of variables, a row each (a column if not `rowvar`); each pair is taken
    over the observations in which neither is masked.

    y: further variables; of the same shape, its masked elements are left out of `x` as well, and
        the other way around. bias: whether sums are divided by the number of observations, not by
        one less; ddof: how many less. allow_masked: False refuses masked elements, which are
        looked for at the call.
    Returns: masked where no more than `ddof` observations are known.
    Raises: InvalidArgument, UnsupportedType for complex values.
    """
    if ddof is not None and ddof != int(ddof):
        raise InvalidArgument("ddof must be an integer")
    less = (0 if bias else 1) if ddof is None else int(ddof)
    variables = _variables(x, y, rowvar, allow_masked)
    apart = (variables - variables.mean(1, keepdims=True)).filled(0)
    known = (~variables.mask).astype(np.float64)
    degrees = known @ known.T - less
    # where nothing is known the quotient is masked, whatever it is
    divisor = xp.where(degrees > 0, degrees, 1.0)
    return MaskedArray((apart @ apart.T) / divisor, degrees <= 0).squeeze()


def corrcoef(x: Any, y: Any = None, rowvar: bool = True, allow_masked: bool = True) -> MaskedArray:
    """The correlation coefficients of variables, a row each (a column if not `rowvar`), by cov().

    Returns: masked where cov() is, and for variables that do not vary; of one variable alone all
        is masked, as in numpy.ma.
    """
    found = cov(x, y, rowvar, allow_masked=allow_masked)
    if not found.ndim:
        return MaskedArray(found.data, True)
    spread = masked_functions.ufunc(np.ma.sqrt)(found.diagonal())
    made: MaskedArray = found / (spread[:, None] * spread[None, :])
    return made


def _variables(x: Any, y: Any, rowvar: bool, allow_masked: bool) -> MaskedArray:
    """All variables, a row each."""
    given = [_table(x, "x")] if y is None else [_table(x, "x"), _table(y, "y")]
    if not allow_masked and any(bool(xp.any(each.mask)) for each in given):
        raise InvalidArgument("Cannot process masked data.")
    if len(given) == 2 and given[0].shape == given[1].shape:
        both = given[0].mask | given[1].mask
        given = [MaskedArray(each.data, both) for each in given]
    in_rows = bool(rowvar) or given[0].shape[0] == 1
    joined = masked_functions.concatenate(given, axis=0 if in_rows else 1)
    return joined if in_rows else joined.T


def _table(values: Any, name: str) -> MaskedArray:
    """Observations as float64, in two axes."""
    given = as_masked(values)
    if given.ndim > 2:
        raise InvalidArgument(f"{name} has more than 2 dimensions")
    if given.dtype.kind == "c":
        raise UnsupportedType(
            f"{name} is of dtype {given.dtype}: covariances of masked arrays are real\n"
            "  take .real and .imag apart"
        )
    table = given.astype(np.float64)
    return table if table.ndim == 2 else table.reshape(1, -1)
