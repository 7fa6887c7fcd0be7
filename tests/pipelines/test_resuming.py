"""A command whose Ray cluster is lost goes on by itself when the cluster is back, and only then."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from manyo.pipelines.engine import resuming
from tests.conftest import ROOT, FinishedRun, data_files
from tests.pipelines.test_ray import RAY, environment, free_port, wait_for


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resuming, "_FIRST_LOOK_S", 0.01)
    monkeypatch.setattr(resuming, "_WAIT_S", 0.5)
    monkeypatch.setenv("RAY_ADDRESS", "auto")


#: What a child of the tests begins with.
BEGINS = "import os, sys, time, signal\nfrom manyo.pipelines.engine import resuming\n"


def command(program: str) -> list[str]:
    return [sys.executable, "-c", BEGINS + program]


def starts(path: Path) -> str:
    """The line of a program that writes down that it was started."""
    return f"open({str(path)!r}, 'a').write(str(int(resuming.is_resumed())))\n"


@pytest.mark.parametrize("status", [0, 1, 2, 3])
def test_a_child_that_ends_by_itself_is_not_started_again(tmp_path: Path, impatient: None, status: int) -> None:
    program = starts(tmp_path / "starts") + f"resuming.say_ended()\nos._exit({status})"
    assert resuming.resume(command(program)) == status
    assert (tmp_path / "starts").read_text() == "0"


def test_a_child_that_was_ended_by_its_library_is_started_again_until_it_ends(tmp_path: Path, impatient: None) -> None:
    program = starts(tmp_path / "starts") + "if resuming.is_resumed(): resuming.say_ended(); os._exit(3)\nos._exit(1)"
    assert resuming.resume(command(program)) == 3
    assert (tmp_path / "starts").read_text() == "01"


def test_a_child_that_was_killed_is_not_started_again(tmp_path: Path, impatient: None) -> None:
    program = starts(tmp_path / "starts") + "os.kill(os.getpid(), signal.SIGKILL)"
    assert resuming.resume(command(program)) == 128 + signal.SIGKILL
    assert (tmp_path / "starts").read_text() == "0"


def test_a_cluster_that_does_not_come_back_ends_the_command(
    impatient: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", f"127.0.0.1:{free_port()}")
    assert resuming.resume(command("os._exit(1)")) == 1
    assert "run the same command to continue" in capfd.readouterr().err


def test_a_child_ends_in_order_when_its_parent_is_killed(tmp_path: Path) -> None:
    program = f"signal.signal(signal.SIGTERM, lambda *_: (open({str(tmp_path / 'ended')!r}, 'w'), os._exit(1)))\n"
    program += f"resuming.watch_parent()\nopen({str(tmp_path / 'began')!r}, 'w')\ntime.sleep(60)"
    parent = f"resuming.resume({command(program)!r})"
    with subprocess.Popen(command(parent), cwd=ROOT, env={**os.environ, "RAY_ADDRESS": "auto"}) as process:
        until((tmp_path / "began").exists)
        process.kill()
    until((tmp_path / "ended").exists)


def until(is_so: Callable[[], bool], timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextmanager
def head(port: int, token: str) -> Iterator[dict[str, str]]:
    """A Ray cluster of one node at a port, killed with all its processes at the end; gives a client's environment."""
    folder = Path("/tmp") / f"manyo-ray-{secrets.token_hex(4)}"
    own = environment(
        RAY_AUTH_MODE="token",
        RAY_AUTH_TOKEN=token,
        RAY_USAGE_STATS_ENABLED="0",
        RAY_gcs_rpc_server_reconnect_timeout_s="5",
        PYTHONPATH=str(ROOT),
    )
    start = [RAY, "start", "--head", "--block", "--num-cpus=1", "--include-dashboard=false", f"--temp-dir={folder}"]
    start += [f"--port={port}", f"--ray-client-server-port={free_port()}", "--min-worker-port=0", "--max-worker-port=0"]
    with subprocess.Popen(
        start, env=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as node:
        try:
            wait_for(port, node)
            yield {**own, "RAY_ADDRESS": f"127.0.0.1:{port}"}
        finally:
            os.killpg(node.pid, signal.SIGKILL)
            node.wait()
            shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.ray
def test_a_run_whose_head_is_killed_and_started_again_ends_with_the_same_bytes_within_the_same_command(
    demo_run: FinishedRun, tmp_path: Path
) -> None:
    port, token, log = free_port(), secrets.token_hex(32), tmp_path / "log"
    arguments = ["run", "--executor", "ray", "--config", str(demo_run.config), "--out", str(tmp_path / "out")]
    arguments += ["--events", str(tmp_path / "events")]

    def has_ended_tasks() -> bool:
        assert run.poll() is None, log.read_text(encoding="utf-8")
        return (tmp_path / "events").exists() and (tmp_path / "events").read_bytes().count(b'"task_') > 3

    with log.open("wb") as stream, head(port, token) as client:
        run = subprocess.Popen(
            [sys.executable, "-m", "manyo.pipelines", *arguments], env=client, cwd=ROOT, stdout=stream, stderr=stream
        )
        until(has_ended_tasks, timeout_s=180)
    with run, head(port, token):
        assert run.wait(timeout=300) == 0, log.read_text(encoding="utf-8")
    assert "the command goes on when it is back" in log.read_text(encoding="utf-8")
    assert data_files(tmp_path / "out") == demo_run.files()
