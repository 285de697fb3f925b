"""The stages of a frame's plan and the lowering of each node: start reading here."""

from __future__ import annotations

from shframe.dataframe.expr import (
    base,
    blocks,
    grouped,
    ordered,
    positions,
    relations,
    values,
    windows,
)
from shframe.dataframe.lower.blocks import lower_from_blocks, lower_placed_blocks
from shframe.dataframe.lower.groupby import lower_aggregate
from shframe.dataframe.lower.grouped import (
    lower_grouped_apply,
    lower_grouped_result,
    lower_grouped_rows,
)
from shframe.dataframe.lower.join import lower_join
from shframe.dataframe.lower.layer import About
from shframe.dataframe.lower.ordered import lower_modes, lower_quantiles, lower_ranks
from shframe.dataframe.lower.positions import lower_by_position, lower_concat
from shframe.dataframe.lower.read import lower_from_parts, lower_read_csv, lower_read_parquet
from shframe.dataframe.lower.reduce import lower_fold, lower_limit, lower_small_result
from shframe.dataframe.lower.repartition import lower_number_rows, lower_repartition
from shframe.dataframe.lower.rowwise import lower_row_wise, lower_unify_dtypes
from shframe.dataframe.lower.shuffle import lower_shuffled
from shframe.dataframe.lower.sort import lower_sort
from shframe.dataframe.lower.whole import lower_computed, lower_given, lower_whole
from shframe.dataframe.lower.windows import lower_carried, lower_windowed
from shframe.dataframe.plan.validate import check_stage
from shframe.dataframe.rules.ask_together import ask_together
from shframe.dataframe.rules.ask_words import ask_words
from shframe.dataframe.rules.drop_labels import drop_labels
from shframe.dataframe.rules.drop_order import drop_order
from shframe.dataframe.rules.filter_partners import filter_partners
from shframe.dataframe.rules.find_members import find_members
from shframe.dataframe.rules.keep_first import keep_first
from shframe.dataframe.rules.limit_sorted import limit_sorted
from shframe.dataframe.rules.move_filters import move_filters
from shframe.dataframe.rules.push_columns import push_columns
from shframe.dataframe.rules.push_filters import push_filters
from shframe.dataframe.rules.push_limit import push_limit
from shframe.dataframe.rules.read_footers import count_rows, read_bounds
from shframe.dataframe.rules.sizes import cost_of
from shframe.dataframe.rules.unneeded import drop_unneeded
from shframe.graph.plan.planner import Planner
from shframe.graph.plan.rewrite import Stage

PLANNER: Planner[About] = Planner(
    stages=(
        Stage("move filters", passes=(move_filters,), check=check_stage),
        Stage("push filters", passes=(push_filters,), check=check_stage),
        Stage("read less", rules=(count_rows, read_bounds, find_members), check=check_stage),
        Stage("filter partners", passes=(filter_partners,), check=check_stage),
        Stage("push limit", rules=(limit_sorted, push_limit), check=check_stage),
        Stage(
            "drop unneeded",
            passes=(keep_first, drop_unneeded(drop_order, drop_labels, push_columns)),
            check=check_stage,
        ),
        Stage("ask words", passes=(ask_words, ask_together), check=check_stage),
    ),
    lowerings={
        relations.FromParts: lower_from_parts,
        blocks.FromBlocks: lower_from_blocks,
        blocks.PlacedBlocks: lower_placed_blocks,
        relations.ReadParquet: lower_read_parquet,
        relations.ReadCsv: lower_read_csv,
        base.RowWise: lower_row_wise,
        relations.UnifyDtypes: lower_unify_dtypes,
        relations.Whole: lower_whole,
        relations.Aggregate: lower_aggregate,
        grouped.GroupedRows: lower_grouped_rows,
        grouped.GroupedResult: lower_grouped_result,
        grouped.GroupedApply: lower_grouped_apply,
        windows.Windowed: lower_windowed,
        windows.Carried: lower_carried,
        positions.ByPosition: lower_by_position,
        positions.Concat: lower_concat,
        relations.Join: lower_join,
        relations.Sort: lower_sort,
        relations.Limit: lower_limit,
        relations.SmallResult: lower_small_result,
        relations.Repartition: lower_repartition,
        relations.Shuffled: lower_shuffled,
        relations.NumberRows: lower_number_rows,
        ordered.Ranks: lower_ranks,
        ordered.Modes: lower_modes,
        ordered.Quantiles: lower_quantiles,
        values.Fold: lower_fold,
        values.Computed: lower_computed,
        values.ValueOperation: lower_computed,
        values.Given: lower_given,
    },
    together=values.Together,
    cost=cost_of,
)
