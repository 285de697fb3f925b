"""Filters go as near to the files as they may: fewer rows are joined, sorted and computed."""

from __future__ import annotations

from shframe.dataframe.expr.base import Relation
from shframe.dataframe.expr.relations import Filter, Join
from shframe.dataframe.rules.conditions import all_of, terms_of
from shframe.dataframe.rules.filter_moves import MOVES, Move, Terms, with_columns_of
from shframe.dataframe.rules.infer_conditions import infer_conditions
from shframe.dataframe.rules.needs import needs_of
from shframe.dataframe.rules.push_filters_below_joins import below_join
from shframe.dataframe.rules.rewriting import reached_without, replace_nodes, with_schema_of
from shframe.graph.plan.expr import Expr, nodes_of

_MOVES: dict[type[Relation], Move] = {**MOVES, Join: below_join}
MOST_LEVELS = 100  # that a filter goes down: each is a call within a call


def move_filters(plan: Expr) -> Expr:
    """Each filter below what it may go below, where nothing else reads what is between.

    The upper filters go first, and take along those that they meet.
    """
    if not plan.has(Filter):
        return plan
    filters = [node for node in nodes_of(plan) if isinstance(node, Filter) and node.is_aligned]
    movable = any(type(node.source) in _MOVES for node in filters)
    if not movable and not plan.has(Join):
        return plan
    needs = needs_of(plan) if movable else {}
    new: dict[str, Expr] = {}
    taken: set[str] = set()
    for node in reversed(filters):
        if node.token not in taken and type(node.source) in _MOVES:
            moving = Moving(plan, node)
            new[node.token] = moving.filter(node, needs[node.token].index)
            taken |= moving.taken
    was: dict[str, str] = {}  # tokens of rewritten nodes -> of those that they were

    def infer(old: Expr, made: Expr) -> Expr:
        if isinstance(made, Join):
            made = infer_conditions(made, lambda *what: Moving(plan, old, was).place(*what))
        was[made.token] = old.token
        return made

    return replace_nodes(plan, new, infer)


class Moving:
    """One filter on its way down.

    taken: other filters that go with it. was: see move_filters.
    """

    def __init__(self, plan: Expr, without: Expr, was: dict[str, str] | None = None) -> None:
        self.taken: set[str] = set()
        self._was = was or {}
        self._shared = {without.token, *reached_without(plan, without)}
        self._level = 0

    def filter(self, node: Filter, index: bool) -> Relation:
        """A filter whose terms are where they belong."""
        terms = with_columns_of(terms_of(node.condition), node.source)
        if not terms or not self._is_alone(node.source):
            return node
        moved = _MOVES[type(node.source)](node.source, terms, index, self.place)
        if moved is None:
            return node
        return self._over(node.source, *moved)

    def place(self, source: Relation, terms: Terms, index: bool) -> Relation:
        """The rows of a relation for which terms hold, filtered as deep as may be."""
        move = _MOVES.get(type(source))
        if move is None or self._level == MOST_LEVELS or not self._is_alone(source):
            return _filtered(source, terms)
        self._level += 1
        moved = move(source, terms, index, self.place)
        self._level -= 1
        return _filtered(source, terms) if moved is None else self._over(source, *moved)

    def _over(self, source: Relation, made: Relation, rest: Terms) -> Relation:
        if isinstance(source, Filter):
            self.taken.add(source.token)
        return _filtered(made, rest)

    def _is_alone(self, node: Relation) -> bool:
        """Whether nothing else reads it, for which it would be computed a second time."""
        return self._was.get(node.token, node.token) not in self._shared


def _filtered(source: Relation, terms: Terms) -> Relation:
    if not terms:
        return source
    condition = all_of([term.over(source) for term in terms])
    return with_schema_of(Filter(source, condition), source)
