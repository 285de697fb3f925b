"""What DataFrame, Series and Index share: operators, row-wise methods, reductions, results."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from pandas.api.extensions import no_default

from shframe import session
from shframe.dataframe import arguments, partition
from shframe.dataframe.expr import relations
from shframe.dataframe.expr.lineage import Rows, correspond, same_rows
from shframe.dataframe.expr.relations import Map, Params, Relation
from shframe.dataframe.kernels import reduce, rowwise
from shframe.dataframe.methods.operators import Operand
from shframe.dataframe.plan import dtype_probe
from shframe.dataframe.plan.planner import PLANNER
from shframe.dataframe.plan.samples import sample_of
from shframe.errors import InvalidArgument, UnsupportedType
from shframe.graph.executors.cluster import values
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.plan.expr import Expr
from shframe.graph.plan.planner import Layer, Planner
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task
from shframe.lazy.collection import Collection


class Partitioned(Operand):
    """A lazy pandas-shaped object in partitions."""

    __slots__ = ()
    planner: ClassVar[Planner] = PLANNER
    expr: Relation

    @property
    def _meta(self) -> Any:
        return self.expr.meta

    @property
    def npartitions(self) -> int:
        """How many partitions the computed object has. Cost: plans, computes nothing."""
        _, layer = self.planner.graph(self.planner.optimized(self.expr))
        return len(layer.keys)

    def __repr__(self) -> str:
        return f"<shframe {type(self).__name__}: {self._summary()}>"

    def _summary(self) -> str:
        return type(self.expr).__name__

    # --- results ------------------------------------------------------------------------

    def _settled(self, layer: Layer) -> Layer:
        """Text that was read as dictionaries becomes text in the workers, side by side."""
        if not isinstance(self.expr.meta, pd.DataFrame):
            return layer
        function = Function(rowwise.settled)
        tasks = [Task(Key("settled", (n,)), function, (key,)) for n, key in enumerate(layer.keys)]
        return Layer([task.key for task in tasks], tasks, about=layer.about)

    def _result(self, refs: list[ObjectRef], layer: Layer) -> Any:
        parts = list(values(refs))
        return partition.concatenated(parts, self.expr.meta, fresh=layer.about.fresh)

    def _persisted(self, refs: list[ObjectRef], layer: Layer) -> Self:
        sample = relations.Meta(self.expr.meta)
        increasing = self.expr.lineage.increasing
        fresh, settled = layer.about.fresh, self.expr.settled
        node = relations.FromParts(tuple(refs), sample, None, fresh, increasing, settled)
        return type(self)(node)

    @staticmethod
    def _line(node: Expr) -> str:
        if isinstance(node, relations.ReadParquet):
            return _read_line(node)
        if isinstance(node, Map):
            return f"{node.kernel.__name__} {_short(node.params.values)}"
        return node.name

    def __len__(self) -> int:
        """Rows. Cost: computes the counts of all partitions."""
        return int(wrap(self._count_of_rows()).compute())

    def _count_of_rows(self) -> relations.Value:
        return relations.Reduce(self.expr, _count_rows, _sum_counts, Params())

    # --- making further ones ------------------------------------------------------------

    def _map(
        self,
        kernel: Callable[..., Any],
        *others: Partitioned,
        rows: Rows = "made",
        index_free: bool = False,
        values: tuple[Expr, ...] = (),
        known: relations.Meta | None = None,
        by_label: bool = True,
        **params: Any,
    ) -> Any:
        """by_label: whether a partition can be aligned with the same one of a choice of rows."""
        sources = aligned((self.expr, *(other.expr for other in others)), by_label)
        untouched = index_free and same_rows([source.lineage for source in sources])
        return wrap(Map(sources, kernel, Params(**params), untouched, known, rows, values))

    def _method(
        self,
        name: str,
        *args: Any,
        rows: Rows = "same",
        index_free: bool = True,
        known: relations.Meta | None = None,
        by_label: bool = True,
        **kwargs: Any,
    ) -> Any:
        """A pandas method that works row by row, on whatever partitions."""
        given = arguments.of_method(args, kwargs)
        made = self._map(
            rowwise.method,
            *given.rows,
            rows=rows,
            index_free=index_free,
            values=given.values,
            known=known,
            by_label=by_label,
            name=name,
            args=given.args,
            kwargs=given.kwargs,
        )
        _ = made.expr.meta  # pandas says at the call what is wrong with it
        return made

    def _operator(self, name: str, other: Any, reflected: bool = False) -> Any:
        if arguments.is_rows(other):
            made = self._paired(name, other, reflected)
        elif isinstance(other, Collection):
            made = self._with_value(name, other, reflected)
        else:
            self._check_plain(other)
            made = self._map(
                rowwise.scalar,
                rows="same",
                index_free=True,
                name=name,
                value=other,
                reflected=reflected,
            )
        _ = made.expr.meta
        if name in ("lt", "le", "gt", "ge"):
            dtype_probe.compare(made.expr)
        return made

    def _paired(self, name: str, other: Partitioned, reflected: bool) -> Any:
        """An operator with another lazy object, aligned by the labels of the rows."""
        if {self._meta.ndim, other._meta.ndim} == {1, 2}:
            raise UnsupportedType(
                "an operator between a lazy DataFrame and a lazy Series: pandas would look for "
                "the labels of rows among the columns\n"
                "  use single columns: df.assign(a=df.a + other)"
            )
        left, right = (other, self) if reflected else (self, other)
        return left._map(rowwise.binary, right, rows="joined", index_free=True, name=name)

    def _with_value(self, name: str, other: Collection, reflected: bool) -> Any:
        """An operator with a lazy value, which each partition gets whole."""
        if not arguments.is_value(other):
            raise arguments.unusable(other)
        return self._map(
            rowwise.binary,
            rows="same",
            index_free=True,
            values=(other.expr,),
            name=name,
            reflected=reflected,
        )

    def _check_plain(self, other: Any) -> None:
        """Raises: UnsupportedType: for values that pandas would pair with rows."""
        by_columns = self._meta.ndim == 2 and getattr(other, "ndim", 1) == 1
        if arguments.is_many(other) and not by_columns:
            raise UnsupportedType(
                f"cannot combine a lazy {type(self).__name__} with a {type(other).__name__}: "
                "its values belong to rows, which lie in partitions\n"
                "  make it lazy with sf.from_pandas, or compute() this one first"
            )

    def _unary(self, name: str) -> Any:
        return self._map(rowwise.unary, rows="same", index_free=True, name=name)

    def __bool__(self) -> bool:
        raise ValueError(
            f"the truth value of a lazy {type(self).__name__} is not known\n"
            "  combine conditions with & | ~, or compute() first"
        )

    def _filtered(self, mask: Partitioned) -> Any:
        """The rows for which a lazy condition holds."""
        dtype = getattr(mask._meta, "dtype", None)
        if dtype is None or str(dtype) not in ("bool", "boolean", "bool[pyarrow]"):
            raise UnsupportedType(f"a filter must be a Series of booleans, found dtype {dtype}")
        positional = same_rows([self.expr.lineage, mask.expr.lineage])
        return self._map(rowwise.rows, mask, rows="chosen", positional=positional)

    # --- row by row ---------------------------------------------------------------------

    def isna(self) -> Any:
        """Where values are missing, as booleans."""
        return self._method("isna")

    isnull = isna

    def notna(self) -> Any:
        """Where values are not missing, as booleans."""
        return self._method("notna")

    notnull = notna

    def fillna(self, value: Any) -> Any:
        """Missing values replaced by a value (a dict of values by column for a frame), or by the
        values that a lazy series or frame has under the same labels."""
        if arguments.is_rows(value) and value._meta.ndim != self._meta.ndim:
            raise arguments.unusable(value)  # pandas would take its labels for columns
        by_label = self._meta.ndim == 1 and arguments.is_many(value)
        return self._method("fillna", value, index_free=not by_label)

    def astype(self, dtype: Any) -> Any:
        """Values in another dtype; raises what pandas raises, for bad values while computing.

        Raises: ColumnNotFound for a name in a dictionary of dtypes.
        """
        from shframe.dataframe.methods.casting import cast

        return cast(self, dtype)

    def isin(self, values: Any) -> Any:
        """Where values are among `values`."""
        if arguments.is_rows(values):
            return self._isin_lazy(values)
        if isinstance(values, (set, frozenset)):
            values = list(values)
        by_label = isinstance(values, (pd.Series, pd.DataFrame)) and self._meta.ndim == 2
        return self._method("isin", values, index_free=not by_label)

    def _isin_lazy(self, values: Partitioned) -> Any:
        """Where values are among all values of a lazy series, wherever they are."""
        if 2 in (self._meta.ndim, values._meta.ndim):
            raise arguments.unusable(values)  # pandas compares what has the same labels
        return self._method("isin", wrap(relations.everything(values.expr)))

    def round(self, decimals: int = 0) -> Any:
        """Values rounded to so many decimals."""
        return self._method("round", decimals)

    def abs(self) -> Any:
        """Absolute values."""
        return self._method("abs")

    def clip(self, lower: Any = None, upper: Any = None) -> Any:
        """Values kept within limits."""
        for limit in (lower, upper):
            self._check_one(limit, "clip")
        # pandas asks whether there is any limit at all: of other rows a partition may have none
        return self._beside(lower, upper)._method("clip", lower, upper, by_label=False)

    def where(self, cond: Any, other: Any = np.nan) -> Any:
        """Values where the condition holds, `other` elsewhere."""
        return self._chosen_by("where", cond, other)

    def mask(self, cond: Any, other: Any = np.nan) -> Any:
        """Values where the condition does not hold, `other` elsewhere."""
        return self._chosen_by("mask", cond, other)

    def _chosen_by(self, name: str, *given: Any) -> Any:
        called = [one(self) if callable(one) else one for one in given]
        for one in called:
            self._check_one(one, name)
        return self._beside(called[1])._method(name, *called)

    def _beside(self, *others: Any) -> Any:
        """This one, whole where its dtype is to follow from all values of lazy `others`.

        pandas keeps integers if those that replace some of them, and all others, are whole numbers.
        """
        kinds = relations.dtypes_of(self._meta)
        for other in filter(arguments.is_rows, others):
            unlike = set(relations.dtypes_of(other._meta)) - set(kinds)
            if unlike and any(getattr(kind, "kind", "O") in "iub" for kind in kinds):
                return wrap(relations.whole(self.expr))
        return self

    def _check_one(self, value: Any, where: str) -> None:
        """Raises: UnsupportedType: for many plain values, of which each belongs to a row."""
        if arguments.is_many(value) and not isinstance(value, Collection):
            raise UnsupportedType(
                f"{where}() takes a single value or a lazy column, found a {type(value).__name__}"
                "\n  make it lazy with sf.from_pandas"
            )

    def replace(self, to_replace: Any, value: Any = no_default) -> Any:
        """Values replaced by others."""
        if arguments.is_rows(to_replace) or arguments.is_rows(value):
            raise arguments.unusable(to_replace if arguments.is_rows(to_replace) else value)
        given = () if value is no_default else (value,)
        return self._method("replace", to_replace, *given)

    def map_partitions(
        self,
        function: Callable[..., Any],
        *args: Any,
        meta: Any = None,
        writable: bool = True,
        **kwargs: Any,
    ) -> Any:
        """`function` called on each partition, a pandas object.

        writable: whether the function may change its partition. That costs a copy of the pages
        that it writes, of numbers and times that lie in shared memory; other columns, and those
        still in the making, are copied. Without it values that lie in shared memory are read-only.

        The function is captured by value at this call. What it gives is learned by running it on
        the first partition that has rows, unless `meta`, an empty pandas object, says it.
        What is lazy among its further arguments comes whole, as compute() gives it.

        Raises: NotPicklable when the function cannot travel.
        """
        from shframe.dataframe.plan.inferred_schema import mapped_by_user

        return mapped_by_user(self, function, args, kwargs, meta, writable)

    def head(self, n: int = 5) -> Any:
        """The first `n` rows; from Parquet only the row groups that hold them are read."""
        return wrap(relations.Head(self.expr, row_count(n)))

    def tail(self, n: int = 5) -> Any:
        """The last `n` rows."""
        return wrap(relations.Head(self.expr, row_count(n), last=True))

    def repartition(self, npartitions: int) -> Any:
        """The same rows in `npartitions` partitions of equal length."""
        if not isinstance(npartitions, int) or npartitions < 1:
            raise InvalidArgument(f"npartitions={npartitions!r}: a whole number from 1 is needed")
        return wrap(relations.Repartition(self.expr, npartitions))

    # --- reductions ---------------------------------------------------------------------

    def _reduced(self, how: str, **kwargs: Any) -> Any:
        series = not isinstance(self._meta, pd.DataFrame)
        dtypes = [self._meta.dtype] if series else list(self._meta.dtypes)
        params = Params(how=how, series=series, dtypes=dtypes, **kwargs)
        return wrap(relations.Reduce(self.expr, reduce.partial, reduce.final, params))

    def _whole(self, name: str, *args: Any, **kwargs: Any) -> Any:
        params = Params(name=name, args=args, kwargs=kwargs)
        return wrap(relations.Computed((self.expr,), reduce.of_whole, params))

    def _numeric_checked(self, how: str) -> None:
        """Let pandas say at the call what it cannot reduce."""
        getattr(sample_of(self._meta), how)()

    def sum(self, skipna: bool = True, min_count: int = 0) -> Any:
        """Sums; of a series one value, of a frame one for each column.

        min_count: with fewer values that are not missing the result is missing.
        """
        return self._added("sum", skipna, min_count)

    def prod(self, skipna: bool = True, min_count: int = 0) -> Any:
        """Products; min_count: as sum() has it."""
        return self._added("prod", skipna, min_count)

    def _added(self, how: str, skipna: bool, min_count: int) -> Any:
        self._numeric_checked(how)
        if min_count > 0:
            return self._whole(how, skipna=skipna, min_count=min_count)
        return self._of(how, skipna=skipna)

    def min(self, skipna: bool = True) -> Any:
        """Smallest values."""
        return self._of("min", skipna=skipna)

    def max(self, skipna: bool = True) -> Any:
        """Largest values."""
        return self._of("max", skipna=skipna)

    def mean(self, skipna: bool = True) -> Any:
        """Means of the values that are not missing."""
        self._numeric_checked("mean")
        return self._of("mean", skipna=skipna)

    def var(self, ddof: int = 1, skipna: bool = True) -> Any:
        """Variances, with `ddof` degrees of freedom taken off."""
        self._numeric_checked("var")
        return self._of("var", ddof=ddof, skipna=skipna)

    def std(self, ddof: int = 1, skipna: bool = True) -> Any:
        """Standard deviations, with `ddof` degrees of freedom taken off."""
        self._numeric_checked("std")
        return self._of("std", ddof=ddof, skipna=skipna)

    def any(self) -> Any:
        """Whether any value is true."""
        return self._of("any")

    def all(self) -> Any:
        """Whether all values are true."""
        return self._of("all")

    def count(self) -> Any:
        """Values that are not missing."""
        return self._reduced("count")

    def median(self) -> Any:
        """Exact medians. Cost: brings the columns into one task."""
        self._numeric_checked("median")
        return self._whole("median")

    def nunique(self) -> Any:
        """How many different values. Cost: brings the columns into one task."""
        return self._whole("nunique")

    def quantile(self, q: Any = 0.5) -> Any:
        """Exact quantiles. Cost: brings the columns into one task."""
        return self._whole("quantile", q)

    def _of(self, how: str, **kwargs: Any) -> Any:
        """By partial results where those are exact, else by pandas on the whole."""
        meta = self._meta
        dtypes = list(meta.dtypes) if isinstance(meta, pd.DataFrame) else [meta.dtype]
        if all(_reduces(dtype, how) for dtype in dtypes):
            return self._reduced(how, **kwargs)
        if how in ("any", "all"):
            kwargs = {}
        return self._whole(how, **kwargs)


def _reduces(dtype: Any, how: str) -> bool:
    """Whether partial results can be combined without a difference."""
    if not isinstance(dtype, np.dtype) or dtype.kind not in "iufb":
        return False
    if dtype.kind == "f" and dtype.itemsize != 8:  # pandas adds them up in their own type
        return dtype == np.float32 and how not in ("sum", "prod", "mean")
    return True


def row_count(n: Any) -> int:
    if not isinstance(n, (int, np.integer)) or n < 0:
        raise InvalidArgument(f"n={n!r}: a whole number that is not negative is needed")
    return int(n)


def _count_rows(part: Any) -> int:
    return partition.rows_in(part)


def _sum_counts(*counts: int) -> int:
    return sum(counts)


def aligned(sources: tuple[Relation, ...], by_label: bool = True) -> tuple[Relation, ...]:
    """Sources whose partitions correspond; others are brought together whole, pandas aligns."""
    lineages = [source.lineage for source in sources]
    by_label = by_label and not any(isinstance(source.meta, pd.Index) for source in sources)
    if correspond(lineages) if by_label else same_rows(lineages):
        return sources
    return tuple(map(relations.whole, sources))


def wrap(node: Relation | relations.Value) -> Any:
    """The collection for a node: what its empty result is says which."""
    from shframe.dataframe.frame import DataFrame
    from shframe.dataframe.scalar import Scalar
    from shframe.dataframe.series import Index, Series

    if isinstance(node, relations.Value):
        return Scalar(node)
    meta = node.meta
    if isinstance(meta, pd.DataFrame):
        return DataFrame(node)
    if isinstance(meta, pd.Series):
        return Series(node)
    assert isinstance(meta, pd.Index), f"{type(meta).__name__} is no pandas object with rows"
    return Index(node)


def _short(values: dict[str, Any]) -> str:
    text = ", ".join(f"{name}={value!r}" for name, value in values.items())
    return text if len(text) < 120 else text[:117] + "..."


def _read_line(node: relations.ReadParquet) -> str:
    from shframe.dataframe.io import pruning

    source = node.source
    needed = pruning.needed_groups(source, node.prune, node.filters, node.limit)
    every, kept = len(source.row_groups), len(needed)
    columns = len(source.meta.columns) if node.columns is None else len(node.columns)
    text = (
        f"ReadParquet {len(source.files)} files, columns {columns} of {len(source.meta.columns)}, "
        f"row groups {kept} of {every}"
    )
    if node.prune:
        text += ", prune " + " and ".join(f"{n} {op} {v!r}" for n, op, v in node.prune)
    return text + (f", limit {node.limit}" if node.limit is not None else "")


def labels_increase(obj: Any) -> bool:
    """Whether the labels of a pandas object increase strictly, as far as that is quick to see."""
    index = getattr(obj, "index", None)
    if index is None or isinstance(index, pd.MultiIndex):
        return False
    return bool(index.is_monotonic_increasing and index.is_unique)


def put_parts(obj: Any, count: int) -> tuple[tuple[ObjectRef, ...], tuple[int, ...]]:
    """A pandas object in `count` runs of rows, each stored; the values are taken now."""
    current = session.current()
    rows = len(obj)
    edges = [rows * n // count for n in range(count + 1)]
    refs, sizes = [], []
    for low, high in itertools.pairwise(edges):
        piece = obj.iloc[low:high] if not isinstance(obj, pd.Index) else obj[low:high]
        table = partition.as_table(piece) if isinstance(piece, pd.DataFrame) else None
        refs.append(current.put(piece if table is None else table))
        sizes.append(high - low)
    return tuple(refs), tuple(sizes)
