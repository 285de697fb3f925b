"""Kernels that draw random numbers whose parameters are arrays, or that are vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

NpArray = np.ndarray[Any, Any]
Numbers = tuple[int, ...]


def _generator(seed: Numbers, stream: Numbers, origin: Numbers) -> np.random.Generator:
    """The generator of the tile that begins at an element."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(*stream, 0, *origin)))


def _shape_of(tiles: tuple[Numbers, ...], origin: Numbers) -> Numbers:
    """The shape of the tile that begins at an element."""
    return tuple(
        lengths[np.cumsum([0, *lengths]).tolist().index(at)]
        for lengths, at in zip(tiles, origin, strict=False)
    )


def draw_by(
    *parameters: NpArray,
    tiles: tuple[Numbers, ...],
    method: str,
    seed: Numbers,
    stream: Numbers,
    origin: Numbers,
) -> NpArray:
    """Numbers of a tile, by arrays of parameters that broadcast to it."""
    draw = getattr(_generator(seed, stream, origin), method)
    return np.asarray(draw(*parameters, size=_shape_of(tiles, origin)))


def draw_vectors(
    *,
    tiles: tuple[Numbers, ...],
    parameters: tuple[Any, ...],
    method: str,
    seed: Numbers,
    stream: Numbers,
    origin: Numbers,
) -> NpArray:
    """Vectors of a tile."""
    draw = getattr(_generator(seed, stream, origin), method)
    return np.asarray(draw(*parameters, size=_shape_of(tiles, origin)))
