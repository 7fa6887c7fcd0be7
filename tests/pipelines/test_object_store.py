"""A run over s3:// gives the bytes of the local run, through a storage that fails one request in twenty."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from manyo.corpus.tables import retries
from manyo.corpus.tables.retries import Patience
from manyo.pipelines.cli import main
from manyo.pipelines.extraction import isolation
from tests.conftest import FinishedRun, data_files
from tests.faulty_server import Faults, proxy

s3fs = pytest.importorskip("s3fs", reason="the extra s3 is not installed")
moto_server = pytest.importorskip("moto.server", reason="moto is not installed: no S3 server to test with")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    """Empty buckets `crawl` and `corpus` behind a proxy that can spoil one answer in twenty."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    faults = Faults()
    try:
        with proxy(server.get_host_and_port()[1], faults) as url:
            monkeypatch.setenv("AWS_ENDPOINT_URL", url)
            s3fs.S3FileSystem.clear_instance_cache()
            isolation._end_worker()  # a child of an earlier test has that test's environment
            for bucket in ("crawl", "corpus"):
                s3fs.S3FileSystem().makedirs(bucket, exist_ok=True)
            monkeypatch.setattr(retries, "PATIENCE", Patience(wait_s=0.02, throttled_wait_s=0.05))
            yield faults
            isolation._end_worker()
            s3fs.S3FileSystem.clear_instance_cache()
    finally:
        server.stop()


def run(config: Path, out: str, until: str) -> int:
    """The later stages ask for the same kinds of files; a test server answers too slowly for all of them."""
    return main(["run", "--config", str(config), "--out", out, "--executor", "serial", "--until", until])


def download(prefix: str, folder: Path) -> Path:
    fs = s3fs.S3FileSystem(use_listings_cache=False)
    for path in fs.find(prefix):
        target = folder / path.removeprefix(prefix + "/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(fs.cat_file(path))
    return folder


def test_the_demo_written_to_s3_has_the_bytes_of_the_local_run(
    demo_run: FinishedRun, faults: Faults, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faults.unavailable, faults.cut = 0.04, 0.01
    assert run(demo_run.config, "s3://corpus/demo", "langid") == 0
    assert faults.injected["unavailable"] > 5
    assert faults.injected["cut"] > 0
    faults.unavailable = faults.cut = 0.0
    made = data_files(download("corpus/demo", tmp_path))
    assert made == {path: content for path, content in demo_run.files().items() if path in made}
    assert {path.split("-")[0] for path in made} >= {"extract", "langid"}
    assert not [path for method, path, _ in faults.requests if method == "DELETE" or "copy" in path]
    writes = sum(method in ("PUT", "POST") for method, _, _ in faults.requests)
    assert run(demo_run.config, "s3://corpus/demo", "langid") == 0
    assert "nothing to do" in capsys.readouterr().out
    assert sum(method in ("PUT", "POST") for method, _, _ in faults.requests) == writes, "a second run writes nothing"


def test_inputs_on_s3_give_the_documents_of_local_ones(
    demo_run: FinishedRun, packed_samples: Path, faults: Faults, tmp_path: Path
) -> None:
    fs = s3fs.S3FileSystem()
    for path in sorted((packed_samples / "web").glob("*.warc.gz")):
        fs.put_file(str(path), f"crawl/web/{path.name}")
    text = demo_run.config.read_text(encoding="utf-8").replace(f'"{packed_samples}/web/', '"s3://crawl/web/')
    assert "s3://crawl" in text
    config = tmp_path / "s3.toml"
    config.write_text(text, encoding="utf-8")
    faults.unavailable, faults.cut = 0.04, 0.01
    assert run(config, str(tmp_path / "out"), "extract") == 0

    def documents(out: Path) -> dict[bytes, str]:
        tables = [pq.read_table(path) for path in sorted(out.glob("extract-*/documents/web/*.parquet"))]
        return {row["doc_id"]: row["text"] for table in tables for row in table.to_pylist()}

    assert documents(tmp_path / "out") == documents(demo_run.out) != {}
