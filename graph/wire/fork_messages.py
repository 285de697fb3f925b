"""What the driver and the server that forks workers send each other."""

from __future__ import annotations

from typing import NamedTuple


class Fork(NamedTuple):
    """Driver to server: fork a worker; with it come its socket, the ledger, and descriptors for
    its output (log_capture.start_capture). series: of the numbers of its objects."""

    slot: int
    series: int
    budget: int
    workers: int


class Preload(NamedTuple):
    """Driver to server: import these modules for the workers to come."""

    modules: list[str]


class Rest(NamedTuple):
    """Driver to server: the session has ended; end the workers and wait for another one."""


class Rested(NamedTuple):
    """Server to driver: that is done."""


class Started(NamedTuple):
    """Server to driver: a worker was forked."""

    slot: int
    pid: int


class Ended(NamedTuple):
    """Server to driver: a worker has ended. code: the exit code, or minus the signal."""

    slot: int
    pid: int
    code: int
