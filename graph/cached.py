"""cached_property without the lock of each first use, which Python has dropped since 3.12."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or sys.version_info >= (3, 12):
    from functools import cached_property
else:
    from collections.abc import Callable

    class cached_property:
        """A value found when first asked for; two threads may both find it, and one is kept."""

        def __init__(self, find: Callable[[Any], Any]) -> None:
            self.find = find
            self.__doc__ = find.__doc__

        def __set_name__(self, owner: type, name: str) -> None:
            self.name = name

        def __get__(self, instance: Any, owner: type | None = None) -> Any:
            if instance is None:
                return self
            value = instance.__dict__[self.name] = self.find(instance)
            return value


__all__ = ["cached_property"]
