"""`except` clauses written for Ray catch what they did, after `import shframe as ray`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

import shframe as ray
from tests.conftest import warmed
from tests.session.test_starting import environment


@pytest.fixture(scope="module", autouse=True)
def two_workers() -> Iterator[None]:
    warmed(ray.init(workers=2, memory="1GB", inline_bytes=0))
    yield
    ray.shutdown()


@ray.remote(max_retries=0)
def does(what: str) -> None:
    if what == "raise":
        raise LookupError("nothing there")
    if what == "die":
        os._exit(1)
    time.sleep(60)


@ray.remote
class Dies:
    def die(self) -> None:
        os._exit(1)


def caught(what: str) -> str:
    ref = does.remote(what)
    if what == "cancel":
        ray.cancel(ref, force=True)
    try:
        ray.get(ref, timeout=0.3 if what == "wait" else None)
    except ray.exceptions.RayTaskError as error:
        return f"task: {error}"
    except ray.exceptions.TaskCancelledError:
        return "cancelled"
    except ray.exceptions.GetTimeoutError:
        ray.cancel(ref, force=True)
        return "late"
    except ray.exceptions.WorkerCrashedError:
        return "crashed"
    return "nothing"


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("raise", "task: nothing there"),
        ("die", "crashed"),
        ("wait", "late"),
        ("cancel", "cancelled"),
    ],
)
def test_clauses_for_ray_catch_what_they_did(what: str, told: str) -> None:
    assert caught(what) == told


def test_an_actor_that_died_is_an_actor_error() -> None:
    actor = Dies.remote()
    with pytest.raises(ray.exceptions.RayActorError):
        ray.get(actor.die.remote())
    with pytest.raises(ray.exceptions.ActorDiedError):
        ray.get(actor.die.remote())
    del actor


def test_a_task_error_is_of_the_users_type_too() -> None:
    with pytest.raises(LookupError) as error:
        ray.get(does.remote("raise"))
    assert isinstance(error.value, ray.exceptions.RayTaskError)
    assert isinstance(error.value, ray.exceptions.RayError)


def test_every_name_is_an_error_of_ours_and_none_catches_all_but_the_root() -> None:
    for name in ray.exceptions.__all__:
        kind = getattr(ray.exceptions, name)
        assert issubclass(kind, ray.errors.ShframeError), name
        assert (kind is ray.errors.ShframeError) == (name == "RayError"), name


def test_the_names_come_when_they_are_asked_for() -> None:
    code = (
        "import sys, shframe as ray\n"
        "print('shframe.exceptions' in sys.modules)\n"
        "print(ray.exceptions.RayError.__name__, 'pandas' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True
    )
    assert done.stdout.split() == ["False", "ShframeError", "False"]


def test_init_takes_what_ray_programs_tell_it() -> None:
    made = ray.init(num_cpus=2, object_store_memory=100 << 20, ignore_reinit_error=True)
    try:
        assert (made.options.workers, made.options.budget) == (2, 100 << 20)
        with pytest.raises(ray.errors.InvalidArgument, match="no option 'cpus'"):
            ray.init(cpus=2)
    finally:
        ray.shutdown()
