"""Our languages, signals and rules as a block of a datatrove pipeline, for teams that adopt this part first.

datatrove is an extra (`pip install 'manyo[datatrove]'`); nothing else of manyo needs it.

    from manyo.filters.interop.datatrove_block import JapaneseFilter

    LocalPipelineExecutor(pipeline=[
        JsonlReader("extracted/"),
        JapaneseFilter("default", exclusion_writer=JsonlWriter("dropped/")),
        JsonlWriter("kept/"),
    ]).run()
"""

from __future__ import annotations

from collections.abc import Sequence

from datatrove.data import Document
from datatrove.pipeline.filters.base_filter import BaseFilter
from datatrove.pipeline.writers.disk_base import DiskWriter

from manyo.filters.interop.decided_texts import Decider
from manyo.filters.language import LanguageSettings
from manyo.filters.signals.signal_settings import SignalSettings


class JapaneseFilter(BaseFilter):  # type: ignore[misc]  # datatrove has no types
    """Measures every document, and drops those that fail a rule.

    The metadata of every document, kept or not, get `language` and `language_score`, which datatrove's own language
    filter sets too, `japanese_score`, `signals` (name to value, docs/signals.md) and `reasons` (every rule that the
    document fails). The numbers are those of a run of manyo on the same text. A text that is not in NFC is measured in
    NFC, but is not changed.

    Args:
        rules: path or URI of a file of rules; None drops nothing.
        profile: which rules of the file decide: web, ocr, classical, law, prose, patent, textbook, pdf.
        languages: where scripts are trusted, and which fastText model decides where they are not.
        signals: lists of words to count and models whose scores are signals. Signals that are measured on request are
            measured if a rule bounds them, even if they are not named here.
        exclusion_writer: where dropped documents go; `filter_reason` is the first rule that they fail.
        batch_size: documents that are measured together; a kernel call costs as much as a few of them.

    Raises:
        ValueError: a rule is invalid, or bounds what only our sources measure or `signals` does not measure, or
            the profile is unknown.
        FileNotFoundError: there is no file of rules at the path.
    """

    name = "万葉 Japanese"

    def __init__(
        self,
        rules: str | None,
        profile: str = "web",
        languages: LanguageSettings | None = None,
        signals: SignalSettings | None = None,
        exclusion_writer: DiskWriter | None = None,
        batch_size: int = 256,
    ) -> None:
        super().__init__(exclusion_writer, batch_size)
        self.decider = Decider.of(rules, profile, languages, signals)

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        """Measure one document, and return whether it is kept, or False and the first rule that it fails."""
        return self.filter_batch([doc])[0]

    def filter_batch(self, batch: Sequence[Document]) -> list[bool | tuple[bool, str]]:
        """Measure documents, and return for each whether it is kept, or False and the first rule that it fails."""
        results: list[bool | tuple[bool, str]] = []
        for document, found in zip(batch, self.decider.decide([one.text for one in batch]), strict=True):
            document.metadata |= found
            for reason in found["reasons"]:
                self.stat_update(f"fails_{reason}")
            results.append((False, found["reasons"][0]) if found["reasons"] else True)
        return results
