"""manyo's own entries: each calls the function that a run calls, with the settings of a run."""

from __future__ import annotations

from typing import Any


def language(given: list[str]) -> list[str]:
    """The column `lang` of the stage that identifies languages."""
    from bench.filters import documents_of
    from manyo.filters.language import LanguageSettings, identify

    found: list[str] = identify(documents_of(given), LanguageSettings()).column("lang").to_pylist()
    return found


def charsets(given: list[dict[str, Any]]) -> list[str]:
    """The text that the extract stage reads a page as."""
    import base64

    from manyo.corpus.web.charset import decode

    return [decode(base64.b64decode(page["bytes"]), page["http"]).text for page in given]


def extraction(given: list[str]) -> list[str]:
    """The main text of the extract stage."""
    from manyo.corpus.web.main_text import extract

    return [extract(page).text for page in given]


def near_duplicates(given: list[str]) -> list[bool]:
    """The stages of dedup, with the default settings."""
    from bench.dedup import deduplicate
    from manyo.dedup.settings import Dedup

    kept: list[bool] = deduplicate(given, Dedup())[0].tolist()
    return kept


def pii(given: list[str]) -> list[list[tuple[int, int, str]]]:
    """What scrub masks where every kind is asked for."""
    from bench.pii import spans_of

    return spans_of(given)


def ocr(given: list[dict[str, Any]]) -> list[str]:
    """The running text of the source ndl."""
    from bench.ocr import read
    from manyo.corpus.sources.ndl_pages import Item
    from manyo.pipelines.extraction.loop import rare_collections

    with rare_collections():  # as the extract stage does
        return [
            read(
                tuple(
                    Item(f"digidepo_9990001_{number:04}.xml", page.encode())
                    for number, page in enumerate(book["pages"], start=1)
                )
            )
            for book in given
        ]


def pdf(given: list[str]) -> list[str]:
    """The text of the source pdf; a file that is refused has none."""
    import base64

    from manyo.corpus.records import Refused
    from manyo.corpus.sources.pdf import read_pdf

    found = (read_pdf(base64.b64decode(file)) for file in given)
    return ["" if isinstance(one, Refused) else one.text for one in found]
