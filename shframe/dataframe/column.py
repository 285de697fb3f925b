"""What Series and Index share: one column, with a name and a dtype."""

from __future__ import annotations

from typing import Any

from shframe.dataframe.base import Partitioned


class ColumnMethods(Partitioned):
    """One lazy column."""

    __slots__ = ()

    def _summary(self) -> str:
        return f"{self.name}: {self.dtype}"

    @property
    def dtype(self) -> Any:
        """pandas' dtype."""
        return self._meta.dtype

    @property
    def name(self) -> Any:
        """The label."""
        return self._meta.name

    @property
    def shape(self) -> tuple[int]:
        """(rows,). Cost: computes the row counts."""
        return (len(self),)

    @property
    def size(self) -> int:
        """Rows. Cost: computes the row counts."""
        return len(self)

    @property
    def ndim(self) -> int:
        return 1
