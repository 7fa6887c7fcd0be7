"""Runs as jobs of a Ray cluster: submit one, follow its log, list the jobs of a run, stop them.

A job runs `python -m manyo.pipelines run` on the head of the cluster, from the current folder and with this
interpreter. Both must exist there too: on a shared filesystem or in the image. Nothing is uploaded. If the cluster
checks tokens, Ray's client reads the token from RAY_AUTH_TOKEN, RAY_AUTH_TOKEN_PATH or ~/.ray/auth_token.

A job carries the URI of its output as metadata, which identifies it: two jobs that write the same output would do the
same work twice, so a second `submit` follows the job that is running.
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
from typing import TYPE_CHECKING

from manyo.corpus.tables.credentials import opened, public
from manyo.corpus.tables.start_folder import located
from manyo.pipelines.engine.errors import UserError

if TYPE_CHECKING:
    from ray.dashboard.modules.job.pydantic_models import JobDetails
    from ray.job_submission import JobSubmissionClient

#: Ray's dashboard, which accepts jobs, listens here if RAY_ADDRESS is not set.
_DEFAULT_ADDRESS = "http://127.0.0.1:8265"

_SERVES_JOBS = ("http://", "https://")

#: Metadata of a job: the URI of the output that it writes.
_OUT = "manyo_out"

#: How long a new cluster may take before it can run jobs.
_AGENT_S = 60.0

#: How long to wait for a job to end after it was asked to stop; Ray kills it after 3 s.
_STOP_S = 30.0


def submit_job(config_path: str, out: str | None) -> str:
    """Submit `manyo run`, unless a job for the same output is running already.

    Returns:
        The identifier of the new or running job, which is also printed on standard error.

    Raises:
        UserError: the file does not exist, no cluster is at RAY_ADDRESS, or the cluster refuses the token.
    """
    key = _key(config_path, out)
    if out and opened(out) != out:
        raise UserError("--out has credentials, which everyone sees who may list jobs; write them in the configuration")
    with _client() as client:
        running = _running(client, key)
        if running:
            job = str(running[0].submission_id)
            print(f"job {job} at {_address()} already writes {key}; following its log", file=sys.stderr, flush=True)
        else:
            job = _submit(client, entrypoint(config_path, out), key)
            print(f"job {job} at {_address()}", file=sys.stderr, flush=True)
    return job


def follow_job(job: str) -> bool:
    """Print the log of a job until the job ends.

    Returns:
        Whether the job succeeded.

    Raises:
        UserError: as `submit_job`.
        KeyboardInterrupt: the user stopped following; the job continues.
    """
    with _client() as client:
        asyncio.run(_follow(client, job))
        status = client.get_job_status(job)
    print(f"job {job}: {status.value}", file=sys.stderr)
    return bool(status.value == "SUCCEEDED")


def stop_jobs(config_path: str, out: str | None) -> dict[str, str]:
    """Stop the jobs that write the output of a configuration; what they have finished is kept.

    Returns:
        Identifier and last status of each job that was running.

    Raises:
        UserError: as `submit_job`.
    """
    key = _key(config_path, out)
    with _client() as client:
        running = [str(job.submission_id) for job in _running(client, key)]
        for job in running:
            client.stop_job(job)
        deadline = time.monotonic() + _STOP_S
        while time.monotonic() < deadline and not all(client.get_job_status(job).is_terminal() for job in running):
            time.sleep(0.5)
        return {job: str(client.get_job_status(job).value) for job in running}


def no_job_line(config_path: str, out: str | None) -> str:
    """The line that says that no job writes the output of a configuration."""
    return f"no job at {_address()} writes {_key(config_path, out)}"


def job_lines(config_path: str, out: str | None) -> Iterator[str]:
    """Yield a line for each job of a configuration, the latest first; nothing if RAY_ADDRESS names no job server.

    Raises:
        UserError: as `submit_job`.
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


def _submit(client: JobSubmissionClient, command: str, key: str) -> str:
    """Submit a job, and wait for the agent of a cluster that has just started: it starts after the job server."""
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
    """The URI of the output that a run writes. The job reports what else is wrong with the configuration."""
    try:
        written = out or tomllib.loads(Path(config_path).read_text(encoding="utf-8"))["run"]["out"]
    except FileNotFoundError as error:
        raise UserError(f"{config_path}: no such configuration file") from error
    except (OSError, ValueError, KeyError, TypeError):
        return os.path.abspath(config_path)
    return public(located(str(written)))


def _address_is_given() -> bool:
    return _address().startswith(_SERVES_JOBS) and bool(os.environ.get("RAY_ADDRESS", "").strip())


def _address() -> str:
    return os.environ.get("RAY_ADDRESS", "").strip() or _DEFAULT_ADDRESS


@contextmanager
def _client() -> Iterator[JobSubmissionClient]:
    """Ray's client for jobs; an error in the block becomes one line for the user."""
    if "://" not in _address():
        raise UserError(f"RAY_ADDRESS={_address()}: jobs go to Ray's dashboard; write http://HOST:8265")
    from ray.exceptions import AuthenticationError
    from ray.job_submission import JobSubmissionClient

    try:
        yield JobSubmissionClient(_address())
    except AuthenticationError as error:
        raise UserError(
            f"the Ray cluster at {_address()} refused the token ({_first_line(error)}); "
            "set RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH to the cluster's token"
        ) from error
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise UserError(f"no Ray job server at RAY_ADDRESS={_address()}: {_first_line(error)}") from error


def _jobs(client: JobSubmissionClient, key: str) -> list[JobDetails]:
    jobs = [job for job in client.list_jobs() if (job.metadata or {}).get(_OUT) == key and job.submission_id]
    return sorted(jobs, key=lambda job: -(job.start_time or 0))


def _running(client: JobSubmissionClient, key: str) -> list[JobDetails]:
    return [job for job in _jobs(client, key) if not job.status.is_terminal()]


async def _follow(client: JobSubmissionClient, job: str) -> None:
    async for lines in client.tail_job_logs(job):
        print(lines, end="", flush=True)


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]
