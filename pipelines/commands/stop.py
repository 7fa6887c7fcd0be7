"""`manyo stop`: stop the job that runs a configuration on a Ray cluster."""

from __future__ import annotations

import argparse

from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.ray_jobs import no_job_line, stop_jobs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo stop`."""
    arguments.add_config(parser)


def run(options: argparse.Namespace) -> int:
    """Stop the job and return 0, or 1 if no job was running; what the job has finished is kept.

    Raises:
        UserError: the file does not exist, no cluster is at RAY_ADDRESS, or the cluster refuses the token.
    """
    stopped = stop_jobs(options.config, options.out)
    for job, status in stopped.items():
        print(f"job {job}: {status}")
    if not stopped:
        print(no_job_line(options.config, options.out))
    return 0 if stopped else 1
