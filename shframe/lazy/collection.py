"""Lazy and Collection: what is computed when asked for, and an expression with these verbs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from textwrap import indent
from typing import Any, ClassVar, Self

from shframe import session
from shframe.errors import UnsupportedType
from shframe.executor_choice import executor_of, planned_for
from shframe.graph.executors.cluster import values
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.plan.expr import Expr, tree_text
from shframe.graph.plan.fuse import fused
from shframe.graph.plan.planner import Layer, Planner
from shframe.graph.tasks.task_graph import Progress, TaskGraph
from shframe.graph.tracing.copies import taken
from shframe.lazy.run_here import run_here


class Lazy:
    """A value that is not computed yet."""

    __slots__ = ("__weakref__",)

    def compute(self, *, progress: bool | None = None, executor: Any = None) -> Any:
        """The value, as an ordinary object."""
        raise AssertionError(f"{type(self).__name__} lacks compute")

    def persist(self, *, progress: bool | None = None, executor: Any = None) -> Self:
        """The same, computed now and kept."""
        raise AssertionError(f"{type(self).__name__} lacks persist")

    @property
    def _family(self) -> object:
        """Equal for those that are computed in one graph; None: this one has a graph of its own."""
        return None

    @staticmethod
    def _compute_all(many: list[Any], progress: bool | None, executor: Any) -> list[Any]:
        """The values of some of one family."""
        return [one.compute(progress=progress, executor=executor) for one in many]

    @staticmethod
    def _persist_all(many: list[Any], progress: bool | None, executor: Any) -> list[Any]:
        """Some of one family, persisted."""
        return [one.persist(progress=progress, executor=executor) for one in many]

    def _tasks(self) -> TaskGraph | None:
        """The tasks of this value, the only output, for a graph that reads it; None: it is computed
        before."""
        return None


class Collection(Lazy):
    """A lazy object: an expression, computed when asked for."""

    __slots__ = ("expr",)

    planner: ClassVar[Planner[Any]]

    def __init__(self, expr: Expr) -> None:
        self.expr = expr

    def compute(
        self, *, progress: bool | None = None, executor: Any = None, scheduler: Any = None
    ) -> Any:
        """The result as an ordinary, writable pandas or NumPy object.

        It stays valid after sf.shutdown(). Writing into it changes nothing else.
        progress: whether to show a tqdm bar; None: as the session says.
        executor: "processes", "threads", "sync", "dask://host:port", a distributed.Client or
            "ray"; None: as the session says. scheduler: the same under Dask's names.

        Raises: InvalidArgument for another executor, ImportError when its package is missing,
            ClusterUnreachable when its cluster does not answer.
        """
        executor = executor_of(executor, scheduler)
        graph, layer = self._plan(executor, self._settled)
        parts = self._parts(graph, progress, executor)
        start = time.monotonic()
        result = self._result(parts, layer)
        note_assembly(len(layer.keys), time.monotonic() - start)
        return result

    def _parts(self, graph: TaskGraph, progress: bool | None, executor: Any) -> Iterable[Any]:
        """The values of the graph's outputs: of a small one without storing them.

        The tasks are not fused yet: where values between tasks are not stored there is no need.
        """
        current = session.current()
        if not is_shown(progress) and current.runs_here(graph, executor):
            return run_here(graph, current)
        return values(run_graph(fused(graph), progress, executor))

    def persist(self, *, progress: bool | None = None, executor: Any = None) -> Self:
        """The same collection with its partitions computed and kept where they were computed: in
        shared memory, or on the cluster of an `executor` as compute() takes it.

        A later computation there reads them in place; another executor gets copies.
        """
        graph, layer = self._plan(executor)
        return self._persisted(run_graph(fused(graph), progress, executor), layer)

    @property
    def _family(self) -> object:
        return self.planner if self.planner.together is not None else None

    @staticmethod
    def _compute_all(many: list[Any], progress: bool | None, executor: Any) -> list[Any]:
        if len(many) == 1:
            return Lazy._compute_all(many, progress, executor)
        graph, layers = _plan_all(many, executor, settled=True)
        made = dict(zip(graph.outputs, many[0]._parts(graph, progress, executor), strict=True))
        start = time.monotonic()
        pairs = zip(many, layers, strict=True)
        results = [one._result([made[key] for key in layer.keys], layer) for one, layer in pairs]
        note_assembly(len(made), time.monotonic() - start)
        return results

    @staticmethod
    def _persist_all(many: list[Any], progress: bool | None, executor: Any) -> list[Any]:
        if len(many) == 1:
            return Lazy._persist_all(many, progress, executor)
        graph, layers = _plan_all(many, executor, settled=False)
        made = dict(zip(graph.outputs, run_graph(fused(graph), progress, executor), strict=True))
        pairs = zip(many, layers, strict=True)
        return [one._persisted([made[key] for key in layer.keys], layer) for one, layer in pairs]

    def explain(
        self, stage: str | None = None, *, tasks: bool = False, analyze: bool = False
    ) -> str:
        """The plan as text, as it was written and as it is optimised; nothing is computed.

        Of frames each line of the optimised plan ends with the rows and bytes that are expected.
        stage: only the plan after this stage. tasks: whether to add the layers of the task graph.
        analyze: whether to run the plan, and to say behind each line what was measured: rows and
            bytes that it made, seconds in tasks, bytes that it looked at as pandas or converted.

        Raises: ValueError for a stage that does not exist, UnsupportedType for analyze of an
            array.
        """
        if stage is not None:
            return self._plan_text(self.planner.optimized(self.expr, stage))
        optimised = self.planner.optimized(self.expr)
        chapters = {"Logical plan": self._plan_text(self.expr)}
        if analyze:
            notes, total = self._analyze(optimised)
            chapters["Optimised plan"] = f"{self._plan_text(optimised, notes)}\n{total}"
        else:
            chapters["Optimised plan"] = self._plan_text(optimised, self._estimates(optimised))
        if tasks:
            graph, _ = self.planner.graph(optimised)
            chapters["Tasks"] = graph.text()
        return "\n".join(f"{name}:\n{indent(text, '  ')}" for name, text in chapters.items())

    @classmethod
    def _plan_text(cls, plan: Expr, notes: Mapping[str, str] | None = None) -> str:
        return tree_text(plan, cls._line)

    @classmethod
    def _estimates(cls, plan: Expr) -> dict[str, str]:
        """What is expected of nodes, by their tokens."""
        return {}

    def _analyze(self, plan: Expr) -> tuple[dict[str, str], str]:
        """Run a plan: what was measured of nodes, by their tokens, and a line for the whole."""
        raise UnsupportedType("explain(analyze=True) is for frames, series and their values")

    def _plan(
        self, executor: Any, last: Callable[[Layer[Any]], Layer[Any]] | None = None
    ) -> tuple[TaskGraph, Layer[Any]]:
        """The task graph of the optimised plan, not fused, and what is known of its partitions."""
        where = session.current().where(executor)  # raises before the work if it is invalid
        with planned_for(where):
            return self.planner.graph(self.planner.optimized(self.expr), last, fuse=False)

    def _settled(self, layer: Layer[Any]) -> Layer[Any]:
        """The last step for each partition, in the workers, before the user gets them."""
        return layer

    def _result(self, parts: Iterable[Any], layer: Layer[Any]) -> Any:
        raise AssertionError(f"{type(self).__name__} lacks _result")

    def _persisted(self, refs: list[ObjectRef], layer: Layer[Any]) -> Self:
        raise AssertionError(f"{type(self).__name__} lacks _persisted")

    @staticmethod
    def _line(node: Expr) -> str:
        return node.name


def _plan_all(
    many: list[Collection], executor: Any, settled: bool
) -> tuple[TaskGraph, list[Layer[Any]]]:
    """One task graph, not fused, for several collections of one planner, and what is known of
    each."""
    planner = many[0].planner
    where = session.current().where(executor)
    with planned_for(where):
        plans = planner.optimized_together([one.expr for one in many])
        lasts = [one._settled if settled else None for one in many]
        return planner.graph_of(plans, lasts, fuse=False)


def run_graph(graph: TaskGraph, progress: bool | None, executor: Any) -> list[ObjectRef]:
    """Run a graph on the session, with a progress bar where one is wanted."""
    current = session.current()
    if not is_shown(progress):
        return current.run(graph, None, executor)
    with _Bar() as bar:
        return current.run(graph, bar, executor)


def is_shown(progress: bool | None) -> bool:
    """Whether a progress bar is wanted; None: as the session says."""
    return session.current().options.progress if progress is None else progress


class _Bar:
    """A tqdm bar as a progress callback."""

    def __enter__(self) -> Progress:
        try:
            from tqdm.auto import tqdm
        except ImportError as error:
            raise ImportError(
                "a progress bar needs tqdm: pip install 'shframe[progress]'"
            ) from error
        self._bar = tqdm(unit="task", leave=False)
        return self._update

    def _update(self, done: int, total: int) -> None:
        self._bar.total = total
        self._bar.n = done
        self._bar.refresh()

    def __exit__(self, *exc: object) -> None:
        self._bar.close()


def note_assembly(parts: int, seconds: float) -> None:
    """Note in the trace what the driver did to assemble the result."""
    converted = "".join(f", converted {n / 1e6:.1f} MB: {reason}" for reason, n in taken())
    note = f"result assembled in the driver from {parts} partitions: {seconds:.3f} s{converted}"
    session.current().last_trace.notes.append(note)
