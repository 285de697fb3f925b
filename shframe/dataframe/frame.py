"""DataFrame, Series and Index: what leads from one of them to another.

They are in one file since their methods name each other; what needs no other class is in series.py,
index_methods.py and frame_*.py. Each method is a line: what it checks and which node it makes is in
methods/.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any, Literal, Self, overload

import numpy as np
import pandas as pd
from pandas.api.extensions import no_default

from shframe.dataframe.attributes import missing_attribute
from shframe.dataframe.base import Partitioned
from shframe.dataframe.dask_options import AGGREGATIONS, MOVES, accept_all
from shframe.dataframe.expr.columns import Column, SteadyElementwise
from shframe.dataframe.expr.relations import NumberRows
from shframe.dataframe.frame_columns import FrameColumns
from shframe.dataframe.frame_joining import FrameJoining
from shframe.dataframe.frame_reshaping import FrameReshaping
from shframe.dataframe.frame_summaries import FrameSummaries
from shframe.dataframe.frame_writing import FrameWriting
from shframe.dataframe.groupby import DataFrameGroupBy, SeriesGroupBy
from shframe.dataframe.in_place import IN_ITEM, may_be_in_place, warn_of_copy
from shframe.dataframe.index_methods import IndexMethods
from shframe.dataframe.indexers import Indexers
from shframe.dataframe.methods import arranging, duplicates, indexing, selection, sorting
from shframe.dataframe.methods.grouping import group_rows
from shframe.dataframe.methods.rowwise import call_if_callable, call_method, rename_series
from shframe.dataframe.methods.storing import build, place_values, store_pandas
from shframe.dataframe.scalar import Scalar
from shframe.dataframe.series import SeriesMethods
from shframe.dataframe.shared_methods import SharedMethods
from shframe.dataframe.windows import WindowMethods, resample_by
from shframe.dataframe.wrap import wrap, wrap_as, wraps
from shframe.lazy.collection import Collection


@wraps(pd.Index)
class Index(IndexMethods):
    """A lazy Index in partitions."""

    __slots__ = ()

    def __init__(self, data: Any = None, dtype: Any = None, name: Any = None, **how: Any) -> None:
        """The index that pandas makes of data, with its arguments; stored at the call."""
        Collection.__init__(self, build(pd.Index, data, dtype=dtype, name=name, **how))

    def to_frame(
        self, index: bool = True, name: Any = no_default, allow_duplicates: bool = False
    ) -> DataFrame:
        """A frame of the levels, under the labels themselves; index: False counts its rows.

        name: of the column, of several levels a list. allow_duplicates: of names of levels.
        """
        named = {} if name is no_default else {"name": name}
        if allow_duplicates:
            named["allow_duplicates"] = True
        how: dict[str, Any] = {"kind": SteadyElementwise, "index_asked": True}
        node = call_method(self.expr, "to_frame", (), named, **how)
        return wrap_as(DataFrame, node if index else NumberRows(node))

    def to_series(self, index: Any = None, name: Any = None) -> Series:
        """The values as a Series that has them as index too, or under other labels."""
        named = {} if name is None else {"name": name}
        made = wrap_as(Series, call_method(self.expr, "to_series", (), named, index_asked=True))
        if index is not None:
            made.index = index
        return made

    def isin(self, values: Any, level: Any = None) -> Self:
        """Where labels are among some; level: those of one level."""
        labels = self if level is None else self.get_level_values(level)
        return Partitioned.isin(labels, values)


@wraps(pd.Series)
class Series(SeriesMethods):
    """A lazy Series in partitions; methods and results are those of pandas."""

    __slots__ = ()

    def __init__(
        self,
        data: Any = None,
        index: Any = None,
        dtype: Any = None,
        name: Any = None,
        copy: Any = None,
    ) -> None:
        """The series that pandas makes of data, with its arguments; stored at the call."""
        how = {"index": index, "dtype": dtype, "name": name, "copy": copy}
        Collection.__init__(self, build(pd.Series, data, **how))

    @property
    def index(self) -> Index:
        """The labels of the rows, lazily; they, and their name, can be set."""
        made: Index = self._labels()
        return made

    @index.setter
    def index(self, labels: Any) -> None:
        self._set_labels(labels)

    @property
    def name(self) -> Any:
        """The label, which can be set."""
        return self._meta.name

    @name.setter
    def name(self, label: Any) -> None:
        self.expr = call_method(self.expr, "rename", [label], kind=SteadyElementwise)

    def to_csv(self, path_or_buf: Any = None, **options: Any) -> Any:
        """Write CSV as DataFrame.to_csv() does."""
        return self.to_frame(0 if self.name is None else None).to_csv(path_or_buf, **options)

    def items(self) -> Iterator[tuple[Any, Any]]:
        """(label, value) pairs. Cost: computes all values."""
        return iter(self.compute().items())

    def to_frame(self, name: Any = None) -> DataFrame:
        """A frame of this one column."""
        given = () if name is None else (name,)
        return wrap_as(DataFrame, sorting.to_frame(self.expr, *given))

    @overload
    def reset_index(
        self, level: Any = None, *, drop: Literal[True], inplace: bool = False
    ) -> Series: ...
    @overload
    def reset_index(
        self,
        level: Any = None,
        *,
        drop: Literal[False] = False,
        name: Any = no_default,
        inplace: bool = False,
        allow_duplicates: bool = False,
    ) -> DataFrame: ...
    def reset_index(
        self,
        level: Any = None,
        *,
        drop: bool = False,
        name: Any = no_default,
        inplace: bool = False,
        allow_duplicates: bool = False,
    ) -> Any:
        """An index that counts rows; the old one becomes columns, or goes with drop=True.

        level: only these levels, by number or name; name: of the column of values.
        """
        if not drop:
            if inplace:
                raise TypeError("Cannot reset_index inplace on a Series to create a DataFrame")
            named = {"allow_duplicates": True} if allow_duplicates else {}
            made = self.to_frame() if name is no_default else self.to_frame(name)
            return made.reset_index(level, **named)
        frame = sorting.to_frame(self.expr, 0)
        column = Column(arranging.reset_index(frame, level, True, {}), 0)
        node = rename_series(column, self.name)
        if not inplace:
            return wrap(node)
        self.expr = node
        return None

    def groupby(
        self,
        by: Any = None,
        level: Any = None,
        *,
        as_index: bool = True,
        sort: bool = True,
        group_keys: bool = True,
        observed: bool = True,
        dropna: bool = True,
    ) -> SeriesGroupBy[Series, DataFrame]:
        """Groups of this column's values, by another lazy column of the same frame, or by levels
        of the index, functions or mappings of the labels of rows."""
        if isinstance(by, pd.Grouper) and by.freq is not None:
            return resample_by(self, by)  # type: ignore[return-value]
        label = self.name if self.name is not None else 0
        options = {"sort": sort, "dropna": dropna, "observed": observed, "as_index": as_index}
        frame = sorting.to_frame(self.expr, label)
        unnamed = self.name is None
        groups = group_rows(frame, by, level, group_keys, options, unnamed)
        return SeriesGroupBy(groups, [label])


@wraps(pd.DataFrame)
class DataFrame(
    FrameColumns,
    FrameJoining,
    FrameReshaping,
    FrameSummaries,
    FrameWriting,
    Indexers,
    WindowMethods,
    SharedMethods,
    Partitioned,
):
    """A lazy DataFrame in partitions; methods and results are those of pandas.

    Examples
    --------
    >>> import pandas as pd, shframe as sf
    >>> df = sf.from_pandas(pd.DataFrame({"k": ["a", "b", "a"], "v": [1, 2, 3]}))
    >>> df[df.v > 1].groupby("k").v.sum().compute().to_dict()
    {'a': 3, 'b': 2}
    """

    __slots__ = ()

    def __init__(
        self,
        data: Any = None,
        index: Any = None,
        columns: Any = None,
        dtype: Any = None,
        copy: Any = None,
    ) -> None:
        """The frame that pandas makes of data, with its arguments; stored at the call."""
        how = {"index": index, "columns": columns, "dtype": dtype, "copy": copy}
        Collection.__init__(self, build(pd.DataFrame, data, **how))

    @staticmethod
    def from_dict(
        data: Any, orient: Any = "columns", dtype: Any = None, columns: Any = None
    ) -> Any:
        """A frame of a dictionary, as pandas makes it; it is stored at the call."""
        made = pd.DataFrame.from_dict(data, orient=orient, dtype=dtype, columns=columns)
        return wrap_as(DataFrame, store_pandas(made))

    @staticmethod
    def from_records(data: Any, **how: Any) -> DataFrame:
        """A frame of records, with pandas' arguments; it is stored at the call."""
        return wrap_as(DataFrame, store_pandas(pd.DataFrame.from_records(data, **how)))

    @staticmethod
    def from_arrow(data: Any) -> DataFrame:
        """A frame of a table of Arrow, with the dtypes that pandas gives it; stored at the call."""
        made: Any = pd.DataFrame.from_arrow(data)  # type: ignore[attr-defined]  # the stubs lack it
        return wrap_as(DataFrame, store_pandas(made))

    def _summary(self) -> str:
        names = ", ".join(f"{name}: {dtype}" for name, dtype in self.dtypes.items())
        return names if len(names) < 400 else names[:397] + "..."

    # --- what it looks like -------------------------------------------------------------

    @property
    def index(self) -> Index:
        """The labels of the rows, lazily; they, and their name, can be set."""
        made: Index = self._labels()
        return made

    @index.setter
    def index(self, labels: Any) -> None:
        self._set_labels(labels)

    # --- choosing -----------------------------------------------------------------------

    def __getattr__(self, name: str) -> Series:
        if name.startswith("__") or name == "_shown":  # while a pickle is read there is no plan
            raise AttributeError(name, name=name, obj=self)
        if name in self.columns:
            return self[name]
        raise missing_attribute(self, name, pd.DataFrame, list(self.columns))

    def __setattr__(self, name: str, value: Any) -> None:
        if not hasattr(type(self), name) and name in self.columns:
            self[name] = value
        else:
            super().__setattr__(name, value)

    @overload
    def __getitem__(self, key: Partitioned | list[Any] | pd.Index[Any]) -> DataFrame: ...
    @overload
    def __getitem__(self, key: Hashable) -> Series: ...
    def __getitem__(self, key: Any) -> DataFrame | Series:
        key = call_if_callable(key, self)
        if isinstance(key, Partitioned):
            return self.where(key) if key.ndim == 2 else self._filter(key)  # type: ignore[attr-defined]
        if isinstance(key, pd.Series) and key.dtype == bool:
            return self._filter(wrap(store_pandas(key, 1)))
        if isinstance(key, Scalar):
            return self._filter(wrap(place_values(self.expr, key)))
        if isinstance(key, (list, pd.Index, np.ndarray)):
            labels = list(key)
            if labels and all(isinstance(one, (bool, np.bool_)) for one in labels):
                rows = indexing.rows_by_number(self.expr, np.array(labels))
                return self._wrap(rows)  # type: ignore[arg-type]
            return self._wrap(selection.select_columns(self.expr, labels))
        if isinstance(key, slice):
            return self._slice(key)
        made: Series = wrap(selection.select_column(self.expr, key))
        return made

    def _slice(self, key: slice) -> DataFrame:
        """Rows by number, or by label where the bounds are labels."""
        numbers = all(isinstance(one, (int, type(None))) for one in (key.start, key.stop))
        made: DataFrame = self.iloc[key] if numbers else self.loc[key]
        return made

    def __setitem__(self, label: Any, value: Any) -> None:
        warn_of_copy(self, IN_ITEM)
        if isinstance(label, Series):
            self.loc[label] = value
        elif isinstance(label, DataFrame):
            self.expr = self.mask(label, value).expr
        elif isinstance(label, list):
            self.expr = self._assign_several(label, value).expr
        else:
            self.expr = self._assign({label: value}).expr

    def pop(self, item: Any) -> Series:
        """A column, which is taken out of this object."""
        made: Series = self[item]
        del self[item]
        return made

    def items(self) -> Iterator[tuple[Any, Series]]:
        """(label, column) pairs."""
        return ((label, self[label]) for label in self.columns)

    def groupby(
        self,
        by: Any = None,
        level: Any = None,
        *,
        as_index: bool = True,
        sort: bool = True,
        group_keys: bool = True,
        observed: bool = True,
        dropna: bool = True,
    ) -> DataFrameGroupBy[DataFrame, Series]:
        """Groups by one or more columns.

        by: labels, lazy columns of this frame, functions or mappings of the labels of rows.
        level: levels of the index, by number or name, instead.
        group_keys: whether apply() adds the keys to the index of what the function returns.
        """
        if isinstance(by, pd.Grouper) and by.freq is not None:
            return resample_by(self, by)  # type: ignore[return-value]
        options = {"sort": sort, "dropna": dropna, "observed": observed, "as_index": as_index}
        groups = group_rows(self.expr, by, level, group_keys, options)
        return DataFrameGroupBy(groups, groups.visible)

    @may_be_in_place
    def drop_duplicates(
        self, subset: Any = None, *, keep: Any = "first", ignore_index: bool = False
    ) -> DataFrame:
        """Rows that differ in some columns; the first or last of equal ones is kept.

        keep: False drops all that are there more than once.
        """
        made = self._wrap(duplicates.distinct_rows(self.expr, subset, keep))
        return made.reset_index(drop=True) if ignore_index else made

    def duplicated(self, subset: Any = None, keep: Any = "first") -> Series:
        """Whether each row was there before; keep="last": comes again; False: either.

        subset: the columns that are looked at, and moved; None: all.
        """
        return wrap_as(Series, duplicates.find_duplicates(self.expr, subset, keep))


accept_all(DataFrame, "drop_duplicates map", *AGGREGATIONS)
accept_all(DataFrame, "merge join sort_values set_index", *MOVES, "divisions", "sorted", "upsample")
accept_all(Series, "drop_duplicates map apply value_counts unique nunique", *AGGREGATIONS)
