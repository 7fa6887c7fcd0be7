"""publish --push --send: the real library sends a folder to a server that speaks as the Hub does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import FinishedRun
from tests.hub_server import Hub, serve_hub
from tests.pipelines.test_publish import publish

# The library sends large files by an argument that its own HTTP library deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

PLACE = "hf://datasets/some/corpus"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    constants = pytest.importorskip("huggingface_hub.constants", reason="huggingface_hub is not installed")
    with serve_hub() as served:
        monkeypatch.setattr(constants, "ENDPOINT", served.url)
        # The other way to send large files is a protocol of its own, which only the Hub's servers speak.
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
        monkeypatch.setenv("HF_TOKEN", "hf_of_this_test")
        yield served


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_is_sent_whole_with_what_a_person_wrote_into_it(
    demo_run: FinishedRun, tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "corpus"
    assert publish(demo_run, folder) == 0
    card = folder / "README.md"
    card.write_text(card.read_text(encoding="utf-8") + "\nWritten by a person.\n", encoding="utf-8")
    assert publish(demo_run, folder, "--push", PLACE) == 0
    assert not hub.repositories, "nothing is sent before --send"
    assert publish(demo_run, folder, "--push", PLACE, "--send") == 0
    assert hub.repositories == {"some/corpus": True}, "a new repository is private"
    assert hub.files["some/corpus", "main"] == files_of(folder)
    assert b"Written by a person." in hub.files["some/corpus", "main"]["README.md"]
    sent = len(hub.objects)
    assert publish(demo_run, folder, "--push", f"{PLACE}@v1", "--send") == 0
    assert hub.files["some/corpus", "v1"] == files_of(folder)
    assert len(hub.objects) == sent, "large files that the Hub has are not sent again"
    assert "Still [to be written]: places in " in capsys.readouterr().out


def test_a_hub_that_refuses_is_one_line_with_2_and_one_that_is_out_of_order_with_1(
    demo_run: FinishedRun, tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.is_full = True
    assert publish(demo_run, tmp_path / "corpus", "--push", PLACE, "--send") == 1
    assert "Traceback" not in capsys.readouterr().err
    hub.is_full, hub.refuses = False, (500, "out of order")
    assert publish(demo_run, tmp_path / "corpus", "--push", PLACE, "--send") == 1
    assert "is complete, and the same command sends it" in capsys.readouterr().err
    hub.refuses = (403, "you may not write here")
    assert publish(demo_run, tmp_path / "corpus", "--push", PLACE, "--send") == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("manyo")]
    assert line.startswith("manyo: --push datasets/some/corpus: ")
    assert "403" in line
    assert "hf_of_this_test" not in line


def test_a_folder_that_is_not_this_runs_is_neither_sent_nor_overwritten(
    demo_run: FinishedRun, tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "corpus"
    (folder / "notes").mkdir(parents=True)
    (folder / "notes" / "own.txt").write_text("mine", encoding="utf-8")
    before = files_of(folder)
    assert publish(demo_run, folder, "--push", PLACE, "--send") == 2
    assert "is not empty, and was not written by manyo publish; name a new one" in capsys.readouterr().err
    assert (files_of(folder), hub.repositories) == (before, {})
    written = tmp_path / "written"
    assert publish(demo_run, written) == 0
    for said, change, options in (
        ("was written with another version", {}, ("--version", "2.0.0")),
        ("was written before the last takedown", {"takedowns": "none"}, ()),
        ("is of another run", {"stages": {}}, ()),
    ):
        recipe = written / "recipe" / "run.json"
        whole = recipe.read_bytes()
        recipe.write_text(json.dumps(json.loads(whole) | change), encoding="utf-8")
        assert publish(demo_run, written, *options, "--push", PLACE, "--send") == 2
        assert said in capsys.readouterr().err
        recipe.write_bytes(whole)
    assert publish(demo_run, written) == 2
    assert "--push sends it as it is now" in capsys.readouterr().err
    assert not hub.repositories
