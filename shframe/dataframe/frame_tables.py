"""Methods of a frame that are pandas' own: row by row, in one task, or at once."""

from __future__ import annotations

from shframe.dataframe.pandas_method import InMemory, at_once
from shframe.dataframe.rows import Rows


class FrameTables(Rows):
    """Methods that only DataFrame has."""

    __slots__ = ()

    pivot = at_once("Columns out of the values of a column.")
    transpose = at_once("Rows as columns.")
    to_html = InMemory("The values as a table of HTML.")
    to_records = InMemory("The rows as a record array of NumPy.")
    to_feather = InMemory("Written to a Feather file.")
    to_orc = InMemory("Written to an ORC file.")
    to_stata = InMemory("Written to a Stata file.")
    to_xml = InMemory("The values as XML.")
    to_iceberg = InMemory("Written to an Iceberg table.")
    iterrows = InMemory("(label, row) pairs.")
    itertuples = InMemory("The rows as named tuples.")
    info = InMemory("What the frame is, printed by pandas.")
    style = InMemory("How the frame is shown, by pandas.")
    boxplot = InMemory("Box plots, drawn by pandas.")
