"""Views: the release and what follows it have one text, and nothing makes a view of a view."""

from __future__ import annotations

from dataclasses import replace

import pytest

from manyo.corpus.tables.export import Export
from manyo.filters.pii.scrub_settings import Scrub
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import load_config
from manyo.pipelines.graph.release_stages import scrub_stage
from tests.conftest import ROOT

CONFIG = load_config(str(ROOT / "configs" / "demo.toml"), "out")


def test_a_view_of_a_view_is_an_error_in_one_line() -> None:
    config = replace(CONFIG, scrub=Scrub(view="ruby"), export=Export(view="markdown"))
    with pytest.raises(UserError, match=r"demo\.toml: \[export\] view: the release is in the view of \[scrub\]"):
        build_stages(config)


def test_a_view_of_the_release_is_in_the_fingerprint_of_what_makes_it() -> None:
    plain, ruby = (scrub_stage(replace(CONFIG, scrub=Scrub(view=view)), ()) for view in ("plain", "ruby"))  # type: ignore[arg-type]
    assert plain.settings != ruby.settings


def test_an_unknown_view_is_an_error_that_names_the_views() -> None:
    with pytest.raises(ValueError, match=r"scrub\.view: 'html' is none of plain, markdown, ruby"):
        Scrub(view="html")  # type: ignore[arg-type]
