"""Filters go as near to the files as they may: fewer rows are joined, sorted and computed."""

from __future__ import annotations

from shframe.dataframe.expr.base import Relation
from shframe.dataframe.expr.relations import Filter, Join
from shframe.dataframe.rules.conditions import all_of, terms_of
from shframe.dataframe.rules.filter_moves import MOVES, Move, Terms, rebased, with_columns_of
from shframe.dataframe.rules.infer_conditions import infer_conditions
from shframe.dataframe.rules.needs import needs_of
from shframe.dataframe.rules.push_filters_below_joins import below_join
from shframe.dataframe.rules.rewriting import rewrite, with_meta
from shframe.graph.plan.expr import Expr

_MOVES: dict[type[Relation], Move] = {**MOVES, Join: below_join}


def move_filters(plan: Expr) -> Expr:
    """Each filter below what it may go below, where nothing else reads what is between."""
    if not _has_filters(plan):
        return plan
    needs = needs_of(plan)
    was: dict[str, str] = {}  # tokens of rewritten nodes -> of those that they were

    def change(old: Expr, new: Expr) -> Expr:
        made = new
        if isinstance(new, Filter) and new.is_aligned and type(new.source) in _MOVES:
            made = _Moving(_seen_without(plan, old), was).filter(new, needs[old.token].index)
        elif isinstance(new, Join):
            made = infer_conditions(new, _Moving(_seen_without(plan, old), was).place)
        was[made.token] = old.token
        return made

    return rewrite(plan, change)


def _has_filters(plan: Expr) -> bool:
    stack, seen = [plan], set()
    while stack:
        node = stack.pop()
        if isinstance(node, Filter):
            return True
        if id(node) not in seen:
            seen.add(id(node))
            stack.extend(node.children())
    return False


def _seen_without(plan: Expr, without: Expr) -> set[str]:
    """The nodes to which a path leads from the root that does not pass a node."""
    stack, seen = [plan], {without.token}
    while stack:
        node = stack.pop()
        if node.token not in seen:
            seen.add(node.token)
            stack.extend(node.children())
    return seen


class _Moving:
    """One filter on its way down.

    shared: what is read by others too, and would be computed twice; was: see move_filters.
    """

    def __init__(self, shared: set[str], was: dict[str, str]) -> None:
        self.shared, self.was = shared, was

    def filter(self, node: Filter, index: bool) -> Relation:
        """A filter whose terms are where they belong."""
        terms = with_columns_of(terms_of(node.condition), node.source)
        if not terms or not self._is_alone(node.source):
            return node
        moved = _MOVES[type(node.source)](node.source, terms, index, self.place)
        if moved is None:
            return node
        source, rest = moved
        return _filtered(source, rebased(rest, node.source, source))

    def place(self, source: Relation, terms: Terms, index: bool) -> Relation:
        """The rows of a relation for which terms hold, filtered as deep as may be."""
        move = _MOVES.get(type(source))
        moved = move(source, terms, index, self.place) if move and self._is_alone(source) else None
        if moved is None:
            return _filtered(source, terms)
        made, rest = moved
        return _filtered(made, rebased(rest, source, made))

    def _is_alone(self, node: Relation) -> bool:
        return self.was.get(node.token, node.token) not in self.shared


def _filtered(source: Relation, terms: Terms) -> Relation:
    if not terms:
        return source
    condition = all_of([term for term, _ in terms])
    return with_meta(Filter(source, condition), source.meta)
