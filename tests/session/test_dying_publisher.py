"""Who attaches to what a program publishes that is just dying hears that it is not published."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import shframe as sf
from shframe.errors import NotPublished

SCRIPT = """
import sys, time
from shframe.store.sharing import rendezvous
listener, path = rendezvous.listen(sys.argv[1])
print("ready", flush=True)
time.sleep(60)  # it never answers
"""


@pytest.mark.parametrize("pause", [0.0, 0.05, 0.2])
def test_a_publisher_that_dies_before_it_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pause: float
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", os.fspath(tmp_path))
    child = subprocess.Popen([sys.executable, "-c", SCRIPT, "data"], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    found: list[BaseException] = []

    def attaches() -> None:
        try:
            sf.attach("data")
        except BaseException as error:
            found.append(error)

    sf.init(executor="sync")
    try:
        asking = threading.Thread(target=attaches)
        asking.start()
        time.sleep(pause)
        child.send_signal(signal.SIGKILL)
        asking.join()
        assert [type(error) for error in found] == [NotPublished]
        sf.publish("data", np.ones(3))  # the name is free
        assert [one.name for one in sf.published()] == ["data"]
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
        sf.shutdown()
