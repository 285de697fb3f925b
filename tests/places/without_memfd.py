"""Run a command for which the kernel refuses memfd_create: `without_memfd.py COMMAND...`.

A seccomp filter, as containers have them, answers the call with EPERM; children inherit it.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

NUMBERS = {"x86_64": 319, "aarch64": 279}  # of memfd_create
_LOAD_NUMBER, _EQUALS, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_EPERM = 1
_NO_NEW_PRIVS, _SECCOMP, _FILTER = 38, 22, 2


def main() -> None:
    """Install the filter and become the command."""
    number = NUMBERS[platform.machine()]
    steps = [
        (_LOAD_NUMBER, 0, 0, 0),
        (_EQUALS, 0, 1, number),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl.argtypes = [ctypes.c_int, *[ctypes.c_void_p] * 4]
    if prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) or prctl(
        _SECCOMP, _FILTER, ctypes.cast(program, ctypes.c_void_p), 0, 0
    ):
        raise OSError(ctypes.get_errno(), "the kernel takes no seccomp filter")
    os.execvp(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
