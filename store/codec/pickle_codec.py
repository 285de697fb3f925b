"""Everything else: pickle protocol 5, its buffers out of band, functions by cloudpickle.

Own reducers for what pickle would copy in band or drag along: NumPy arrays of any layout and
dtype, masked arrays, Arrow objects (trimmed), polars frames. So a pandas frame, a dict of
arrays, a closure over an array or a fitted model is read in place.
"""

import io
import pickle
import types
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from shframe.store.codec.encoded import Encoded, Piece, piece_of_buffers
from shframe.store.codec.loaded import numpy_if_loaded
from shframe.store.codec.pickling import Pickler, dumps
from shframe.store.errors import NotStorable

_PLAIN = {type(None), bool, int, float, complex, str, bytes}
_ADVICE = "put what can be pickled: plain values, arrays, tables, and functions over such"


def encode(value: object) -> Encoded:
    """Describe any value that can be pickled.

    Raises: NotStorable if it cannot be.
    """
    arrays = numpy_if_loaded()
    if type(value) in _PLAIN or (arrays is not None and arrays.is_scalar(value)):
        return Encoded("pickle", pickle.dumps(value, 5), ())  # twice as fast, the same bytes
    stream = io.BytesIO()
    pickler = _Pickler(stream, arrays)
    try:
        pickler.dump(value)
    except MemoryError:
        raise
    except Exception as error:
        # cloudpickle wraps the recursion error that it meets.
        if isinstance(error, RecursionError) or isinstance(error.__context__, RecursionError):
            reason = "it is nested too deeply"
            raise NotStorable.for_value(value, reason, "put it in flatter parts") from error
        raise NotStorable.for_value(value, _reason(value, error), _ADVICE) from error
    return Encoded("pickle", stream.getvalue(), pickler.collected.pieces)


def decode(recipe: bytes, buffers: Sequence[Any]) -> Any:
    """The value again; its arrays are views of `buffers`."""
    return pickle.loads(recipe, buffers=buffers)


class _Pickler(Pickler):
    """Reduces what pickle would copy to pieces that are stored out of band."""

    def __init__(self, stream: io.BytesIO, arrays: Any) -> None:
        # Not a method of ours: a pickler that refers to itself would keep the value's views.
        self.collected = _Collector()
        self.arrays = arrays
        super().__init__(stream, protocol=5, buffer_callback=self.collected.take)

    def reducer_override(self, value: Any) -> Any:
        """Called by pickle for each value that is no plain builtin."""
        if self.arrays is not None and self.arrays.is_array(value):
            reduced = self._reduce_array(value)
        else:
            reduced = self._reduce_frame(value)
        if reduced is not None:
            return reduced
        return super().reducer_override(value)

    def _reduce_array(self, array: Any) -> Any:
        if self.arrays.fits(array):
            return self._out_of_band(self.arrays.decode, self.arrays.encode(array))
        return self.arrays.reduce(array)

    def _reduce_frame(self, value: Any) -> Any:
        family = type(value).__module__.partition(".")[0]
        if family == "pyarrow":
            from shframe.store.codec import arrow_codec

            if arrow_codec.fits(value):
                return self._out_of_band(arrow_codec.decode, arrow_codec.encode(value))
        if family == "pandas" and isinstance(getattr(value, "_pa_array", None), Iterable):
            # pandas' own pickling joins the chunks of the column first, which copies it.
            state = {k: v for k, v in vars(value).items() if k not in ("_pa_array", "_cache")}
            return _pandas_column, (type(value), state, value._pa_array)
        if family == "polars":
            return _reduce_polars(value)
        return None

    def _out_of_band(self, rebuild: Callable[..., Any], encoded: Encoded) -> Any:
        """Put a buffer of one byte into the stream for each piece; `take` swaps it."""
        buffers = []
        for piece in encoded.pieces:
            # Writable, or the stream would wrap what it gets back into a memoryview.
            placeholder = bytearray(1)
            self.collected.waiting[id(placeholder)] = placeholder, piece
            buffers.append(pickle.PickleBuffer(placeholder))
        return rebuild, (encoded.recipe, buffers)


class _Collector:
    """The pieces in the order of the stream, and those that wait for their placeholder."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.waiting: dict[int, tuple[bytearray, Piece]] = {}

    def take(self, buffer: pickle.PickleBuffer) -> None:
        """Note the next buffer of the stream, or what its placeholder stands for."""
        raw = buffer.raw()
        held = self.waiting.pop(id(raw.obj), None)
        self.pieces.append(held[1] if held is not None else piece_of_buffers([raw]))


def _pandas_column(kind: Any, state: dict[str, Any], column: Any) -> Any:
    array = kind.__new__(kind)
    vars(array).update(state, _pa_array=column, _cache={})
    return array


def _reduce_polars(value: Any) -> Any:
    """A frame or series as an Arrow table, if that restores the same; else None."""
    import polars as pl

    if not isinstance(value, pl.DataFrame | pl.Series):
        return None
    if isinstance(value, pl.Series) and value.dtype == pl.Object:
        return pl.Series, (value.name, value.to_list(), pl.Object)
    frame = value.to_frame() if isinstance(value, pl.Series) else value
    if pl.Object in frame.dtypes:  # neither Arrow nor polars' own pickling takes such a column
        return pl.DataFrame, (frame.get_columns(),)
    try:
        table = frame.to_arrow(compat_level=pl.CompatLevel.newest())
        same = _polars_frame(table.slice(0, 0)).schema == frame.schema
    except (pl.exceptions.PolarsError, TypeError, ValueError, NotImplementedError):
        return None
    if not same:
        return None
    return (_polars_series if isinstance(value, pl.Series) else _polars_frame), (table,)


def _polars_frame(table: Any) -> Any:
    import polars as pl

    return pl.from_arrow(table, rechunk=False)


def _polars_series(table: Any) -> Any:
    return _polars_frame(table).to_series()


def _reason(value: object, error: Exception) -> str:
    """What pickle said, and which variable of a function was to blame."""
    text = str(error) or type(error).__name__
    if not isinstance(value, types.FunctionType) or value.__closure__ is None:
        return text
    for name, cell in zip(value.__code__.co_freevars, value.__closure__, strict=True):
        try:
            dumps(cell.cell_contents)
        except Exception:
            kind = type(cell.cell_contents).__qualname__ if _is_filled(cell) else "empty cell"
            return f"it uses the variable {name!r} ({kind}): {text}"
    return text


def _is_filled(cell: types.CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018  # reading an empty cell raises
    except ValueError:
        return False
    return True
