"""What DataFrame, Series and Index share: operators, row-wise methods, reductions, results."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from shframe import session
from shframe.collection import Collection
from shframe.dataframe import chunks, relations, trial
from shframe.dataframe.kernels import reduce, rowwise
from shframe.dataframe.plan import PLANNER
from shframe.dataframe.relations import Map, Params, Relation
from shframe.errors import ColumnNotFound, InvalidArgument, UnsupportedType
from shframe.graph.engine import values
from shframe.graph.expr import Expr
from shframe.graph.function import Function
from shframe.graph.objectref import ObjectRef
from shframe.graph.planner import Layer, Planner
from shframe.graph.task import Key, Task


class Partitioned(Collection):
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
        if self.expr.meta is None or not refs:
            return parts[0]
        return chunks.concatenated(parts, self.expr.meta, fresh=layer.about.fresh)

    def _persisted(self, refs: list[ObjectRef], layer: Layer) -> Self:
        sample = relations.Meta(self.expr.meta)
        return type(self)(relations.FromParts(tuple(refs), sample, None, layer.about.fresh))

    @staticmethod
    def _line(node: Expr) -> str:
        if isinstance(node, relations.ReadParquet):
            return _read_line(node)
        if isinstance(node, Map):
            return f"{node.kernel.__name__} {_short(node.params.values)}"
        return node.name

    def __len__(self) -> int:
        """Rows. Cost: computes the counts of all partitions."""
        counts = relations.Reduce(self.expr, _count_rows, _sum_counts, Params())
        return int(_computed(counts))

    # --- making further ones ------------------------------------------------------------

    def _map(
        self,
        kernel: Callable[..., Any],
        *others: Partitioned,
        index_free: bool = False,
        **params: Any,
    ) -> Any:
        sources = (self.expr, *(other.expr for other in others))
        return wrap(Map(aligned(sources), kernel, Params(**params), index_free))

    def _method(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """A pandas method that works row by row; lazy arguments become further sources."""
        others: list[Partitioned] = []

        def placed(value: Any) -> Any:
            if isinstance(value, Partitioned):
                others.append(value)
                return rowwise.Place(len(others) - 1)
            return value

        plain = tuple(placed(value) for value in args)
        named = {key: placed(value) for key, value in kwargs.items()}
        made = self._map(
            rowwise.method, *others, index_free=not others, name=name, args=plain, kwargs=named
        )
        _ = made.expr.meta  # pandas says at the call what is wrong with it
        return made

    def _operator(self, name: str, other: Any, reflected: bool = False) -> Any:
        if isinstance(other, Partitioned):
            pair = (other, self) if reflected else (self, other)
            made = pair[0]._map(rowwise.binary, pair[1], index_free=True, name=name)
        elif isinstance(other, (pd.Series, pd.DataFrame)):
            raise UnsupportedType(
                f"an operator between {type(self).__name__} and a pandas {type(other).__name__}\n"
                "  make it lazy with sf.from_pandas, or compute() this one first"
            )
        else:
            made = self._map(
                rowwise.scalar, index_free=True, name=name, value=other, reflected=reflected
            )
        _ = made.expr.meta
        if name in ("lt", "le", "gt", "ge"):
            trial.compare(made.expr)
        return made

    def __add__(self, other: Any) -> Any:
        return self._operator("add", other)

    def __radd__(self, other: Any) -> Any:
        return self._operator("add", other, True)

    def __sub__(self, other: Any) -> Any:
        return self._operator("sub", other)

    def __rsub__(self, other: Any) -> Any:
        return self._operator("sub", other, True)

    def __mul__(self, other: Any) -> Any:
        return self._operator("mul", other)

    def __rmul__(self, other: Any) -> Any:
        return self._operator("mul", other, True)

    def __truediv__(self, other: Any) -> Any:
        return self._operator("truediv", other)

    def __rtruediv__(self, other: Any) -> Any:
        return self._operator("truediv", other, True)

    def __floordiv__(self, other: Any) -> Any:
        return self._operator("floordiv", other)

    def __rfloordiv__(self, other: Any) -> Any:
        return self._operator("floordiv", other, True)

    def __mod__(self, other: Any) -> Any:
        return self._operator("mod", other)

    def __rmod__(self, other: Any) -> Any:
        return self._operator("mod", other, True)

    def __pow__(self, other: Any) -> Any:
        return self._operator("pow", other)

    def __rpow__(self, other: Any) -> Any:
        return self._operator("pow", other, True)

    def __and__(self, other: Any) -> Any:
        return self._operator("and_", other)

    def __rand__(self, other: Any) -> Any:
        return self._operator("and_", other, True)

    def __or__(self, other: Any) -> Any:
        return self._operator("or_", other)

    def __ror__(self, other: Any) -> Any:
        return self._operator("or_", other, True)

    def __xor__(self, other: Any) -> Any:
        return self._operator("xor", other)

    def __rxor__(self, other: Any) -> Any:
        return self._operator("xor", other, True)

    def __eq__(self, other: object) -> Any:
        return self._operator("eq", other)

    def __ne__(self, other: object) -> Any:
        return self._operator("ne", other)

    __hash__ = None  # type: ignore[assignment]  # == is lazy and elementwise, as in pandas

    def __lt__(self, other: Any) -> Any:
        return self._operator("lt", other)

    def __le__(self, other: Any) -> Any:
        return self._operator("le", other)

    def __gt__(self, other: Any) -> Any:
        return self._operator("gt", other)

    def __ge__(self, other: Any) -> Any:
        return self._operator("ge", other)

    def __neg__(self) -> Any:
        return self._map(rowwise.unary, index_free=True, name="neg")

    def __invert__(self) -> Any:
        return self._map(rowwise.unary, index_free=True, name="invert")

    def __abs__(self) -> Any:
        return self._map(rowwise.unary, index_free=True, name="abs")

    def __bool__(self) -> bool:
        raise ValueError(
            f"the truth value of a lazy {type(self).__name__} is not known\n"
            "  combine conditions with & | ~, or compute() first"
        )

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
        """Missing values replaced by a value (a dict of values by column for a frame)."""
        return self._method("fillna", value)

    def astype(self, dtype: Any) -> Any:
        """Values in another dtype; raises what pandas raises, for bad values while computing.

        Raises: ColumnNotFound for a name in a dictionary of dtypes.
        """
        if isinstance(dtype, (dict, pd.Series)) and hasattr(self, "columns"):
            for label in dict(dtype):
                if label not in self.columns:
                    raise ColumnNotFound.among(label, self.columns, "astype")
        return self._method("astype", dtype)

    def isin(self, values: Any) -> Any:
        """Where values are among `values`."""
        if isinstance(values, Partitioned):
            raise UnsupportedType("isin() takes plain values; compute() the lazy ones first")
        if isinstance(values, (set, frozenset)):
            values = list(values)
        return self._method("isin", values)

    def round(self, decimals: int = 0) -> Any:
        """Values rounded to so many decimals."""
        return self._method("round", decimals)

    def abs(self) -> Any:
        """Absolute values."""
        return self._method("abs")

    def clip(self, lower: Any = None, upper: Any = None) -> Any:
        """Values kept within limits."""
        return self._method("clip", lower, upper)

    def where(self, cond: Any, other: Any = np.nan) -> Any:
        """Values where the condition holds, `other` elsewhere."""
        return self._method("where", cond, other)

    def mask(self, cond: Any, other: Any = np.nan) -> Any:
        """Values where the condition does not hold, `other` elsewhere."""
        return self._method("mask", cond, other)

    def replace(self, to_replace: Any, value: Any) -> Any:
        """Values replaced by others."""
        return self._method("replace", to_replace, value)

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

        Raises: NotPicklable when the function cannot travel.
        """
        from shframe.dataframe.user import mapped_by_user

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
        params = Params(how=how, series=series, **kwargs)
        made = Scalar(relations.Reduce(self.expr, reduce.partial, reduce.final, params))
        return made

    def _whole(self, name: str, *args: Any, **kwargs: Any) -> Any:
        params = Params(name=name, args=args, kwargs=kwargs)
        node = relations.Whole((self.expr,), reduce.of_whole, params)
        return Scalar(node)

    def _numeric_checked(self, how: str) -> None:
        """Let pandas say at the call what it cannot reduce."""
        getattr(sample_of(self._meta), how)()

    def sum(self, skipna: bool = True) -> Any:
        """Sums; of a series one value, of a frame one for each column."""
        self._numeric_checked("sum")
        return self._of("sum", skipna=skipna)

    def prod(self, skipna: bool = True) -> Any:
        """Products."""
        self._numeric_checked("prod")
        return self._of("prod", skipna=skipna)

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
    numeric = isinstance(dtype, np.dtype) and dtype.kind in "iufb"
    if how in ("min", "max"):
        return numeric
    return numeric and not (dtype == np.float32 and how in ("sum", "prod", "mean"))


def row_count(n: Any) -> int:
    if not isinstance(n, (int, np.integer)) or n < 0:
        raise InvalidArgument(f"n={n!r}: a whole number that is not negative is needed")
    return int(n)


class Scalar(Collection):
    """A lazy reduction: a value, or a Series over the columns of a frame."""

    __slots__ = ()
    planner: ClassVar[Planner] = PLANNER
    _line = staticmethod(Partitioned._line)

    def _result(self, refs: list[ObjectRef], layer: Layer) -> Any:
        value = refs[0].value()
        return value.copy() if isinstance(value, (pd.Series, pd.DataFrame, np.ndarray)) else value

    def __repr__(self) -> str:
        return f"<shframe Scalar: {self.expr.name}>"

    def __float__(self) -> float:
        return float(self.compute())

    def __int__(self) -> int:
        return int(self.compute())


def sample_of(meta: Any) -> Any:
    """One row of harmless values with these dtypes, to let pandas check an operation."""
    if isinstance(meta, pd.DataFrame):
        cells = {n: _sample_value(dtype) for n, dtype in enumerate(meta.dtypes)}
        made = pd.DataFrame(
            {
                n: pd.Series([v], dtype=d)
                for (n, v), d in zip(cells.items(), meta.dtypes, strict=True)
            }
        )
        made.columns = meta.columns
        return made
    return pd.Series([_sample_value(meta.dtype)], dtype=meta.dtype)


def _sample_value(dtype: Any) -> Any:
    if isinstance(dtype, pd.CategoricalDtype):
        return dtype.categories[0] if len(dtype.categories) else None
    kind = getattr(dtype, "kind", "O")
    if isinstance(dtype, pd.StringDtype):
        return "a"
    return {"M": "2000-01-01", "m": 0, "b": True, "O": None}.get(kind, 1)


def _computed(node: Relation) -> Any:
    return Scalar(node).compute()


def _count_rows(part: Any) -> int:
    return chunks.rows_in(part)


def _sum_counts(*counts: int) -> int:
    return sum(counts)


def aligned(sources: tuple[Relation, ...]) -> tuple[Relation, ...]:
    """Sources whose partitions correspond; others are brought together whole, pandas aligns."""
    roots = {source.roots for source in sources}
    if len(roots) == 1 or frozenset.union(*roots) in roots:
        return sources
    return tuple(relations.Whole((source,), _itself, Params()) for source in sources)


def _itself(part: Any) -> Any:
    return part


def wrap(node: Relation) -> Any:
    """The collection for a node: what its empty result is says which."""
    from shframe.dataframe.frame import DataFrame
    from shframe.dataframe.series import Index, Series

    meta = node.meta
    if isinstance(meta, pd.DataFrame):
        return DataFrame(node)
    if isinstance(meta, pd.Series):
        return Series(node)
    if isinstance(meta, pd.Index):
        return Index(node)
    return Scalar(node)


def _short(values: dict[str, Any]) -> str:
    text = ", ".join(f"{name}={value!r}" for name, value in values.items())
    return text if len(text) < 120 else text[:117] + "..."


def _read_line(node: relations.ReadParquet) -> str:
    from shframe.dataframe import pruning

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


def put_parts(obj: Any, count: int) -> tuple[tuple[ObjectRef, ...], tuple[int, ...]]:
    """A pandas object in `count` runs of rows, each stored; the values are taken now."""
    current = session.current()
    rows = len(obj)
    edges = [rows * n // count for n in range(count + 1)]
    refs, sizes = [], []
    for low, high in itertools.pairwise(edges):
        piece = obj.iloc[low:high] if not isinstance(obj, pd.Index) else obj[low:high]
        table = chunks.as_table(piece) if isinstance(piece, pd.DataFrame) else None
        refs.append(current.put(piece if table is None else table))
        sizes.append(high - low)
    return tuple(refs), tuple(sizes)
