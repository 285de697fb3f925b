"""From nodes to tasks: a lowering for each kind of node.

What a lowering tells the ones above it (`About`): whether the index of its partitions still has
to be made to count the rows of the whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shframe import session
from shframe.dataframe.expr import relations
from shframe.dataframe.io import parquet_source, pruning
from shframe.dataframe.kernels import (
    aggregate,
    agreeing,
    join_partitions,
    rowwise,
    shuffle,
    sorting,
)
from shframe.dataframe.kernels import csv as csv_kernels
from shframe.dataframe.kernels import parquet as parquet_kernels
from shframe.dataframe.partition import Layout
from shframe.errors import InvalidArgument
from shframe.executor_choice import planned_cores
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.plan.combine_tree import combine_tree
from shframe.graph.plan.planner import Layer
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task

MOST_AT_ONCE = 4  # partitions, as large as memory allows, that one task may have all groups of


@dataclass(frozen=True, slots=True)
class About:
    """fresh: the index counts rows from 0 in each partition, and must count those of the whole.

    nbytes: an estimate of the bytes of all partitions, None when nothing is known.
    """

    fresh: bool = False
    nbytes: int | None = None


def workers() -> int:
    """Workers that will run the plan: the session's, or those of a cluster."""
    return planned_cores() or session.current().options.worker_count


def partition_bytes() -> int:
    """What a partition may have in memory, in that session."""
    return session.current().options.partition_bytes


def parts_for(layer: Layer, least: int) -> int:
    """Partitions for the rows of a layer, at least so many, so that each fits into memory."""
    return max(least, -(-(layer.about.nbytes or 0) // partition_bytes()))


def lower_from_parts(node: relations.FromParts, sources: tuple[Layer, ...]) -> Layer:
    keys = [Key(node.name, (n,)) for n in range(len(node.parts))]
    nbytes = sum(part.nbytes for part in node.parts)
    return Layer(keys, [], dict(zip(keys, node.parts, strict=True)), About(node.fresh, nbytes))


def lower_read_parquet(node: relations.ReadParquet, sources: tuple[Layer, ...]) -> Layer:
    source, wanted = node.source, _wanted(node)
    groups = pruning.needed_groups(source, node.prune, node.filters, node.limit)
    layer = _read_groups(node, wanted, groups)
    filtered = bool(node.filters)
    undecided = tuple(
        n for n, name in enumerate(wanted.fields) if source.is_undecided(name, filtered)
    )
    return _share_facts(node, layer, groups, undecided) if undecided else layer


def _read_groups(
    node: relations.ReadParquet, wanted: parquet_kernels.Wanted, groups: list[Any]
) -> Layer:
    """Tasks that read row groups, as many at once as make a partition."""
    source, meta = node.source, node.meta
    stored = len(source.stored_levels)
    levels = tuple(meta.index.get_level_values(n).dtype for n in range(stored))
    layout = Layout(meta.columns, tuple(meta.dtypes), tuple(meta.index.names), levels)
    counted = next((one for one in source.index if not isinstance(one, str)), None)
    function = Function(parquet_kernels.read, wanted=wanted, layout=layout, counted=counted)
    columns = [n for n in (*wanted.fields, *wanted.others) if n not in source.hive.dtypes]
    parts = parquet_source.partitions(source, groups, columns, workers(), partition_bytes()) or [[]]
    tasks, total = [], 0
    for n, part in enumerate(parts):
        size = sum(source.memory_bytes(group, columns) for group in part)
        total += size
        args = (_pieces(source, part),)
        tasks.append(Task(Key(node.name, (n,)), function, (), args, nbytes=size or 1))
    about = About(fresh=bool(node.filters) and not stored, nbytes=total)
    return Layer([task.key for task in tasks], tasks, about=about)


def _share_facts(
    node: relations.ReadParquet, layer: Layer, groups: list[Any], places: tuple[int, ...]
) -> Layer:
    """Let every partition know what the footers do not tell of some columns of the whole."""
    name = node.name
    every = len(groups) == len(node.source.row_groups) or node.filters  # Arrow filters first
    found = _find_facts(name, layer, places) if every else _read_facts(node, places)
    agree = Task(
        Key(f"{name}-agree"),
        Function(parquet_kernels.agree_facts),
        tuple(task.key for task in found),
    )
    share = Function(parquet_kernels.share_facts, places=places)
    tasks = [Task(Key(f"{name}-shared", key.index), share, (key, agree.key)) for key in layer.keys]
    return Layer(
        [task.key for task in tasks], [*layer.tasks, *found, agree, *tasks], about=layer.about
    )


def _find_facts(name: str, layer: Layer, places: tuple[int, ...]) -> list[Task]:
    find = Function(parquet_kernels.find_facts, places=places)
    return [Task(Key(f"{name}-facts", key.index), find, (key,)) for key in layer.keys]


def _read_facts(node: relations.ReadParquet, places: tuple[int, ...]) -> list[Task]:
    """Read nothing but those columns, of the row groups that are skipped, too."""
    source, wanted = node.source, _wanted(node)
    fields = tuple(wanted.fields[place] for place in places)
    only = parquet_kernels.Wanted(fields, {field: wanted.types[field] for field in fields})
    read = Function(parquet_kernels.read_facts, wanted=only)
    groups = source.row_groups
    parts = parquet_source.partitions(source, groups, fields, workers(), partition_bytes()) or [[]]
    return [
        Task(Key(f"{node.name}-facts", (n,)), read, (), (_pieces(source, part),))
        for n, part in enumerate(parts)
    ]


def _wanted(node: relations.ReadParquet) -> parquet_kernels.Wanted:
    """The fields that a read needs, with the types that they have in the whole."""
    source = node.source
    chosen = source.fields
    if node.columns is not None:
        places = source.meta.columns.get_indexer_for(list(node.columns))
        chosen = tuple(source.fields[n] for n in places)
    fields = (*chosen, *source.stored_levels)
    asked = dict.fromkeys(name for terms in node.filters for name, _, _ in terms)
    others = tuple(name for name in asked if name not in fields)
    types = {name: source.type_of(name) for name in (*fields, *others)}
    texts = [name for name in types if name not in source.hive.dtypes]
    dictionaries = tuple(source.dictionary_columns(texts))
    return parquet_kernels.Wanted(fields, types, dictionaries, others, node.filters)


def _pieces(source: Any, part: list[Any]) -> tuple[Any, ...]:
    """Runs of row groups that follow each other in one file; no part: an empty run of one."""
    runs: list[list[Any]] = []
    for group in part:
        last = runs[-1][-1] if runs else None
        if last and (last.file, last.number + 1) == (group.file, group.number):
            runs[-1].append(group)
        else:
            runs.append([group])
    return tuple(_piece(source, run) for run in runs) or (_piece(source, []),)


def _piece(source: Any, run: list[Any]) -> parquet_kernels.Piece:
    file = run[0].file if run else 0
    return parquet_kernels.Piece(
        source.files[file],
        source.stamps[file],
        tuple(group.number for group in run),
        sum(group.rows for group in run),
        source.hive.values[file],
        source.absent(file),
        run[0].start if run else 0,
    )


def lower_read_csv(node: relations.ReadCsv, sources: tuple[Layer, ...]) -> Layer:
    """Read blocks, decide on the dtypes of the whole, and give them to the blocks."""
    source, name = node.source, node.name
    about = About(fresh=source.counts_rows, nbytes=source.size * 2)
    blocks = source.blocks(workers())
    if not blocks:
        file = csv_kernels.File(source.path, source.stamp, source.options)
        whole = Task(
            Key(name, (0,)), Function(csv_kernels.read_whole, file=file), nbytes=source.size
        )
        return Layer([whole.key], [whole], about=about)
    file = csv_kernels.File(
        source.path, source.stamp, source.options, source.header, source.date_formats
    )
    function = Function(csv_kernels.read, file=file)
    raw = [
        Task(Key(f"{name}-block", (n,)), function, (), block, source.size // len(blocks))
        for n, block in enumerate(blocks)
    ]
    find = Function(csv_kernels.find_kinds, given=source.options.get("dtype"))
    kinds = [Task(Key(f"{name}-kinds", (n,)), find, (task.key,)) for n, task in enumerate(raw)]
    agree = Function(csv_kernels.decide, numbers_missing="na_values" in source.options)
    decide = Task(Key(f"{name}-decide"), agree, tuple(task.key for task in kinds))
    odd = Task(Key(f"{name}-odd"), Function(csv_kernels.read_odd, file=file), (decide.key,))
    tasks = [
        Task(
            Key(name, (n,)),
            Function(csv_kernels.conform, place=n, file=file),
            (task.key, decide.key, odd.key),
            block,
        )
        for n, (task, block) in enumerate(zip(raw, blocks, strict=True))
    ]
    return Layer([task.key for task in tasks], [*raw, *kinds, decide, odd, *tasks], about=about)


def numbered(name: str, layer: Layer) -> Layer:
    """The layer with an index that counts the rows of the whole, where that is still to be done."""
    if not layer.about.fresh:
        return layer
    count, counted = Function(rowwise.counted), []
    for n, key in enumerate(layer.keys):
        counted.append(Task(Key(f"{name}-count", (n,)), count, (key,)))
    every = Task(
        Key(f"{name}-counts"), Function(rowwise.collected), tuple(task.key for task in counted)
    )
    tasks = [
        Task(Key(f"{name}-numbered", (n,)), Function(rowwise.renumbered, place=n), (key, every.key))
        for n, key in enumerate(layer.keys)
    ]
    about = About(nbytes=layer.about.nbytes)
    return Layer([t.key for t in tasks], [*counted, every, *tasks], about=about)


def lower_map(node: relations.Map, sources: tuple[Layer, ...]) -> Layer:
    before: list[Task] = []
    count = len(node.sources)
    sources, values = sources[:count], tuple(layer.keys[0] for layer in sources[count:])
    fresh = node.index_free and all(layer.about.fresh for layer in sources)
    if not fresh:
        layers = []
        for child, layer in zip(node.sources, sources, strict=True):
            made = numbered(child.name, layer)
            before.extend(made.tasks if made is not layer else [])
            layers.append(made)
        sources = tuple(layers)
    counts = {len(layer.keys) for layer in sources}
    if len(counts) > 1:
        raise InvalidArgument(
            f"{node.kernel.__name__}: partitions do not correspond, there are {sorted(counts)}"
        )
    function = Function(node.kernel, **node.params.values)
    nbytes = sources[0].about.nbytes
    tasks = [
        Task(Key(node.name, (n,)), function, (*keys, *values), fan_in=True)
        for n, keys in enumerate(zip(*(layer.keys for layer in sources), strict=True))
    ]
    return Layer([task.key for task in tasks], [*before, *tasks], about=About(fresh, nbytes))


def lower_agreed(node: relations.Agreed, sources: tuple[Layer, ...]) -> Layer:
    """Ask all partitions for their dtypes, then cast those that differ from the whole's."""
    layer, find, cast = sources[0], Function(agreeing.dtypes_of), Function(agreeing.conformed)
    asked = [
        Task(Key(f"{node.name}-found", (n,)), find, (key,)) for n, key in enumerate(layer.keys)
    ]
    common = Task(
        Key(f"{node.name}-dtypes"), Function(agreeing.agreed), tuple(task.key for task in asked)
    )
    made = [Task(Key(node.name, (n,)), cast, (key, common.key)) for n, key in enumerate(layer.keys)]
    return Layer([task.key for task in made], [*asked, common, *made], about=layer.about)


def lower_whole(node: relations.Whole | relations.Computed, sources: tuple[Layer, ...]) -> Layer:
    """Bring each source together in one task, then run the kernel on them."""
    tasks: list[Task] = []
    inputs: list[Key] = []
    for child, layer in zip(node.sources, sources, strict=True):
        if isinstance(child, relations.Value):
            inputs.append(layer.keys[0])
            continue
        made = numbered(child.name, layer)
        tasks.extend(made.tasks if made is not layer else [])
        key = Key(f"{node.name}-whole-{len(inputs)}")
        tasks.append(Task(key, Function(rowwise.stacked), tuple(made.keys)))
        inputs.append(key)
    task = Task(
        Key(node.name, (0,)),
        Function(node.kernel, **node.params.values),
        tuple(inputs),
        fan_in=True,
    )
    size = sum(len(layer.keys) for layer in sources)
    note = f"{task.function.name} ran in one task over all of its {size} partitions"
    return Layer([task.key], [*tasks, task], about=About(), notes=(note,) if tasks else ())


def lower_given(node: relations.Given, sources: tuple[Layer, ...]) -> Layer:
    """What a lazy object of another room computes is computed now, and stored."""
    held = node.held.value
    ref = held if isinstance(held, ObjectRef) else session.executor().put(held.compute())
    key = Key(node.name)
    return Layer([key], [], {key: ref}, About())


def tree(name: str, keys: list[Key], combine: Function, final: Function) -> list[Task]:
    """Combine in a fixed tree; the last task, `final`, is the last of the list."""
    return combine_tree(Key(name, (0,)), keys, combine, final)


def lower_reduce(node: relations.Reduce, sources: tuple[Layer, ...]) -> Layer:
    partial = Function(node.partial, **node.params.values)
    parts = [
        Task(Key(f"{node.name}-partial", (n,)), partial, (key,))
        for n, key in enumerate(sources[0].keys)
    ]
    final = Task(
        Key(node.name, (0,)),
        Function(node.final, **node.params.values),
        tuple(task.key for task in parts),
    )
    return Layer([final.key], [*parts, final], about=About())


def lower_group_agg(node: relations.GroupAgg, sources: tuple[Layer, ...]) -> Layer:
    plan, layer = node.plan, sources[0]
    if aggregate.is_decomposable(node.source.meta, plan):
        partial = Function(aggregate.partial, plan=plan)
        parts = [
            Task(Key(f"{node.name}-partial", (n,)), partial, (key,))
            for n, key in enumerate(layer.keys)
        ]
        if _in_order(node) and (layer.about.nbytes or 0) > MOST_AT_ONCE * partition_bytes():
            return _groups_in_parts(node, parts, layer)
        final = Function(aggregate.finished, plan=plan, expected=node.meta)
        combine = Function(aggregate.combined, plan=plan)
        tasks = [*parts, *tree(node.name, [t.key for t in parts], combine, final)]
        return Layer([tasks[-1].key], tasks, about=About(not plan.as_index))
    if not (_in_order(node) and plan.as_index):
        whole = relations.Whole(
            (node.source,), aggregate.pandas_result, relations.Params(plan=plan)
        )
        return lower_whole(whole, sources)
    shuffled = hash_shuffled(node.name, layer, plan.keys)
    answer = Function(aggregate.pandas_result, plan=plan)
    made = [Task(Key(f"{node.name}-part", key.index), answer, (key,)) for key in shuffled.keys]
    last = Task(
        Key(node.name, (0,)), Function(aggregate.ordered, plan=plan), tuple(t.key for t in made)
    )
    return Layer([last.key], [*shuffled.tasks, *made, last], about=About())


def _groups_in_parts(node: relations.GroupAgg, partials: list[Task], layer: Layer) -> Layer:
    """Partial results in the order of their keys, cut at the same keys, and combined.

    There may be as many groups as rows, so no task has all of them.
    """
    plan, name = node.plan, node.name
    labels = aggregate.key_columns(plan)
    how = {"by": labels, "ascending": (True,) * len(labels), "na_position": "last"}
    local = [
        Task(Key(f"{name}-local", (n,)), Function(sorting.ordered, **how), (task.key,))
        for n, task in enumerate(partials)
    ]
    finish = Function(aggregate.finished_range, plan=plan, expected=node.meta)
    made = by_range(name, local, parts_for(layer, 2 * workers()), how, finish)
    about = About(not plan.as_index, layer.about.nbytes)
    return Layer(made.keys, [*partials, *made.tasks], about=about)


def _in_order(node: relations.GroupAgg) -> bool:
    """Whether parts of the groups can be made apart and put in order afterwards."""
    plan, meta = node.plan, node.source.meta
    import pandas as pd

    categorical = any(isinstance(meta[key].dtype, pd.CategoricalDtype) for key in plan.keys)
    return plan.sort and not categorical and shuffle.can_hash(meta, plan.keys)


def hash_shuffled(
    name: str, layer: Layer, keys: tuple[Any, ...], count: int | None = None
) -> Layer:
    """Rows with equal keys brought into one partition; order within a partition is kept."""
    count = count or parts_for(layer, max(len(layer.keys), 2 * workers()))
    split = Function(shuffle.split_frame, labels=keys, count=count)
    splits = [Task(Key(f"{name}-split", (n,)), split, (key,)) for n, key in enumerate(layer.keys)]
    made = [
        Task(
            Key(f"{name}-gather", (n,)),
            Function(shuffle.gathered_frame, place=n),
            tuple(task.key for task in splits),
        )
        for n in range(count)
    ]
    return Layer(
        [task.key for task in made], [*splits, *made], about=About(nbytes=layer.about.nbytes)
    )


def lower_head(node: relations.Head, sources: tuple[Layer, ...]) -> Layer:
    layer = sources[0]
    fresh = layer.about.fresh and not node.last
    before = (
        [] if fresh else [t for t in numbered(node.source.name, layer).tasks if layer.about.fresh]
    )
    keys = layer.keys if fresh else numbered(node.source.name, layer).keys
    kernel = rowwise.last_rows if node.last else rowwise.first_rows
    cut = Function(kernel, count=node.count)
    parts = [Task(Key(f"{node.name}-part", (n,)), cut, (k,)) for n, k in enumerate(keys)]
    joined = Task(
        Key(f"{node.name}-joined"),
        Function(rowwise.stacked_fresh if fresh else rowwise.stacked),
        tuple(t.key for t in parts),
    )
    final = Task(Key(node.name, (0,)), cut, (joined.key,))
    return Layer([final.key], [*before, *parts, joined, final], about=About())


def lower_tree(node: relations.Tree, sources: tuple[Layer, ...]) -> Layer:
    layer = numbered(node.source.name, sources[0])
    before = layer.tasks if layer is not sources[0] else []
    values = node.params.values
    partial = Function(node.partial, **values)
    parts = [
        Task(Key(f"{node.name}-partial", (n,)), partial, (key,)) for n, key in enumerate(layer.keys)
    ]
    combine = Function(node.combine, last=False, **values)
    final = Function(node.combine, last=True, **values)
    tasks = tree(node.name, [task.key for task in parts], combine, final)
    return Layer([tasks[-1].key], [*before, *parts, *tasks], about=About())


def lower_merge(node: relations.Merge, sources: tuple[Layer, ...]) -> Layer:
    return merging_layers(node, *sources)


SMALL_SIDE = 64 << 20  # bytes of a side that every task may read whole: it is shared, not copied


def merging_layers(node: relations.Merge, left: Layer, right: Layer) -> Layer:
    """Let every partition of one side meet the whole of the other, or both by hash."""
    plan = join_partitions.plan_of(node)
    nbytes = {"left": left.about.nbytes, "right": right.about.nbytes}
    small = {
        side: len(layer.keys) == 1 or (nbytes[side] is not None and nbytes[side] <= SMALL_SIDE)
        for side, layer in (("left", left), ("right", right))
    }
    total = None if None in nbytes.values() else sum(v or 0 for v in nbytes.values())
    about = About(fresh=True, nbytes=total)
    if plan.by_parts and node.how in ("inner", "left") and small["right"]:
        whole, tasks = _one_partition(f"{node.name}-right", right)
        function = Function(join_partitions.joined, plan=plan)
        made = [Task(Key(node.name, (n,)), function, (k, whole)) for n, k in enumerate(left.keys)]
        return Layer([t.key for t in made], [*tasks, *made], about=about)
    if plan.by_parts and node.how == "right" and small["left"]:
        whole, tasks = _one_partition(f"{node.name}-left", left)
        function = Function(join_partitions.joined, plan=plan)
        made = [Task(Key(node.name, (n,)), function, (whole, k)) for n, k in enumerate(right.keys)]
        return Layer([t.key for t in made], [*tasks, *made], about=about)
    if join_partitions.can_split(node.left.meta, node.right.meta, plan):
        return _hash_merge(node, plan, left, right, about)
    a, first = _one_partition(f"{node.name}-left", left)
    b, second = _one_partition(f"{node.name}-right", right)
    task = Task(Key(node.name, (0,)), Function(join_partitions.joined, plan=plan), (a, b))
    return Layer([task.key], [*first, *second, task], about=about)


def _one_partition(name: str, layer: Layer) -> tuple[Key, list[Task]]:
    if len(layer.keys) == 1:
        return layer.keys[0], []
    task = Task(Key(name), Function(join_partitions.together), tuple(layer.keys))
    return task.key, [task]


def _hash_merge(node: relations.Merge, plan: Any, left: Layer, right: Layer, about: About) -> Layer:
    """Both sides by hash, joined, and brought back into the order of the driving side.

    A row of the driving side carries its partition and place; after the join those say to
    which partition of the result it goes and where.
    """
    drives = right if node.how == "right" else left
    count = max(parts_for(left, len(left.keys)), parts_for(right, len(right.keys)), 2 * workers())
    sides = {}
    tasks: list[Task] = []
    for side, layer, keys in (("left", left, node.left_on), ("right", right, node.right_on)):
        split = Function(
            join_partitions.split,
            labels=keys,
            hashed=plan.hashed,
            count=count,
            marked=layer is drives,
        )
        splits = [
            Task(Key(f"{node.name}-{side}-split", (n,)), split, (key,), (n,))
            for n, key in enumerate(layer.keys)
        ]
        tasks.extend(splits)
        sides[side] = tuple(task.key for task in splits)
    lefts, rights = len(sides["left"]), len(sides["right"])
    joined = [
        Task(
            Key(f"{node.name}-part", (n,)),
            Function(
                join_partitions.joined_parts,
                plan=plan,
                lefts=lefts,
                place=n,
                targets=len(drives.keys),
            ),
            (*sides["left"], *sides["right"]),
        )
        for n in range(count)
    ]
    assert rights == len(sides["right"]), "each side has its own splits"
    made = [
        Task(
            Key(node.name, (n,)),
            Function(join_partitions.in_order, place=n),
            tuple(task.key for task in joined),
        )
        for n in range(len(drives.keys))
    ]
    return Layer([t.key for t in made], [*tasks, *joined, *made], about=about)


def lower_sort(node: relations.Sort, sources: tuple[Layer, ...]) -> Layer:
    """Sort each partition, cut it at quantiles of all, merge what belongs together."""
    layer = numbered(node.source.name, sources[0])
    before = layer.tasks if layer is not sources[0] else []
    how = {"by": node.by, "ascending": node.ascending, "na_position": node.na_position}
    local = [
        Task(Key(f"{node.name}-local", (n,)), Function(sorting.ordered, **how), (key,))
        for n, key in enumerate(layer.keys)
    ]
    about = About(node.ignore_index, layer.about.nbytes)
    count = parts_for(layer, len(local))
    if count == len(local) == 1:
        return Layer([local[0].key], [*before, *local], about=about)
    made = by_range(node.name, local, count, how, Function(sorting.merged, **how))
    return Layer(made.keys, [*before, *made.tasks], about=about)


def by_range(
    name: str, local: list[Task], count: int, how: dict[str, Any], finish: Function
) -> Layer:
    """Sorted partitions cut at the same `count - 1` keys; `finish` makes each range of them all.

    how: by, ascending and na_position of the kernels in sorting.py.
    finish: called with what `sorting.begins` found, all partitions, and the range's place.
    """
    keys = [task.key for task in local]
    samples = [
        Task(Key(f"{name}-sample", (n,)), Function(sorting.sample, **how), (key,))
        for n, key in enumerate(keys)
    ]
    cut = Task(
        Key(f"{name}-cuts"),
        Function(sorting.cuts, count=count, **how),
        tuple(task.key for task in samples),
    )
    begins = [
        Task(Key(f"{name}-begins", (n,)), Function(sorting.begins, **how), (key, cut.key))
        for n, key in enumerate(keys)
    ]
    offsets = Task(
        Key(f"{name}-offsets"), Function(rowwise.collected), tuple(task.key for task in begins)
    )
    sources = (offsets.key, *keys)
    made = [Task(Key(name, (n,)), finish, sources, (n,)) for n in range(count)]
    return Layer([t.key for t in made], [*local, *samples, cut, *begins, offsets, *made])


def lower_repartition(node: relations.Repartition, sources: tuple[Layer, ...]) -> Layer:
    """Cut the rows of all partitions into `count` runs of equal length."""
    layer = numbered(node.source.name, sources[0])
    before = layer.tasks if layer is not sources[0] else []
    counted = [
        Task(Key(f"{node.name}-count", (n,)), Function(rowwise.counted), (key,))
        for n, key in enumerate(layer.keys)
    ]
    every = Task(
        Key(f"{node.name}-counts"), Function(rowwise.collected), tuple(t.key for t in counted)
    )
    made = [
        Task(
            Key(node.name, (n,)),
            Function(rowwise.run_of_rows, place=n, count=node.count),
            (every.key, *layer.keys),
        )
        for n in range(node.count)
    ]
    about = About(nbytes=layer.about.nbytes)
    return Layer([t.key for t in made], [*before, *counted, every, *made], about=about)


def lower_renumber(node: relations.Renumber, sources: tuple[Layer, ...]) -> Layer:
    """Forget the index; the one that counts rows is made when somebody looks at it."""
    drop = Function(rowwise.without_index)
    layer = sources[0]
    tasks = [
        Task(Key(node.name, (n,)), drop, (key,), fan_in=True) for n, key in enumerate(layer.keys)
    ]
    return Layer([t.key for t in tasks], tasks, about=About(True, layer.about.nbytes))
