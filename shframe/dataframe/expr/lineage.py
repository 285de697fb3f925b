"""Where the rows of a relation come from: what may be combined partition by partition.

pandas aligns two objects by the labels of the whole. Doing so partition by partition gives the
same where both have the same rows, and where both have some rows of one root whose labels
increase strictly. Everything else is brought together first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Rows = Literal["same", "joined", "chosen", "made"]
"""What a kernel does to the rows of its first source: keeps them with their labels ("same"), joins
them with those of its other sources, chooses some of them, or makes rows or labels of its own."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """What is known of a relation's rows and labels.

    root: the node that cut the partitions and made the labels.
    rows: names which of the root's rows these are.
    increasing: whether the root's labels increase strictly from its first row to its last.
    """

    root: str
    rows: str
    increasing: bool = False


def same_rows(lineages: Sequence[Lineage]) -> bool:
    """Whether all have the same rows with the same labels in the same partitions."""
    first = lineages[0]
    return all(one is first or one == first for one in lineages)


def correspond(lineages: Sequence[Lineage]) -> bool:
    """Whether aligning them partition by partition aligns the whole."""
    first = lineages[0]
    return same_rows(lineages) or (
        first.increasing and all(one.root == first.root for one in lineages)
    )
