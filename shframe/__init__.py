"""shframe: a lazy pandas- and NumPy-shaped engine over one copy of the data in shared memory.

    import shframe as sf
    sf.read_parquet("trips/").query("fare > 0").groupby("zone").agg({"fare": "mean"}).compute()

    import shframe.array as xp
    xp.mean(xp.sin(x) ** 2, axis=0).compute()

    ref = sf.put(x); sf.get(ref)

The names below are imported from their modules when first used: `import shframe` itself loads
neither pandas nor NumPy nor pyarrow.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from shframe.compat.joblib_registry import announce as _announce

if TYPE_CHECKING:
    from pandas import (
        Categorical,
        Grouper,
        NamedAgg,
        Timedelta,
        Timestamp,
        bdate_range,
        date_range,
        get_option,
        infer_freq,
        interval_range,
        option_context,
        period_range,
        set_option,
        timedelta_range,
    )

    from shframe import array, errors, exceptions
    from shframe.compat.concurrent_futures import Executor
    from shframe.compat.dask_scheduler import dask_get
    from shframe.compat.joblib_registry import register_joblib
    from shframe.compat.multiprocessing_pool import Pool
    from shframe.dataframe import (
        Aggregation,
        DataFrame,
        Index,
        Scalar,
        Series,
        concat,
        crosstab,
        cut,
        factorize,
        from_array,
        from_arrow,
        from_dask_array,
        from_delayed,
        from_dict,
        from_map,
        from_numpy,
        from_pandas,
        from_polars,
        get_dummies,
        isna,
        isnull,
        json_normalize,
        map_overlap,
        map_partitions,
        melt,
        merge,
        merge_asof,
        merge_ordered,
        notna,
        notnull,
        pivot,
        pivot_table,
        qcut,
        read_clipboard,
        read_csv,
        read_excel,
        read_feather,
        read_fwf,
        read_hdf,
        read_json,
        read_orc,
        read_parquet,
        read_pickle,
        read_sas,
        read_spss,
        read_sql,
        read_sql_query,
        read_sql_table,
        read_stata,
        read_table,
        read_xml,
        repartition,
        to_csv,
        to_datetime,
        to_hdf,
        to_json,
        to_numeric,
        to_orc,
        to_parquet,
        to_sql,
        to_timedelta,
        unique,
        wide_to_long,
    )
    from shframe.diagnostics.debug import debug
    from shframe.diagnostics.memory_report import compact, memory
    from shframe.diagnostics.serializability import inspect_serializability
    from shframe.diagnostics.status import status
    from shframe.diagnostics.timeline import last_trace, timeline
    from shframe.graph.objects.object_ref import ObjectRef
    from shframe.lazy.compute import compute, persist
    from shframe.lazy.delayed import delayed
    from shframe.objects.publish import attach, publish, published, unpublish
    from shframe.objects.put_get import as_completed, get, put, wait
    from shframe.session import Session, init, is_initialized, shutdown
    from shframe.tasks.actor_pool import ActorPool
    from shframe.tasks.actors import ActorHandle, get_actor, kill
    from shframe.tasks.generator import ObjectRefGenerator
    from shframe.tasks.options import method
    from shframe.tasks.queue import Queue
    from shframe.tasks.remote import cancel, remote

__version__ = "0.1.0"

_HOMES = {
    "ActorHandle": "shframe.tasks.actors",
    "ActorPool": "shframe.tasks.actor_pool",
    "Aggregation": "shframe.dataframe",
    "Categorical": "pandas",
    "DataFrame": "shframe.dataframe",
    "Executor": "shframe.compat.concurrent_futures",
    "Grouper": "pandas",
    "Index": "shframe.dataframe",
    "NamedAgg": "pandas",
    "ObjectRef": "shframe.graph.objects.object_ref",
    "ObjectRefGenerator": "shframe.tasks.generator",
    "Pool": "shframe.compat.multiprocessing_pool",
    "Queue": "shframe.tasks.queue",
    "Scalar": "shframe.dataframe",
    "Series": "shframe.dataframe",
    "Session": "shframe.session",
    "Timedelta": "pandas",
    "Timestamp": "pandas",
    "as_completed": "shframe.objects.put_get",
    "attach": "shframe.objects.publish",
    "bdate_range": "pandas",
    "cancel": "shframe.tasks.remote",
    "compact": "shframe.diagnostics.memory_report",
    "compute": "shframe.lazy.compute",
    "concat": "shframe.dataframe",
    "crosstab": "shframe.dataframe",
    "cut": "shframe.dataframe",
    "dask_get": "shframe.compat.dask_scheduler",
    "date_range": "pandas",
    "debug": "shframe.diagnostics.debug",
    "delayed": "shframe.lazy.delayed",
    "factorize": "shframe.dataframe",
    "from_array": "shframe.dataframe",
    "from_arrow": "shframe.dataframe",
    "from_dask_array": "shframe.dataframe",
    "from_delayed": "shframe.dataframe",
    "from_dict": "shframe.dataframe",
    "from_map": "shframe.dataframe",
    "from_numpy": "shframe.dataframe",
    "from_pandas": "shframe.dataframe",
    "from_polars": "shframe.dataframe",
    "get": "shframe.objects.put_get",
    "get_actor": "shframe.tasks.actors",
    "get_dummies": "shframe.dataframe",
    "get_option": "pandas",
    "infer_freq": "pandas",
    "init": "shframe.session",
    "inspect_serializability": "shframe.diagnostics.serializability",
    "interval_range": "pandas",
    "is_initialized": "shframe.session",
    "isna": "shframe.dataframe",
    "isnull": "shframe.dataframe",
    "json_normalize": "shframe.dataframe",
    "kill": "shframe.tasks.actors",
    "last_trace": "shframe.diagnostics.timeline",
    "map_overlap": "shframe.dataframe",
    "map_partitions": "shframe.dataframe",
    "melt": "shframe.dataframe",
    "memory": "shframe.diagnostics.memory_report",
    "merge": "shframe.dataframe",
    "merge_asof": "shframe.dataframe",
    "merge_ordered": "shframe.dataframe",
    "method": "shframe.tasks.options",
    "notna": "shframe.dataframe",
    "notnull": "shframe.dataframe",
    "option_context": "pandas",
    "period_range": "pandas",
    "persist": "shframe.lazy.compute",
    "pivot": "shframe.dataframe",
    "pivot_table": "shframe.dataframe",
    "publish": "shframe.objects.publish",
    "published": "shframe.objects.publish",
    "put": "shframe.objects.put_get",
    "qcut": "shframe.dataframe",
    "read_clipboard": "shframe.dataframe",
    "read_csv": "shframe.dataframe",
    "read_excel": "shframe.dataframe",
    "read_feather": "shframe.dataframe",
    "read_fwf": "shframe.dataframe",
    "read_hdf": "shframe.dataframe",
    "read_json": "shframe.dataframe",
    "read_orc": "shframe.dataframe",
    "read_parquet": "shframe.dataframe",
    "read_pickle": "shframe.dataframe",
    "read_sas": "shframe.dataframe",
    "read_spss": "shframe.dataframe",
    "read_sql": "shframe.dataframe",
    "read_sql_query": "shframe.dataframe",
    "read_sql_table": "shframe.dataframe",
    "read_stata": "shframe.dataframe",
    "read_table": "shframe.dataframe",
    "read_xml": "shframe.dataframe",
    "register_joblib": "shframe.compat.joblib_registry",
    "remote": "shframe.tasks.remote",
    "repartition": "shframe.dataframe",
    "set_option": "pandas",
    "shutdown": "shframe.session",
    "status": "shframe.diagnostics.status",
    "timedelta_range": "pandas",
    "timeline": "shframe.diagnostics.timeline",
    "to_csv": "shframe.dataframe",
    "to_datetime": "shframe.dataframe",
    "to_hdf": "shframe.dataframe",
    "to_json": "shframe.dataframe",
    "to_numeric": "shframe.dataframe",
    "to_orc": "shframe.dataframe",
    "to_parquet": "shframe.dataframe",
    "to_sql": "shframe.dataframe",
    "to_timedelta": "shframe.dataframe",
    "unique": "shframe.dataframe",
    "unpublish": "shframe.objects.publish",
    "wait": "shframe.objects.put_get",
    "wide_to_long": "shframe.dataframe",
}
_ROOMS = ("array", "errors", "exceptions")

__all__ = [
    "ActorHandle",
    "ActorPool",
    "Aggregation",
    "Categorical",
    "DataFrame",
    "Executor",
    "Grouper",
    "Index",
    "NamedAgg",
    "ObjectRef",
    "ObjectRefGenerator",
    "Pool",
    "Queue",
    "Scalar",
    "Series",
    "Session",
    "Timedelta",
    "Timestamp",
    "__version__",
    "array",
    "as_completed",
    "attach",
    "bdate_range",
    "cancel",
    "compact",
    "compute",
    "concat",
    "crosstab",
    "cut",
    "dask_get",
    "date_range",
    "debug",
    "delayed",
    "errors",
    "exceptions",
    "factorize",
    "from_array",
    "from_arrow",
    "from_dask_array",
    "from_delayed",
    "from_dict",
    "from_map",
    "from_numpy",
    "from_pandas",
    "from_polars",
    "get",
    "get_actor",
    "get_dummies",
    "get_option",
    "infer_freq",
    "init",
    "inspect_serializability",
    "interval_range",
    "is_initialized",
    "isna",
    "isnull",
    "json_normalize",
    "kill",
    "last_trace",
    "map_overlap",
    "map_partitions",
    "melt",
    "memory",
    "merge",
    "merge_asof",
    "merge_ordered",
    "method",
    "notna",
    "notnull",
    "option_context",
    "period_range",
    "persist",
    "pivot",
    "pivot_table",
    "publish",
    "published",
    "put",
    "qcut",
    "read_clipboard",
    "read_csv",
    "read_excel",
    "read_feather",
    "read_fwf",
    "read_hdf",
    "read_json",
    "read_orc",
    "read_parquet",
    "read_pickle",
    "read_sas",
    "read_spss",
    "read_sql",
    "read_sql_query",
    "read_sql_table",
    "read_stata",
    "read_table",
    "read_xml",
    "register_joblib",
    "remote",
    "repartition",
    "set_option",
    "shutdown",
    "status",
    "timedelta_range",
    "timeline",
    "to_csv",
    "to_datetime",
    "to_hdf",
    "to_json",
    "to_numeric",
    "to_orc",
    "to_parquet",
    "to_sql",
    "to_timedelta",
    "unique",
    "unpublish",
    "wait",
    "wide_to_long",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
    elif name in _ROOMS:
        value = importlib.import_module(f"shframe.{name}")
    else:
        raise AttributeError(f"module 'shframe' has no attribute {name!r}")
    globals()[name] = value
    return value


_announce()


def __dir__() -> list[str]:
    return sorted(__all__)
