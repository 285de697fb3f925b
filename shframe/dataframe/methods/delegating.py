"""Methods that pandas has under the same name, with its own arguments: row by row, in one task, at
once where the columns of the result are values, or on the computed object."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import arguments
from shframe.dataframe.expr.base import Params, Relation, Value, dtypes_of
from shframe.dataframe.expr.columns import (
    DropNull,
    Elementwise,
    Joined,
    Relabel,
    SteadyElementwise,
    SteadyRelabel,
)
from shframe.dataframe.expr.lineage import same_rows
from shframe.dataframe.expr.relations import (
    OpenWhole,
    Whole,
    bring_together,
    unify_dtypes,
)
from shframe.dataframe.expr.values import Computed
from shframe.dataframe.kernels import rowwise
from shframe.dataframe.methods.grouping import captured
from shframe.dataframe.methods.rowwise import beside, call_method
from shframe.dataframe.plan.inferred_schema import compute_now, learn_schema
from shframe.graph.plan.expr import Expr

Args = tuple[Any, ...]
Named = dict[str, Any]


def call_by_value(source: Relation, name: str, args: Args, kwargs: Named) -> Relation:
    """A method that looks at each value alone and keeps the labels."""
    return call_method(source, name, args, kwargs)


def call_steadily(source: Relation, name: str, args: Args, kwargs: Named) -> Relation:
    """The same where the dtypes of the result follow from the source's."""
    return call_method(source, name, args, kwargs, kind=SteadyElementwise)


def call_on_labels(source: Relation, name: str, args: Args, kwargs: Named) -> Relation:
    """A method that gives rows other labels, each for itself, or looks at them."""
    return call_method(source, name, args, kwargs, kind=SteadyRelabel, index_asked=True)


def convert_labels(source: Relation, name: str, args: Args, kwargs: Named) -> Relation:
    """A method that converts the labels, of rows each for itself where it does not look around."""
    given = dict(zip(_CONVERSIONS[name], args, strict=False)) | kwargs
    around = given.get("ambiguous", "raise")
    alone = isinstance(around, str) and around != "infer"
    if name == "to_period":
        alone = given.get("freq") is not None
    if given.get("axis", 0) not in (0, "index", "rows") or not alone:
        return call_in_one_task(source, name, args, kwargs)  # type: ignore[return-value]
    return call_on_labels(source, name, args, kwargs)


_CONVERSIONS = {
    "tz_localize": ("tz", "axis", "level", "copy", "ambiguous", "nonexistent"),
    "tz_convert": ("tz", "axis", "level"),
    "to_period": ("freq", "axis"),
    "to_timestamp": ("freq", "how", "axis"),
}


def put_under_labels(source: Relation, name: str, args: Args, kwargs: Named) -> Relation:
    """reindex: of columns alone each row for itself."""
    axis = kwargs.get("axis", 0)
    by_axis = axis in (1, "columns") and kwargs.get("index") is None
    only = not args and kwargs.get("labels") is None and kwargs.get("index") is None
    plain = "method" not in kwargs and "level" not in kwargs
    if source.meta.ndim == 2 and plain and (by_axis or (only and "columns" in kwargs)):
        return call_method(source, name, args, kwargs)
    return call_in_one_task(source, name, args, kwargs)  # type: ignore[return-value]


def call_on_rows(source: Relation, name: str, args: Args, kwargs: Named) -> Relation:
    """A method that makes other rows of each row."""
    return call_method(unify_dtypes(source), name, args, kwargs, kind=Relabel, index_asked=True)


def repeat_rows(source: Relation, name: str, args: Args, kwargs: Named) -> Relation | Value:
    """repeat: each as often, in its partition; or as often as a list says, which is of all."""
    times = args[0] if args else kwargs.get("repeats")
    flags = isinstance(source.meta, pd.Index) and source.meta.dtype == bool
    if isinstance(times, (int, np.integer)) and not flags:
        return call_on_rows(source, name, args, kwargs)
    return call_now(source, name, args, kwargs)


def choose_by_label(source: Relation, name: str, args: Args, kwargs: Named) -> Relation:
    """A method that chooses rows by the label of each."""
    return call_method(source, name, args, kwargs, kind=DropNull, index_asked=True)


def operate(source: Relation, name: str, args: Args, kwargs: Named) -> Relation:
    """An operator as a method: of two lazy objects the rows of both, aligned by label."""
    given = [*args, *kwargs.values()]
    listed = [one for one in given if arguments.is_many(one) and not arguments.is_rows(one)]
    if listed and source.meta.ndim == 1:
        args = tuple(beside(source, one, name) for one in args)
        kwargs = {label: beside(source, one, name) for label, one in kwargs.items()}
        given = [*args, *kwargs.values()]
    kind = Joined if any(map(arguments.is_rows, given)) else Elementwise
    if kind is Joined and (kwargs.get("level") is not None or "fill_value" in kwargs):
        source = bring_together(source)
    return call_method(source, name, args, kwargs, kind=kind)


def call_beside(source: Relation, name: str, args: Args, kwargs: Named) -> Relation | Value:
    """A method of two objects: of two with the same rows partition by partition."""
    rows = [one for one in (*args, *kwargs.values()) if arguments.is_rows(one)]
    kinds = (np.dtype, pd.StringDtype)
    settled = [source, *(one.expr for one in rows)]
    plain = all(
        isinstance(kind, kinds) and kind != np.dtype(object)
        for s in settled
        for kind in dtypes_of(s.meta)
    )
    named = set(kwargs) - {"other", "func"}
    if len(rows) != 1 or named or not plain or not same_rows([one.lineage for one in settled]):
        return call_in_one_task(source, name, args, kwargs)
    return call_method(source, name, args, kwargs, kind=Joined)


def call_in_one_task(source: Relation, name: str, args: Args, kwargs: Named) -> Relation | Value:
    """pandas' own method on all rows in one task."""
    sources, params = _whole_call(source, name, args, kwargs)
    whole = Whole(sources, rowwise.call_method, params)
    if isinstance(whole.meta, (pd.Series, pd.DataFrame, pd.Index)):
        return whole
    return Computed(sources, rowwise.call_method, params)


def find_in_one_task(source: Relation, name: str, args: Args, kwargs: Named) -> Value:
    """pandas' own method on all rows, where it gives no rows."""
    sources, params = _whole_call(source, name, args, kwargs)
    return Computed(sources, rowwise.call_for_value, params)


def get_in_one_task(source: Relation, name: str) -> Value:
    """An attribute of all rows."""
    return Computed((source,), rowwise.get_attribute, Params(name=name))


def call_now(source: Relation, name: str, args: Args, kwargs: Named) -> Relation:
    """pandas' own method, computed now, since the labels or dtypes of the result are values."""
    sources, params = _whole_call(source, name, args, kwargs)
    return compute_now(OpenWhole(sources, rowwise.call_method, params, learn_schema))


def _whole_call(
    source: Relation, name: str, args: Args, kwargs: Named
) -> tuple[tuple[Expr, ...], Params]:
    split = arguments.split_function(captured(args), captured(kwargs))
    given = split.arguments
    params = Params(name=name, args=given.args, kwargs=dict(given.kwargs))
    return (source, *split.values), params


def multiply_matrix(source: Relation, other: Any) -> Relation | Value:
    """dot: of a frame with plain numbers each row for itself, of two lazy ones now."""
    if source.meta.ndim == 1:
        return call_in_one_task(source, "dot", (other,), {})
    if arguments.is_rows(other):
        return call_now(source, "dot", (other,), {})
    return call_method(source, "dot", [other])


def call_for_item(source: Relation, name: str, args: Args, kwargs: Named, item: int) -> Relation:
    """One of the objects that pandas' own method returns on all rows."""
    sources, params = _whole_call(source, name, args, kwargs)
    named = Params(**params.values, item=item)
    return Whole(sources, rowwise.call_for_item, named)


def call_to_update(source: Relation, name: str, args: Args, kwargs: Named) -> Relation:
    """All rows after pandas' own method changed them."""
    sources, params = _whole_call(source, name, args, kwargs)
    node = Whole(sources, rowwise.call_to_update, params)
    _ = node.meta  # pandas says at the call what is wrong with it
    return node
