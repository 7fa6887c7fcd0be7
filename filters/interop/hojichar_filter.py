"""Our languages, signals and rules as a filter of HojiChar, for teams that clean their texts with it.

HojiChar is an extra (`pip install 'manyo[hojichar]'`); nothing else of manyo needs it.

    from hojichar import Compose, document_filters
    from manyo.filters.interop.hojichar_filter import JapaneseRules

    cleaner = Compose([document_filters.JSONLoader(), JapaneseRules("default"), document_filters.JSONDumper()])
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hojichar.core.filter_interface import Filter
from hojichar.core.models import Document

from manyo.filters.interop.decided_texts import Decider
from manyo.filters.language import LanguageSettings
from manyo.filters.signals.signal_settings import SignalSettings


class JapaneseRules(Filter):
    """Measures every document, and rejects those that fail a rule.

    The `extras` of every document, rejected or not, get `language`, `language_score`, `japanese_score`, `signals` (name
    to value, docs/signals.md) and `reasons` (every rule that it fails). The numbers are those of a run of manyo on the
    same text; the text is not changed. `reject_reason` names the rules and the profile, as HojiChar has it.

    Args:
        rules: a name of shipped rules, or path or URI of a file; None rejects nothing.
        profile: which rules of the file decide: web, ocr, classical, law, prose, patent, textbook, pdf.
        languages: where scripts are trusted, and which fastText model decides where they are not.
        signals: lists of words to count and models whose scores are signals.
        options: of every filter of HojiChar, such as `p`, `use_batch` and `batch_size`; a kernel call costs as much as
            a few documents, so batches are the default.

    Raises:
        ValueError, FileNotFoundError: as `manyo.filters.interop.decided_texts.Decider.of`.
    """

    def __init__(
        self,
        rules: str | None,
        profile: str = "web",
        languages: LanguageSettings | None = None,
        signals: SignalSettings | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**{"use_batch": True, **options})
        self._decider = Decider.of(rules, profile, languages, signals)
        self.rules = rules
        self.profile = profile

    def apply(self, document: Document) -> Document:
        """Measure one document, and reject it if a rule fails."""
        return self.apply_batch([document])[0]

    def apply_batch(self, batch: Sequence[Document]) -> list[Document]:
        """Measure documents, and reject those that a rule fails."""
        for document, found in zip(batch, self._decider.decide([one.text for one in batch]), strict=True):
            document.extras |= found
            document.is_rejected = document.is_rejected or bool(found["reasons"])
        return list(batch)
