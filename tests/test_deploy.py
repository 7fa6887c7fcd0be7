"""The recipes of deploy/: correct shell, and the right commands on the right hosts with a scheduler's variables."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT

SCRIPTS = [path for path in sorted((ROOT / "deploy").iterdir()) if path.suffix in (".sh", ".sbatch", ".qsub")]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_finds_nothing(script: Path) -> None:
    shellcheck = Path(sys.executable).with_name("shellcheck")
    done = subprocess.run([shellcheck, str(script)], capture_output=True, text=True, check=False)
    assert done.stdout == ""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A copy of deploy/ with a fake .venv and a fake scheduler, which record how they were called."""
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    programs = {
        # As in a real cluster, there is no status before the head has started.
        ".venv/bin/ray": 'echo "ray $*" >>calls; [ "$1" != status ] || exec grep -q -e --head calls; exec sleep 600',
        # The trap comes first, so that TERM may be sent as soon as the call is recorded.
        ".venv/bin/manyo": 'trap "echo stopped >>calls; exit 1" TERM\n'
        'echo "manyo $* at $RAY_ADDRESS, token of $(wc -c <"$RAY_AUTH_TOKEN_PATH") digits" >>calls\n'
        '[ -z "${SLOW:-}" ] || { sleep 60 & wait $!; }; exit "${STATUS:-0}"',
        "bin/srun": 'echo "srun $*" >>calls; while [ "${1#--}" != "$1" ]; do shift; done; exec "$@"',
        "bin/ssh": 'echo "ssh $*" >>calls; [ "$1" != -o ] || shift 2; shift; exec "$@"',
        "bin/scontrol": "printf 'node1\\nnode2\\nnode3\\n'",
    }
    for name, body in programs.items():
        program = tmp_path / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!/usr/bin/env bash\ncd {tmp_path}\n{body}\n", encoding="utf-8")
        program.chmod(0o755)
    (tmp_path / "nodes").write_text("node1\nnode1\nnode2\n", encoding="utf-8")
    (tmp_path / "calls").touch()
    return tmp_path


def variables(site: Path, **more: str) -> dict[str, str]:
    return {
        "PATH": f"{site}/bin:{os.environ['PATH']}",
        "CONFIG": "configs/web.toml",
        "SLURM_JOB_NODELIST": "node[1-3]",
        "SLURM_SUBMIT_DIR": str(site),
        "SLURM_CPUS_ON_NODE": "48",
        "PBS_NODEFILE": f"{site}/nodes",
        "PBS_O_WORKDIR": str(site),
    } | more


def launch(site: Path, script: str, *arguments: str, **more: str) -> tuple[int, str, str]:
    """Exit status, what was called, and standard error."""
    command = ["bash", f"{site}/deploy/{script}", *arguments]
    done = subprocess.run(
        command, env=variables(site, **more), capture_output=True, text=True, check=False, timeout=60, cwd=site
    )
    return done.returncode, (site / "calls").read_text(encoding="utf-8"), done.stderr


def test_slurm_starts_a_head_and_workers_and_one_run(site: Path) -> None:
    status, calls, _ = launch(site, "slurm.sbatch", OUT="s3://bucket/out")
    assert status == 0
    assert "ray start --block --num-cpus=48 --head --port=6379 --node-ip-address=node1" in calls
    assert "--nodelist=node1" in calls
    run = "manyo run --executor ray --config configs/web.toml --out s3://bucket/out at node1:6379, token of 64 digits"
    assert calls.count(run) == 1


@pytest.mark.parametrize(
    ("script", "arguments"), [("slurm.sbatch", ()), ("pbs.qsub", ()), ("vms.sh", ("node1", "node2"))]
)
def test_every_recipe_returns_the_status_of_the_run_and_leaves_no_files(
    site: Path, script: str, arguments: tuple[str, ...]
) -> None:
    status, calls, _ = launch(site, script, *arguments, STATUS="2")
    assert status == 2
    assert "manyo run --executor ray --config configs/web.toml at node1:6379" in calls
    assert not list(site.glob(".ray-run-*"))


def test_pbs_starts_ray_once_per_host(site: Path) -> None:
    _, calls, _ = launch(site, "pbs.qsub", SLOW="")
    assert len(re.findall(r"^ssh .* node1 ", calls, re.M)) == 1


def test_the_token_is_on_no_command_line(site: Path) -> None:
    _, calls, _ = launch(site, "slurm.sbatch")
    assert not re.search(r"[0-9a-f]{64}", calls)


@pytest.mark.parametrize("script", ["slurm.sbatch", "pbs.qsub", "vms.sh"])
def test_programs_installed_in_another_folder_are_named_by_a_variable(site: Path, script: str) -> None:
    (site / ".venv" / "bin").rename(site / "installed")
    status, calls, _ = launch(site, script, *(["node1"] if script == "vms.sh" else []), MANYO_BIN=f"{site}/installed")
    assert status == 0
    assert "ray start --block" in calls
    assert "manyo run --executor ray" in calls


@pytest.mark.parametrize("script", ["slurm.sbatch", "pbs.qsub", "vms.sh"])
def test_without_a_configuration_nothing_starts(site: Path, script: str) -> None:
    status, calls, error = launch(site, script, CONFIG="")
    assert status != 0
    assert calls == ""
    assert "give a configuration" in error


def test_term_stops_the_run_before_the_cluster(site: Path) -> None:
    command = ["bash", f"{site}/deploy/slurm.sbatch"]
    with subprocess.Popen(command, env=variables(site, SLOW="1"), cwd=site, start_new_session=True) as script:
        deadline = time.monotonic() + 30
        while "manyo run" not in (site / "calls").read_text(encoding="utf-8") and time.monotonic() < deadline:
            time.sleep(0.05)
        script.send_signal(signal.SIGTERM)
        assert script.wait(timeout=30) == 143
    assert "stopped" in (site / "calls").read_text(encoding="utf-8")
    assert not list(site.glob(".ray-run-*"))


def test_the_kuberay_job_is_one_run_with_tokens() -> None:
    yaml = pytest.importorskip("yaml")
    job = yaml.safe_load((ROOT / "deploy" / "kuberay.yaml").read_text(encoding="utf-8"))
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    cluster = job["spec"]["rayClusterSpec"]
    assert cluster["authOptions"] == {"mode": "token"}
    assert "pipelines run --executor ray" in job["spec"]["entrypoint"]
    locked = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert f"ray=={cluster['rayVersion']}\n" in locked
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        (container,) = group["template"]["spec"]["containers"]
        assert container["resources"]["requests"] == container["resources"]["limits"]


#: Fields of KubeRay's v1 types as its Go sources declare them (rayjob_types.go, raycluster_types.go), those that are
#: required first. The operator silently drops a field that it does not know.
KUBERAY_FIELDS = {
    "spec": (
        "entrypoint rayClusterSpec",
        "activeDeadlineSeconds backoffLimit submitterPodTemplate metadata clusterSelector submitterConfig managedBy "
        "deletionStrategy runtimeEnvYAML jobId submissionMode entrypointResources entrypointNumCpus "
        "entrypointNumGpus ttlSecondsAfterFinished shutdownAfterJobFinishes suspend",
    ),
    "rayClusterSpec": (
        "headGroupSpec",
        "workerGroupSpecs rayVersion enableInTreeAutoscaling autoscalerOptions headServiceAnnotations suspend "
        "authOptions gcsFaultToleranceOptions managedBy",
    ),
    "headGroupSpec": ("rayStartParams template", "serviceType headService enableIngress"),
    "workerGroupSpecs": (
        "groupName minReplicas maxReplicas rayStartParams template",
        "replicas numOfHosts idleTimeoutSeconds suspend scaleStrategy",
    ),
}


def test_the_kuberay_job_has_only_fields_that_the_operator_knows() -> None:
    yaml = pytest.importorskip("yaml")
    spec = yaml.safe_load((ROOT / "deploy" / "kuberay.yaml").read_text(encoding="utf-8"))["spec"]
    cluster = spec["rayClusterSpec"]
    found = [("spec", spec), ("rayClusterSpec", cluster), ("headGroupSpec", cluster["headGroupSpec"])]
    found += [("workerGroupSpecs", group) for group in cluster["workerGroupSpecs"]]
    for name, fields in found:
        required, optional = (set(names.split()) for names in KUBERAY_FIELDS[name])
        assert required <= fields.keys() <= required | optional, name
        assert all(isinstance(value, str) for value in fields.get("rayStartParams", {}).values()), "strings only"
