"""What is done to single values: results of reductions."""

from __future__ import annotations

from typing import Any


def get_item(value: Any, *, label: Any) -> Any:
    """What a value has under a label."""
    return value[label]


def get_attribute(value: Any, *, name: str) -> Any:
    """An attribute of a value."""
    return getattr(value, name)


def call_method(value: Any, *, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a method of a value returns."""
    return getattr(value, name)(*args, **kwargs)


def round_value(value: Any, *, decimals: int) -> Any:
    """A number, or each of a Series, rounded as pandas and NumPy do it."""
    return value.round(decimals) if hasattr(value, "round") else round(value, decimals)


def constant(*, value: Any) -> Any:
    """A value that was known before."""
    return value
