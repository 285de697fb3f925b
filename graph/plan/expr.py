"""Expressions: immutable nodes of a plan, identified by a content token.

A node is a frozen dataclass whose fields are its operands: other nodes, tuples of nodes, or plain
values. No node optimises, lowers or runs itself: those are in rewrite.py, planner.py and in the
rooms of the collections. Plans are walked with a stack, never by recursion, and are never sent to
workers.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self

from shframe.graph.plan.tokens import tokenize


@dataclasses.dataclass(frozen=True, eq=False)
class Expr:
    """A node of a plan; equal to another when their content tokens are equal.

    A field that starts with an underscore is a note to ourselves (a cached schema, a source
    line): it does not enter the token.
    """

    @functools.cached_property
    def token(self) -> str:
        """The digest of the node's class and operands, made when it is first asked for."""
        # those below first: the token of a long chain is not to be made by recursion
        stack: list[Expr] = [self]
        while stack:
            node = stack[-1]
            open_ = [child for child in node.children() if "token" not in child.__dict__]
            if open_:
                stack += open_
                continue
            stack.pop()
            if "token" in node.__dict__:  # it is read by two nodes
                continue
            cls = type(node)
            content = [getattr(node, name) for name in _field_names(cls)]
            node.__dict__["token"] = tokenize(f"{cls.__module__}.{cls.__qualname__}", *content)
        return self.__dict__["token"]  # type: ignore[no-any-return]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expr) and self.token == other.token

    def __hash__(self) -> int:
        return int(self.token[:15], 16)

    def __shframe_token__(self) -> str:
        return self.token

    @functools.cached_property
    def name(self) -> str:
        """Kind and token, short: the name of this node's tasks."""
        return f"{type(self).__name__.lower()}-{self.token[:16]}"

    def children(self) -> tuple[Expr, ...]:
        """The nodes among the operands, in the order of the fields."""
        return self._children

    @functools.cached_property
    def _children(self) -> tuple[Expr, ...]:
        found: list[Expr] = []
        for name in _field_names(type(self)):
            value = getattr(self, name)
            if isinstance(value, Expr):
                found.append(value)
            elif isinstance(value, tuple):
                found.extend(item for item in value if isinstance(item, Expr))
        return tuple(found)

    def with_children(self, children: Sequence[Expr]) -> Self:
        """The same node over other children, given in the order of children()."""
        rest = iter(children)
        changes: dict[str, Any] = {}
        for name in _field_names(type(self)):
            value = getattr(self, name)
            if isinstance(value, Expr):
                changes[name] = next(rest)
            elif isinstance(value, tuple) and any(isinstance(v, Expr) for v in value):
                changes[name] = tuple(next(rest) if isinstance(v, Expr) else v for v in value)
        return dataclasses.replace(self, **changes)


_names: dict[type[Expr], tuple[str, ...]] = {}


def _field_names(cls: type[Expr]) -> tuple[str, ...]:
    """The fields that are operands; a cache, since a class never changes."""
    names = _names.get(cls)
    if names is None:
        fields = (field.name for field in dataclasses.fields(cls))
        names = tuple(n for n in fields if not n.startswith("_"))
        _names[cls] = names
    return names


def walk(*roots: Expr) -> Iterator[Expr]:
    """Every node below the roots once, children before parents. Cost: O(nodes)."""
    seen: set[str] = set()
    stack: list[tuple[Expr, bool]] = [(root, False) for root in reversed(roots)]
    while stack:
        node, ready = stack.pop()
        if node.token in seen:
            continue
        if ready:
            seen.add(node.token)
            yield node
            continue
        stack.append((node, True))
        stack.extend((child, False) for child in reversed(node.children()))


def rebuild(root: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """Apply `change` to every node, children first; a node is rebuilt only over changed children.

    Cost: O(nodes) calls of `change`; shared nodes are changed once.
    """
    done: dict[str, Expr] = {}
    for node in walk(root):
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
