"""Our languages, signals and rules as a block of a datatrove pipeline, for a team that takes this part first.

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

    Into the metadata of a document, kept or not, go `language` and `language_score`, as datatrove's own language
    filter names them, `japanese_score`, `signals` (name to value, docs/signals.md) and `reasons` (every rule that
    it fails). The numbers are those of a run of manyo on the same text; a text that is not in NFC is measured in
    NFC, and stays as it is.

    Args:
        rules: path or URI of a file of rules; None drops nothing.
        profile: which rules of the file decide: web, ocr, classical, law, prose.
        languages: where scripts are trusted, and which fastText model is asked where they are not.
        signals: lists of words to count and models whose scores are signals. Those that are measured on request only
            and that a rule looks at are measured without being named here.
        exclusion_writer: where dropped documents go; `filter_reason` is the first rule that they fail.
        batch_size: documents that are measured together; a kernel call costs as much as a few of them.

    Raises:
        ValueError: a rule is wrong, or looks at what only our own sources measure or what nothing in `signals`
            measures; or the profile is unknown.
        FileNotFoundError: there are no rules at the path.
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
            raise ValueError(f"profile {profile!r} is none of {', '.join(PROFILES)}")
        self.rules = tuple(rule for rule in load_rules(rules) if profile in rule.profiles) if rules else ()
        looked_at = {rule.signal for rule in self.rules}
        given = signals or SignalSettings()
        on_request = (one.column.name for one in SIGNALS if one.setting == ALSO_MEASURE)
        also_measure = [name for name in on_request if name in looked_at or name in given.also_measure]
        self.signals = replace(given, also_measure=tuple(also_measure))
        measured = {*LANGUAGES.schema.names, *signals_schema(self.signals).names}
        for rule in self.rules:
            if rule.signal not in measured:
                needs = next((one.setting for one in SIGNALS if one.column.name == rule.signal), "a source of manyo")
                raise ValueError(f"{rules}: rule {rule.name!r} looks at {rule.signal}, which needs {needs}")
        self.profile = profile
        self.languages = languages or LanguageSettings()

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        """Measure one document; whether it is kept, or the first rule that it fails."""
        return self.filter_batch([doc])[0]

    def filter_batch(self, batch: Sequence[Document]) -> list[bool | tuple[bool, str]]:
        """Measure documents; of each, whether it is kept, or the first rule that it fails."""
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
