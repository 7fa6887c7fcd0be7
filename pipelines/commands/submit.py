"""Run a configuration as a Ray job: submit it and follow its log, say how it is, stop it.

The job runs `python -m manyo.pipelines run` on the cluster's head, from this folder
and with this interpreter, so both must be there too: on a shared filesystem, or
in the image. Nothing is uploaded. Where the cluster checks tokens, Ray's own
client reads the token from RAY_AUTH_TOKEN, RAY_AUTH_TOKEN_PATH or ~/.ray/auth_token.

A job is known by the output that it writes, which it carries as metadata: two at a
time would do the same work twice, so that submitting again follows the one that runs.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from manyo.pipelines.engine.stage import UserError

#: Ray's dashboard, which takes jobs, listens here when RAY_ADDRESS is not set.
_DEFAULT_ADDRESS = "http://127.0.0.1:8265"

#: Metadata of a job: the output that it writes.
_OUT = "manyo_out"

#: How long a new cluster may take until it can run jobs.
_AGENT_S = 60.0

#: A job that was told to stop has this long until it has ended; Ray kills it after 3 s.
_STOP_S = 30.0


def submit(config_path: str, out: str | None) -> int:
    """Submit `manyo run`, print its log as it comes, and return 0 if it succeeded and 1 if not.

    Raises:
        UserError: there is no such file, no cluster at RAY_ADDRESS, or it refuses the token.
    """
    key = _key(config_path, out)
    with _client() as client:
        running = _running(client, key)
        if running:
            job = running[0].submission_id
            print(f"job {job} at {_address()} writes {key} already; following its log", file=sys.stderr, flush=True)
        else:
            job = _submit(client, entrypoint(config_path, out), key)
            print(f"job {job} at {_address()}", file=sys.stderr, flush=True)
    try:
        asyncio.run(_follow(client, job))
    except KeyboardInterrupt:
        raise UserError(f"the job {job} goes on; to end it: manyo stop --config {config_path}") from None
    status = client.get_job_status(job)
    print(f"job {job}: {status.value}", file=sys.stderr)
    return 0 if status.value == "SUCCEEDED" else 1


def stop(config_path: str, out: str | None) -> int:
    """Stop the job that runs a configuration; what it has finished stays. Returns 0 if one was stopped, else 1.

    Raises:
        UserError: as `submit`.
    """
    key = _key(config_path, out)
    with _client() as client:
        running = [job.submission_id for job in _running(client, key)]
        for job in running:
            client.stop_job(job)
        deadline = time.monotonic() + _STOP_S
        while time.monotonic() < deadline and not all(client.get_job_status(job).is_terminal() for job in running):
            time.sleep(0.5)
        for job in running:
            print(f"job {job}: {client.get_job_status(job).value}")
    if not running:
        print(f"no job at {_address()} writes {key}")
    return 0 if running else 1


def job_lines(config_path: str, out: str | None) -> Iterator[str]:
    """A line for each job of a configuration, the latest first; none where RAY_ADDRESS names no job server.

    Raises:
        UserError: as `submit`.
    """
    if _address_is_given():
        with _client() as client:
            for job in _jobs(client, _key(config_path, out)):
                began = (job.start_time or 0) / 1000
                ended = job.end_time / 1000 if job.end_time else time.time()
                state = f"{job.status.value}, {ended - began:,.0f} s"
                yield f"job {job.submission_id}: {state}. {job.message or ''}".rstrip()


def entrypoint(config_path: str, out: str | None) -> str:
    """The shell command that the cluster runs."""
    command = [sys.executable, "-m", "manyo.pipelines", "run", "--executor", "ray", "--config", config_path]
    if out:
        command += ["--out", out]
    return f"cd {shlex.quote(os.getcwd())} && exec {shlex.join(command)}"


def _submit(client: Any, command: str, key: str) -> str:
    """Submit a job, with patience for a cluster that has just begun: its agent comes up after its job server."""
    deadline = time.monotonic() + _AGENT_S
    while True:
        try:
            job: str = client.submit_job(entrypoint=command, metadata={_OUT: key})
            return job
        except RuntimeError as error:
            if "No available agent" not in str(error) or time.monotonic() > deadline:
                raise
        time.sleep(1)


def _key(config_path: str, out: str | None) -> str:
    """The output that a run writes; the configuration is read here no further, since the job says what is wrong."""
    try:
        written = out or tomllib.loads(Path(config_path).read_text(encoding="utf-8"))["run"]["out"]
    except FileNotFoundError as error:
        raise UserError(f"{config_path}: no such configuration file") from error
    except (OSError, ValueError, KeyError, TypeError):
        return os.path.abspath(config_path)
    return written if "://" in str(written) else os.path.abspath(str(written))


def _address_is_given() -> bool:
    return _address().startswith(("http://", "https://")) and "RAY_ADDRESS" in os.environ


def _address() -> str:
    return os.environ.get("RAY_ADDRESS", _DEFAULT_ADDRESS)


@contextmanager
def _client() -> Iterator[Any]:
    """Ray's client for jobs; what goes wrong within is one line for the user."""
    from ray.exceptions import AuthenticationError
    from ray.job_submission import JobSubmissionClient

    try:
        yield JobSubmissionClient(_address())
    except AuthenticationError as error:
        raise UserError(
            f"the Ray cluster at {_address()} refused the token ({_first_line(error)}); "
            "set RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH to the cluster's token"
        ) from error
    except (ConnectionError, RuntimeError) as error:
        raise UserError(f"no Ray job server at RAY_ADDRESS={_address()}: {_first_line(error)}") from error


def _jobs(client: Any, key: str) -> list[Any]:
    jobs = [job for job in client.list_jobs() if (job.metadata or {}).get(_OUT) == key and job.submission_id]
    return sorted(jobs, key=lambda job: -(job.start_time or 0))


def _running(client: Any, key: str) -> list[Any]:
    return [job for job in _jobs(client, key) if not job.status.is_terminal()]


async def _follow(client: Any, job: str) -> None:
    async for lines in client.tail_job_logs(job):
        print(lines, end="", flush=True)


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]
