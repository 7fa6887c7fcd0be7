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
from dataclasses import replace

import pyarrow as pa
from datatrove.data import Document
from datatrove.pipeline.filters.base_filter import BaseFilter
from datatrove.pipeline.writers.disk_base import DiskWriter

from manyo.corpus.schema import DOC_ID, DOC_ID_BYTES, LABEL, LANGUAGES
from manyo.corpus.text import tidy
from manyo.filters.language import LanguageSettings, identify
from manyo.filters.rules.decide import PROFILES, decide, load_rules
from manyo.filters.signals.catalogue import SIGNALS
from manyo.filters.signals.measure import measure, signals_schema
from manyo.filters.signals.signal import ALSO_MEASURE
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
        if profile not in PROFILES:
            raise ValueError(f"profile {profile!r} is not one of {', '.join(PROFILES)}")
        self.rules = tuple(rule for rule in load_rules(rules) if profile in rule.profiles) if rules else ()
        bounded = {rule.signal for rule in self.rules}
        given = signals or SignalSettings()
        on_request = (one.column.name for one in SIGNALS if one.setting == ALSO_MEASURE)
        also_measure = [name for name in on_request if name in bounded or name in given.also_measure]
        self.signals = replace(given, also_measure=tuple(also_measure))
        measured = {*LANGUAGES.schema.names, *signals_schema(self.signals).names}
        for rule in self.rules:
            if rule.signal not in measured:
                needs = next((one.setting for one in SIGNALS if one.column.name == rule.signal), "a source of manyo")
                raise ValueError(f"{rules}: rule {rule.name!r} bounds {rule.signal}, which needs {needs}")
        self.profile = profile
        self.languages = languages or LanguageSettings()

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        """Measure one document, and return whether it is kept, or False and the first rule that it fails."""
        return self.filter_batch([doc])[0]

    def filter_batch(self, batch: Sequence[Document]) -> list[bool | tuple[bool, str]]:
        """Measure documents, and return for each whether it is kept, or False and the first rule that it fails."""
        documents = pa.RecordBatch.from_arrays(
            [
                pa.array([number.to_bytes(DOC_ID_BYTES, "big") for number in range(len(batch))], DOC_ID),
                pa.array([tidy(document.text) for document in batch], pa.large_string()),
                pa.array([self.profile] * len(batch), pa.string()).dictionary_encode().cast(LABEL),
            ],
            names=["doc_id", "text", "profile"],
        )
        languages, signals = identify(documents, self.languages), measure(documents, self.signals)
        decisions = decide(languages, signals, documents.column("profile"), self.rules)
        rows = zip(
            batch,
            languages.select(["lang", "lang_score", "japanese_score"]).to_pylist(),
            signals.drop_columns(["doc_id"]).to_pylist(),
            decisions.column("reasons").to_pylist(),
            strict=True,
        )
        results: list[bool | tuple[bool, str]] = []
        for document, language, measured, reasons in rows:
            document.metadata |= {
                "language": language["lang"],
                "language_score": language["lang_score"],
                "japanese_score": language["japanese_score"],
                "signals": measured,
                "reasons": reasons,
            }
            for reason in reasons:
                self.stat_update(f"fails_{reason}")
            results.append((False, reasons[0]) if reasons else True)
        return results
