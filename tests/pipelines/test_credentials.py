"""What opens a file is in no file that a run writes, in none of its lines, and in no list of processes."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyo.corpus.tables import credentials
from manyo.corpus.tables.credentials import hide, opened, public, remember, remembered, without_credentials
from manyo.corpus.tables.shards import read_parts, write_shard
from manyo.pipelines.cli import main
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import load_config
from tests.conftest import ROOT
from tests.faulty_server import web_server

PASSWORD, SIGNATURE = "pa55-w0rd-of-test", "5ignature-0f-test"


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins in a process that knows no credentials."""
    for name in ("_of_hosts", "_of_files", "_of_listed"):
        monkeypatch.setattr(credentials, name, {})


@pytest.mark.parametrize(
    ("given_uri", "shown"),
    [
        ("https://u:p4ss@h/a", "https://h/a"),
        ("https://h/a?X-Amz-Date=1&X-Amz-Signature=abcd", "https://h/a"),
        ("https://h/a?id=5&token=abcd", "https://h/a?id=5"),
        ("https://h/a?sv=2022&se=9&sig=abcd", "https://h/a"),
        ("https://h/a?id=5&se=9", "https://h/a?id=5&se=9"),
        ("s3://bucket/a?b", "s3://bucket/a?b"),
        ("/data/u:p@h/a?token=abcd", "/data/u:p@h/a?token=abcd"),
    ],
)
def test_what_names_a_file_stays_and_what_opens_it_comes_back(given_uri: str, shown: str) -> None:
    assert public(given_uri) == shown
    assert opened(shown) == given_uri
    assert public(shown) == shown


def test_a_text_is_shown_without_what_opens_its_uris_wherever_they_stand() -> None:
    text = """# was "https://u:p4ss@h/a"
inputs = ["https://u:p4ss@h/b?id=5&token=abcd", 's3://bucket/c']
out = "ftp://u:p[4ss@h/d" # mail u@example.jp"""
    assert (
        without_credentials(text)
        == """# was "https://h/a"
inputs = ["https://h/b?id=5", 's3://bucket/c']
out = "ftp://h/d" # mail u@example.jp"""
    )
    assert opened("https://h/a") == "https://h/a", "nothing is remembered"


@given(
    st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1),
    st.lists(st.tuples(st.sampled_from(["id", "X-Amz-Signature", "token", "page", "sig", "se"]), st.integers(0, 9))),
)
def test_opening_is_the_inverse_of_naming(user: str, parameters: list[tuple[str, int]]) -> None:
    query = "&".join(f"{name}={value}" for name, value in parameters)
    whole = f"https://{user}:secret-{user}@host/a" + (f"?{query}" if query else "")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("_of_hosts", "_of_files", "_of_listed"):
            patch.setattr(credentials, name, {})
        shown = public(whole)
        assert opened(shown) == whole
        assert f"secret-{user}" not in shown
        assert f"secret-{user}" not in hide(f"GET {whole} failed")


def test_two_users_of_one_host_are_refused() -> None:
    public("https://a:first@h/x")
    with pytest.raises(ValueError, match=r"^https://h: two different credentials for one host$"):
        public("https://b:second@h/x")


def test_another_process_is_told_of_the_files_of_a_list_that_it_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (public(f"https://h/{name}?token=of-{name}", is_listed=True) for name in "ab")
    known = remembered([one])
    monkeypatch.setattr(credentials, "_of_listed", {})
    remember(known)
    assert opened(one) == "https://h/a?token=of-a"
    assert opened(other) == other


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    """A run whose input and benchmark are on a web server, behind a password and a signature."""
    (tmp_path / "web").mkdir()
    text = {"text": "川沿いを歩くと、桜の花びらが水面を流れていました。" * 9}
    (tmp_path / "web" / "a.jsonl").write_text(json.dumps(text, ensure_ascii=False) + "\n", encoding="utf-8")
    (tmp_path / "web" / "b.jsonl").write_text(
        '{"q": "秋は夕暮れ、夕日のさして山の端いと近うなりたるに"}\n', encoding="utf-8"
    )
    with web_server(tmp_path / "web") as port:
        host = f"http://user:{PASSWORD}@127.0.0.1:{port}"
        path = tmp_path / "run.toml"
        path.write_text(
            f'[run]\nout = "{tmp_path}/out"\n'
            f'[[source]]\nname = "a"\nkind = "jsonl"\nprofile = "prose"\nlicence = "ours"\n'
            f'inputs = ["{host}/a.jsonl?X-Amz-Signature={SIGNATURE}"]\n'
            f'[decontaminate]\n[[decontaminate.benchmark]]\nname = "b"\nfields = ["q"]\n'
            f'files = ["{host}/b.jsonl?X-Amz-Signature={SIGNATURE}"]\n'
            "[dedup]\nparts = 1\n[export]\n[tokenize.train]\nvocabulary_size = 283\n",
            encoding="utf-8",
        )
        yield path


def test_no_file_line_or_process_of_a_run_has_the_credentials(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = config.parent / "out"
    command = [sys.executable, "-m", "manyo.pipelines", "run", "--executor", "serial", "--config", str(config)]
    command += ["--events", str(config.parent / "events.jsonl")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    seen: set[bytes] = set()
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            for entry in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(entry.read_bytes())
                except OSError:
                    continue

    watcher = threading.Thread(target=watch)
    watcher.start()
    said, _ = process.communicate()
    ended.set()
    watcher.join()
    assert process.returncode == 0, said.decode()
    assert any(b"extraction.isolation" in line for line in seen)
    written = {str(path): readable(path) for path in out.rglob("*") if path.is_file()}
    kinds = {path.rpartition(".")[2] for path in written}
    assert kinds >= {"parquet", "arrow", "json", "html", "bin", "idx", "gz", "npy", "model"}
    assert any(b"127.0.0.1" in content for path, content in written.items() if path.endswith(".parquet"))
    told = {"output": said, "processes": b"\n".join(seen), "events": (config.parent / "events.jsonl").read_bytes()}
    for command in (["status"], ["trace", doc_id_of(out)], ["inspect", "--kept"], ["verify", "--deep"]):
        assert main([*command, "--config", str(config)]) == 0
        told[command[0]] = capsys.readouterr().out.encode()
    assert b"127.0.0.1" in told["trace"]
    for name, content in {**written, **told}.items():
        for secret in (PASSWORD.encode(), SIGNATURE.encode()):
            assert secret not in content, name


def readable(path: Path) -> bytes:
    """A file's bytes, and what is compressed in it: a table's columns say as much as its file."""
    whole = path.read_bytes()
    if path.suffix == ".parquet":
        return whole + repr(pq.read_table(path, partitioning=None).to_pylist()).encode()
    if path.suffix == ".arrow":
        return whole + b"".join(repr(batch.to_pylist()).encode() for batch in read_parts(str(path)))
    return whole + gzip.decompress(whole) if path.suffix == ".gz" else whole


def doc_id_of(out: Path) -> str:
    (path,) = out.glob("extract-*/documents/**/*.parquet")
    return pq.read_table(path, columns=["doc_id"], partitioning=None)["doc_id"][0].as_py().hex()  # type: ignore[no-any-return]


def test_a_table_in_which_a_credential_is_compressed_is_looked_into(tmp_path: Path) -> None:
    """The search above must be able to find what it looks for."""
    rows = [{"uri": f"https://h/a?X-Amz-Signature={SIGNATURE}"}] * 99
    batch = pa.RecordBatch.from_pylist(rows, schema=pa.schema([("uri", pa.large_string())]))
    write_shard(str(tmp_path / "a.parquet"), batch.schema, [batch])
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(SIGNATURE.encode() * 3))
    for path in tmp_path.glob("a.*"):
        assert SIGNATURE.encode() in readable(path), path


def test_a_failure_of_the_server_is_told_without_the_credentials(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (config.parent / "web" / "a.jsonl").unlink()
    assert main(["run", "--config", str(config), "--executor", "serial"]) == 2
    said = capsys.readouterr().err
    assert "no such input: http://127.0.0.1" in said
    assert PASSWORD not in said
    assert SIGNATURE not in said


def test_another_password_is_no_other_run(config: Path) -> None:
    before = [stage.fingerprint for stage in build_stages(load_config(str(config)))]
    for name in ("_of_hosts", "_of_files"):
        getattr(credentials, name).clear()
    text = config.read_text(encoding="utf-8").replace(PASSWORD, "another").replace(SIGNATURE, "other")
    config.write_text(text, encoding="utf-8")
    assert [stage.fingerprint for stage in build_stages(load_config(str(config)))] == before
