"""Run a configuration as a Ray job: submit, follow the log, return the job's exit status.

The job runs `python -m pipelines run` on the cluster's head, from this folder
and with this interpreter, so both must be there too: on a shared filesystem, or
in the image. Nothing is uploaded. Where the cluster checks tokens, Ray's own
client reads the token from RAY_AUTH_TOKEN, RAY_AUTH_TOKEN_PATH or ~/.ray/auth_token.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import sys

from pipelines.engine import UserError

#: Ray's dashboard, which takes jobs, listens here when RAY_ADDRESS is not set.
_DEFAULT_ADDRESS = "http://127.0.0.1:8265"


def submit(config_path: str, out: str | None) -> int:
    """Submit `manyo run`, print its log as it comes, and return 0 if it succeeded and 1 if not.

    Raises:
        UserError: there is no such file, no cluster at RAY_ADDRESS, or it refuses the token.
    """
    if not os.path.exists(config_path):
        raise UserError(f"{config_path}: no such configuration file")
    from ray.exceptions import AuthenticationError
    from ray.job_submission import JobStatus, JobSubmissionClient

    address = os.environ.get("RAY_ADDRESS", _DEFAULT_ADDRESS)
    try:
        client = JobSubmissionClient(address)
        job = client.submit_job(entrypoint=entrypoint(config_path, out))
    except AuthenticationError as error:
        raise UserError(
            f"the Ray cluster at {address} refused the token ({_first_line(error)}); "
            "set RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH to the cluster's token"
        ) from error
    except (ConnectionError, RuntimeError) as error:
        raise UserError(f"no Ray job server at RAY_ADDRESS={address}: {_first_line(error)}") from error
    print(f"job {job} at {address}", file=sys.stderr, flush=True)
    asyncio.run(_follow(client, job))
    status = client.get_job_status(job)
    print(f"job {job}: {status.value}", file=sys.stderr)
    return 0 if status == JobStatus.SUCCEEDED else 1


def entrypoint(config_path: str, out: str | None) -> str:
    """The shell command that the cluster runs."""
    command = [sys.executable, "-m", "pipelines", "run", "--executor", "ray", "--config", config_path]
    if out:
        command += ["--out", out]
    return f"cd {shlex.quote(os.getcwd())} && exec {shlex.join(command)}"


async def _follow(client: object, job: str) -> None:
    async for lines in client.tail_job_logs(job):  # type: ignore[attr-defined]
        print(lines, end="", flush=True)


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]
