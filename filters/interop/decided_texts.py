"""What pipelines of other tools get of manyo: of each text its language, signals and failed rules, as our runs do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from manyo.corpus.schema import DOC_ID, DOC_ID_BYTES, LABEL, LANGUAGES
from manyo.corpus.text import tidy
from manyo.filters.language import LanguageSettings, identify
from manyo.filters.rules.decide import PROFILES, Rule, decide, load_rules
from manyo.filters.signals.catalogue import SIGNALS
from manyo.filters.signals.measure import measure, signals_schema
from manyo.filters.signals.signal import ALSO_MEASURE
from manyo.filters.signals.signal_settings import SignalSettings


@dataclass(frozen=True, slots=True)
class Decider:
    """Measures texts and decides about them by rules.

    Attributes:
        rules: those of the file that decide about the profile.
        profile: of the texts.
        languages: where scripts are trusted, and which fastText model decides where they are not.
        signals: what is measured.
    """

    rules: tuple[Rule, ...]
    profile: str
    languages: LanguageSettings
    signals: SignalSettings

    @classmethod
    def of(
        cls,
        rules: str | None,
        profile: str = "web",
        languages: LanguageSettings | None = None,
        signals: SignalSettings | None = None,
    ) -> Decider:
        """A decider by the rules of a file; signals on request that a rule bounds are measured, too.

        Args:
            rules: a name of shipped rules, or path or URI of a file; None for no rules.
            profile: which rules of the file decide.
            languages: None for the defaults.
            signals: None for what is always measured.

        Raises:
            ValueError: a rule is invalid, or bounds what only our sources measure or `signals` does not measure, or
                the profile is unknown.
            FileNotFoundError: there is no file of rules at the path.
        """
        if profile not in PROFILES:
            raise ValueError(f"profile {profile!r} is not one of {', '.join(PROFILES)}")
        chosen = tuple(rule for rule in load_rules(rules) if profile in rule.profiles) if rules else ()
        bounded = {rule.signal for rule in chosen}
        given = signals or SignalSettings()
        on_request = (one.column.name for one in SIGNALS if one.setting == ALSO_MEASURE)
        also_measure = [name for name in on_request if name in bounded or name in given.also_measure]
        settings = replace(given, also_measure=tuple(also_measure))
        measured = {*LANGUAGES.schema.names, *signals_schema(settings).names}
        for rule in chosen:
            if rule.signal not in measured:
                needs = next((one.setting for one in SIGNALS if one.column.name == rule.signal), "a source of manyo")
                raise ValueError(f"{rules}: rule {rule.name!r} bounds {rule.signal}, which needs {needs}")
        return cls(chosen, profile, languages or LanguageSettings(), settings)

    def decide(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """Measure texts, in NFC whatever form they have.

        Returns:
            For each text `language`, `language_score`, `japanese_score`, `signals` (name to value, docs/signals.md)
            and `reasons` (every rule that it fails).
        """
        documents = pa.RecordBatch.from_arrays(
            [
                pa.array([number.to_bytes(DOC_ID_BYTES, "big") for number in range(len(texts))], DOC_ID),
                pa.array([tidy(text) for text in texts], pa.large_string()),
                pa.array([self.profile] * len(texts), pa.string()).dictionary_encode().cast(LABEL),
            ],
            names=["doc_id", "text", "profile"],
        )
        languages, signals = identify(documents, self.languages), measure(documents, self.signals)
        decisions = decide(languages, signals, documents.column("profile"), self.rules)
        rows = zip(
            languages.select(["lang", "lang_score", "japanese_score"]).to_pylist(),
            signals.drop_columns(["doc_id"]).to_pylist(),
            decisions.column("reasons").to_pylist(),
            strict=True,
        )
        return [
            {
                "language": language["lang"],
                "language_score": language["lang_score"],
                "japanese_score": language["japanese_score"],
                "signals": measured,
                "reasons": reasons,
            }
            for language, measured, reasons in rows
        ]
