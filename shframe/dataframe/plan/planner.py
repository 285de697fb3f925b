"""The stages of a frame's plan and the lowering of each node: start reading here."""

from __future__ import annotations

from shframe.dataframe.expr import relations
from shframe.dataframe.lower import lower
from shframe.dataframe.plan.inferred_schema import UserMap
from shframe.dataframe.rules.push_columns import push_columns
from shframe.dataframe.rules.push_filters import push_filters
from shframe.dataframe.rules.push_limit import push_limit
from shframe.graph.plan.planner import Planner
from shframe.graph.plan.rewrite import Stage

PLANNER = Planner(
    stages=(
        Stage("push filters", passes=(push_filters,)),
        Stage("push limit", rules=(push_limit,)),
        Stage("push columns", passes=(push_columns,)),
    ),
    lowerings={
        relations.FromParts: lower.lower_from_parts,
        relations.ReadParquet: lower.lower_read_parquet,
        relations.ReadCsv: lower.lower_read_csv,
        relations.Map: lower.lower_map,
        UserMap: lower.lower_map,
        relations.Agreed: lower.lower_agreed,
        relations.Whole: lower.lower_whole,
        relations.Computed: lower.lower_whole,
        relations.Given: lower.lower_given,
        relations.Reduce: lower.lower_reduce,
        relations.GroupAgg: lower.lower_group_agg,
        relations.Merge: lower.lower_merge,
        relations.Sort: lower.lower_sort,
        relations.Head: lower.lower_head,
        relations.Tree: lower.lower_tree,
        relations.Repartition: lower.lower_repartition,
        relations.Renumber: lower.lower_renumber,
    },
)
