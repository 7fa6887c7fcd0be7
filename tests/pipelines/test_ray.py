"""Ray gives the bytes that the serial executor gives, as tasks and as a job with token authentication."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import FinishedRun, data_files

pytestmark = pytest.mark.ray

RAY = str(Path(sys.executable).with_name("ray"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(**changes: str) -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("RAY_")} | changes


@pytest.fixture(scope="module")
def cluster() -> Iterator[dict[str, str]]:
    """A head node started by `ray start`, with token authentication; gives a client's environment."""
    # Ray's sockets live below this folder, and a socket's path may have 107 bytes.
    folder = Path("/tmp") / f"manyo-ray-{secrets.token_hex(4)}"
    ports = {
        name: free_port()
        for name in ("port", "dashboard-port", "dashboard-agent-listen-port", "ray-client-server-port")
    }
    token = secrets.token_hex(32)
    head = environment(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=token, RAY_USAGE_STATS_ENABLED="0")
    start = [RAY, "start", "--head", "--block", "--num-cpus=2", "--include-dashboard=true", f"--temp-dir={folder}"]
    start += [f"--{name}={port}" for name, port in ports.items()]
    with subprocess.Popen(start, env=head, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as ray_start:
        try:
            wait_for(ports["dashboard-port"], ray_start)
            dashboard, gcs = f"http://127.0.0.1:{ports['dashboard-port']}", f"127.0.0.1:{ports['port']}"
            yield {**head, "RAY_ADDRESS": dashboard, "GCS_ADDRESS": gcs}
        finally:
            ray_start.terminate()  # `ray start --block` takes its own processes along, and no other cluster's
            ray_start.wait(timeout=60)
            shutil.rmtree(folder, ignore_errors=True)


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.2)
    pytest.fail(f"the Ray head did not answer on port {port}; exit status {server.poll()}")


def manyo(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "manyo.pipelines", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)


def test_ray_tasks_give_the_bytes_of_the_serial_run(
    demo_run: FinishedRun, cluster: dict[str, str], tmp_path: Path
) -> None:
    on_cluster = {**cluster, "RAY_ADDRESS": cluster["GCS_ADDRESS"]}
    done = manyo(on_cluster, "run", "--config", str(demo_run.config), "--out", str(tmp_path), "--executor", "ray")
    assert done.returncode == 0, done.stderr
    assert data_files(tmp_path) == demo_run.files()


def test_a_job_is_seen_and_stopped_and_the_next_one_finishes_it(
    demo_run: FinishedRun, cluster: dict[str, str], tmp_path: Path
) -> None:
    of_run = ("--config", str(demo_run.config), "--out", str(tmp_path / "out"))
    with (tmp_path / "log").open("w+") as log:
        command = [sys.executable, "-m", "manyo.pipelines", "submit", *of_run]
        with subprocess.Popen(command, env=cluster, stdout=log, stderr=log) as first:
            deadline = time.monotonic() + 120
            while "shards to do" not in (tmp_path / "log").read_text(encoding="utf-8"):
                assert first.poll() is None, (tmp_path / "log").read_text(encoding="utf-8")
                assert time.monotonic() < deadline
                time.sleep(0.2)
            assert "RUNNING" in manyo(cluster, "status", *of_run).stdout
            assert "STOPPED" in manyo(cluster, "stop", *of_run).stdout
            assert first.wait(timeout=60) == 1
    assert "stopped; finished shards are kept" in (tmp_path / "log").read_text(encoding="utf-8")
    assert manyo(cluster, "stop", *of_run).returncode == 1, "nothing is left to stop"
    done = manyo(cluster, "submit", *of_run)
    assert done.returncode == 0, done.stderr
    assert "Documents left after each step" in done.stdout, "the job's log is streamed"
    assert data_files(tmp_path / "out") == demo_run.files()


def test_a_job_that_fails_returns_its_failure(cluster: dict[str, str], tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("[runs]\n", encoding="utf-8")
    done = manyo(cluster, "submit", "--config", str(broken))
    assert done.returncode == 1
    assert "unknown table [runs]" in done.stdout


@pytest.mark.parametrize("token", ["wrong", "none"])
def test_a_wrong_or_missing_token_is_refused_in_one_line(
    token: str, demo_run: FinishedRun, cluster: dict[str, str], tmp_path: Path
) -> None:
    stranger = {**cluster, "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    if token == "none":
        # Without a home, since Ray keeps a token there.
        stranger = environment(RAY_ADDRESS=cluster["RAY_ADDRESS"], HOME=str(tmp_path))
    done = manyo(stranger, "submit", "--config", str(demo_run.config))
    assert done.returncode == 2
    assert "refused the token" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_cluster_at_the_address_is_one_line(demo_run: FinishedRun) -> None:
    nowhere = environment(RAY_ADDRESS=f"http://127.0.0.1:{free_port()}")
    done = manyo(nowhere, "submit", "--config", str(demo_run.config))
    assert done.returncode == 2
    assert "no Ray job server at RAY_ADDRESS" in done.stderr
    assert "Traceback" not in done.stderr
