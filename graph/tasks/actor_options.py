"""How an actor is to be kept."""

from __future__ import annotations

from typing import Any, NamedTuple


class ActorOptions(NamedTuple):
    """How an actor is to be kept.

    name: by which others find it, None: they do not. detached: whether it outlives its handles.
    width: calls that may run at once. restarts: how often it is restarted when it has died, -1:
    always.
    methods: its methods, for handles that are made later.
    """

    name: str | None
    detached: bool
    width: int
    restarts: int
    methods: Any
