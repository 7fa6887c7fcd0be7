"""A run over s3:// gives the bytes of the local run, through a storage that fails one request in twenty."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from manyo.corpus.tables import ownership, retries
from manyo.corpus.tables.ownership import OWNER_FILE
from manyo.corpus.tables.retries import Patience
from manyo.corpus.tables.shard_errors import OwnershipLost
from manyo.corpus.tables.shards import filesystem, publish
from manyo.corpus.tables.storage import RemoteFiles
from manyo.pipelines.cli import main
from manyo.pipelines.engine import lease
from manyo.pipelines.engine.errors import WorkFailed
from manyo.pipelines.engine.lease import own
from manyo.pipelines.engine.manifest import describe_output, read_again
from manyo.pipelines.extraction import isolation
from tests.conftest import FinishedRun, data_files
from tests.faulty_server import Faults, proxy, s3_clients, s3_server
from tests.pipelines.two_texts import run_over_two_texts

s3fs = pytest.importorskip("s3fs", reason="the extra s3 is not installed")
pytest.importorskip("moto.server", reason="moto is not installed: no S3 server to test with")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    """Empty buckets `crawl` and `corpus` behind a proxy that can spoil one answer in twenty."""
    faults = Faults()
    with s3_server() as port, proxy(port, faults) as url, s3_clients(url, monkeypatch, "crawl", "corpus"):
        isolation._end_worker()  # a child of an earlier test has that test's environment
        monkeypatch.setattr(retries, "PATIENCE", Patience(wait_s=0.02, throttled_wait_s=0.05))
        yield faults
        isolation._end_worker()


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

    def writes() -> int:
        return sum(method in ("PUT", "POST") and OWNER_FILE not in path for method, path, _ in faults.requests)

    before = writes()
    assert run(demo_run.config, "s3://corpus/demo", "langid") == 0
    assert "nothing to do" in capsys.readouterr().out
    assert writes() == before, "a second run writes nothing but who owns the output"


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


def test_of_many_that_replace_the_same_object_one_succeeds_though_answers_are_lost(faults: Faults) -> None:
    fs, path = filesystem("s3://corpus/out/owner.json")
    assert fs.read_version(path) == (None, None)
    faults.cut = 0.2
    for number in range(4):
        _, version = fs.read_version(path)
        contents = [f"{number} {n}".encode() for n in range(4)]
        won = [fs.swap(path, version, content) for content in contents]
        assert won.count(True) == 1
        assert fs.read_version(path)[0] == contents[won.index(True)]


@pytest.mark.usefixtures("faults")
def test_ownership_on_s3_is_one_at_a_time_and_its_loss_ends_all_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "WAIT_S", 0.0)
    monkeypatch.setattr(ownership, "_LOOK_AGAIN_S", 0.0)
    fs, path = filesystem(f"s3://corpus/out/{OWNER_FILE}")
    with own("s3://corpus/out", "run"):
        with (
            pytest.raises(WorkFailed, match=r"manyo run \(process .*\) owns this output"),
            own("s3://corpus/out", "run"),
        ):
            pass
        publish_text("s3://corpus/out/a", "new")
        raw, version = fs.read_version(path)
        assert fs.swap(path, version, json.dumps({**json.loads(raw or b""), "token": "f" * 16}).encode())
        with pytest.raises(OwnershipLost):
            publish_text("s3://corpus/out/a", "old")
    assert filesystem("s3://corpus/out/a")[0].cat_file("corpus/out/a") == b"new"
    assert json.loads(fs.cat_file(path))["token"] == "f" * 16, "who lost it does not release it"


def publish_text(uri: str, text: str) -> None:
    with publish(uri) as partial:
        partial.write_text(text)


@pytest.mark.usefixtures("faults")
def test_a_flipped_bit_in_a_file_without_checksums_is_noticed_whatever_its_entity_tag_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Tags of objects that a key of KMS encrypts look like digests and are none."""
    folder, uri = "s3://corpus/out/tokenize-0", "s3://corpus/out/tokenize-0/tokens/a.bin"
    whole = bytes(range(256)) * 40
    with publish(uri) as partial:
        partial.write_bytes(whole)
    fs = s3fs.S3FileSystem(use_listings_cache=False)
    written = describe_output(folder, uri)
    assert read_again(folder, written) is None
    fs.pipe_file(uri, bytes([whole[0] ^ 1]) + whole[1:])
    assert "its digest is" in (read_again(folder, written) or "")
    fs.pipe_file(uri, whole)
    info = RemoteFiles.info
    monkeypatch.setattr(RemoteFiles, "info", lambda self, path: {**info(self, path), "ETag": '"' + "0" * 32 + '"'})
    assert read_again(folder, written) is None, "another tag of the same bytes is no fault"
    of_a_child = describe_output(folder, uri)
    assert (of_a_child.digest, read_again(folder, of_a_child)) == ("0" * 32, None)


@pytest.mark.usefixtures("faults")
def test_a_flipped_bit_on_s3_is_noticed_and_made_again(
    demo_run: FinishedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = run_over_two_texts(tmp_path)
    assert run(small.config, "s3://corpus/two", "langid") == 0
    fs = s3fs.S3FileSystem(use_listings_cache=False)
    (documents,) = [path for path in fs.find("corpus/two") if "/documents/" in path]
    whole = fs.cat_file(documents)
    fs.pipe_file(documents, whole[:-40] + bytes([whole[-40] ^ 8]) + whole[-39:])
    assert main(["verify", "--deep", "--config", str(small.config), "--out", "s3://corpus/two"]) == 1
    assert f"s3://{documents}: file: its footer" in capsys.readouterr().out
    (languages,) = [path for path in fs.find("corpus/two") if "/languages/" in path]
    fs.rm_file(languages)
    assert run(small.config, "s3://corpus/two", "langid") == 0
    assert fs.cat_file(documents) == whole
