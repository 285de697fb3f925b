"""Rules, stages and the driver that applies them to a plan.

A rule is a function: one node in, a new node or None out. A pass is a function of the whole plan,
for what one node cannot see (which columns all its parents need). A stage names an ordered tuple
of rules and passes and a check that its result must satisfy.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shframe.graph.errors import PlanNotStable
from shframe.graph.plan.expr import Expr, rebuild, tree_text

ROUNDS = 50  # no plan of ours needed more than 6; a rule that undoes another never ends


@dataclass(frozen=True, slots=True)
class Rule:
    """A function and the node type that it is for."""

    on: type[Expr]
    apply: Callable[[Any], Expr | None]

    @property
    def name(self) -> str:
        return self.apply.__name__


def rule(on: type[Expr]) -> Callable[[Callable[[Any], Expr | None]], Rule]:
    """Pair a rewriting function with the node type that it is for."""
    return lambda function: Rule(on, function)


@dataclass(frozen=True, slots=True)
class Stage:
    """Named rules (to a fixpoint) and then passes (once each), in order.

    check: raises AssertionError for a node, or a plan, and what may not stand in its place; it is
        called for each rewriting by a rule and for the whole where SHFRAME_CHECK=1.
    """

    name: str
    rules: tuple[Rule, ...] = ()
    passes: tuple[Callable[[Expr], Expr], ...] = ()
    check: Callable[[Expr, Expr], None] | None = None

    def apply(self, plan: Expr) -> Expr:
        """The rewritten plan; raises PlanNotStable when the rules never come to rest."""
        result = _to_fixpoint(self, plan) if self.rules else plan
        for whole in self.passes:
            result = whole(result)
        if self.check is not None and is_checking():
            self.check(plan, result)
        return result


def is_checking() -> bool:
    """Whether plans are checked: for tests, as it costs more than planning does."""
    return os.environ.get("SHFRAME_CHECK") == "1"


def _to_fixpoint(stage: Stage, plan: Expr) -> Expr:
    by_type: dict[type[Expr], tuple[Rule, ...]] = {}
    used: list[str] = []
    check = stage.check if is_checking() else None

    def change(node: Expr) -> Expr:
        kind = type(node)
        if kind not in by_type:
            by_type[kind] = tuple(r for r in stage.rules if issubclass(kind, r.on))
        for candidate in by_type[kind]:
            new = candidate.apply(node)
            if new is not None and new is not node and new.token != node.token:
                used.append(candidate.name)
                if check is not None:
                    check(node, new)
                return new
        return node

    before = plan
    for _ in range(ROUNDS):
        if not before.has(*(one.on for one in stage.rules)):
            return before
        used.clear()
        after = rebuild(before, change)
        if after is before or after.token == before.token:
            return after
        before, last = after, before
    raise PlanNotStable(
        f"stage {stage.name!r} did not come to rest in {ROUNDS} rounds\n"
        f"  rules of the last round: {', '.join(used)}\n"
        f"  plan before it:\n{tree_text(last)}\n  plan after it:\n{tree_text(before)}"
    )
