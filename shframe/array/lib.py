"""Functions under the names that NumPy has for them: xp.lib.stride_tricks.sliding_window_view."""

from __future__ import annotations

from types import SimpleNamespace

from shframe.array.namespace import sliding_window_view

__all__ = ["stride_tricks"]

stride_tricks = SimpleNamespace(sliding_window_view=sliding_window_view)
