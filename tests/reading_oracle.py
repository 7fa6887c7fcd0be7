"""What `manyo.filters.signals.reading_kernels` counts, again: by regular expressions over the whole text."""

from __future__ import annotations

import re

import joyokanji

from manyo.filters.signals.readability import kanji_by_grade

KANJI = "㐀-鿿豈-\ufaff"
SCRIPTS = (
    "[ぁ-ゖ゙゚ゝ-ゟ〱-〵]+",
    "[ァ-ヺー-ヿㇰ-ㇿ]+",
    f"[{KANJI}]+",
    "[A-Za-zＡ-Ｚａ-ｚ]+",
)


def reading_counts(text: str) -> dict[str, int | list[int]]:
    """The counts of one text, by the names of the record's fields."""
    runs = [re.findall(script, text) for script in SCRIPTS]
    kanji = re.findall(f"[{KANJI}]", text)
    years = [sum(one in taught for one in kanji) for taught in kanji_by_grade()]
    pieces = [piece for piece in re.split("[。．！？!?\n]", text) if piece.strip()]
    return {
        "visible_chars": len("".join(text.split())),
        "sentences": len(pieces),
        "full_stops": len(re.findall("[。．！？!?]", text)),
        "commas": len(re.findall("[、，]", text)),
        "runs": [len(of_script) for of_script in runs],
        "run_chars": [sum(map(len, of_script)) for of_script in runs],
        "of_year": [0, *years, len(kanji) - sum(years)],
        "old_forms": sum("一" <= one <= "鿿" and joyokanji.convert(one) != one for one in kanji),
        "old_spellings": len(re.findall(f"[ゐゑヰヱ]|(?<=[{KANJI}])[ふひ]|(?<=[やせ])う", text)),
        "new_spellings": len(re.findall(f"(?<=[{KANJI}よょ])う|(?<=っ)[たて]", text)),
        "soro": len(re.findall(f"(?<![{KANJI}])候(?![{KANJI}])", text)),
    }
