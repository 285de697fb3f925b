"""The object store: bytes, objects and the processes that share them; it knows no task.

Imports as `shframe.store`; the folder is at the top level of the repository. Start reading
at ref.py (an object's address), then local_store.py and reader.py (what one process does), then
store.py (what the driver decides).
"""

if __name__ != "shframe.store":
    raise ImportError("this folder imports as shframe.store: write 'import shframe.store'")

import importlib
from typing import TYPE_CHECKING, Any

from shframe.store.byte_sizes import format_bytes
from shframe.store.errors import (
    InvalidSize,
    NotStorable,
    ObjectLost,
    SegmentGone,
    ShframeError,
    SpillFailed,
    StoreClosed,
    StoreFull,
)
from shframe.store.limits.budget import parse_bytes
from shframe.store.ref import INLINE, Ref

if TYPE_CHECKING:
    from shframe.store.codec.numpy_codec import array_header as array_header
    from shframe.store.limits.budget import default_budget as default_budget
    from shframe.store.limits.memory_usage import Memory as Memory
    from shframe.store.limits.memory_usage import memory as memory
    from shframe.store.local_store import LocalStore as LocalStore
    from shframe.store.shared_memory.ledger import Ledger as Ledger
    from shframe.store.shared_memory.spill_file import SpillFile as SpillFile
    from shframe.store.store import Store as Store
    from shframe.store.table import ObjectInfo as ObjectInfo

# Names that not every program needs load with their first use.
_HOMES = {
    "LocalStore": "local_store",
    "SpillFile": "shared_memory.spill_file",
    "Store": "store",
    "Ledger": "shared_memory.ledger",
    "ObjectInfo": "table",
    "array_header": "codec.numpy_codec",
    "default_budget": "limits.budget",
    "Memory": "limits.memory_usage",
    "memory": "limits.memory_usage",
}

__all__ = [
    # objects
    "Ref",
    "INLINE",
    "array_header",
    # stores
    "Store",
    "LocalStore",
    "Ledger",
    "ObjectInfo",
    "SpillFile",
    # memory
    "Memory",
    "memory",
    "default_budget",
    "parse_bytes",
    "format_bytes",
    # errors
    "ShframeError",
    "StoreFull",
    "SpillFailed",
    "ObjectLost",
    "SegmentGone",
    "NotStorable",
    "InvalidSize",
    "StoreClosed",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
