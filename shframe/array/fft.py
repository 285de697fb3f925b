"""Fourier transforms under the standard's name for them: xp.fft."""

from __future__ import annotations

from shframe.array.functions import fourier
from shframe.array.wrapping import making, of_one

fft = of_one(fourier.fft)
ifft = of_one(fourier.ifft)
rfft = of_one(fourier.rfft)
irfft = of_one(fourier.irfft)
hfft = of_one(fourier.hfft)
ihfft = of_one(fourier.ihfft)
fftn = of_one(fourier.fftn)
ifftn = of_one(fourier.ifftn)
rfftn = of_one(fourier.rfftn)
irfftn = of_one(fourier.irfftn)
fft2 = of_one(fourier.fft2)
ifft2 = of_one(fourier.ifft2)
rfft2 = of_one(fourier.rfft2)
irfft2 = of_one(fourier.irfft2)
fftshift = of_one(fourier.fftshift)
ifftshift = of_one(fourier.ifftshift)
fftfreq = making(fourier.fftfreq)
rfftfreq = making(fourier.rfftfreq)

__all__ = [
    "fft",
    "fft2",
    "fftfreq",
    "fftn",
    "fftshift",
    "hfft",
    "ifft",
    "ifft2",
    "ifftn",
    "ifftshift",
    "ihfft",
    "irfft",
    "irfft2",
    "irfftn",
    "rfft",
    "rfft2",
    "rfftfreq",
    "rfftn",
]
