"""Settings files: every fault is named once, with its line; a file without faults gives what a plain reader gives."""

from __future__ import annotations

import dataclasses
import tomllib
import types
import typing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyo.corpus.settings.toml_lines import Path, lines_of
from manyo.corpus.settings.toml_tables import Faults, from_table
from manyo.corpus.settings.toml_text import SettingsError, read_document
from manyo.dedup.settings import Dedup
from manyo.filters.pii.scrub_settings import Scrub
from manyo.tokenizer.mixture import Mix

NAMES = st.from_regex(r"[a-z][a-z0-9_-]{0,6}", fullmatch=True)
TEXTS = st.sampled_from(['"a"', "'b # = ['", '"\\"c"', '"""d\n[e]\n"""', "'''f\n= g'''", '"日本"', '"""h"x"""'])
PLAIN = st.sampled_from(["1", "-2.5", "true", "1_000", "2026-04-01", "inf", "0x1F"])


def values(depth: int) -> st.SearchStrategy[str]:
    if not depth:
        return TEXTS | PLAIN
    inner = values(depth - 1)
    arrays = st.lists(inner, max_size=3).map(lambda items: "[\n  " + ",  # c ]\n  ".join(items) + "\n]")
    tables = st.dictionaries(NAMES, (TEXTS | PLAIN).filter(lambda text: "\n" not in text), max_size=3).map(
        lambda pairs: "{ " + ", ".join(f"{key} = {value}" for key, value in pairs.items()) + " }"
    )
    return inner | arrays | tables


@st.composite
def documents(draw: st.DrawFn) -> str:
    """TOML with comments, nested values, tables and arrays of tables."""
    lines = []
    for table in draw(st.lists(NAMES, unique=True, max_size=4)):
        for _ in range(draw(st.integers(1, 2)) if draw(st.booleans()) else 0):
            lines += ["# [comment]", f"[[ {table} ]]  # x", *pairs(draw)]
            if draw(st.booleans()):
                lines += [f"[{table}.inner-table]", *pairs(draw)]
        if f"[[ {table} ]]  # x" not in lines:
            lines += ["", f"[{table}]", *pairs(draw)]
    return "\n".join([*pairs(draw), *lines]) + "\n"


def pairs(draw: st.DrawFn) -> list[str]:
    found = draw(st.dictionaries(NAMES.filter(lambda name: name != "inner-table"), values(2), max_size=3))
    return [f"{key} = {value}" for key, value in found.items()]


def paths(value: Any, path: Path = ()) -> set[Path]:
    """Every place of a parsed file but the root."""
    found = {path} if path else set()
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in items:
        found |= paths(one, (*path, key))
    return found


@given(documents())
def test_every_key_and_element_has_a_line_and_each_key_stands_on_its_line(text: str) -> None:
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError:  # a key of the root with the name of a table
        return
    lines = lines_of(text)
    assert paths(parsed) <= lines.keys()
    for path, line in lines.items():
        if isinstance(path[-1], str):
            assert path[-1] in text.split("\n")[line - 1]


@given(st.text(alphabet="a=[]{}\"'\\\n#,. 1"))
def test_any_text_ends_and_gives_no_error(text: str) -> None:
    lines_of(text)


def naive(cls: Any, table: dict[str, Any]) -> Any:
    """The reader of 0.4.0: the slow twin of pydantic for tables without a fault."""
    hints = typing.get_type_hints(cls)
    return cls(**{key: naive_value(hints[key], value) for key, value in table.items()})


def naive_value(hint: Any, value: Any) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return naive_value(next(one for one in arguments if one is not type(None)), value)
    if origin is tuple:
        return tuple(naive_value(arguments[0], item) for item in value)
    if origin is dict:
        return {key: naive_value(arguments[1], item) for key, item in value.items()}
    if dataclasses.is_dataclass(hint):
        return naive(hint, value)
    return float(value) if hint is float else value


GOOD: list[tuple[Any, dict[str, Any]]] = [
    (Dedup, {}),
    (Dedup, {"min_similarity": 1, "alarms": {"max_host_loss": 0.5}, "view_profiles": ["web", "ocr"], "parts": 3}),
    (Dedup, {"boilerplate": {"remove": [], "flag": ["web"]}, "same_address": "newest", "min_containment": 0.9}),
    (Scrub, {"kinds": {"web": ["phone"], "law": []}, "mask_style": "constant"}),
    (Mix, {"target_tokens": 10, "source": [{"name": "a", "weight": 1}, {"name": "b", "repeats": 2.5}]}),
]


@pytest.mark.parametrize(("cls", "table"), GOOD)
def test_a_table_without_a_fault_gives_the_settings_of_the_plain_reader(cls: Any, table: dict[str, Any]) -> None:
    faults = Faults(read_document("a.toml", b""))
    made = from_table(cls, table, ("x",), faults)
    assert repr(made) == repr(naive(cls, table))  # 1 and 1.0 are not the same in a fingerprint
    assert not faults


def faults_of(text: str, cls: Any = Dedup) -> list[str]:
    document = read_document("a.toml", text.encode())
    faults = Faults(document)
    assert from_table(cls, document.tables["dedup"], ("dedup",), faults) is None
    with pytest.raises(SettingsError) as raised:
        faults.end()
    return raised.value.lines


def test_all_faults_of_a_table_are_named_in_the_order_of_their_lines() -> None:
    text = """
    [dedup]
    min_similarity = 80
    bands = 3.5
    shingle_char = 5
    rows = "7"
    same_address = "latest"
    survivor_order = ["longst"]
    index = "yes"
    [dedup.alarms]
    max_host_loss = 7
    min_docs = 3
    """
    assert faults_of(text) == [
        "a.toml:3: [dedup]: dedup.min_similarity must be above 0 and at most 1, not 80.0",
        "a.toml:4: [dedup]: bands: expected a whole number such as 1_000_000_000, got 3.5",
        "a.toml:5: [dedup]: unknown key 'shingle_char'; did you mean 'shingle_chars'?",
        "a.toml:6: [dedup]: rows: expected a whole number such as 1_000_000_000, got '7'; "
        "write it without quotation marks",
        "a.toml:7: [dedup]: same_address: 'latest' is not one of newest, longest; did you mean 'longest'?",
        "a.toml:8: [dedup]: survivor_order: 'longst' is not one of uses, source, highest, lowest, longest, newest, "
        "oldest; did you mean 'longest'?",
        "a.toml:9: [dedup]: index: expected true or false, got 'yes'",
        "a.toml:11: [dedup.alarms]: max_host_loss must be from 0 to 1, not 7.0",
        "a.toml:12: [dedup.alarms]: unknown key 'min_docs'; did you mean 'min_documents'?",
    ]


def test_a_misspelt_key_is_not_also_said_to_be_missing() -> None:
    document = read_document("a.toml", b"target_token = 5\nsource = [{ name = 'a', weight = 1 }]")
    faults = Faults(document)
    from_table(Mix, document.tables, (), faults)
    with pytest.raises(SettingsError, match="did you mean 'target_tokens'") as raised:
        faults.end()
    assert len(raised.value.lines) == 1


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("# 日本語の注釈\n".encode("cp932"), "a.toml:1: is not UTF-8 but seems to be Shift_JIS; save it as UTF-8"),
        ("x = 1\n# 日本語の注釈です\n".encode("euc_jp"), "a.toml:2: is not UTF-8 but seems to be EUC-JP"),
        ("a = 1".encode("utf-16"), "a.toml: is UTF-16, not UTF-8; save it as UTF-8"),
        (b"a = 1 # \xff\xfe\xfd", "a.toml:1: is not UTF-8 (byte 0xff at offset 8)"),
        ("a\u3000= 1".encode(), "a.toml:1:2: there is the full-width blank '\\u3000' (U+3000, ideographic space)"),
        ("a = 1\n\u3000\nb = 2".encode(), "there is the full-width blank"),
        ("a\xa0= 1".encode(), "there is the invisible character or blank '\\xa0' (U+00A0, no-break space)"),
        ("a = “x”".encode(), "the quotation mark '“' (U+201C, left double quotation mark) is not a straight one; type"),
        ("a ＝ 1".encode(), "the full-width character '＝' (U+FF1D, fullwidth equals sign); type ="),
        ("［run］\na = 1".encode(), "the full-width character '［' (U+FF3B, fullwidth left square bracket); type ["),
        ("a = １".encode(), "the full-width character '１' (U+FF11, fullwidth digit one); type 1"),
        ("名前 = 1".encode(), "outside quotation marks; put texts and names in quotation marks"),
        (rb'a = "C:\Users\me"', r"a.toml:1:10: in double quotation marks a \ begins an escape such as \n; write paths"),
        (rb'a = "C:\data"', r"write paths with /"),
        (b"run:\n  out: x", "this is YAML; a configuration is TOML"),
        (b'{"run": {"out": "x"}}', "this is JSON or XML; a configuration is TOML"),
        ("本の題,著者,年\n".encode(), "this is a table of values with commas; a configuration is TOML"),
        ("a = 1\n# 日本語の注釈：表\n".encode("cp932"), "a.toml:2: is not UTF-8 but seems to be Shift_JIS"),
        (b"a = web", 'a text is written in quotation marks: key = "text"'),
        (b"[run", "a.toml:1:5: Expected ']' at the end of a table declaration"),
        (b"a = 1\na = 2", "a.toml:2:6: Cannot overwrite a value"),
        (b'a = """x', "a.toml:1:"),
        (b"a = " + b"[" * 5000, "nested too deeply"),
    ],
)
def test_a_text_that_is_not_toml_is_explained_in_one_line(data: bytes, said: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read_document("a.toml", data)
    (line,) = raised.value.lines
    assert said in line
    assert "\n" not in line


def test_a_byte_order_mark_is_passed_over_and_named() -> None:
    document = read_document("a.toml", b"\xef\xbb\xbfa = 1\r\n")
    assert document.tables == {"a": 1}
    assert document.notes == (
        "a.toml: begins with a byte order mark (BOM), which is passed over; save it as UTF-8 without one",
    )


@given(st.binary(max_size=80))
def test_any_bytes_are_tables_or_one_line(data: bytes) -> None:
    try:
        lines = read_document("a.toml", data).notes
    except SettingsError as error:
        lines = tuple(error.lines)
    assert len(lines) <= 1
    assert "\n" not in "".join(lines)
