"""Columns of row groups that the file cache has, or is to get: what a read need not decode.

A column of a row group that was read before is decoded by a task of its own, whose table the
cache keeps; the next reads get it as an input, in place.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from shframe import session
from shframe.dataframe.kernels import parquet
from shframe.dataframe.kernels.parquet import Piece, Wanted
from shframe.dataframe.sources.parquet_source import ParquetSource, RowGroup
from shframe.executor_choice import planned_cores
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task
from shframe.graph.tasks.task_graph import Keeper

Part = tuple[str, Any, int, str, bool]  # file, stamp, row group, column, whether as a dictionary


class CachedColumns:
    """What one read has of the file cache, and gives to it.

    tasks: those that decode columns for it. data: objects that it has, by their keys.
    """

    def __init__(self, name: str, source: ParquetSource, wanted: Wanted, nbytes: int) -> None:
        """name: of the node; nbytes: of all that it reads, in memory."""
        self._cache = session.current().file_cache
        here = planned_cores() is None
        self._used = here and nbytes <= self._cache.most and not wanted.filters
        self._name = name
        self._source = source
        self._wanted = wanted
        self._noted: list[Part] = []
        self._parts: dict[Key, list[Part]] = {}  # of the tables that are made
        self.tasks: list[Task] = []
        self.data: dict[Key, ObjectRef] = {}

    def keepers(self) -> tuple[Keeper, ...]:
        """Who is to be told when the read has run."""
        return (Keeper(tuple(self._parts), self._take),) if self._used else ()

    def _take(self, made: Mapping[Key, ObjectRef]) -> None:
        self._cache.note(self._noted)
        for key, parts in self._parts.items():
            self._cache.keep(parts, made[key])

    def share(self, runs: Sequence[tuple[list[RowGroup], Piece]]) -> tuple[Any, tuple[Key, ...]]:
        """The pieces of a task, with what is decoded already, and the keys of its inputs.

        runs: row groups that follow each other, and the piece that they are.
        """
        inputs: dict[Key, int] = {}
        pieces = [self._share_piece(run, piece, inputs) for run, piece in runs]
        return tuple(pieces), tuple(inputs)

    def _share_piece(self, run: list[RowGroup], piece: Piece, inputs: dict[Key, int]) -> Piece:
        if not self._used or not run:
            return piece
        passed = piece.absent.union(piece.hive)
        names = [name for name in self._wanted.fields if name not in passed]
        found = [self._find(piece, group, names) for group in run]
        decoded = tuple(name for name in names if all(name in one for one in found))
        if not decoded:
            return piece
        tables = []
        for group, held in zip(run, found, strict=True):
            keys = {self._hold(ref) for name in decoded if (ref := held[name]) is not None}
            missing = tuple(name for name in decoded if held[name] is None)
            if missing:
                keys.add(self._decode(piece, group, missing))
            tables.append(tuple(inputs.setdefault(key, len(inputs)) for key in sorted(keys)))
        return dataclasses.replace(piece, decoded=decoded, tables=tuple(tables))

    def _find(
        self, piece: Piece, group: RowGroup, names: Sequence[str]
    ) -> dict[str, ObjectRef | None]:
        """The columns of a row group that are in the cache, or were read before: those are None."""
        found: dict[str, ObjectRef | None] = {}
        for name in names:
            part = self._part(piece, group, name)
            self._noted.append(part)
            ref = self._cache.find(part)
            if ref is not None or self._cache.was_read(part):
                found[name] = ref
        return found

    def _part(self, piece: Piece, group: RowGroup, name: str) -> Part:
        return piece.file, piece.stamp, group.number, name, name in self._wanted.dictionaries

    def _hold(self, ref: ObjectRef) -> Key:
        key = Key("file-cache", (ref.id,))
        self.data[key] = ref
        return key

    def _decode(self, piece: Piece, group: RowGroup, names: tuple[str, ...]) -> Key:
        """The key of a table with these columns of a row group, which the cache gets."""
        wanted = self._wanted
        only = Wanted(names, {name: wanted.types[name] for name in names}, wanted.dictionaries)
        key = Key(f"{self._name}-columns", (group.file, group.number))
        one = dataclasses.replace(piece, groups=(group.number,), rows=group.rows, start=group.start)
        nbytes = self._source.memory_bytes(group, names)
        task = Task(key, Function(parquet.decode, wanted=only), (), (one,), nbytes=nbytes or 1)
        self.tasks.append(task)
        self._parts[key] = [self._part(piece, group, name) for name in names]
        return key
