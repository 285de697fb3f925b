"""The error tree of the store: what each class is, what it says, that it survives pickling."""

import pickle
import subprocess
import sys
from typing import Any

import pytest

from shframe.store import (
    InvalidSize,
    NotStorable,
    ObjectLost,
    Ref,
    SegmentGone,
    ShframeError,
    StoreClosed,
    StoreFull,
    format_bytes,
    parse_bytes,
)

_full: dict[str, Any] = {"free": 5, "budget": 2 << 30, "pinned": 7, "sealed": 8, "what": "x"}


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (StoreFull.for_bytes(512 << 20, **_full), MemoryError),
        (StoreFull.for_machine(5, budget=9, what="x", reason="no pages"), MemoryError),
        (ObjectLost.for_id(7, "it was released"), LookupError),
        (SegmentGone.for_segment(3, 7), ObjectLost),
        (NotStorable.for_value(5, "a reason", "advice"), TypeError),
        (StoreClosed.for_call("put", forked=True), RuntimeError),
    ],
)
def test_error_inherits_its_builtin_and_survives_pickling(
    error: ShframeError, builtin: type
) -> None:
    assert isinstance(error, ShframeError)
    assert isinstance(error, builtin)
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert vars(back) == vars(error)


def test_full_store_names_sizes_and_what_to_do() -> None:
    error = StoreFull.for_bytes(512 << 20, **_full)
    assert str(error).startswith("512.0 MiB needed for x, 5 B free of 2.0 GiB")
    assert "memory=" in str(error)
    assert (error.needed, error.free, error.budget) == (512 << 20, 5, 2 << 30)


@pytest.mark.parametrize(
    ("text", "nbytes"),
    [
        (7, 7),
        ("7", 7),
        ("7 B", 7),
        ("4GB", 4_000_000_000),
        ("64MiB", 64 << 20),
        ("64M", 64 << 20),
        (" 1.5 kib ", 1536),
        (".5k", 512),
        ("1_000", 1000),
    ],
)
def test_size_is_read_from_text(text: Any, nbytes: int) -> None:
    assert parse_bytes(text) == nbytes


@pytest.mark.parametrize("text", ["", "GB", "4 XB", "-1", -1, True, None, 1.5, "1..5", "4GB4"])
def test_what_is_no_size_is_refused(text: Any) -> None:
    with pytest.raises(InvalidSize, match="is not a size") as caught:
        parse_bytes(text)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, ShframeError)


@pytest.mark.parametrize(
    ("nbytes", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (512 << 20, "512.0 MiB"),
        (3 << 40, "3.0 TiB"),
    ],
)
def test_size_is_printed_in_its_largest_unit(nbytes: int, text: str) -> None:
    assert format_bytes(nbytes) == text


def test_ref_survives_pickling_and_is_small() -> None:
    ref = Ref(1 << 40, 1 << 20, 4096, 800, "array", b"recipe", ((0, 400), (448, 352)))
    data = pickle.dumps(ref, protocol=5)
    assert pickle.loads(data) == ref
    assert len(data) < 150


def test_import_of_the_store_loads_neither_pandas_nor_arrow_nor_numpy() -> None:
    script = (
        "import shframe.store, shframe.store.ref, shframe.store.errors, sys\n"
        "print([name for name in ('numpy', 'pandas', 'pyarrow') if name in sys.modules])\n"
        "shframe.store.LocalStore\n"
        "print([name for name in ('numpy', 'pandas', 'pyarrow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.split("\n")[:2] == ["[]", "[]"], done.stderr
