"""inplace=True: the object is changed, as pandas has it; others made of it before are not.

What is changed must be an object of the user's: a change of one that only the expression holds, as
in `df["a"][0] = 1`, reaches nothing, and warns as it does in pandas.
"""

from __future__ import annotations

import functools
import sys
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

import pandas as pd

Method = TypeVar("Method", bound=Callable[..., Any])
_RETURNED = frozenset(
    {"bfill", "clip", "ffill", "fillna", "interpolate", "mask", "replace", "where"}
)


def may_be_in_place(method: Method) -> Method:
    """A method that takes inplace= too: with True the object becomes the result. It is returned by
    the methods of which pandas 3 returns it; others return None."""

    @functools.wraps(method)
    def call(self: Any, *args: Any, inplace: bool = False, **kwargs: Any) -> Any:
        if inplace:
            warn_of_copy(self, IN_METHOD)
        made = method(self, *args, **kwargs)
        if not inplace:
            return made
        if type(made) is not type(self):
            raise TypeError(
                f"Cannot {method.__name__} inplace on a {type(self).__name__} "
                f"to create a {type(made).__name__}"
            )
        self.expr = made.expr
        return self if method.__name__ in _RETURNED else None

    return call  # type: ignore[return-value]


# References to an object that only an expression holds, while a function of ours asks: those of the
# call itself. Python 3.14 borrows some of them.
_BORROWED = sys.version_info >= (3, 14)
IN_ITEM = 3 if _BORROWED else 4  # obj[key] = value
IN_METHOD = 2 if _BORROWED else 3  # obj.method(inplace=True)
HELD = 3  # obj.loc[key] = value, obj.update(other): something of ours holds it


def warn_of_copy(obj: Any, references: int) -> None:
    """Warn where the object that is about to be changed has no name: the change reaches nothing.

    references: how many it has then; one of the constants above.
    """
    if sys.implementation.name != "cpython" or sys.getrefcount(obj) > references:
        return
    if any(one is obj for one in sys._getframe(2).f_locals.values()):
        return
    warnings.warn(
        "A value is being set on a copy of a DataFrame or Series through chained assignment.\n"
        "  the object that it was taken from is not changed: use df.loc[rows, columns] = value, or "
        "df[column] = df[column].method(...)",
        pd.errors.ChainedAssignmentError,  # type: ignore[attr-defined]  # the stubs lack it
        stacklevel=3,
    )
