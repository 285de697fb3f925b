"""eval(): an expression as a string, of variables of which some are lazy."""

from __future__ import annotations

import ast
import functools
import io
import operator
import sys
import tokenize
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.extensions import no_default

from shframe.dataframe import arguments
from shframe.dataframe.methods import evaluating, selection
from shframe.dataframe.methods.evaluating import Scope
from shframe.dataframe.wrap import wrap
from shframe.errors import InvalidArgument, UnsupportedType

_OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.And: operator.and_,
    ast.Or: operator.or_,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.invert,
    ast.Invert: operator.invert,
}
_SPELLED = {"&": "and", "|": "or"}  # pandas gives these the precedence of words


def eval(
    expr: str,
    parser: str = "pandas",
    engine: str | None = None,
    local_dict: Any = None,
    global_dict: Any = None,
    resolvers: Any = (),
    level: int = 0,
    target: Any = None,
    inplace: Any = no_default,
) -> Any:
    """The value of an expression of the caller's variables, in pandas' language of expressions.

    Where none of them is lazy, it is what pandas gives. local_dict, global_dict, resolvers: other
    variables. target: what `c = ...` assigns a column to; inplace: whether it is changed.

    Raises: UnsupportedType for a part of an expression of lazy objects that pandas does not have
        either, and for parser="python".

    Examples
    --------
    >>> import pandas as pd, shframe as sf
    >>> df = sf.from_pandas(pd.DataFrame({"a": [1, 2], "b": [3, 4]}))
    >>> sf.eval("df.a + df.b > 4 & df.a == 2").compute().tolist()
    [False, True]
    """
    caller = sys._getframe(level + 1)
    options = {"local_dict": local_dict, "global_dict": global_dict}
    scope = evaluating.scope_of(caller, options)
    known: dict[str, Any] = {}
    for one in reversed(list(resolvers or ())):
        known.update(one)
    named = {name: _look_up(name, known, scope) for name in _names_of(expr)}
    if not any(map(_is_lazy, [*named.values(), target])):
        how: dict[str, Any] = {"parser": parser, "engine": engine, "resolvers": resolvers}
        how |= {"target": target} | ({} if inplace is no_default else {"inplace": inplace})
        return pd.eval(expr, local_dict=scope.f_locals, global_dict=scope.f_globals, **how)
    if parser != "pandas":
        raise UnsupportedType(f"eval() of lazy objects takes no parser={parser!r}")
    lines = evaluating.split_assignments(expr)
    inplace = inplace is not no_default and inplace
    if lines[0][0] is None:
        if inplace:
            raise InvalidArgument("Cannot operate inplace if there is no assignment")
        return _value_of(_parse(lines[0][1]), named)
    if target is None:
        raise InvalidArgument("cannot assign without a target object")
    made = target if inplace else target.copy()
    for label, text in lines:
        made.expr = selection.assign_column(made.expr, label, _value_of(_parse(text), named))
        named[str(label)] = wrap(selection.select_column(made.expr, label))
    return None if inplace else made


def _is_lazy(value: Any) -> bool:
    return arguments.is_rows(value) or arguments.is_value(value)


def _look_up(name: str, known: dict[str, Any], scope: Scope) -> Any:
    for place in (known, scope.f_locals, scope.f_globals):
        if name in place:
            return place[name]
    return None


def _names_of(text: Any) -> set[str]:
    lines = evaluating.split_assignments(text)
    return {name for _, line in lines for name in evaluating.names_of(str(line))}


def _parse(text: str) -> ast.expr:
    """The text as Python reads it, with pandas' precedence of `&` and `|`."""
    try:
        tokens = [
            (tokenize.NAME, _SPELLED[one.string]) if one.string in _SPELLED else one[:2]
            for one in tokenize.generate_tokens(io.StringIO(text.strip()).readline)
        ]
        return ast.parse(tokenize.untokenize(tokens).strip(), mode="eval").body
    except (SyntaxError, tokenize.TokenError) as error:
        raise InvalidArgument(f"the expression {text!r} cannot be read: {error}") from error


def _value_of(node: ast.expr, named: dict[str, Any]) -> Any:
    """The value of a part of an expression."""
    value = functools.partial(_value_of, named=named)
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        if named.get(node.id) is None:
            raise pd.errors.UndefinedVariableError(node.id)
        return named[node.id]
    if isinstance(node, (ast.List, ast.Tuple)):
        return [value(one) for one in node.elts]
    if isinstance(node, ast.UnaryOp):
        return _OPERATORS[type(node.op)](value(node.operand))
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](value(node.left), value(node.right))
    if isinstance(node, ast.BoolOp):
        return functools.reduce(_OPERATORS[type(node.op)], map(value, node.values))
    if isinstance(node, ast.Compare):
        sides = [value(one) for one in (node.left, *node.comparators)]
        pairs = zip(node.ops, sides, sides[1:], strict=False)
        return functools.reduce(operator.and_, (_compare(*one) for one in pairs))
    if isinstance(node, ast.Attribute):
        return getattr(value(node.value), node.attr)
    if isinstance(node, ast.Subscript):
        return value(node.value)[value(node.slice)]
    if isinstance(node, ast.Call):
        named_args = {str(one.arg): value(one.value) for one in node.keywords}
        return _function(node.func, named)(*map(value, node.args), **named_args)
    raise UnsupportedType(f"eval() has no {type(node).__name__} in expressions, nor has pandas")


def _compare(op: ast.cmpop, left: Any, right: Any) -> Any:
    listed = isinstance(right, list)
    if isinstance(op, ast.In) or (listed and isinstance(op, ast.Eq)):
        return left.isin(right)
    if isinstance(op, ast.NotIn) or (listed and isinstance(op, ast.NotEq)):
        return ~left.isin(right)
    return _OPERATORS[type(op)](left, right)


def _function(node: ast.expr, named: dict[str, Any]) -> Callable[..., Any]:
    """A function of NumPy that pandas' language knows by name, or a method."""
    if isinstance(node, ast.Name):
        if node.id not in evaluating.FUNCTIONS:
            raise UnsupportedType(f'"{node.id}" is not a supported function')
        found: Callable[..., Any] = getattr(np, node.id)
        return found
    found = _value_of(node, named)
    return found
