"""Blocks of lazy arrays as rows of frames, and beside these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe.expr.base import Meta, Relation
from shframe.dataframe.expr.lineage import Lineage
from shframe.graph.cached import cached_property
from shframe.lazy.embedded import Embedded


@dataclass(frozen=True, eq=False)
class Blocks(Relation):
    """What reads the blocks of an array along its first axis; lengths: of the blocks."""

    array: Embedded
    lengths: tuple[int, ...]
    known: Meta

    @cached_property
    def meta(self) -> Any:
        return self.known.empty

    @cached_property
    def settled(self) -> bool:
        return True


@dataclass(frozen=True, eq=False)
class FromBlocks(Blocks):
    """The rows of an array, numbered: each block is a partition.

    labels: of the columns; of an array of one axis the name of a series.
    """

    labels: Any

    @cached_property
    def lineage(self) -> Lineage:
        return Lineage(self.token, self.token, True)

    @property
    def nbytes(self) -> int:
        """Bytes of all values."""
        dtypes = self.meta.dtypes if self.meta.ndim == 2 else [self.meta.dtype]
        return sum(self.lengths) * sum(getattr(one, "itemsize", 8) for one in dtypes)


@dataclass(frozen=True, eq=False)
class PlacedBlocks(Blocks):
    """The values of an array of one axis beside the rows of the source, by their numbers.

    paired: whether each block is known to be as long as the partition of its number.
    """

    source: Relation
    paired: bool

    @cached_property
    def lineage(self) -> Lineage:
        return self.source.lineage


def empty_values(dtype: np.dtype[Any], width: int | None, labels: Any) -> Any:
    """The empty series or frame that pandas makes of an array of a dtype."""
    if width is None:
        return pd.Series(np.empty(0, dtype), name=labels, index=pd.RangeIndex(0))
    return pd.DataFrame(np.empty((0, width), dtype), columns=labels, index=pd.RangeIndex(0))
