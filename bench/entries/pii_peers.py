"""Peers in finding personal information: for each text, the places of what they mask as start, stop and their kind."""

from __future__ import annotations

#: ja_ginza's entity labels that Presidio's recognizer passes on.
_ENTITIES = {"Person": "PERSON", "PERSON": "PERSON", "Postal_Address": "ADDRESS", "ADDRESS": "ADDRESS"}

Spans = list[tuple[int, int, str]]


def hojichar(given: list[str]) -> list[Spans]:
    """HojiChar's MaskPersonalInformation: telephone and e-mail."""
    from hojichar.filters.document_filters import MaskPersonalInformation

    mask = MaskPersonalInformation()
    patterns = (("phone", mask.phone_pat), ("email", mask.email_pat))
    return [[(*match.span(), kind) for kind, pattern in patterns for match in pattern.finditer(text)] for text in given]


def datatrove(given: list[str]) -> list[Spans]:
    """datatrove's PIIFormatter: e-mail and IP."""
    from datatrove.pipeline.formatters import PIIFormatter

    peer = PIIFormatter()
    replacers = (("email", peer.emails_replacer), ("ip", peer.ip_replacer))
    return [
        [
            (*match.span(), kind)
            for kind, replacer in replacers
            for match in replacer.regex.finditer(text)
            if not replacer.validator or replacer.validator(match[0])
        ]
        for text in given
    ]


def presidio(given: list[str]) -> list[Spans]:
    """Presidio's analyzer: its pattern recognizers, and names and addresses by the Japanese model ja_ginza."""
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NlpEngineProvider
    from presidio_analyzer.predefined_recognizers import (
        CreditCardRecognizer,
        EmailRecognizer,
        IbanRecognizer,
        IpRecognizer,
        PhoneRecognizer,
        SpacyRecognizer,
    )

    settings = {"nlp_engine_name": "spacy", "models": [{"lang_code": "ja", "model_name": "ja_ginza"}]}
    settings["ner_model_configuration"] = {"model_to_presidio_entity_mapping": _ENTITIES, "labels_to_ignore": []}
    engine = NlpEngineProvider(nlp_configuration=settings).create_engine()
    registry = RecognizerRegistry(supported_languages=["ja"])
    for recognizer in (CreditCardRecognizer, EmailRecognizer, IbanRecognizer, IpRecognizer):
        registry.add_recognizer(recognizer(supported_language="ja"))
    registry.add_recognizer(PhoneRecognizer(supported_language="ja", supported_regions=["JP"]))
    registry.add_recognizer(SpacyRecognizer(supported_language="ja", supported_entities=["PERSON", "ADDRESS"]))
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["ja"])
    return [
        [(found.start, found.end, found.entity_type) for found in analyzer.analyze(text=text, language="ja")]
        for text in given
    ]
