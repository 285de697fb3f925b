"""`.str`, `.dt` and `.cat` of a lazy Series: every method and attribute that pandas has there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shframe.dataframe.expr.base import Relation
from shframe.dataframe.methods import accessing
from shframe.dataframe.wrap import wrap


class Accessor:
    """What pandas offers under `.str`, `.dt` or `.cat`."""

    __slots__ = ("_accessor", "_source")

    __iter__ = None

    def __init__(self, source: Relation, accessor: str) -> None:
        getattr(source.meta, accessor)  # pandas raises where the dtype has no such accessor
        self._source = accessing.unify_categories(source) if accessor == "cat" else source
        self._accessor = accessor

    def __dir__(self) -> Any:
        more = _OF_CATEGORIES if self._accessor == "cat" else ()
        return [*dir(getattr(self._source.meta, self._accessor)), *more]

    def __getitem__(self, key: Any) -> Any:
        """A character or slice of each string, or an item of each list: `s.str[0]`, `s.str[1:]`."""
        if self._accessor != "str":
            raise TypeError(f"the accessor {self._accessor!r} cannot be indexed")
        if isinstance(key, slice):
            return self._call("slice", key.start, key.stop, key.step)
        return self._call("get", key)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if self._accessor == "cat" and name in _OF_CATEGORIES:
            return _OF_CATEGORIES[name](self)
        found = getattr(getattr(self._source.meta, self._accessor), name)
        if name in accessing.OF_DTYPE[self._accessor]:
            return found
        if callable(found):
            return lambda *args, **kwargs: self._call(name, *args, **kwargs)
        return wrap(accessing.access_attribute(self._source, self._accessor, name))

    def _call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        if self._accessor == "str" and accessing.is_wide(name, args, kwargs):
            return self._spread(name, args, kwargs)
        source = self._source
        if name in _BY_CATEGORIES:
            source = accessing.learn_categories(source)
        return wrap(accessing.call_accessor(source, self._accessor, name, args, kwargs))

    def _spread(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A method that returns columns: a string that has all is looked for first."""
        if name == "get_dummies":
            args, kwargs = (), _dummy_options(*args, **kwargs)
        text = wrap(accessing.find_columns(self._source, name, args, kwargs)).compute()
        return wrap(accessing.spread_columns(self._source, name, args, kwargs, text))

    def _categories(self) -> Any:
        known = self._source.meta.cat.categories
        return known.view() if len(known) else wrap(accessing.list_categories(self._source))

    def _are_known(self) -> bool:
        return bool(len(self._source.meta.cat.categories))

    def _as_known(self) -> Any:
        """The column with the categories of all rows, found now where they are not known."""
        return wrap(accessing.learn_categories(self._source))


# Methods whose arguments are compared with the categories.
_BY_CATEGORIES = frozenset(
    {"add_categories", "remove_categories", "rename_categories", "reorder_categories"}
)
# What Dask has beside pandas' names, and what has to be found first.
_OF_CATEGORIES: dict[str, Callable[[Accessor], Any]] = {
    "categories": Accessor._categories,
    "known": Accessor._are_known,
    "as_known": lambda self: self._as_known,
    "as_unknown": lambda self: lambda: wrap(self._source),
}


def _dummy_options(sep: str = "|", dtype: Any = None) -> dict[str, Any]:
    return {"sep": sep, "dtype": dtype}
