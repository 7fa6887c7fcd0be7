"""`manyo submit`: run a configuration as a job on a Ray cluster and follow its log."""

from __future__ import annotations

import argparse

from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.ray_jobs import follow_job, submit_job
from manyo.pipelines.engine.errors import UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo submit`."""
    arguments.add_run(parser)


def run(options: argparse.Namespace) -> int:
    """Submit the job, print its log, and return 0 if it succeeded and 1 if it did not.

    Raises:
        UserError: the file does not exist, no cluster is at RAY_ADDRESS, the cluster refuses the token, or the user
            stopped following the log.
    """
    if options.against:
        raise UserError(
            "submit: name the indexes in the file, as [dedup] against, so that every later command sees them"
        )
    job = submit_job(options.config, options.out)
    try:
        succeeded = follow_job(job)
    except KeyboardInterrupt:
        raise UserError(f"job {job} continues; to stop it: manyo stop --config {options.config}") from None
    return 0 if succeeded else 1
