"""inplace=True: the object is changed, as pandas has it; others made of it before are not."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

Method = TypeVar("Method", bound=Callable[..., Any])
_RETURNED = frozenset(
    {"bfill", "clip", "ffill", "fillna", "interpolate", "mask", "replace", "where"}
)


def may_be_in_place(method: Method) -> Method:
    """A method that takes inplace= too: with True the object becomes the result. It is returned by
    the methods of which pandas 3 returns it; others return None."""

    @functools.wraps(method)
    def call(self: Any, *args: Any, inplace: bool = False, **kwargs: Any) -> Any:
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
