"""The reference of the configuration: every key has a meaning in both languages, and the schema accepts what loads."""

from __future__ import annotations

import json
import tomllib

import jsonschema
import pytest

from docs.configuration import _JAPANESE, keys
from manyo.pipelines.graph.config_schema import schema
from tests.conftest import ROOT

KEYS = list(keys())


@pytest.fixture(scope="module")
def checker() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(json.loads(schema()))
    return jsonschema.Draft202012Validator(json.loads(schema()))


@pytest.mark.parametrize("key", KEYS, ids=lambda key: f"{key.table} {key.name}")
def test_every_key_has_a_meaning(key) -> None:  # type: ignore[no-untyped-def]
    assert key.meaning


def test_the_japanese_meanings_are_of_keys_that_exist() -> None:
    meanings = tomllib.loads(_JAPANESE.read_text(encoding="utf-8"))["meaning"]
    assert set(meanings) <= {key.name for key in KEYS}


@pytest.mark.parametrize("name", ["demo", "web"])
def test_the_schema_accepts_the_bundled_configurations(name: str, checker: jsonschema.Draft202012Validator) -> None:
    tables = tomllib.loads((ROOT / "configs" / f"{name}.toml").read_text(encoding="utf-8"))
    assert [error.message for error in checker.iter_errors(tables)] == []


@pytest.mark.parametrize(
    "text",
    [
        "run.outs = 1",
        "[filters]",
        "dedup.min_similarity = '80'",
        "dedup.alarms.max = 1",
        "source = { name = 'a' }",
        "source = [{ name = 'a', kind = 'jsonl', inputs = ['a'], profile = 'web', licence = 'x', pdf = true }]",
        "tokenize.train.word_boundaries = 'D'",
    ],
)
def test_the_schema_refuses_mistakes(text: str, checker: jsonschema.Draft202012Validator) -> None:
    good = {"out": "o"}, [{"name": "a", "kind": "jsonl", "inputs": ["a"], "profile": "web", "licence": "x"}]
    tables = {"run": good[0], "source": good[1]}
    assert checker.is_valid(tables)
    parsed = tomllib.loads(text)
    assert not checker.is_valid({**tables, **parsed, "run": {**good[0], **parsed.get("run", {})}})
