"""Sizes in bytes as messages print them."""


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
