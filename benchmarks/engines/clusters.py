"""Clusters of two workers on this machine, for the benchmarks that run on one."""

from __future__ import annotations

import logging
from typing import Any


class DaskCluster:
    """A LocalCluster with two processes, and a client that is not the default."""

    def __init__(self) -> None:
        import dask
        from distributed import Client, LocalCluster

        # its advice against programs that have their data with them is not the question here
        dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"})
        self.cluster: Any = LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=logging.ERROR
        )
        self.client: Any = Client(self.cluster, set_as_default=False)

    def close(self) -> None:
        """End the client and the processes."""
        self.client.close()
        self.cluster.close()


class Ray:
    """Ray with two CPUs and 2 GB of objects."""

    def __init__(self) -> None:
        import ray

        ray.init(
            num_cpus=2,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="error",
            object_store_memory=2 << 30,
        )

    def close(self) -> None:
        """End it."""
        import ray

        ray.shutdown()
