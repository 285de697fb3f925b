"""Lines that are longer than a block may be are transformed in parts, as NumPy transforms them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import shframe.array as xp
from shframe.array.functions import fourier

pytestmark = pytest.mark.usefixtures("session")


@pytest.mark.parametrize("length", [36, 23])
@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"])
def test_long_lines(name: str, length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fourier, "largest", lambda: 16 * 16)
    rng = np.random.default_rng(length)
    values: Any = rng.normal(size=(2, length))
    if name not in ("rfft", "ihfft"):
        values = values + 1j * values[::-1]
    lazy = xp.from_array(values, chunks=(2, 10))
    for count, norm in ((None, "ortho"), (22, None), (40, "forward")):
        expected = getattr(np.fft, name)(values, count, norm=norm)
        made = getattr(xp.fft, name)(lazy, count, norm=norm)
        assert (made.shape, made.dtype) == (expected.shape, expected.dtype)
        np.testing.assert_allclose(made.compute(), expected, atol=1e-12)
