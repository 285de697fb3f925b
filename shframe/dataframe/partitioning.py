"""Partitions as such: how many there are, which rows they have, functions over them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, Self

import pandas as pd

from shframe.dataframe.methods import partitioning
from shframe.dataframe.rows import Rows
from shframe.dataframe.wrap import wrap
from shframe.errors import UnsupportedType
from shframe.lazy.delayed import Delayed, delayed

if TYPE_CHECKING:
    from shframe.array.ndarray import Array


class Partitioning(Rows):
    """Methods of partitions, under the names that Dask has for them."""

    __slots__ = ()

    def repartition(
        self,
        npartitions: int | None = None,
        *,
        divisions: Any = None,
        partition_size: Any = None,
        freq: Any = None,
        force: bool = False,
    ) -> Self:
        """The same rows in `npartitions` partitions of equal length.

        partition_size: how large they may be instead, in bytes or as "100MB"; its cost is that of
        memory_usage(). force: accepted, without effect.

        Raises: UnsupportedType for divisions= and freq=, as bounds of partitions are not known.
        """
        how = (npartitions, divisions, partition_size, freq)
        return self._wrap(partitioning.repartition(self.expr, *how))

    def shuffle(
        self,
        on: Any = None,
        ignore_index: bool = False,
        npartitions: int | None = None,
        shuffle_method: Any = None,
        on_index: bool = False,
        force: bool = False,
    ) -> Self:
        """The same rows, those with equal keys in one partition, in no order that is told.

        on: labels of columns, or a lazy column; None: all columns. on_index: the labels of rows
        instead. ignore_index: rows are numbered. shuffle_method, force: accepted, without effect.

        Cost: moves all rows. What cannot be hashed, such as Python objects, comes into one task.
        """
        how = (on, npartitions, on_index, ignore_index)
        return self._wrap(partitioning.shuffle_rows(self.expr, *how))

    def random_split(
        self, frac: Sequence[float], random_state: Any = None, shuffle: bool = False
    ) -> list[Self]:
        """Objects that have each row by chance, each row in one of them.

        frac: what part of the rows each has about; they add up to 1. random_state: the same gives
        the same rows, in however many partitions. shuffle: whether rows come in another order.
        """
        made = partitioning.split_rows(self.expr, frac, random_state, shuffle)
        return [self._wrap(one) for one in made]

    def map_overlap(
        self,
        func: Callable[..., Any],
        before: Any,
        after: Any,
        *args: Any,
        meta: Any = None,
        enforce_metadata: bool = True,
        transform_divisions: bool = True,
        clear_divisions: Any = None,
        align_dataframes: bool = True,
        **kwargs: Any,
    ) -> Any:
        """`func` called on each partition with the rows before and after it that it reaches.

        before, after: how many rows, or how long a time where the index is one of times. The
        function returns a row for each that it gets; those of neighbours are left out. meta: an
        empty pandas object such as it returns; without it, the first partition is run to learn it.
        The other options of Dask are accepted, without effect.

        Raises: InvalidArgument when the function returns another number of rows.
        """
        how = (func, before, after, args, kwargs, meta)
        return wrap(partitioning.overlap_rows(self.expr, *how))

    def reduction(
        self,
        chunk: Callable[..., Any],
        aggregate: Callable[..., Any] | None = None,
        combine: Callable[..., Any] | None = None,
        meta: Any = None,
        token: str | None = None,
        split_every: Any = None,
        chunk_kwargs: dict[str, Any] | None = None,
        aggregate_kwargs: dict[str, Any] | None = None,
        combine_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Any:
        """What `aggregate` makes of the results of `chunk`, which is called on each partition.

        aggregate: called once, with the plain values as a series, or with frames and series (each a
        row) as a frame; None: `chunk`. kwargs: for both.
        combine, meta, token, split_every: accepted, without effect.

        Cost: computed at the call, since only the functions know what they return.
        """
        both = ({**kwargs, **(chunk_kwargs or {})}, {**kwargs, **(aggregate_kwargs or {})})
        return wrap(partitioning.reduce_by_functions(self.expr, chunk, aggregate, *both))

    def to_delayed(self, optimize_graph: bool = True) -> list[Delayed]:
        """The partitions as delayed values. optimize_graph: accepted, without effect."""
        return [delayed(part) for part in self.partitions]  # type: ignore[attr-defined]

    def to_array(self, lengths: Any = None, meta: Any = None) -> Array:
        """The values as a lazy array of shframe; a partition is in one block.

        lengths: how many rows each has; None or True: they are counted, which computes them. meta:
        an empty array of the dtype; None: the one that all columns have in common.

        Raises: InvalidArgument for values that are no numbers, times or booleans.
        """
        from shframe.array.delaying import from_delayed  # a third of what frames take to load
        from shframe.array.functions.manipulation import concat
        from shframe.array.ndarray import Array

        parts = self.to_delayed()
        if lengths is None or lengths is True:
            lengths = self.map_partitions(_count, meta=pd.Series(dtype=int)).compute()  # type: ignore[attr-defined]
        dtype = (self._meta.to_numpy() if meta is None else meta).dtype
        width = self._meta.shape[1:]
        blocks = [
            from_delayed(delayed(_values)(part), (int(rows), *width), dtype)
            for part, rows in zip(parts, lengths, strict=True)
        ]
        return Array(concat([one.expr for one in blocks]))

    def to_dask_array(self, lengths: Any = None, meta: Any = None) -> Array:
        """to_array() under Dask's name."""
        return self.to_array(lengths, meta)

    def to_bag(self, index: bool = False, format: str = "tuple") -> NoReturn:
        """Raises UnsupportedType: there are no bags. itertuples() and iterrows() give rows."""
        raise UnsupportedType(
            "to_bag() is not supported, as there are no bags\n"
            "  to_delayed() gives the partitions, itertuples() the rows"
        )


def _count(part: Any) -> Any:
    return pd.Series([len(part)])


def _values(part: Any) -> Any:
    return part.to_numpy()
