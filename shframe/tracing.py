"""The trace of the newest computation, for the user."""

from __future__ import annotations

from shframe import session
from shframe.graph.trace import Trace


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
