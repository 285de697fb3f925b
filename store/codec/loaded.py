"""Codecs of libraries that need not be loaded: what was never imported has no values to encode."""

import sys
from typing import Any


def numpy_if_loaded() -> Any:
    """The codec of arrays; None where nothing has imported NumPy, since there are none then."""
    if "numpy" not in sys.modules:
        return None
    from shframe.store.codec import numpy_codec

    return numpy_codec
