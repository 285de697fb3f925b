"""query() and eval(): expressions as strings, and which of them look at each row alone.

pandas lets an expression call methods of a column and functions of the caller. What is not known to
go row by row is evaluated on the whole.
"""

from __future__ import annotations

import ast
import re
from typing import Any, NamedTuple

import pandas as pd

from shframe.dataframe import arguments
from shframe.dataframe.expr.base import Params, Relation
from shframe.dataframe.expr.columns import Evaluate
from shframe.dataframe.expr.relations import Whole
from shframe.dataframe.expr.values import Computed
from shframe.dataframe.kernels import rowwise
from shframe.dataframe.methods.accessing import ROW_BY_ROW
from shframe.dataframe.plan import dtype_probe
from shframe.errors import ColumnNotFound, InvalidArgument, UnsupportedType

_METHODS = frozenset({"isna", "isnull", "notna", "notnull", "isin", "between", "abs", "astype"})
FUNCTIONS = frozenset(
    (
        *("sin", "cos", "tan", "exp", "log", "expm1", "log1p", "sqrt", "sinh", "cosh", "tanh"),
        *("arcsin", "arccos", "arctan", "arccosh", "arcsinh", "arctanh", "abs", "log10"),
        *("floor", "ceil", "arctan2"),
    )
)
_ASSIGNMENT = re.compile(r"\s*([A-Za-z_]\w*)\s*=(?!=)(.*)", re.DOTALL)
_QUOTED = re.compile(r"`[^`]*`")
_VARIABLE = re.compile(r"@([A-Za-z_]\w*)")


class Scope(NamedTuple):
    """Variables that an expression may name, as a frame of Python has them."""

    f_locals: Any
    f_globals: Any


def scope_of(caller: Any, options: dict[str, Any]) -> Scope:
    """The variables of the frame `caller`, or those that local_dict= and global_dict= have.

    Raises: UnsupportedType for other options of pandas' eval that ask for something.
    """
    names = {"local_dict": caller.f_locals, "global_dict": caller.f_globals}
    found = {name: options.get(name) for name in names}
    for name, value in options.items():
        if name in names or (name, value) in _USUAL:
            continue
        if name not in _OPTIONS:
            raise TypeError(f"eval() got an unexpected keyword argument {name!r}")
        if value is not None:
            raise UnsupportedType(f"eval() takes no {name}={value!r}")
    return Scope(*(names[name] if one is None else one for name, one in found.items()))


_USUAL = (("engine", "python"), ("engine", "numexpr"), ("parser", "pandas"), ("level", 0))
_OPTIONS = frozenset({"engine", "parser", "level", "resolvers", "target"})


def split_assignments(text: Any) -> list[tuple[str | None, Any]]:
    """The lines of an expression, each with the label that it is assigned to, or None.

    Raises: ValueError as pandas does for lines of which some assign nothing.
    """
    if not isinstance(text, str):
        return [(None, text)]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    found = [_ASSIGNMENT.fullmatch(line) for line in lines]
    if len(lines) > 1 and not all(found):
        raise InvalidArgument(
            "Multi-line expressions are only valid if all expressions contain an assignment"
        )
    if not any(found):
        return [(None, text)]
    return [(one[1], one[2]) for one in found if one is not None]


def evaluate(source: Relation, text: Any, caller: Any) -> Any:
    """The value of an expression of columns: a node, or what it is where it names no column.

    `@name` means a variable of the frame, or Scope, `caller`.

    Raises: ColumnNotFound, InvalidArgument, UnsupportedType.
    """
    if not isinstance(text, str) or not text.strip():
        raise InvalidArgument(f"expr must be a string to be evaluated, got {text!r}")
    names = variables(text, caller)
    try:
        return _evaluate(source, text, arguments.split_method((), names))
    except pd.errors.UndefinedVariableError as error:
        missing = str(error).split("'")[1]
        known, sentence = source.meta.columns, f"name {missing!r} is not defined"
        raise ColumnNotFound.among(missing, known, f"query {text!r}", sentence) from error
    except SyntaxError as error:
        raise InvalidArgument(f"the expression {text!r} cannot be read: {error}") from error
    except (AttributeError, NotImplementedError) as error:
        raise UnsupportedType(
            f"the expression {text!r} has a part that pandas cannot evaluate: {error}"
        ) from error


def _evaluate(source: Relation, text: str, names: arguments.SplitArguments) -> Any:
    if not names_of(text) and not names.arguments.kwargs and not _QUOTED.search(text):
        return source.meta.eval(text, engine="python")
    if is_row_by_row(text):
        index = source.meta.index
        levels = {"index", *(f"ilevel_{n}" for n in range(index.nlevels)), *index.names}
        node = Evaluate(source, text, names.arguments, names.values, bool(names_of(text) & levels))
        _ = node.meta
        dtype_probe.compare(node)
        return node
    sources = (source, *names.values)
    params = Params(text=text, names=dict(names.arguments.kwargs))
    whole = Whole(sources, rowwise.evaluate, params)
    if isinstance(whole.meta, (pd.Series, pd.DataFrame)):
        return whole
    return Computed(sources, rowwise.evaluate, params)


def variables(text: str, caller: Any) -> dict[str, Any]:
    """The caller's variables that the text names with @; taken at the call.

    Raises: InvalidArgument for a name that the caller does not have, UnsupportedType for one that
    has a value for each row.
    """
    found = {}
    for name in set(_VARIABLE.findall(text)):
        if name in caller.f_locals:
            found[name] = caller.f_locals[name]
        elif name in caller.f_globals:
            found[name] = caller.f_globals[name]
        else:
            raise InvalidArgument(f"query {text!r}: no variable {name!r} where it was called")
        if arguments.is_rows(found[name]):
            raise arguments.unusable(found[name])
    members = _members(text)
    for name, value in found.items():
        if arguments.is_many(value) and not isinstance(value, dict) and name not in members:
            raise UnsupportedType(
                f"query {text!r}: @{name} is a {type(value).__name__}, whose values pandas pairs "
                "with rows\n  add it as a column, or use it behind `in` or `==`"
            )
    return found


def is_row_by_row(text: str) -> bool:
    """Whether each row's value follows from that row alone."""
    tree = _tree(text)
    if tree is None:
        return False
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return all(_looks_at_a_row(node, called) for node in ast.walk(tree))


def names_of(text: str) -> set[str]:
    """The plain names in an expression."""
    tree = _tree(text)
    walked = [] if tree is None else ast.walk(tree)
    return {node.id for node in walked if isinstance(node, ast.Name)}


def _looks_at_a_row(node: ast.AST, called: set[int]) -> bool:
    if isinstance(node, ast.Call):
        return _is_known(node.func)
    if isinstance(node, ast.Attribute) and id(node) not in called:
        return _is_accessor(node) or _is_of_accessor(node)
    return not isinstance(node, ast.Subscript)


def _is_known(function: ast.expr) -> bool:
    if isinstance(function, ast.Name):
        return function.id in FUNCTIONS
    if not isinstance(function, ast.Attribute):
        return False
    return function.attr in _METHODS or _is_of_accessor(function)


def _is_accessor(node: ast.Attribute) -> bool:
    return node.attr in ROW_BY_ROW and isinstance(node.value, ast.Name)


def _is_of_accessor(node: ast.Attribute) -> bool:
    """Whether it is `column.str.name` of a name that goes row by row."""
    owner = node.value
    if not isinstance(owner, ast.Attribute) or not _is_accessor(owner):
        return False
    return owner.attr != "cat" and node.attr in ROW_BY_ROW[owner.attr]


def _members(text: str) -> set[str]:
    """Names of variables that an expression only looks values up in."""
    tree = _tree(text)
    if tree is None:
        return set()
    inside = {id(one) for node in ast.walk(tree) for one in _looked_up(node)}
    names = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id.startswith("__at__")]
    outside = {node.id for node in names if id(node) not in inside}
    return {node.id[len("__at__") :] for node in names} - {one[len("__at__") :] for one in outside}


def _looked_up(node: ast.AST) -> list[ast.expr]:
    """What a comparison or a call looks values up in."""
    if isinstance(node, ast.Call):
        return node.args
    if not isinstance(node, ast.Compare):
        return []
    looking = (ast.In, ast.NotIn, ast.Eq, ast.NotEq)
    pairs = zip(node.ops, node.comparators, strict=True)
    return [one for op, one in pairs if isinstance(op, looking)]


def _tree(text: str) -> ast.AST | None:
    """The text as Python reads it; None where it does not."""
    plain = _QUOTED.sub("__quoted__", text).replace("@", "__at__").strip()
    try:
        return ast.parse(plain)
    except SyntaxError:
        return None
