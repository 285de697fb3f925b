"""Sizes in bytes as text: read what users write, print what messages show."""

import re

_UNITS = {
    "": 1,
    "b": 1,
    **{f"{letter}b": 1000**power for power, letter in enumerate("kmgtp", 1)},
    **{f"{letter}ib": 1024**power for power, letter in enumerate("kmgtp", 1)},
    **{letter: 1024**power for power, letter in enumerate("kmgtp", 1)},
}
_PATTERN = re.compile(r"\s*([0-9][0-9_]*(?:\.[0-9]*)?|\.[0-9]+)\s*([a-zA-Z]*)\s*")


class BytesizeError(ValueError):
    """A size that cannot be read (errors.py gives it a place in the tree as BadSize)."""


def parse_bytes(size: int | str) -> int:
    """Read a size: an int is bytes, a text has a unit ('4GB' is 4e9, '64MiB' and '64M' 2**26).

    Raises: BadSize: when the text is no size, or the size is negative.

    >>> parse_bytes("64MiB"), parse_bytes("4GB"), parse_bytes(10)
    (67108864, 4000000000, 10)
    """
    if isinstance(size, int) and not isinstance(size, bool) and size >= 0:
        return size
    match = _PATTERN.fullmatch(size) if isinstance(size, str) else None
    if match is None or match[2].lower() not in _UNITS:
        raise _bad_size(size)
    return int(float(match[1].replace("_", "")) * _UNITS[match[2].lower()])


def format_bytes(nbytes: int) -> str:
    """Print a size with one decimal in the largest binary unit that it fills.

    >>> format_bytes(512 << 20)
    '512.0 MiB'
    """
    size, unit = float(nbytes), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB", "PiB"):
        if abs(size) < 1024:
            break
        size, unit = size / 1024, larger
    return f"{nbytes} B" if unit == "B" else f"{size:.1f} {unit}"


def _bad_size(size: object) -> Exception:
    from shframe.store.errors import BadSize  # errors.py prints sizes with this module

    return BadSize(
        f"{size!r} is not a size in bytes\n"
        "  write a number of bytes (1048576) or a text with a unit ('64MiB', '4GB')"
    )
