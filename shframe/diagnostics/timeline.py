"""What ran where, for the user: the newest computation's trace, and the timeline of all tasks."""

from __future__ import annotations

import os
from typing import Any

from shframe import session
from shframe.graph.tracing.trace import Trace


def last_trace() -> Trace:
    """What ran where in the newest computation of the current session.

    Examples
    --------
    >>> import shframe as sf
    >>> trace = sf.last_trace()   # trace.write("run.json") opens in ui.perfetto.dev
    >>> trace.spans
    []
    """
    return session.current().last_trace


def timeline(path: str | os.PathLike[str] | None = None) -> list[dict[str, object]]:
    """The tasks that have ended, as trace events: calls of `.remote`, and the newest computation.

    path: a file to write them to, as JSON that ui.perfetto.dev and chrome://tracing open. Of calls
    the newest 10,000 are kept; each worker is a row.

    Raises: OSError if the file cannot be written.

    Examples
    --------
    >>> import shframe as sf
    >>> sf.get(sf.remote(abs).remote(-1))
    1
    >>> [event["name"] for event in sf.timeline()]
    ['abs']
    >>> sf.shutdown()
    """
    current = session.current()
    executor: Any = current._executor
    ended = getattr(executor, "ended_calls", None)
    spans = [*(ended() if ended is not None else []), *current.last_trace.spans]
    trace = Trace(sorted(spans, key=lambda span: span.start))
    if path is not None:
        trace.write(path)
    return trace.events()
