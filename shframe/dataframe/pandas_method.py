"""A method that pandas has under the same name: its arguments are pandas' own."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pandas as pd

from shframe.dataframe.expr.base import Relation, Value
from shframe.dataframe.in_place import HELD, warn_of_copy
from shframe.dataframe.methods import delegating
from shframe.dataframe.wrap import wrap

How = Callable[[Relation, str, tuple[Any, ...], dict[str, Any]], Relation | Value]


class PandasMethod:
    """An attribute of a class that is the method of this name, done in some way.

    how: which node it is, of the source, the name and the arguments.
    about: the first line of its docstring; cost: what follows there.
    """

    def __init__(self, how: How, about: str, cost: str = "") -> None:
        self.how = how
        self.about = about
        self.cost = cost
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            return wrap(self.how(instance.expr, self.name, args, kwargs))

        call.__name__ = self.name
        call.__qualname__ = f"{owner.__name__}.{self.name}"
        call.__doc__ = self.about + (f"\n\nCost: {self.cost}." if self.cost else "")
        found = next((getattr(k, self.name) for k in _KINDS if hasattr(k, self.name)), None)
        if found is not None:
            call.__wrapped__ = found  # type: ignore[attr-defined]  # its arguments, for editors
        return call


class PairMethod(PandasMethod):
    """The same where pandas returns two objects."""

    def __get__(self, instance: Any, owner: type) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
            how = instance.expr, self.name, args, kwargs
            first, second = (wrap(delegating.call_for_item(*how, item)) for item in (0, 1))
            return first, second

        call.__name__ = self.name
        call.__doc__ = f"{self.about}\n\nCost: {self.cost}."
        return call


class UpdateMethod(PandasMethod):
    """The same where pandas changes the object."""

    def __get__(self, instance: Any, owner: type) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> None:
            warn_of_copy(instance, HELD)
            instance.expr = delegating.call_to_update(instance.expr, self.name, args, kwargs)

        call.__name__ = self.name
        call.__doc__ = f"{self.about}\n\nCost: {self.cost}."
        return call


_KINDS = (pd.DataFrame, pd.Series, pd.Index)
by_value = functools.partial(PandasMethod, delegating.call_by_value)
steady = functools.partial(PandasMethod, delegating.call_steadily)
on_labels = functools.partial(PandasMethod, delegating.call_on_labels)
on_rows = functools.partial(PandasMethod, delegating.call_on_rows)
chosen = functools.partial(PandasMethod, delegating.choose_by_label)
operator = functools.partial(PandasMethod, delegating.operate)
in_one_task = functools.partial(
    PandasMethod, delegating.call_in_one_task, cost="brings all rows into one task"
)
value_in_one_task = functools.partial(
    PandasMethod, delegating.find_in_one_task, cost="brings all rows into one task"
)


def each_label(about: str, unless: str = "") -> PandasMethod:
    """The method on each label of rows; unless: where all are looked at together."""
    cost = f"brings all rows into one task where {unless}" if unless else ""
    return PandasMethod(delegating.convert_labels, about, cost)


pair = functools.partial(
    PairMethod, delegating.call_in_one_task, cost="brings all rows into one task"
)
updated = functools.partial(
    UpdateMethod, delegating.call_in_one_task, cost="brings all rows into one task"
)
at_once = functools.partial(
    PandasMethod,
    delegating.call_now,
    cost="computed at the call, in one task, since the labels or dtypes of the result are values",
)


class OfAllRows:
    """An attribute of all rows as a lazy value, or as rows."""

    def __init__(self, about: str) -> None:
        self.__doc__ = f"{about} Cost: brings all rows into one task."
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        return wrap(delegating.get_in_one_task(instance.expr, self.name))


class InMemory:
    """A method or attribute of the computed object: it cannot be lazy."""

    def __init__(self, about: str) -> None:
        self.about = about
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        found = next(getattr(k, self.name) for k in _KINDS if hasattr(k, self.name))
        if not callable(found) or isinstance(found, type):  # an accessor: plot, list
            return getattr(instance.compute(), self.name)

        def call(*args: Any, **kwargs: Any) -> Any:
            return getattr(instance.compute(), self.name)(*args, **kwargs)

        call.__name__ = self.name
        call.__doc__ = f"{self.about}\n\nCost: computes the whole object in this process."
        call.__wrapped__ = found  # type: ignore[attr-defined]
        return call
