"""Expressions: immutable nodes of a plan, identified by a content token.

A node is a frozen dataclass whose fields are its operands: other nodes, tuples of nodes, or plain
values. No node optimises, lowers or runs itself: those are in rewrite.py, planner.py and in the
rooms of the collections. Plans are walked with a stack, never by recursion, and are never sent to
workers.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Self

from shframe.graph.cached import cached_property
from shframe.graph.plan.tokens import tokenize_after


@dataclasses.dataclass(frozen=True, eq=False)
class Expr:
    """A node of a plan; equal to another when their content tokens are equal.

    A field that starts with an underscore is a note to ourselves (a cached schema, a source
    line): it does not enter the token.
    """

    @cached_property
    def token(self) -> str:
        """The digest of the node's class and operands, made when it is first asked for."""
        # those below first: the token of a long chain is not to be made by recursion
        stack: list[Expr] = [self]
        while stack:
            node = stack[-1]
            known = node.__dict__
            open_ = [child for child in node.children() if "token" not in child.__dict__]
            if open_:
                stack += open_
                continue
            stack.pop()
            if "token" not in known:  # else it is read by two nodes
                title, operands, _ = _kind_of(type(node))
                known["token"] = tokenize_after(title, [known[name] for name in operands])
        return self.__dict__["token"]  # type: ignore[no-any-return]

    @property
    def own(self) -> str:
        """The digest of the class and of the operands that are no nodes."""
        title, operands, _ = _kind_of(type(self))
        known = self.__dict__
        return tokenize_after(title, [_without_nodes(known[name]) for name in operands])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expr) and self.token == other.token

    def __hash__(self) -> int:
        return int(self.token[:15], 16)

    def __shframe_token__(self) -> str:
        return self.token

    @cached_property
    def name(self) -> str:
        """Kind and token, short: the name of this node's tasks."""
        return f"{type(self).__name__.lower()}-{self.token[:16]}"

    @cached_property
    def kinds(self) -> frozenset[type[Expr]]:
        """The classes of the node and of all below it: most rules are for kinds that few plans
        have. Cost: O(nodes)."""
        return frozenset(map(type, nodes_of(self)))

    def has(self, *wanted: type[Expr]) -> bool:
        """Whether a node of one of these classes is in the plan."""
        return any(issubclass(kind, wanted) for kind in self.kinds)

    def children(self) -> tuple[Expr, ...]:
        """The nodes among the operands, in the order of the fields."""
        return self._children

    @cached_property
    def _children(self) -> tuple[Expr, ...]:
        found: list[Expr] = []
        known = self.__dict__
        for name in _kind_of(type(self)).operands:
            value = known[name]
            if isinstance(value, Expr):
                found.append(value)
            elif isinstance(value, tuple):
                found.extend(item for item in value if isinstance(item, Expr))
        return tuple(found)

    def with_children(self, children: Sequence[Expr]) -> Self:
        """The same node over other children, given in the order of children()."""
        kind, known = _kind_of(type(self)), self.__dict__
        made = object.__new__(type(self))
        fields, rest = made.__dict__, iter(children)
        for name in kind.operands:
            value = known[name]
            if isinstance(value, Expr):
                value = next(rest)
            elif isinstance(value, tuple) and any([isinstance(v, Expr) for v in value]):
                value = tuple([next(rest) if isinstance(v, Expr) else v for v in value])
            fields[name] = value
        for name in kind.notes:
            fields[name] = known[name]
        fields["_children"] = tuple(children)
        return made

    def replaced(self, **changes: Any) -> Self:
        """The same node with other values of some fields, in a fifth of the time that
        dataclasses.replace() takes."""
        known = self.__dict__
        made = object.__new__(type(self))
        _, operands, notes = _kind_of(type(self))
        made.__dict__.update({name: known[name] for name in (*operands, *notes)}, **changes)
        return made


def _without_nodes(value: Any) -> Any:
    if isinstance(value, Expr):
        return ...
    if isinstance(value, tuple) and any(isinstance(item, Expr) for item in value):
        return tuple(... if isinstance(item, Expr) else item for item in value)
    return value


class _Kind(NamedTuple):
    """What is asked of a class of nodes for each of them: its name and its fields."""

    title: bytes
    operands: tuple[str, ...]
    notes: tuple[str, ...]


_kinds: dict[type[Expr], _Kind] = {}


def _kind_of(cls: type[Expr]) -> _Kind:
    kind = _kinds.get(cls)
    if kind is None:
        fields = tuple(field.name for field in dataclasses.fields(cls))
        operands = tuple(name for name in fields if not name.startswith("_"))
        notes = tuple(name for name in fields if name.startswith("_"))
        title = f"{cls.__module__}.{cls.__qualname__};"
        kind = _kinds[cls] = _Kind(title.encode(), operands, notes)
    return kind


def walk(*roots: Expr) -> Iterator[Expr]:
    """Every node below the roots once, children before parents. Cost: O(nodes)."""
    seen: set[str] = set()
    stack = [*reversed(roots)]
    while stack:
        node = stack[-1]
        below = [child for child in node.children() if child.token not in seen]
        if below:
            below.reverse()
            stack += below
            continue
        stack.pop()
        if node.token not in seen:
            seen.add(node.token)
            yield node


def nodes_of(plan: Expr) -> tuple[Expr, ...]:
    """What walk() gives of a whole plan, which is walked once for all that ask."""
    below = plan.__dict__.get("_below")
    if below is None:  # without the plan itself: it would keep itself alive
        below = plan.__dict__["_below"] = tuple(walk(plan))[:-1]
    return (*below, plan)


def rebuild(root: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """Apply `change` to every node, children first; a node is rebuilt only over changed children.

    Cost: O(nodes) calls of `change`; shared nodes are changed once.
    """
    done: dict[str, Expr] = {}
    for node in nodes_of(root):
        old = node.children()
        new = tuple(done[child.token] for child in old)
        moved = any(map(operator.is_not, old, new))
        done[node.token] = change(node.with_children(new) if moved else node)
    return done[root.token]


def tree_text(root: Expr, line: Callable[[Expr], str] | None = None) -> str:
    """The plan as indented text, a node a line; a node met again is shown by name only."""
    describe = line or (lambda node: node.name)
    seen: set[str] = set()
    lines: list[str] = []
    stack: list[tuple[Expr, int]] = [(root, 0)]
    while stack:
        node, depth = stack.pop()
        again = node.token in seen and bool(node.children())
        lines.append("  " * depth + describe(node) + (" (shown above)" if again else ""))
        if not again:
            seen.add(node.token)
            below = dict.fromkeys(node.children())  # what is read twice is shown once
            stack.extend((child, depth + 1) for child in reversed(below))
    return "\n".join(lines)
