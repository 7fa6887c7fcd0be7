"""Japanese of meanings and notices: none is missing, none is left over, and both languages name the same values."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from manyo.corpus.print.text_layer import WHYS
from manyo.corpus.sources.source_kinds import KINDS
from manyo.filters import rights
from manyo.filters.rules.decide import RULE_COLUMNS, load_rules, shipped_rules
from manyo.filters.signals.categories import SHIPPED, load_category_model
from manyo.filters.signals.readability import ERAS
from manyo.pipelines.extraction import loop
from manyo.pipelines.graph.reasons import REMOVED, UNRELEASED, refusals
from manyo.pipelines.report import japanese as loader
from manyo.pipelines.report.accounts import NOTICES
from manyo.pipelines.report.japanese import japanese
from manyo.pipelines.report.loss_by_class import CLASSES

_SECTIONS: dict[str, dict[str, str]] = tomllib.loads(
    Path(loader.__file__).with_name("japanese.toml").read_text(encoding="utf-8")
)

#: Every English text that the report, the view or docs/reasons.ja.md may show, from where the code states it.
_SHOWN: dict[str, set[str]] = {
    "refusal": {*loop.REASONS.values(), *(text for kind in KINDS.values() for text in kind.REASONS.values())},
    "drop": {*rights.REASONS.values(), *UNRELEASED.values(), *REMOVED.values()},
    "why": {*WHYS.values()},
    "signal": {column.meaning for column in RULE_COLUMNS.values()},
    "unit": {column.unit for column in RULE_COLUMNS.values() if column.unit},
    "notice": {*NOTICES.values()},
    "class": {*CLASSES},
    "category": {*ERAS, *(name for shipped in SHIPPED for name in load_category_model(shipped).names)},
}

#: Numbers, names in backticks, and the fields of a notice with their formats.
_VALUE = re.compile(r"[0-9]+(?:[,.][0-9]+)*|`[^`]*`|\{[^}]*\}")

_JAPANESE_LETTER = re.compile(r"[ぁ-んァ-ヶ一-龥]")


def test_every_text_that_a_page_shows_has_japanese_and_none_is_left_over() -> None:
    assert {section: {*said} for section, said in _SECTIONS.items()} == _SHOWN


def test_a_text_is_translated_once() -> None:
    assert len({english for said in _SECTIONS.values() for english in said}) == sum(map(len, _SECTIONS.values()))


@pytest.mark.parametrize("section", _SHOWN)
def test_both_languages_name_the_same_values(section: str) -> None:
    for english in _SHOWN[section]:
        said = japanese(english)
        assert _JAPANESE_LETTER.search(said), english
        assert {*_VALUE.findall(said)} == {*_VALUE.findall(english)}, english


def test_every_rule_that_ships_bounds_a_signal_with_japanese() -> None:
    signals = {rule.signal for name in shipped_rules() for rule in load_rules(name, with_templates=True)}
    assert all(RULE_COLUMNS[signal].meaning in _SECTIONS["signal"] for signal in signals)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_kind_of_source_refuses_for_the_same_reasons_in_both_languages(kind: str) -> None:
    english, said = refusals((kind,)), refusals((kind,), is_japanese=True)
    assert said == {reason: japanese(meaning) for reason, meaning in english.items()}


def test_meanings_of_several_kinds_name_the_kinds_in_japanese_too() -> None:
    assert refusals(("egov", "kokkai"), is_japanese=True)["broken_json"] == (
        "JSON として読めない、または API の返す法令の形でない（egov）；ファイルが知っている形の JSON でない（kokkai）"
    )


def test_a_text_that_manyo_does_not_state_stays_as_it_is() -> None:
    assert [japanese(text) for text in ("", "<b>", "not stated")] == ["", "<b>", "not stated"]
