"""Rules, stages and the driver that applies them to a plan.

A rule is a function: one node in, a new node or None out. A pass is a function of the whole plan,
for what one node cannot see (which columns all its parents need). A stage names ordered rules and
passes.
"""

from __future__ import annotations

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
    """Named rules (to a fixpoint) and then passes (once each), in order."""

    name: str
    rules: tuple[Rule, ...] = ()
    passes: tuple[Callable[[Expr], Expr], ...] = ()

    def apply(self, plan: Expr) -> Expr:
        """The rewritten plan; raises PlanNotStable when the rules never come to rest."""
        result = _to_fixpoint(self, plan) if self.rules else plan
        for whole in self.passes:
            result = whole(result)
        return result


def _to_fixpoint(stage: Stage, plan: Expr) -> Expr:
    by_type: dict[type[Expr], tuple[Rule, ...]] = {}
    used: list[str] = []

    def change(node: Expr) -> Expr:
        kind = type(node)
        if kind not in by_type:
            by_type[kind] = tuple(r for r in stage.rules if issubclass(kind, r.on))
        for candidate in by_type[kind]:
            new = candidate.apply(node)
            if new is not None and new.token != node.token:
                used.append(candidate.name)
                return new
        return node

    before = plan
    for _ in range(ROUNDS):
        used.clear()
        after = rebuild(before, change)
        if after.token == before.token:
            return after
        before, last = after, before
    raise PlanNotStable(
        f"stage {stage.name!r} did not come to rest in {ROUNDS} rounds\n"
        f"  rules of the last round: {', '.join(used)}\n"
        f"  plan before it:\n{tree_text(last)}\n  plan after it:\n{tree_text(before)}"
    )
