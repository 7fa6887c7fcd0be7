"""Runs Presidio's analyzer for `bench/pii.py`, in any Python that has it and a Japanese model, without manyo.

    PYTHON bench/peer_presidio.py TEXTS.json MODEL

MODEL is a spaCy model that a package ships, such as `ja_ginza`. Prints a JSON list of (row, start, stop, kind), where a
kind is a name of Presidio's.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from presidio_analyzer import AnalyzerEngine, RecognizerRegistry  # type: ignore[import-not-found]
from presidio_analyzer.nlp_engine import NlpEngineProvider  # type: ignore[import-not-found]
from presidio_analyzer.predefined_recognizers import (  # type: ignore[import-not-found]
    CreditCardRecognizer,
    EmailRecognizer,
    IbanRecognizer,
    IpRecognizer,
    PhoneRecognizer,
    SpacyRecognizer,
)

#: ja_ginza's entity labels that Presidio's recognizer passes on.
_ENTITIES = {"Person": "PERSON", "PERSON": "PERSON", "Postal_Address": "ADDRESS", "ADDRESS": "ADDRESS"}


def main() -> None:
    """Analyze and locate."""
    texts = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    settings = {"nlp_engine_name": "spacy", "models": [{"lang_code": "ja", "model_name": sys.argv[2]}]}
    settings["ner_model_configuration"] = {"model_to_presidio_entity_mapping": _ENTITIES, "labels_to_ignore": []}
    engine = NlpEngineProvider(nlp_configuration=settings).create_engine()
    registry = RecognizerRegistry(supported_languages=["ja"])
    for recognizer in (CreditCardRecognizer, EmailRecognizer, IbanRecognizer, IpRecognizer):
        registry.add_recognizer(recognizer(supported_language="ja"))
    registry.add_recognizer(PhoneRecognizer(supported_language="ja", supported_regions=["JP"]))
    registry.add_recognizer(SpacyRecognizer(supported_language="ja", supported_entities=["PERSON", "ADDRESS"]))
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["ja"])
    spans = [
        (row, found.start, found.end, found.entity_type)
        for row, text in enumerate(texts)
        for found in analyzer.analyze(text=text, language="ja")
    ]
    print(json.dumps(spans))


if __name__ == "__main__":
    main()
