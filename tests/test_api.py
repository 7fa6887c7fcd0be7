"""The functions of `import manyo`: the examples of their docstrings, their laws, and their errors."""

from __future__ import annotations

import doctest
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import manyo
from manyo import api
from tests.conftest import ROOT

TEXTS = st.lists(st.text(alphabet="図書館の本、。\n 03-12345678abc", max_size=30), max_size=4)


def test_the_examples_of_the_docstrings_are_right() -> None:
    found = doctest.testmod(api, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert found.attempted >= 10
    assert found.failed == 0


def test_every_name_of_the_module_is_a_documented_part() -> None:
    for name in manyo._API:
        part = getattr(manyo, name)
        assert part is getattr(api, name)
        assert part.__doc__
    assert set(manyo._API) == set(api.__all__)
    assert set(manyo._API) <= set(dir(manyo))


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'extrakt'; it has Decoded"):
        _ = manyo.extrakt


def test_what_two_patterns_find_is_listed_once() -> None:
    text = "担当 山田太郎、電話は090-1234-5678、メールはtaro@yamada.co.jpです。"
    (found,) = manyo.find_pii([text])
    assert [one.text for one in found if one.kind == "email"] == ["taro@yamada.co.jp"]


def test_importing_manyo_loads_no_library() -> None:
    program = "import sys, manyo; print({'numba', 'numpy', 'pyarrow', 'ray', 'pydantic'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_script_of_a_user_is_typed(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        """
import manyo

decoded = manyo.decode(b"x")
text: str = manyo.extract(decoded.text, url="https://a.example/").text
spans: list[list[manyo.PersonalData]] = manyo.find_pii([text], kinds=["phone"])
langs: list[str] = [one.lang for one in manyo.language([text])]
reasons: list[tuple[str, ...]] = manyo.decide(manyo.signals([text]), rules="default")
stays: list[int] = manyo.duplicates([text], min_similarity=0.9)
run: manyo.Run = manyo.run("run.toml", until="filter")
print(manyo.mask(text), spans, langs, reasons, stays, run.notices, run.whatif("too_short", minimum=10).lost)
"""
    )
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--cache-dir", str(tmp_path / "c")]
    quiet = ["--config-file", str(ROOT / "pyproject.toml")]
    done = subprocess.run([*command, *quiet, str(script)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@given(st.binary(max_size=60))
def test_any_bytes_are_decoded_and_extracted(data: bytes) -> None:
    decoded = manyo.decode(data)
    assert 0 <= decoded.undecodable <= 1
    assert manyo.extract(data).text == manyo.extract(decoded.text).text


@settings(max_examples=20)
@given(TEXTS)
def test_each_function_gives_one_result_for_each_text(texts: list[str]) -> None:
    assert len(manyo.language(texts)) == len(texts)
    assert len(manyo.find_pii(texts)) == len(texts)
    assert manyo.signatures(texts).shape == (len(texts), 126)
    stays = manyo.duplicates(texts)
    assert [stays[row] for row in stays] == stays
    assert all(
        texts[row].split() == text.split() or row == at for at, (text, row) in enumerate(zip(texts, stays, strict=True))
    )


@settings(max_examples=20)
@given(st.text(alphabet="電話は03-12345678山田太郎a@b.jp。", max_size=40))
def test_masking_leaves_what_is_not_found(text: str) -> None:
    (spans,) = manyo.find_pii([text])
    assert all(text[span.start : span.stop] == span.text for span in spans)
    if not spans:
        assert manyo.mask(text) == text


def test_near_duplicates_are_one_text() -> None:
    long = "".join(f"{number}番目の棚には古い地図と町の写真が並んでいます。" for number in range(40))
    assert manyo.duplicates([long[:-30], long, "短い文です。"]) == [1, 1, 2]
    assert manyo.duplicates([long[:-30], long], min_similarity=1.0) == [0, 1]


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: manyo.extract(None), TypeError, "html is a str or bytes, not NoneType"),
        (lambda: manyo.extract("data/page.html"), ValueError, "is the path of a page, not the page"),
        (lambda: manyo.extract(b"%PDF-1.7 ..."), ValueError, "this is a PDF, not an HTML page"),
        (lambda: manyo.decode("図書館"), TypeError, "data is bytes, not str"),
        (lambda: manyo.find_pii(["a"], ["phones"]), ValueError, "no kind 'phones'; did you mean 'phone'"),
        (lambda: manyo.mask("a", ["tel"]), ValueError, "no kind 'tel'"),
        (lambda: manyo.language("日本語"), TypeError, "texts is one str; give a list of them"),
        (lambda: manyo.find_pii(None), TypeError, "texts is a list of str, not NoneType"),
        (lambda: manyo.find_pii(["a"], "phone"), TypeError, "kinds is one str; give a list of them"),
        (lambda: manyo.signals("日本語".encode()), TypeError, "texts is one bytes; give a list of them"),
        (lambda: manyo.decide({}), TypeError, "table is that of signals"),
        (lambda: manyo.run({"run": {"out": "x"}}), TypeError, "config is the path of a TOML file, not dict"),
        (lambda: manyo.language([b"a"]), TypeError, "a text is a str, not bytes"),
        (lambda: manyo.language(["a"], profile="Web"), ValueError, "no profile 'Web'; did you mean 'web'"),
        (lambda: manyo.signals(["a"], rules="defualt"), FileNotFoundError, "defualt"),
        (lambda: manyo.decide(manyo.signals(["a"], rules=None).select(["lang"])), ValueError, "measure with signals"),
        (lambda: manyo.duplicates(["a"], min_similarity=80), ValueError, "above 0 and at most 1"),
        (lambda: next(manyo.read_shards("/nowhere/at/all")), FileNotFoundError, "holds no table"),
    ],
)
def test_a_wrong_argument_is_an_error_that_says_what_is_right(call, error, said) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=said):
        call()


def test_a_run_is_made_and_looked_at_in_a_few_lines(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    lines = ['{"url": "https://a.example/1", "text": "川沿いを歩くと、桜の花びらが水面を流れていました。"}'] * 2
    (tmp_path / "in" / "a.jsonl").write_text("\n".join([*lines, '{"body": "x"}']), encoding="utf-8")
    config = tmp_path / "run.toml"
    config.write_text(
        """
        run.out = "out"
        source = [
          { name = "notes", kind = "jsonl", inputs = ["in/*"], profile = "web", licence = "x", uri_field = "url" }
        ]
        """
    )
    made = manyo.run(config, until="filter", is_serial=True)
    assert made.notices[0].startswith("source notes: the rules keep none of its 2 documents: ")
    assert made.dataset("documents").count_rows() == 2
    assert made.dataset("refused").to_table()["reason"].to_pylist() == ["no_text"]
    assert sum(batch.num_rows for batch in manyo.read_shards(made.tables["decisions"])) == 2
    assert made.trace("https://a.example/1")[0]["extract"].startswith("document")
    assert made.whatif("too_short", minimum=1).gained >= 0
    with pytest.raises(ValueError, match="no table 'document'; did you mean 'documents'"):
        made.dataset("document")
    with pytest.raises(FileNotFoundError, match="the table release is not written yet"):
        made.dataset("release")


CONFIG = """
run.out = "out"
source = [{ name = "notes", kind = "text", inputs = ["in/*.txt"], profile = "prose", licence = "x" }]
"""


def test_two_threads_run_two_configurations_whose_relative_paths_are_equal(tmp_path: Path) -> None:
    """Each reads its own files, and the process stays where it was: no `chdir`, as a notebook needs."""
    texts = {
        "a": "川沿いを歩くと、桜の花びらが水面を流れていました。",
        "b": "山の上の小屋で、冷たい水を一杯だけ飲みました。",
    }
    for name, text in texts.items():
        (tmp_path / name / "in").mkdir(parents=True)
        for number in range(3):
            (tmp_path / name / "in" / f"{number}.txt").write_text(f"{text}{number}", encoding="utf-8")
        (tmp_path / name / "run.toml").write_text(CONFIG)
    before, umask = Path.cwd(), os.umask(0o022)
    try:
        with ThreadPoolExecutor(2) as threads:
            runs = list(threads.map(lambda name: manyo.run(tmp_path / name / "run.toml", "filter", None, True), texts))
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(umask)
    assert Path.cwd() == before
    for (name, text), made in zip(texts.items(), runs, strict=True):
        assert made.out == str(tmp_path / name / "out")
        table = made.dataset("documents").to_table()
        assert sorted(table["text"].to_pylist()) == [f"{text}{number}" for number in range(3)]
        assert table["origin_file"].to_pylist()[0].startswith("in/")


def test_the_notebook_runs_from_a_page_to_a_report() -> None:
    notebook = json.loads((ROOT / "examples" / "from_a_page_to_a_report.ipynb").read_text(encoding="utf-8"))
    names: dict[str, object] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), "notebook", "exec"), names)
    assert names["run"].notices == []  # type: ignore[attr-defined]
    assert names["report"].name == "report.html"  # type: ignore[attr-defined]
