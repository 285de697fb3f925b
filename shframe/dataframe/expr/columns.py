"""Columns and what is computed of them row by row: one partition in, one out.

An operand is another relation with corresponding partitions, a value that each partition gets
whole, or a literal. pandas has its operators and methods on frames and indexes too, so these nodes
do not ask how many columns there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from shframe.dataframe.expr.base import Call, Literal, Meta, Relation, RowWise, Value, call_operator
from shframe.dataframe.expr.lineage import Rows
from shframe.dataframe.kernels import conditions, membership, rowwise, top_rows, words
from shframe.dataframe.kernels.arguments import Place
from shframe.graph.cached import cached_property
from shframe.graph.plan.expr import Expr
from shframe.graph.plan.tokens import tokenize

Operand = Relation | Value | Literal


@dataclass(frozen=True, eq=False)
class Column(RowWise):
    """One column of a frame."""

    source: Relation
    label: Any

    keeps_dtypes = True

    @property
    def call(self) -> Call:
        return rowwise.select_column, {"label": self.label}


@dataclass(frozen=True, eq=False)
class RowLabels(RowWise):
    """The labels of the rows, as an index."""

    source: Relation

    keeps_dtypes = True
    keeps_index = False

    @property
    def call(self) -> Call:
        return rowwise.get_index, {}


@dataclass(frozen=True, eq=False)
class Operation(RowWise):
    """An operator of Python between two operands, the first of them at its left."""

    op: str
    left: Operand
    right: Operand

    rows: ClassVar[Rows] = "joined"

    @property
    def call(self) -> Call:
        return call_operator(self.op, self.left, self.right)


@dataclass(frozen=True, eq=False)
class Arithmetic(Operation):
    """add, sub, mul, truediv, floordiv, mod or pow."""

    @property
    def keeps_dtypes(self) -> bool:
        return self.is_aligned and self.op not in ("floordiv", "mod", "pow")


@dataclass(frozen=True, eq=False)
class Compare(Operation):
    """eq, ne, lt, le, gt or ge."""

    @property
    def keeps_dtypes(self) -> bool:
        return self.is_aligned


@dataclass(frozen=True, eq=False)
class Boolean(Operation):
    """and_, or_ or xor; of integers, bit by bit."""


@dataclass(frozen=True, eq=False)
class Unary(RowWise):
    """neg, pos, invert or abs."""

    op: str
    source: Relation

    keeps_dtypes = True

    @property
    def call(self) -> Call:
        return rowwise.operate_unary, {"name": self.op}


@dataclass(frozen=True)
class Arguments:
    """Arguments of a pandas method: a Place stands for each lazy one, in the order in which the
    kernel gets them."""

    args: tuple[Any, ...] = ()
    kwargs: tuple[tuple[str, Any], ...] = ()

    @cached_property
    def token(self) -> str:
        return tokenize(self.args, self.kwargs)

    def __shframe_token__(self) -> str:
        return self.token

    @property
    def values(self) -> list[Any]:
        """All of them, without the names."""
        return [*self.args, *(value for _, value in self.kwargs)]


@dataclass(frozen=True, eq=False)
class Method(RowWise):
    """A pandas method that looks at each value alone, called on corresponding partitions.

    others: relations among the arguments; given: values among them, each partition gets whole.
    index_asked: whether the method looks at the labels of rows, or changes them.
    """

    source: Relation
    method: str
    arguments: Arguments = Arguments()
    others: tuple[Relation, ...] = ()
    given: tuple[Expr, ...] = ()
    index_asked: bool = False
    known: Meta | None = None

    steady: ClassVar[bool] = False  # whether the dtypes of the result follow from the source's

    @property
    def keeps_dtypes(self) -> bool:
        return self.steady

    @property
    def keeps_index(self) -> bool:
        return self.is_aligned and not self.index_asked

    @property
    def path(self) -> str:
        """The method's name as pandas has it, with its accessor's."""
        return self.method

    @property
    def call(self) -> Call:
        given = {"args": self.arguments.args, "kwargs": dict(self.arguments.kwargs)}
        return rowwise.call_method, {"name": self.path, **given}


class Elementwise(Method):
    """A method whose values each follow from one value: fillna, map, replace ..."""


class SteadyElementwise(Elementwise):
    """The same where the dtype follows from the source's: round, abs, clip, between, rename ..."""

    steady = True


class Joined(Elementwise):
    """An operator as a method: add, eq ...; the rows of all operands, aligned by label."""

    rows = "joined"


class IsNull(SteadyElementwise):
    """isna or notna."""


class IsIn(SteadyElementwise):
    """Whether each value is among some."""

    @property
    def options(self) -> Any:
        """The values that are looked for; a Place where they are lazy."""
        return self.arguments.values[0]


class Cast(SteadyElementwise):
    """astype."""


class StringOp(Elementwise):
    """A method of `.str`."""

    @property
    def path(self) -> str:
        return f"str.{self.method}"


class DatetimeOp(Elementwise):
    """A method of `.dt`."""

    @property
    def path(self) -> str:
        return f"dt.{self.method}"


class CategoryOp(Elementwise):
    """A method of `.cat`."""

    @property
    def path(self) -> str:
        return f"cat.{self.method}"


class DropNull(Method):
    """dropna: the rows, or values, of which nothing is missing."""

    rows = "chosen"
    steady = True


class Relabel(Method):
    """A method that gives rows other labels, or other rows: set_index, extractall ..."""

    rows = "made"


class SteadyRelabel(Relabel):
    """The same where the dtypes follow from the source's: set_index, reset_index."""

    steady = True


@dataclass(frozen=True, eq=False)
class OfWords(RowWise):
    """What follows from each string of a column alone: it is asked once for each different one.

    asked: what tells apart what is asked; _steps: the expressions, each of the one before it.
    """

    source: Relation
    label: Any
    asked: tuple[str, ...]
    _steps: tuple[RowWise, ...] = ()

    @property
    def expression(self) -> RowWise:
        """The same as an expression of the column."""
        made: RowWise = Column(self.source, self.label)
        for step in self._steps:
            made = step.with_children([made])
        return made

    @property
    def keeps_dtypes(self) -> bool:
        return self._steps[-1].keeps_dtypes

    @property
    def call(self) -> Call:
        return words.ask_words, {"label": self.label, "asked": tuple(s.call for s in self._steps)}


@dataclass(frozen=True, eq=False)
class Condition(RowWise):
    """Whether rows are chosen, by what their columns are: found at once for each partition.

    looked_up: the values that it needs. asked: what tells it apart; _expression: the condition.
    """

    source: Relation
    looked_up: tuple[Expr, ...]
    asked: str
    _expression: RowWise

    keeps_dtypes = True

    @cached_property
    def meta(self) -> Any:
        return self._expression.meta

    @property
    def expression(self) -> RowWise:
        """The condition as an expression of columns."""
        return self._expression

    @property
    def call(self) -> Call:
        places = {value.token: place for place, value in enumerate(self.looked_up)}
        return conditions.find_rows, {"term": _term_of(self._expression, places)}


def _term_of(node: Expr | Literal, places: dict[str, int]) -> conditions.Term:
    """An expression of the columns of one frame as its kernel takes it."""
    if isinstance(node, Literal):
        return conditions.OfLiteral(node.value)
    if isinstance(node, Column):
        return conditions.OfColumn(node.label)
    if isinstance(node, Value):
        return conditions.OfGiven(places[node.token])
    assert isinstance(node, RowWise)
    kernel, params = node.call
    if isinstance(node, Compare | Boolean):
        sides = (_term_of(node.left, places), _term_of(node.right, places))
        return conditions.OfOperator(node.op, sides, kernel, params)
    if isinstance(node, Unary):
        return conditions.OfOperator(node.op, (_term_of(node.source, places),), kernel, params)
    if isinstance(node, OfWords):
        return conditions.OfKernel(kernel, params, (conditions.OfWhole(),))
    operands = tuple(_term_of(child, places) for child in node.children())
    return conditions.OfKernel(kernel, params, operands)


@dataclass(frozen=True, eq=False)
class IsNearFirst(RowWise):
    """Whether rows may be among the first `count` of their groups in the order of a column.

    Which ones are is decided in each partition: a filter by it is for what chooses among them.
    from_end: among the last instead.
    """

    source: Relation
    keys: tuple[Any, ...]
    by: Any
    ascending: bool
    na_position: str
    count: int
    from_end: bool

    keeps_dtypes = True

    @property
    def call(self) -> Call:
        return top_rows.find_near_first, {
            "keys": self.keys,
            "by": self.by,
            "ascending": self.ascending,
            "na_position": self.na_position,
            "count": self.count,
            "from_end": self.from_end,
        }


@dataclass(frozen=True, eq=False)
class IsMember(RowWise):
    """Whether each integer is among those that a look-up has."""

    source: Relation
    members: Value

    keeps_dtypes = True

    @property
    def call(self) -> Call:
        return membership.is_member, {}


@dataclass(frozen=True, eq=False)
class Attribute(RowWise):
    """An attribute of an accessor, `.dt.year`, `.cat.codes`, or of an index without one."""

    source: Relation
    accessor: str
    attribute: str

    @property
    def call(self) -> Call:
        path = f"{self.accessor}.{self.attribute}" if self.accessor else self.attribute
        return rowwise.get_of_each, {"name": path}


@dataclass(frozen=True, eq=False)
class Evaluate(RowWise):
    """The value of an expression that is written as text: query() and eval().

    variables: those of the caller that the text names, a Place for each lazy one in `given`.
    looks_at_index: whether the text names a level of the index.
    """

    source: Relation
    text: str
    variables: Arguments = Arguments()
    given: tuple[Expr, ...] = ()
    looks_at_index: bool = False

    @property
    def keeps_index(self) -> bool:
        return not self.looks_at_index

    @property
    def call(self) -> Call:
        return rowwise.evaluate, {"text": self.text, "names": dict(self.variables.kwargs)}


def is_plain(value: Any) -> bool:
    """Whether there is nothing lazy in an argument."""
    if type(value) in (list, tuple, set):
        return all(map(is_plain, value))
    return not isinstance(value, Place)
