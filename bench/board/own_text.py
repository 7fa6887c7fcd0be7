"""Text of our own for items: the sentences of the samples, by language, and what can be made of them.

Everything is drawn by a `random.Random`, from lists in a fixed order, so that one seed gives one text on every machine.
"""

from __future__ import annotations

import random
import re
import tomllib
from functools import cache
from html import unescape
from pathlib import Path

_PAGES = Path(__file__).parents[2] / "samples" / "web"
_ENDS = "。．.！？!?"


@cache
def foreign_sentences() -> dict[str, list[str]]:
    """Return sentences of the samples that are not Japanese, by ISO 639-1 code."""
    table = tomllib.loads((_PAGES / "pages.toml").read_text("utf-8"))["page"]
    found: dict[str, list[str]] = {}
    for page in sorted(table, key=lambda row: row["file"]):
        if page["language"] in ("ja", "und"):
            continue
        html = re.sub(r"(?is)<(script|style|head)\b.*?</\1>|<!--.*?-->", " ", _read(page["file"]))
        text = unescape(re.sub(r"<[^>]*>", "\n", html))
        sentences = re.findall(rf"[^\n{_ENDS}]{{12,}}[{_ENDS}]", text)
        # Japanese words that a foreign page quotes would make the gold doubtful.
        own = [" ".join(one.split()) for one in sentences if not re.search("[\u3041-\u30ff]", one)]
        found.setdefault(page["language"], []).extend(one for one in own if page["language"] != "zh" or _is_han(one))
    return {language: list(dict.fromkeys(sentences)) for language, sentences in sorted(found.items())}


def _read(file: str) -> str:
    return (_PAGES / "pages" / file).read_text("utf-8", errors="replace")


def _is_han(text: str) -> bool:
    return len(re.findall("[\u4e00-\u9fff]", text)) > len(text) / 2


def in_katakana(text: str) -> str:
    """Return a text with katakana for hiragana, as statutes and telegrams had it."""
    return "".join(chr(ord(char) + 0x60) if "ぁ" <= char <= "ゖ" else char for char in text)


_TIMES = (
    "kinou",
    "kesa",
    "senshuu no doyoubi ni",
    "yoru osoku",
    "haru ni naru to",
    "ame no hi ni wa",
    "maishuu",
    "asa hayaku",
)
_WHO = ("watashi wa", "tonari no obaasan ga", "otouto wa", "sensei ga", "tomodachi to", "chichi wa", "machi no hito ga")
_WHERE = ("eki made", "kawa no soba de", "toshokan de", "yama no mukou e", "niwa ni", "shoutengai de", "mise no mae de")
_WHAT = ("furui shashin wo", "atarashii kutsu wo", "hon wo sansatsu", "ume no eda wo", "ocha wo", "chiisana hako wo")
_DID = (
    "mitsukemashita.",
    "katte kimashita.",
    "oite kaerimashita.",
    "miseyou to omoimasu.",
    "naoshite kureta.",
    "wasurete shimatta.",
)


def in_roman_letters(rng: random.Random) -> str:
    """Return two to four Japanese sentences in Latin letters."""
    parts = (_TIMES, _WHO, _WHERE, _WHAT, _DID)
    sentences = [" ".join(rng.choice(part) for part in parts) for _ in range(rng.randint(2, 4))]
    return " ".join(sentence[0].upper() + sentence[1:] for sentence in sentences)


_PERSONS = ("君子", "老人", "漁者", "旅客", "弟子", "賢者", "村人", "童子")
_VERBS = ("好", "求", "聞", "見", "望", "愛", "忘", "知", "守", "問")
_THINGS = ("山", "水", "書", "道", "月", "花", "古", "酒", "友", "春")
_PLACES = ("東海", "西山", "南村", "北江", "故郷", "深谷", "古寺", "高楼")


def in_kanbun(rng: random.Random) -> str:
    """Return clauses of literary Chinese with the marks of Japanese readers: レ一二, and endings in katakana."""
    clauses = []
    for _ in range(rng.randint(4, 8)):
        who, verb, thing, place = (rng.choice(part) for part in (_PERSONS, _VERBS, _THINGS, _PLACES))
        clauses.append(
            rng.choice(
                (
                    f"{who}{verb}レ{thing}",
                    f"{who}自二{place}一来{verb}レ{thing}",
                    f"{who}ハ不レ{verb}二{thing}於{place}一",
                    f"於二{place}一{who}{verb}レ{thing}ヲ",
                    f"{thing}者{who}之所レ{verb}也",
                )
            )
        )
    return "，".join(clauses) + "。"


def kanji_words(sentence: str) -> list[str]:
    """Return the words of two kanji and more that a sentence has, without anything between them."""
    return re.findall("[\u4e00-\u9fff]{2,}", sentence)
