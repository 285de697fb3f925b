"""What is told of an attribute that a lazy object does not have."""

from __future__ import annotations

import difflib
from typing import Any


def missing_attribute(obj: Any, name: str, kind: type, columns: list[Any]) -> AttributeError:
    """The error for an attribute: whether pandas has it, else the nearest name."""
    begin = f"{type(obj).__name__!r} object has no attribute"
    if columns:
        begin += " or column"
    text = f"{begin} {name!r}"
    if not name.startswith("_") and hasattr(kind, name):
        text += (
            "\n  pandas has it: compute() first, or map_partitions() for what needs no other rows"
        )
    else:
        known = [*map(str, columns), *(one for one in dir(kind) if not one.startswith("_"))]
        near = difflib.get_close_matches(name, known, n=1)
        text += f"\n  did you mean {near[0]!r}?" if near else ""
    return AttributeError(text, name=name, obj=obj)
