"""Each stage's output on the samples has a digest here: if the output changes, so must the stage's version.

To accept a change: increase the version of the stage in `pipelines/graph/`, run this test, and copy the entries that it
prints to `tests/golden.json`.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pyarrow.parquet as pq

from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import load_config
from tests.conftest import ROOT, FinishedRun

GOLDEN = Path(__file__).with_name("golden.json")

#: Reports hold times; statistics repeat what the other tables say.
NOT_HELD = ("statistics", "token_statistics", "report")


#: Where the samples lie is part of these; what zlib the machine has decides the last.
NOT_OURS = ("origin_file", "compression_ratio")


def stable_name(path: Path) -> str:
    """A shard's path without the digest of where its input lies."""
    return re.sub(r"-[0-9a-f]{6}(?=\.)", "", str(path))


def content(path: Path, samples: Path) -> bytes:
    """A file's rows or bytes, without what the machine decides."""
    if path.suffix != ".parquet":
        return path.read_bytes()
    rows = pq.read_table(path, partitioning=None).to_pylist()
    ours = repr([{name: value for name, value in row.items() if name not in NOT_OURS} for row in rows])
    # A file's own address is its path.
    return ours.replace(str(samples), "").replace(str(ROOT), "").encode()


def digests(config_path: str, out: str, samples: Path) -> dict[str, dict[str, object]]:
    """Stage → its version, and a digest of all that it wrote; `samples` is where the packed samples lie."""
    found: dict[str, dict[str, object]] = {}
    for stage in build_stages(load_config(config_path, out)):
        if stage.name in NOT_HELD:
            continue
        folder = Path(stage.folder(out))
        hasher = hashlib.blake2b(digest_size=8)
        files = (
            path for path in sorted(folder.rglob("*"), key=stable_name) if path.is_file() and path.name != "stage.json"
        )
        for path in files:
            if "manifests" not in path.parts:
                hasher.update(content(path, samples))
        found[stage.name] = {"version": stage.version, "digest": hasher.hexdigest()}
    return found


def test_a_stage_whose_bytes_change_has_a_new_version(demo_run: FinishedRun, packed_samples: Path) -> None:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    found = digests(str(demo_run.config), str(demo_run.out), packed_samples)
    changed = {name: entry for name, entry in found.items() if entry != golden.get(name)}
    assert not changed, f"increase the version of the first stage, then copy to golden.json: {json.dumps(changed)}"
