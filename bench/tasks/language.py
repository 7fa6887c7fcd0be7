"""Language identification of what a Japanese crawl and licensed print hold besides plain prose."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Final

from bench.board.own_text import foreign_sentences, in_kanbun, in_katakana, in_roman_letters, kanji_words
from bench.board.task import Figure, Item, Task, by_kind, share
from bench.ocr_noise import Noise, wrongly_read
from bench.typesetting import Writer

#: One character in eight is wrong: poor print, worse than any decade in the National Diet Library's evaluation.
_POOR = Noise(wrong=0.1, geta=0.025)


def _mixed(writer: Writer) -> str:
    """Two to four Japanese sentences around an English one: Japanese has more letters."""
    english = writer.rng.choice([one for one in foreign_sentences()["en"] if len(one) < 70])
    sentences = [writer.sentence() for _ in range(writer.rng.randint(2, 4))]
    while sum(map(len, sentences)) < len(english):
        sentences.append(writer.sentence())
    sentences.insert(writer.rng.randrange(len(sentences) + 1), english)
    return "".join(sentences)


def _ocr(writer: Writer) -> str:
    """Prose in lines of equal length, with wrong characters and blanks within lines."""
    rng, text = writer.rng, wrongly_read(writer.prose(60, 200), _POOR, writer.rng)
    width = rng.randint(12, 40)
    lines = (text[start : start + width] for start in range(0, len(text), width))
    return "\n".join(line if rng.random() < 0.8 else line[:5] + "　" + line[5:] for line in lines)


def _kanji_list(writer: Writer) -> str:
    """Words in kanji alone, as menus and timetables list them."""
    words = [word for _ in range(12) for word in kanji_words(writer.sentence())]
    return writer.rng.choice((" ", "\n", "・", "／")).join(words[: writer.rng.randint(6, 14)])


def _foreign(language: str, low: int, high: int) -> Callable[[Writer], str]:
    def made(writer: Writer) -> str:
        return " ".join(writer.rng.choices(foreign_sentences()[language], k=writer.rng.randint(low, high)))

    return made


def _european(writer: Writer) -> str:
    return _foreign(writer.rng.choice(("de", "es", "fr", "ru")), 1, 3)(writer)


def _chinese_with_kana(writer: Writer) -> str:
    """Chinese with の for 的, or a word in katakana, as shops and fans write."""
    text = _foreign("zh", 2, 4)(writer)
    return text.replace("的", "の", 1) + writer.rng.choice(("「カフェ」。", "「ラーメン」。", "（おみやげ）", ""))


def _english_with_japanese(writer: Writer) -> str:
    """English that quotes a few Japanese words."""
    sentences = writer.rng.choices(foreign_sentences()["en"], k=writer.rng.randint(2, 4))
    return " ".join(f"{sentence} ({writer.phrase(4, 10)})" for sentence in sentences)


#: Kind, whether its items are Japanese, and how one is made.
_KINDS: Final[tuple[tuple[str, bool, Callable[[Writer], str]], ...]] = (
    ("prose", True, lambda writer: writer.prose(60, 240)),
    ("short", True, lambda writer: writer.sentence()[: writer.rng.randint(8, 24)]),
    ("with English", True, _mixed),
    ("in katakana", True, lambda writer: in_katakana(writer.prose(60, 200))),
    ("misread print", True, _ocr),
    ("words in kanji", True, _kanji_list),
    ("kanbun with marks", True, lambda writer: in_kanbun(writer.rng)),
    ("in Latin letters", True, lambda writer: in_roman_letters(writer.rng)),
    ("Chinese", False, _foreign("zh", 1, 4)),
    ("Chinese with kana", False, _chinese_with_kana),
    ("Korean", False, _foreign("ko", 1, 3)),
    ("English", False, _foreign("en", 1, 3)),
    ("English with Japanese words", False, _english_with_japanese),
    ("other European", False, _european),
)


def draw(seed: int, n_items: int) -> list[Item]:
    """Return texts, each kind as often as any other."""
    writer = Writer(random.Random(f"language {seed}"))
    kinds = [_KINDS[number % len(_KINDS)] for number in range(n_items)]
    return [Item(kind, made(writer), is_japanese) for kind, is_japanese, made in kinds]


def score(items: Sequence[Item], answers: Sequence[str]) -> list[Figure]:
    """Return how often it is said rightly whether a text is Japanese: by kind, and recall and precision of Japanese."""
    right = [(answer == "ja") == item.gold for item, answer in zip(items, answers, strict=True)]
    called = [item.gold for item, answer in zip(items, answers, strict=True) if answer == "ja"]
    recalled = [hit for hit, item in zip(right, items, strict=True) if item.gold]
    return [
        *by_kind(items, lambda kind, numbers: share("right", kind, [right[number] for number in numbers])),
        share("recall", "", recalled),
        share("precision", "", called),
    ]


TASK: Final = Task(
    "language",
    ("right", "recall", "precision"),
    draw,
    score,
    n_items=700,
)
