"""From an empty folder to a checked configuration, and what a shell expects of a command."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from manyo.corpus.sources.source_kinds import SOURCE_USES
from manyo.pipelines.cli import main
from manyo.pipelines.engine.errors import EXIT_DONE, EXIT_NOTICES, EXIT_USER
from manyo.pipelines.extraction.inputs import find_files
from manyo.pipelines.graph.config import load_config
from tests.conftest import ROOT

TEXT = '{"text": "川沿いを歩くと、桜の花びらが水面を流れていました。"}\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "data" / "sub").mkdir(parents=True)
    (tmp_path / "data" / "a.jsonl").write_text(TEXT * 3, encoding="utf-8")
    (tmp_path / "data" / "sub" / "b.txt").write_text("桜の花びらが水面を流れていました。", encoding="utf-8")
    (tmp_path / "data" / "notes.bin").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_init_writes_a_configuration_that_checks_and_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "data"]) == EXIT_DONE
    assert (folder / "config.schema.json").exists()
    assert main(["check", "--config", "manyo.toml"]) == EXIT_DONE
    said = capsys.readouterr().out
    assert "manyo.toml: no fault" in said
    assert "the licence is not stated yet" in said
    assert set(load_config("manyo.toml").sources[0].uses) == set(SOURCE_USES), "what is granted is written down"
    assert main(["publish", "--config", "manyo.toml", "--to", "published"]) == EXIT_USER
    assert "state its licence, or take redistribute out of uses" in capsys.readouterr().err
    assert f"out  {folder}/manyo-out" in said
    assert f"  {folder}/data/**/*.jsonl" in said
    assert "document  25 characters  川沿いを歩くと" in said
    assert not (folder / "manyo-out").exists()
    assert main(["extract", "--config", "manyo.toml", "--executor", "serial"]) == EXIT_DONE


def table(path: Path, **fields: object) -> None:
    rows = [{"text": f"{n}番目の日記です。", **fields} for n in range(3)]
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet"])
def test_init_names_the_field_that_holds_addresses(folder: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    table(folder / "data" / name, meta={"url": "https://日記.example/1", "mail": "a@b.example"}, seen="https://")
    assert main(["init", "data"]) == EXIT_DONE
    (source,) = [one for one in load_config("manyo.toml").sources if name.endswith(one.kind)]
    assert source.options.uri_field == "meta.url"  # type: ignore[attr-defined]
    assert f"{Path(name).suffix} files have no addresses" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("fields", "said"),
    [({}, "no field of their first rows"), ({"url": "http://a.example", "from": "http://b.example/2"}, "(url, from)")],
)
def test_init_chooses_no_field_where_none_or_several_hold_addresses(
    folder: Path, capsys: pytest.CaptureFixture[str], fields: dict[str, str], said: str
) -> None:
    table(folder / "data" / "a.jsonl", **fields)
    assert main(["init", "data"]) == EXIT_DONE
    assert said in capsys.readouterr().out
    (source,) = [one for one in load_config("manyo.toml").sources if one.kind == "jsonl"]
    assert not source.options.uri_field  # type: ignore[attr-defined]
    assert "# uri_field = " in Path("manyo.toml").read_text("utf-8")


def test_init_offers_no_field_whose_name_a_configuration_cannot_hold(folder: Path) -> None:
    """Half of a surrogate pair was a traceback, and a control character a configuration that nothing reads."""
    table(folder / "data" / "a.jsonl", **{"\ud800": "https://a.example/1", "\x7f": "https://a.example/2"})
    assert main(["init", "data"]) == EXIT_DONE
    (source,) = [one for one in load_config("manyo.toml").sources if one.kind == "jsonl"]
    assert not source.options.uri_field  # type: ignore[attr-defined]


def test_check_and_trace_say_that_a_source_has_no_addresses(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["init", "data"])
    table(folder / "data" / "a.jsonl", url="https://site.example/1")
    capsys.readouterr()
    assert main(["check", "--config", "manyo.toml"]) == EXIT_NOTICES
    said = capsys.readouterr().out
    assert "no uri_field: its documents have no address" in said
    assert "source jsonl: it has no uri_field, and its first rows have an address in url" in said
    assert main(["extract", "--config", "manyo.toml", "--executor", "serial"]) == EXIT_DONE
    for command in (["trace", "https://site.example/1"], ["show", "*.site.example"]):
        capsys.readouterr()
        assert main([*command, "--config", "manyo.toml"]) == EXIT_USER
        assert "source jsonl: without uri_field no document has an address" in capsys.readouterr().err
    assert main(["trace", "00" * 16, "--config", "manyo.toml"]) == EXIT_USER
    assert "without uri_field" not in capsys.readouterr().err


def test_init_tells_kinds_of_xml_apart(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "data" / "law.xml").write_text("<Law><LawBody/></Law>", encoding="utf-8")
    main(["init", "data"])
    assert "1 files of kind egov: data/**/*.xml" in capsys.readouterr().out


def test_init_takes_no_environment_hidden_folder_or_output_of_manyo_for_data(folder: Path) -> None:
    """The texts and tables that packages bring were sources of the corpus, and the run read them."""
    for name, mark in (("venv", "pyvenv.cfg"), (".git", "config"), ("data/sub/out", "manyo.json")):
        (folder / name / "lib").mkdir(parents=True)
        (folder / name / mark).write_text("")
        (folder / name / "lib" / "other.txt").write_text("他の人の文章です。", encoding="utf-8")
    (folder / "own.txt").write_text("山の上に小屋がありました。", encoding="utf-8")
    (folder / "more" / "deep").mkdir(parents=True)
    (folder / "more" / "deep" / "c.txt").write_text("雨が上がりました。", encoding="utf-8")
    assert main(["init"]) == EXIT_DONE
    (text,) = [source for source in load_config("manyo.toml").sources if source.kind == "text"]
    below = sorted(file.uri.removeprefix("./") for file in find_files(text))
    assert below == ["data/sub/b.txt", "more/deep/c.txt", "own.txt"]


def test_init_overwrites_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "manyo.toml").write_text("mine")
    assert main(["init", "data"]) == EXIT_USER
    assert "manyo.toml: exists already" in capsys.readouterr().err
    assert (folder / "manyo.toml").read_text() == "mine"


def test_init_of_a_folder_with_nothing_to_read_is_a_mistake(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "empty").mkdir()
    assert main(["init", "empty"]) == EXIT_USER
    assert "empty: holds no file that manyo reads; it reads .warc.gz," in capsys.readouterr().err


def test_check_says_that_a_kind_does_not_fit_its_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["init", "data"])
    text = (folder / "manyo.toml").read_text(encoding="utf-8")
    (folder / "manyo.toml").write_text(text.replace('kind    = "text"', 'kind    = "warc"'), encoding="utf-8")
    capsys.readouterr()
    assert main(["check", "--config", "manyo.toml"]) == EXIT_NOTICES
    assert "Notices\n  source text: " in capsys.readouterr().out


def test_gc_shows_then_deletes_what_no_configuration_names(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["init", "data"])
    assert main(["extract", "--config", "manyo.toml", "--executor", "serial"]) == EXIT_DONE
    (kept,) = (folder / "manyo-out").glob("extract-*")
    other = folder / "manyo-out" / "decide-0123abcd"
    (other / "decisions").mkdir(parents=True)
    (other / "decisions" / "x").write_bytes(bytes(2_000_000))
    capsys.readouterr()
    assert main(["gc", "manyo-out", "--keep", "manyo.toml"]) == EXIT_DONE
    said = capsys.readouterr().out
    assert "2.0 MB  manyo-out/decide-0123abcd" in said
    assert "1 folders, 2.0 MB would be deleted; add --delete to do it" in said
    assert other.exists()
    assert main(["gc", "manyo-out", "--keep", "manyo.toml", "--delete"]) == EXIT_DONE
    assert not other.exists()
    assert kept.exists()


def test_gc_leaves_folders_of_others_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gc", "data", "--keep", "manyo.toml", "--delete"]) == EXIT_USER
    assert "data: was not written by manyo" in capsys.readouterr().err


def test_the_version_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"manyo {version('manyo')}, Python 3.")


def test_a_shell_completes_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "bash"]) == EXIT_DONE
    script = capsys.readouterr().out
    assert "whatif" in script
    assert "--allow-empty" in script


def test_a_reader_that_has_enough_is_no_error() -> None:
    command = [sys.executable, "-m", "manyo.pipelines", "completion", "bash"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (0, b"")


def test_a_terminal_of_ascii_shows_japanese_as_escapes(folder: Path) -> None:
    main(["init", "data"])
    command = [sys.executable, "-m", "manyo.pipelines", "check", "--config", "manyo.toml"]
    surroundings = {"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(folder)}
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, env=surroundings)
    assert done.returncode == 0, done.stderr
    assert b"\\u5ddd" in done.stdout  # 川
