"""Mistakes that people make in a configuration: one line each with what, where and how to mend it, and status 2."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from manyo.corpus.sources import jsonl
from manyo.corpus.sources.source_kinds import Source
from manyo.corpus.sources.unchanged_inputs import look
from manyo.pipelines.cli import main
from manyo.pipelines.extraction.inputs import find_files
from manyo.pipelines.graph.config import load_config
from tests.conftest import ROOT

BASE = """[run]
out = "out"

[[source]]
name    = "cc"
kind    = "jsonl"
inputs  = ["in/*.jsonl"]
profile = "web"
licence = "see the page"

[filter]
rules = "default"

[tokenize]
model = "tok.model"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_text('{"text": "川沿いを歩きました。"}\n', encoding="utf-8")
    (tmp_path / "rules.toml").write_text(
        (ROOT / "filters" / "rules" / "default.toml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], text: str | bytes) -> str:
    """What the command says on standard error of a configuration with a mistake."""
    data = text if isinstance(text, bytes) else text.encode()
    Path("run.toml").write_bytes(data)
    assert main(["extract", "--config", "run.toml", "--executor", "serial"]) == 2
    err = capsys.readouterr().err
    assert "Traceback" not in err
    assert err.startswith("manyo: ")
    return err


#: What is changed in BASE to what, and what is said.
MISTAKES: dict[str, tuple[str, str, str]] = {
    # Those of November 2026.
    "key misspelt": ("inputs ", "input ", "run.toml:7: [[source]] 1: unknown key 'input'; did you mean 'inputs'?"),
    "table misspelt": ("[filter]", "[filters]", "run.toml:11: unknown table [filters]; did you mean 'filter'?"),
    "no file matches": ("in/*.jsonl", "nothere/*.jsonl", "[[source]] cc: no file matches nothere/*.jsonl"),
    "kind misspelt": ('"jsonl"', '"jsnol"', "run.toml:6: [[source]] 1: kind 'jsnol' is not one of"),
    "kind suggested": ('"jsonl"', '"jsnol"', "did you mean 'jsonl'?"),
    "profile in capitals": ('"web"', '"Web"', "run.toml:8: [[source]] 1: profile 'Web' is not one of web,"),
    "one source": ("[[source]]", "[source]", "run.toml:4: [source]: write sources as [[source]] tables, at least one"),
    "inputs as a text": (
        '["in/*.jsonl"]',
        '"in/*.jsonl"',
        "run.toml:7: [[source]] 1: inputs: expected a list in brackets, got 'in/*.jsonl'; write [\"in/*.jsonl\"]",
    ),
    "out with backslashes": ('"out"', r'"C:\Users\me\out"', "run.toml:2:"),
    "both models": (
        'model = "tok.model"',
        'model = "tok.model"\ntrain = { vocabulary_size = 2000 }',
        'run.toml:15: [tokenize]: give either model = "FILE" or a [tokenize.train] table',
    ),
    "name twice": (
        "[filter]",
        '[[source]]\nname="cc"\nkind="jsonl"\ninputs=["x"]\nprofile="web"\nlicence="x"\n[filter]',
        "run.toml:12: [[source]] 2: two [[source]] tables have the name 'cc'",
    ),
    "Japanese name": ('"cc"', '"ウェブ"', "run.toml:5: [[source]] 1: name 'ウェブ' must be lower-case letters"),
    "text for a number": (
        'model = "tok.model"',
        'model = "tok.model"\nshard_tokens = "1B"',
        "run.toml:16: [tokenize]: shard_tokens: expected a whole number such as 1_000_000_000, got '1B'",
    ),
    "unclosed table": ("[run]", "[run", "run.toml:1:5: Expected ']' at the end of a table declaration"),
    "no licence": ('licence = "see the page"\n', "", "run.toml:4: [[source]] 1: key 'licence' is missing"),
    "American licence": ("licence", "license", "unknown key 'license'; did you mean 'licence'?"),
    "similarity in per cent": ("[filter]", "[dedup]\nmin_similarity = 80\n[filter]", "must be above 0 and at most 1"),
    "full-width blank": ("out =", "out\u3000=", "run.toml:2:4: there is the full-width blank '\\u3000' (U+3000"),
    "curly quotes": ('"cc"', "“cc”", "run.toml:5:11: the quotation mark '“' (U+201C, left double quotation mark)"),
    "folder that cannot be": ('"out"', '"/proc/x"', "/proc/x: cannot be written"),
    # New ones.
    "no rules of that name": ('"default"', '"defualt"', "[filter]: rules: no such file: defualt; those that ship"),
    "rules are a CSV": ('"default"', '"in/a.jsonl"', "in/a.jsonl:1:1: this is JSON or XML; a configuration is TOML"),
    "empty inputs": ('["in/*.jsonl"]', "[]", "run.toml:7: [[source]] 1: inputs is empty"),
    "input is a number": ('["in/*.jsonl"]', "[1]", "inputs: expected a text in quotation marks, got 1"),
    "folder of Windows": ('"out"', '"C:/Users/me/out"', "in WSL this is /mnt/c/Users/me/out"),
    "TAB in a path": ('"in/*.jsonl"', r'"in\temp.jsonl"', "holds the control character '\\t'"),
    "option of another kind": (
        'kind    = "jsonl"',
        'kind    = "jsonl"\nextractor = "manyo"',
        "run.toml:7: [[source]] 1: unknown key 'extractor'; known: ",
    ),
    "unknown use": ('profile = "web"', 'profile = "web"\nuses = ["training"]', "uses: 'training' is not one of train"),
    "no out": ('out = "out"', "", "run.toml:1: [run]: key 'out' is missing"),
    "no run": ('[run]\nout = "out"', "", "[run]: the table is missing"),
    "table given twice": ("[filter]", "[run]\n[filter]", "run.toml:11:5: Cannot declare ('run',) twice"),
    "YAML": ("[run]\nout =", "run:\n  out:", "run.toml:1:4: this is YAML; a configuration is TOML"),
    "bare word": ('kind    = "jsonl"', "kind    = jsonl", 'a text is written in quotation marks: key = "text"'),
    "full-width equals": ("out =", "out ＝", "the full-width character '＝' (U+FF1D, fullwidth equals sign); type ="),
    "full-width digits": (
        'model = "tok.model"',
        'model = "tok.model"\nshard_tokens = １００',
        "the full-width character '１' (U+FF11, fullwidth digit one); type 1",
    ),
    "no-break space": ("out =", "out\xa0=", "the invisible character or blank '\\xa0' (U+00A0, no-break space)"),
    "zero-width space": ("out =", "out\u200b=", "(U+200B, zero width space)"),
    "Japanese key": ("out =", "出力 =", "outside quotation marks"),
    "unknown table of dedup": (
        "[filter]",
        "[dedup.alarm]\nmax_host_loss = 1\n[filter]",
        "unknown key 'alarm'; did you mean 'alarms'?",
    ),
    "alarm in per cent": (
        "[filter]",
        "[dedup.alarms]\nmax_host_loss = 95\n[filter]",
        "run.toml:12: [dedup.alarms]: max_host_loss must be from 0 to 1, not 95.0",
    ),
    "true in quotes": (
        "[filter]",
        '[dedup]\nindex = "true"\n[filter]',
        "run.toml:12: [dedup]: index: expected true or false, got 'true'",
    ),
    "source of a priority": (
        "[filter]",
        '[dedup]\nsurvivor_order = ["source"]\nsource_priority = ["ccc"]\n[filter]',
        "run.toml:13: [dedup]: source_priority: no [[source]] has the name 'ccc'; did you mean 'cc'?",
    ),
    "profile of templates": (
        "[filter]",
        '[templates]\nprofiles = ["webb"]\n[filter]',
        "run.toml:12: [templates]: profiles: 'webb' is not one of web,",
    ),
    "style of masks": (
        "[filter]",
        '[scrub]\nmask_style = "type"\n[filter]',
        "run.toml:12: [scrub]: mask_style: 'type' is not one of typed, constant, pseudonym; did you mean 'typed'?",
    ),
    "share of notices": ("[filter]", "[notices]\nrefused_share = 50\n[filter]", "refused_share must be from 0 to 1"),
    "signal of dedup": (
        "[filter]",
        '[dedup]\nsurvivor_order = ["highest"]\nsurvivor_signal = "qualty_score"\n[filter]',
        "survivor_signal: 'qualty_score' is not one of",
    ),
    "no word list": ("[filter]", '[filter.words]\nadult = "adlut"\n[filter]', "adlut"),
    "no model": ("[filter]", '[filter.models]\nquality = "none.txt"\n[filter]', "none.txt"),
    "negative length": ("[filter]", "[extract]\nrecord_timeout_s = -1\n[filter]", "record_timeout_s must be above 0"),
    "tokenize without a model": ('model = "tok.model"', "", '[tokenize]: give either model = "FILE"'),
    "takedown list": ("[filter]", '[rights]\ntakedown = "asked.txt"\n[filter]', "asked.txt"),
    "scheme nobody knows": ('"in/*.jsonl"', '"cc://x/*.jsonl"', "no library knows cc://"),
    "model that is no model": (
        '"tok.model"',
        '"in/a.jsonl"',
        "run.toml:15: [tokenize]: model: in/a.jsonl: is not a SentencePiece",
    ),
    "folder for a configuration": (
        '"tok.model"',
        '"in"',
        "run.toml:15: [tokenize]: model: in is a folder; name the file",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_with_place_and_remedy(
    folder: Path, capsys: pytest.CaptureFixture[str], mistake: str
) -> None:
    good, bad, expected = MISTAKES[mistake]
    assert good in BASE
    without_model = (
        BASE if "model" in good or "model" in bad else BASE.replace('\n[tokenize]\nmodel = "tok.model"\n', "")
    )
    line = said(capsys, without_model.replace(good, bad, 1))
    assert expected in line
    assert line.count("\n") == 1


#: What is changed in the rules file to what, and what is said.
RULE_MISTAKES: dict[str, tuple[str, str, str]] = {
    "bounds swapped": ("minimum  = 0.5", "minimum  = 0.9\nmaximum = 0.1", "minimum 0.9 is above maximum 0.1"),
    "bound in quotes": (
        "minimum  = 0.5",
        'minimum  = "0.5"',
        "minimum: expected a number, got '0.5'; write it without",
    ),
    "signal misspelt": ('"japanese_score"', '"japanese_scoer"', "did you mean 'japanese_score'?"),
    "bound in per cent": ("minimum  = 0.5", "minimum  = 50", "for 50 % write 0.5"),
    "profile misspelt": ('profiles = ["web"]', 'profiles = ["wbe"]', "valid ones are web,"),
    "name twice": ('"too_short"', '"not_japanese"', "more than one rule has the name not_japanese"),
    "no bound": ("minimum  = 0.5\n", "", "needs a minimum, a maximum or both"),
    "table misspelt": ("[[rule]]", "[[rules]]", "unknown table [rules]; did you mean 'rule'?"),
    "one rule": ("[[rule]]", "[rule]", "rules.toml:"),
}


@pytest.mark.parametrize("mistake", RULE_MISTAKES)
def test_a_mistake_in_the_rules_is_one_line_with_the_line_of_the_rules_file(
    folder: Path, capsys: pytest.CaptureFixture[str], mistake: str
) -> None:
    good, bad, expected = RULE_MISTAKES[mistake]
    path = folder / "rules.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(good, bad, 1), encoding="utf-8")
    line = said(capsys, BASE.replace('"default"', '"rules.toml"').split("[tokenize]")[0])
    assert re.search(r"^manyo: rules.toml:\d+:", line)
    assert expected in line
    assert line.count("\n") == 1


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("cp932", "run.toml:1: is not UTF-8 but seems to be Shift_JIS"),
        ("euc_jp", "run.toml:1: is not UTF-8 but seems to be EUC-JP"),
        ("utf-16", "run.toml: is UTF-16, not UTF-8; save it as UTF-8"),
    ],
)
def test_a_file_in_another_encoding_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str], encoding: str, expected: str
) -> None:
    assert expected in said(capsys, f"# 設定ファイルの説明です\n{BASE}".encode(encoding))


def test_a_key_before_any_table_is_told_where_it_belongs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, BASE.split("[tokenize]")[0].replace("[run]\n", "")).splitlines()
    assert lines == [
        "manyo: run.toml:1: the key 'out' stands before any [table]; put it below the header of its table",
        "manyo: run.toml: [run]: the table is missing",
    ]


def test_all_mistakes_of_a_file_are_named_at_once_in_the_order_of_their_lines(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = BASE.replace("inputs ", "input ").replace('"web"', '"Web"').replace('"default"', '"none.toml"')
    lines = said(capsys, text.replace("[tokenize]", "[dedup]\nbands = 0\n[tokenise]")).splitlines()
    numbers = [line.removeprefix("manyo: run.toml:").split(":")[0] for line in lines]
    assert numbers == ["7", "8", "12", "15", "16"]


def test_a_byte_order_mark_and_crlf_are_read_and_the_mark_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "run.toml").write_bytes(b"\xef\xbb\xbf" + BASE.split("[tokenize]")[0].replace("\n", "\r\n").encode())
    assert load_config("run.toml").sources[0].name == "cc"
    assert "begins with a byte order mark" in capsys.readouterr().err


def test_relative_paths_start_at_the_folder_of_the_configuration(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the user is; what the command prints can be used there, and a second run there finds the first."""
    (folder / "run.toml").write_text(BASE.split("[tokenize]")[0].replace('"web"', '"prose"'), encoding="utf-8")
    (folder / "else" / "where").mkdir(parents=True)
    assert main(["extract", "--config", "run.toml", "--executor", "serial"]) == 0
    capsys.readouterr()
    monkeypatch.chdir(folder / "else" / "where")
    assert main(["extract", "--config", "../../run.toml", "--executor", "serial"]) == 0
    out = capsys.readouterr().out
    assert "nothing to do: every shard is finished" in out
    assert main(["path", "documents", "--config", "../../run.toml"]) == 0
    assert Path(capsys.readouterr().out.strip()).is_dir()
    assert Path.cwd() == folder / "else" / "where"
    assert main(["extract", "--config", "../../run.toml", "--executor", "serial", "--out", "other"]) == 0
    assert (folder / "else" / "where" / "other" / "manyo.json").exists()


#: What stands after `manyo`, and what is said: one line each. Made by a reader who had not seen the code.
COMMAND_LINES = {
    "no configuration": ("run", "manyo run: name the configuration: --config FILE; see manyo run --help"),
    "command misspelt": ("dedupe --config run.toml", "COMMAND: there is no 'dedupe'; did you mean 'dedup'?"),
    "option before the command": ("--config run.toml run", "COMMAND: there is no 'run.toml'"),
    "step misspelt": ("run --config run.toml --until tokenise", "--until: there is no 'tokenise'; did you mean"),
    "configuration without its option": ("run run.toml", "name the configuration: --config FILE"),
    "number in words": ("inspect --config run.toml --kept -n ten", "argument -n: 'ten' is not a whole number"),
}


@pytest.mark.parametrize(("line", "expected"), COMMAND_LINES.values(), ids=COMMAND_LINES.keys())
def test_a_mistake_on_the_command_line_is_one_line(
    line: str, expected: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(line.split())
    assert ended.value.code == 2
    (complaint,) = capsys.readouterr().err.splitlines()
    assert expected in complaint


#: An input that leads to nothing, and what is said after it.
LOST_INPUTS = {
    "variable": ("$DATA/a.jsonl", "variables such as $DATA are not read here: write the path itself"),
    "backslash": (r"in\\a.jsonl", "write paths with /"),
    "misspelt file": ("in/b.jsonl", "/in holds a.jsonl"),
    "other ending": ("in/*.jsonl.gz", "/in holds a.jsonl"),
    "misspelt folder": ("inn/a.jsonl", " holds in, "),
}


@pytest.mark.parametrize(("pattern", "remedy"), LOST_INPUTS.values(), ids=LOST_INPUTS.keys())
def test_an_input_that_leads_to_nothing_says_what_is_there(
    pattern: str, remedy: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (line,) = said(capsys, BASE.split("[tokenize]")[0].replace("in/*.jsonl", pattern)).splitlines()
    assert line.startswith("manyo: [[source]] cc: no ")
    assert remedy in line


def test_a_benchmark_whose_items_are_too_short_to_be_looked_for_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "items.jsonl").write_text('{"label": "はい"}\n{"label": "いいえ"}\n', encoding="utf-8")
    table = '[[decontaminate.benchmark]]\nname = "b"\nfiles = ["items.jsonl"]\nfields = ["label"]\n'
    (line,) = said(capsys, BASE.split("[tokenize]")[0] + table).splitlines()
    assert "items.jsonl: no item of label has 5 letters, so that none is looked for" in line


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("file,terms\n01.txt,no training\n", "01.txt is both a/01.txt and b/01.txt; write the folder before it"),
        ("file;terms\na/01.txt;no training\n", "; write commas between the columns"),
    ],
)
def test_a_side_table_that_says_nothing_certain_is_named(
    rows: str, expected: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The terms of one of two files of a name were those of both."""
    for name in "ab":
        (folder / "in" / name).mkdir()
        (folder / "in" / name / "01.txt").write_text("川沿いを歩きました。", encoding="utf-8")
    (folder / "in" / "a.jsonl").unlink()
    (folder / "table.csv").write_text(rows, encoding="utf-8")
    text = BASE.split("[filter]")[0].replace("in/*.jsonl", "in").replace('"jsonl"', '"files"\nmetadata = "table.csv"')
    (line,) = said(capsys, text).splitlines()
    assert expected in line


def test_results_of_ocr_that_are_of_no_input_are_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Pages stayed in the queue, and nothing said that their results were passed over."""
    (folder / "in" / "a.jsonl").rename(folder / "in" / "a.pdf")
    (folder / "ocr").mkdir()
    (folder / "ocr" / "a_7.xml").write_text("<alto/>")
    text = BASE.split("[filter]")[0].replace("in/*.jsonl", "in").replace('"jsonl"', '"pdf"\nocr_results = "ocr"')
    assert "ocr_results: none of its 1 files is of a page of an input, such as ocr/a.pdf/1.xml" in said(capsys, text)


def test_a_crawl_that_is_no_crawl_is_told_how_crawls_are_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = BASE.split("[tokenize]")[0].replace("in/*.jsonl", "CC-MAIN-2026-5")
    assert "no such input: CC-MAIN-2026-5; a crawl is named CC-MAIN-2026-05" in said(capsys, text)


def test_check_names_every_lost_input(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sources = BASE[BASE.index("[[source]]") : BASE.index("[filter]")].replace("in/*", "nowhere/*")
    (folder / "run.toml").write_text(
        BASE.split("[tokenize]")[0] + sources.replace('"cc"', '"b"') + sources.replace('"cc"', '"c"')
    )
    assert main(["check", "--config", "run.toml"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[1].strip() for line in lines] == ["[[source]] b", "[[source]] c"]


#: A file of another format in the place of JSON Lines, and what is said of it.
OTHER_FILES = {
    "pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 5\n", "git lfs pull"),
    "array": (b'[\n {\n  "text": "a"\n }\n]\n', "is one JSON array: write an object a line, by jq -c '.[]'"),
    "array on a line": (b'[{"text": "a"}]\n', "is one JSON array"),
    "UTF-16": ('{"text": "図書館"}\n{"text": "本"}\n'.encode("utf-16"), "is UTF-16: write it again as UTF-8"),
}


@pytest.mark.parametrize(("data", "expected"), OTHER_FILES.values(), ids=OTHER_FILES.keys())
def test_a_file_that_is_not_json_lines_is_one_notice_with_what_it_is(
    data: bytes, expected: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "in" / "a.jsonl").write_bytes(data)
    (folder / "run.toml").write_text(BASE.split("[tokenize]")[0])
    assert main(["check", "--config", "run.toml"]) == 3
    shown = capsys.readouterr().out
    assert "other_format 1: " in shown
    assert expected in shown


def test_a_notice_names_a_command_that_works(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "in" / "a.jsonl").write_text("no JSON\n")
    (folder / "run.toml").write_text(BASE.split("[tokenize]")[0])
    assert main(["extract", "--config", "run.toml", "--executor", "serial"]) == 3
    command = capsys.readouterr().out.partition("to look at them: manyo ")[2].splitlines()[0]
    assert main(command.split()) == 0
    assert "Pages refused for broken_json: 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", "run.toml:4: [[source]] 1: key 'kind' is missing"),
        ("kind = 3", "run.toml:6: [[source]] 1: kind: expected a text in quotation marks, got 3"),
        ('knid = "jsonl"', "run.toml:6: [[source]] 1: unknown key 'knid'; did you mean 'kind'?"),
    ],
)
def test_a_kind_that_is_no_text_is_named_once(
    written: str, expected: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = BASE.split("[tokenize]")[0].replace('kind    = "jsonl"', written)
    assert said(capsys, text).splitlines() == [f"manyo: {expected}"]


def test_typos_beside_an_unknown_kind_are_named_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = BASE.split("[tokenize]")[0].replace('"jsonl"', '"json"').replace("licence", "license")
    lines = said(capsys, text).splitlines()
    assert any("unknown key 'license'; did you mean 'licence'?" in line for line in lines)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("target_shard_bytes", '"64MB"', "write 64_000_000"),
        ("target_shard_bytes", '"1 GiB"', "write 1_073_741_824"),
        ("target_shard_bytes", '"64"', "write it without quotation marks"),
    ],
)
def test_a_number_with_a_unit_is_written_out(
    key: str, value: str, expected: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = BASE.split("[filter]")[0] + f'{key} = {value}\n[dedup]\nmin_similarity = "80%"\n'
    lines = said(capsys, text).splitlines()
    assert lines[0].endswith(expected)
    assert lines[1].endswith("got '80%'; write 0.8")


def test_faults_of_a_rule_are_named_beside_its_missing_keys(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "mine.toml").write_text(
        '[[rule]]\nname = "too_long"\nsignal = "char_cuont"\nminimum = 200\nprofiles = ["prose"]\n'
    )
    lines = said(capsys, BASE.split("[tokenize]")[0].replace('"default"', '"mine.toml"')).splitlines()
    assert lines == [
        "manyo: mine.toml:1: [[rule]] 1: keys 'source', 'rejects', 'keeps' are missing",
        "manyo: mine.toml:3: [[rule]] 1: rule 'too_long': unknown signal 'char_cuont'; did you mean 'char_count'?",
    ]


def test_line_ends_of_old_macs_are_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = said(capsys, BASE.replace("\n", "\r")).splitlines()
    assert line == "manyo: run.toml: its lines end in CR alone; save it with line ends of Unix (LF)"


def test_an_output_that_is_a_file_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "out").write_text("mine")
    (line,) = said(capsys, BASE.split("[tokenize]")[0]).splitlines()
    assert line == "manyo: out: is a file, not a folder; use an empty or new folder as out"


def test_odd_names_in_a_folder_leave_a_message_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "in" / "new\nline.jsonl").write_text("{}")
    assert "holds a.jsonl, 'new\\nline.jsonl'" in said(capsys, BASE.split("[tokenize]")[0].replace("*.jsonl", "b.json"))


def test_a_file_whose_name_looks_like_a_pattern_is_read_and_no_other(folder: Path) -> None:
    """`docs[1].jsonl` read docs1.jsonl."""
    for name in ("docs[1]", "docs1"):
        (folder / "in" / f"{name}.jsonl").write_text("{}", encoding="utf-8")
    source = Source("cc", "jsonl", (f"{folder}/in/docs[1].jsonl",), "web", "x", jsonl.Options())
    (found,) = find_files(source)
    assert found.uri.endswith("/docs[1].jsonl")


def test_the_paths_of_a_configuration_from_a_pipe_start_at_the_users_folder(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read, write = os.pipe()
    os.write(write, BASE.split("[tokenize]")[0].encode())
    os.close(write)
    try:
        assert main(["check", "--config", f"/dev/fd/{read}"]) == 0
    finally:
        os.close(read)
    assert f"out  {folder}/out" in capsys.readouterr().out


@pytest.mark.parametrize("pattern", ["in/*.jsonl", "in/**/*.jsonl", "in"])
def test_a_link_to_a_file_is_read_as_the_file(pattern: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A listing has the time of the link, the reader that of the file: "was written again since the run began"."""
    (folder / "far.jsonl").write_text('{"text": "山の上の小屋です。"}\n', encoding="utf-8")
    os.utime(folder / "far.jsonl", (1, 1))
    (folder / "in" / "link.jsonl").symlink_to("../far.jsonl")
    (folder / "run.toml").write_text(BASE.split("[tokenize]")[0].replace("in/*.jsonl", pattern))
    (source,) = load_config("run.toml").sources
    files = find_files(source)
    assert [file.name for file in files] == ["a.jsonl", "link.jsonl"]
    assert look(files) == files


@pytest.mark.parametrize(
    "pattern", ["./in", "./in/*.jsonl", "~/in", "~/in/*.jsonl", "~/in/a.jsonl", "in/../in", "../here/in", "in/", "."]
)
def test_an_input_is_found_again_however_its_folder_is_written(
    pattern: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of `./in` and `~/in` the names of files were cut, and each run said that they were gone."""
    here = folder / "here"
    (here / "in").mkdir(parents=True)
    (here / "in" / "a.jsonl").write_text('{"text": "川沿いを歩きました。"}\n', encoding="utf-8")
    monkeypatch.setenv("HOME", str(here))
    monkeypatch.chdir(here)
    source = Source("cc", "jsonl", (pattern,), "web", "x", jsonl.Options())
    (file,) = find_files(source)
    assert look([file]) == [file]
    assert Path(file.uri).expanduser().resolve() == here / "in" / "a.jsonl"


def test_check_reads_what_rights_names(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run found out after the language stage."""
    rights = '[rights]\ntakedown = "asked.txt"\nrobots = ["robots/*.warc.gz"]\n'
    (folder / "run.toml").write_text(BASE.split("[tokenize]")[0] + rights)
    assert main(["check", "--config", "run.toml"]) == 2
    takedown, robots = capsys.readouterr().err.splitlines()
    assert takedown.startswith("manyo: run.toml:15: [rights]: takedown: no such file: asked.txt; ")
    assert robots.startswith("manyo: run.toml:16: [rights]: robots: no file matches robots/*.warc.gz; ")


@pytest.mark.parametrize("command", ["submit", "stop"])
@pytest.mark.parametrize("address", ["head:6379", "auto"])
def test_an_address_that_serves_no_jobs_is_one_line(
    command: str, address: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", address)
    (folder / "run.toml").write_text(BASE.split("[tokenize]")[0])
    assert main([command, "--config", "run.toml"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"manyo: RAY_ADDRESS={address}: jobs go to Ray's dashboard; write http://HOST:8265"


def test_a_cluster_that_is_not_there_is_one_line_at_once(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ray tried for five minutes, and wrote what it tried."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("RAY_ADDRESS", f"127.0.0.1:{taken.getsockname()[1]}")
        (folder / "run.toml").write_text(BASE.split("[tokenize]")[0])
        status = main(["extract", "--config", "run.toml"])
    assert status not in (0, 3)
    assert f"no Ray cluster at RAY_ADDRESS={os.environ['RAY_ADDRESS']}: Connection refused" in capsys.readouterr().err


def test_a_part_of_another_package_that_cannot_be_loaded_is_named_before_the_run(folder: Path) -> None:
    """The run found out in its last stage, and check not at all."""
    info = folder / "pk" / "broken-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[manyo.pii]\ncustomer = broken:kind\n")
    (folder / "pk" / "broken.py").write_text("import nosuchmodule\n")
    (folder / "run.toml").write_text(BASE.split("[tokenize]")[0] + '[scrub]\nkinds = {web = ["customer"]}\n')
    path = os.pathsep.join([str(folder / "pk"), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-m", "manyo.pipelines", "check", "--config", "run.toml"]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False, timeout=300
    )
    assert (done.returncode, done.stderr) == (
        2,
        "manyo: run.toml: manyo.pii 'customer' of broken 1.0 cannot be loaded: No module named 'nosuchmodule'\n",
    )


def test_a_profile_that_does_not_exist_masks_nothing_and_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (line,) = said(capsys, BASE.split("[tokenize]")[0] + '[scrub]\nkinds = {wev = ["phone"]}\n').splitlines()
    assert "scrub.kinds: no profile 'wev'; did you mean 'web'?" in line


#: What the configuration asks for and is nothing: the tables, a file without content, and what is said.
NOTHING_ASKED = {
    "rules": ('[filter]\nrules = "empty"', "the rules file has no [[rule]]: no rule drops anything"),
    "takedowns": ('[rights]\ntakedown = "empty"', "the takedown list empty is empty: nothing is taken down by it"),
}


@pytest.mark.parametrize("what", NOTHING_ASKED)
def test_a_file_that_asks_for_nothing_is_a_notice_of_check_and_run(
    what: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, notice = NOTHING_ASKED[what]
    (folder / "empty").write_text("")
    (folder / "in" / "a.jsonl").write_text('{"text": "川沿いを歩きました。桜の花びらが水面を流れていました。"}\n')
    (folder / "run.toml").write_text(BASE.split("[filter]")[0].replace('"web"', '"prose"') + table)
    for command in (["check"], ["run", "--until", "filter", "--executor", "serial"]):
        assert main([*command, "--config", "run.toml"]) == 3
        assert notice in capsys.readouterr().out
