"""Presets: each rule keeps and rejects its examples, and agrees with the published rule written anew from its numbers.

The published rules below know nothing of our signals: they are plain Python on a string. White space is
where they and ours may part: they count it, and we do not.
"""

import zlib
from collections import Counter
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from filters.characters import CharacterClass, class_of
from filters.language import LanguageSettings, identify
from filters.rules import RULE_COLUMNS, load_rules
from filters.rules import failures as failures_of
from filters.signals import measure
from tests.filters.batches import documents

FOLDER = Path(__file__).parents[2] / "configs" / "presets"
PRESETS = {path.stem: load_rules(str(path)) for path in sorted(FOLDER.glob("*.toml"))}


def failures(texts: list[str], rules) -> np.ndarray:
    batch = documents(texts)
    return failures_of(identify(batch, LanguageSettings()), measure(batch), batch["profile"], rules)


@pytest.mark.parametrize(
    "rule", [pytest.param(rule, id=f"{name}-{rule.name}") for name, rules in PRESETS.items() for rule in rules]
)
def test_a_rule_of_a_preset_rejects_its_first_example_and_keeps_its_second(rule):
    assert rule.signal in RULE_COLUMNS
    assert failures([rule.rejects, rule.keeps], [rule])[:, 0].tolist() == [True, False]


def has_kana(text: str) -> bool:
    return any("ぁ" <= character <= "ゖ" or "ァ" <= character <= "ヺ" or character == "ー" for character in text)


def mean_by_full_stop(text: str) -> float:
    parts = [part for part in text.split("。") if part.strip()]
    return sum(map(len, parts)) / max(len(parts), 1)


def zlib_ratio(text: str) -> float:
    data = text.encode()
    return len(zlib.compress(data, 9)) / len(data)


def repetition(text: str) -> float:
    counts = Counter(text[i : i + 5] for i in range(len(text) - 4))
    frequent = min(int(len(counts) ** 0.5), sum(count > 1 for count in counts.values()))
    return sum(sorted(counts.values(), reverse=True)[:frequent]) / max(sum(counts.values()), 1)


def symbols(text: str) -> float:
    visible = [character for character in text if not character.isspace()]
    return sum(class_of(character) == CharacterClass.SYMBOL for character in visible) / max(len(visible), 1)


def share_of_lines(text: str, is_bad: Callable[[str], bool]) -> float:
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return sum(map(is_bad, lines)) / max(len(lines), 1)


#: Preset → rule → whether the published rule drops a text.
PUBLISHED: dict[str, dict[str, Callable[[str], bool]]] = {
    "llmjp_v1": {
        "no_kana_at_the_start": lambda text: not has_kana(text[:50]),
        "long_between_full_stops": lambda text: mean_by_full_stop(text) > 250,
        "compresses_too_well_or_too_badly": lambda text: not 0.30 <= zlib_ratio(text) <= 0.70,
    },
    "hojichar": {
        "no_kana_at_the_start": lambda text: not has_kana(text[:50]),
        "long_between_full_stops": lambda text: mean_by_full_stop(text) > 100,
        "repeated_characters": lambda text: repetition(text) >= 0.33,
        "too_many_symbols": lambda text: symbols(text) > 0.4,
        "one_character_repeated": lambda text: max(len(list(run)) for _, run in groupby(text)) >= 200,
        "too_many_cut_lines": lambda text: share_of_lines(text, lambda line: line.endswith(("…", "..."))) > 0.7,
        "too_many_short_lines": lambda text: share_of_lines(text, lambda line: len(line) <= 10) > 0.5,
    },
}


@pytest.mark.parametrize("name", PRESETS)
def test_every_rule_of_a_preset_has_its_published_twin(name):
    assert [rule.name for rule in PRESETS[name]] == list(PUBLISHED[name])
    for rule in PRESETS[name]:
        assert [PUBLISHED[name][rule.name](text) for text in (rule.rejects, rule.keeps)] == [True, False]


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_agrees_with_the_published_rules_on_real_documents(name, real_data):
    news = sorted((real_data / "livedoor_news").glob("*.txt"))
    texts = [path.read_text(encoding="utf-8").split("\n", 2)[2] for path in news]
    ours = failures(texts, PRESETS[name]).any(axis=1)
    published = np.array([any(drops(text) for drops in PUBLISHED[name].values()) for text in texts])
    assert (ours == published).mean() >= 0.995
