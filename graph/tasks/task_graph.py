"""TaskGraph: the tasks of one computation, the data they start from, and what is wanted of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from shframe.graph.errors import CycleFound
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.tasks.task import Key, Task


@dataclass(frozen=True, slots=True)
class Keeper:
    """Who takes results of tasks besides the outputs: `take` gets all, once no task has failed."""

    keys: tuple[Key, ...]
    take: Callable[[Mapping[Key, ObjectRef]], None]


@dataclass(slots=True)
class TaskGraph:
    """Tasks by key; `data` are inputs that exist already; `outputs` are the results wanted;
    `notes` are for the trace; `keepers` take results, too, where the graph runs in a session."""

    tasks: dict[Key, Task] = field(default_factory=dict)
    data: dict[Key, ObjectRef] = field(default_factory=dict)
    outputs: tuple[Key, ...] = ()
    notes: list[str] = field(default_factory=list)
    keepers: list[Keeper] = field(default_factory=list)

    def add(self, tasks: Iterable[Task]) -> None:
        """Take tasks in; a key that is there already keeps its task."""
        for task in tasks:
            self.tasks.setdefault(task.key, task)

    def kept_keys(self) -> list[Key]:
        """The results that keepers take, of the tasks that are here."""
        return [key for keeper in self.keepers for key in keeper.keys if key in self.tasks]

    def readers(self, keys: Sequence[Key]) -> dict[Key, int]:
        """How many of these tasks read each of their results, and each of the data."""
        found = dict.fromkeys(keys, 0)
        for key in keys:
            for source in dict.fromkeys(self.tasks[key].inputs):
                found[source] = found.get(source, 0) + 1
        return found

    def culled(self) -> TaskGraph:
        """Only what the outputs need. Cost: O(tasks + edges)."""
        kept = {key: self.tasks[key] for key in self.sorted_keys()}
        needed = {source for task in kept.values() for source in task.inputs} | set(self.outputs)
        data = {key: ref for key, ref in self.data.items() if key in needed}
        return TaskGraph(kept, data, self.outputs, self.notes, self.keepers)

    def sorted_keys(self, whole: bool = True) -> list[Key]:
        """Tasks that the outputs need, each after its inputs, depth first; raises CycleFound.

        whole: whether there is a task or data for each key that a task reads; else KeyError.
        """
        return list(self._post_order(whole))

    def _post_order(self, whole: bool) -> Iterator[Key]:
        done: set[Key] = set()
        open_: set[Key] = set()
        stack = [(key, False) for key in reversed(self.outputs)]
        while stack:
            key, ready = stack.pop()
            if ready:
                open_.discard(key)
                done.add(key)
                yield key
            elif key in open_:
                raise CycleFound(f"task {key} depends on its own result")
            elif key in self.tasks and key not in done:
                open_.add(key)
                stack.append((key, True))
                inputs = self.tasks[key].inputs
                stack.extend((s, False) for s in reversed(inputs) if s not in done)
            elif whole and key not in done and key not in self.data:
                raise KeyError(f"no task and no data for {key}")

    def text(self) -> str:
        """A line per layer: its name, how many tasks, what they call."""
        layers: dict[tuple[str, str], int] = {}
        for task in self.tasks.values():
            layer = (task.key.name, task.function.name)
            layers[layer] = layers.get(layer, 0) + 1
        lines = [f"{count:>6} x {name}  {call}" for (name, call), count in layers.items()]
        return "\n".join(lines)


Progress = Callable[[int, int], None]  # tasks done, tasks in all
