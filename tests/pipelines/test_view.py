"""view: its counts are those of whatif, its file holds no markup of the corpus, and it is no larger than asked."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import stat
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from manyo.corpus.tables import shards
from manyo.filters.rules.comparison import move_bound
from manyo.pipelines.cli import main
from manyo.pipelines.commands.bound_histograms import Bound, RunCounts, count_run
from manyo.pipelines.commands.measured_documents import measured_shards
from manyo.pipelines.commands.rule_changes import what_if
from manyo.pipelines.commands.sampled_documents import draw_order
from manyo.pipelines.commands.selected_documents import Selection
from manyo.pipelines.commands.view_page import render, shown_signals, view_data
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.graph.config import Config, load_config
from tests.conftest import FinishedRun

Seen = tuple[dict[str, Any], list[dict[str, Any]]]

#: Of one table of one shard, for any number of documents: to choose scales, to count, to draw, and what is shown.
MOST_READS = 25

NO_GUIDE = {"name": "", "sha256": "", "text": ""}


@pytest.fixture(scope="module")
def config(demo_run: FinishedRun) -> Config:
    return load_config(str(demo_run.config), str(demo_run.out))


@pytest.fixture(scope="module")
def seen(config: Config) -> Seen:
    return view_data(config, 0, NO_GUIDE)


def counted(config: Config) -> RunCounts:
    sources = [source.name for source in config.sources]
    return count_run(measured_shards(config, "view"), config.rules, sources, shown_signals(config))


def block_of(page: str) -> dict[str, Any]:
    (block,) = re.findall(r'id="block">([^<]*)<', page)
    read: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(block)))
    return read


def moved(counts: np.ndarray, bound: Bound, was: int, at: int) -> tuple[list[int], list[int]]:
    """What a bound gains and loses between two places, as (documents, characters)."""
    between = counts[min(was, at) + 1 : max(was, at) + 1].sum((0, 1))[:2].tolist()
    is_looser = (at < was) == (bound.side == "minimum")
    return (between, [0, 0]) if is_looser else ([0, 0], between)


def test_a_selection_shows_its_own_documents_and_says_so(config: Config, seen: Seen) -> None:
    whole, _ = seen
    source = config.sources[0].name
    data, documents = view_data(config, 0, NO_GUIDE, Selection(sources=(source,)))
    number = whole["names"]["source"].index(source)
    assert data["totals"]["documents"] == whole["totals"]["all"]["source"][number][0] > 0
    assert {one["source"] for one in documents} == {source}
    assert data["run"]["selected"] == f"--source {source}"
    assert whole["run"]["selected"] == ""


def test_a_selection_of_nothing_is_a_mistake(
    demo_run: FinishedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "view.html"
    run = ["--config", str(demo_run.config), "--out", str(demo_run.out)]
    assert main(["view", *run, "--html", str(page), "--host", "nobody.example"]) == 2
    assert "view: no document of this run is in --host nobody.example" in capsys.readouterr().err
    assert not page.exists()


def test_every_bound_at_many_edges_changes_what_whatif_says(config: Config) -> None:
    counts = counted(config)
    shards = measured_shards(config, "view")
    n_changing = 0
    for bound, by_bound in zip(counts.bounds, counts.by_bound, strict=True):
        edges = counts.scales[bound.rule.signal].edges.tolist()
        was = edges.index(bound.value)
        places = [at for at in range(0, len(edges), 17) if can_stand(bound, edges[at])]
        alternatives = [move_bound(config.rules, bound.rule.name, bound.side, edges[at]) for at in places]
        result = what_if(shards, config.rules, alternatives, 0)
        for at, change in zip(places, result.changes, strict=True):
            gained, lost = moved(by_bound["source"], bound, was, at)
            assert gained == [change.gained.documents, change.gained.characters]
            assert lost == [change.lost.documents, change.lost.characters]
            n_changing += bool(gained[0] or lost[0])
        assert (by_bound["source"].sum((0, 1)) == by_bound["host"].sum((0, 1))).all()
        assert (by_bound["source"].sum((0, 1)) == by_bound["length"].sum((0, 1))).all()
    assert n_changing > 20


def can_stand(bound: Bound, edge: float) -> bool:
    other = bound.rule.maximum if bound.side == "minimum" else bound.rule.minimum
    return other is None or (edge <= other if bound.side == "minimum" else edge >= other)


def test_a_rule_with_two_bounds_is_counted_at_each(config: Config) -> None:
    two_sided = replace(config.rules[1], maximum=400)
    rules = (config.rules[0], two_sided, *config.rules[2:])
    own = replace(config, rules=rules)
    counts = counted(own)
    places = [place for place, bound in enumerate(counts.bounds) if bound.rule is two_sided]
    assert len(places) == 2
    for place in places:
        bound = counts.bounds[place]
        edges = counts.scales[two_sided.signal].edges.tolist()
        at = edges.index(bound.value) + (10 if bound.side == "minimum" else -10)
        alternative = move_bound(rules, two_sided.name, bound.side, edges[at])
        (change,) = what_if(measured_shards(own, "view"), rules, [alternative], 0).changes
        _, lost = moved(counts.by_bound[place]["source"], bound, edges.index(bound.value), at)
        assert lost[0] == change.lost.documents > 0


def test_all_documents_and_kept_ones_are_in_every_histogram(config: Config) -> None:
    counts = counted(config)
    (result,) = what_if(
        measured_shards(config, "view"), config.rules, [move_bound(config.rules, "too_short", "minimum", 65)], 0
    ).changes
    for by_class in counts.by_class.values():
        assert by_class[1].sum() == result.kept.documents
        assert by_class[0].sum(0).tolist() == counts.documents["source"][:, 0].tolist()


def test_the_page_shows_every_stratum_and_reads_pages_again(seen: Seen) -> None:
    data, documents = seen
    strata = {name for one in documents for name in one.get("strata", ())}
    assert {"kept", "duplicate", "too_short"} <= strata
    assert any(name.startswith("outside ") for name in strata)
    refused = [one for one in documents if "refused" in one]
    assert {one["refused"] for one in refused} == set(data["refused"])
    assert any(one["page"] for one in refused)
    pages = [one["page"] for one in documents if "refused" not in one and one["page"]]
    assert any({0, 1} <= {is_kept for is_kept, _ in page} for page in pages)
    assert any(one["survivor"]["text"] for one in documents if one.get("survivor"))
    assert all(one["way"][0] == ["doc_id", one["id"]] for one in documents if "refused" not in one)


def test_tables_are_opened_for_shards_not_for_documents(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shard of which a hundred documents are shown was opened a hundred times, once a table and step."""
    opened: Counter[str] = Counter()
    open_shard = shards._open_shard
    monkeypatch.setattr(
        shards, "_open_shard", lambda uri, *columns: (opened.update([uri]), open_shard(uri, *columns))[1]
    )
    _, documents = view_data(config, 0, NO_GUIDE)
    shown = Counter(document["source"] for document in documents)
    assert max(shown.values()) > MOST_READS
    assert max(opened.values()) <= MOST_READS


def test_every_meaning_is_there_in_both_languages(seen: Seen) -> None:
    data, documents = seen
    stated = [*data["signals"], *(one for one in documents if "refused" in one)]
    assert all(one["meaning"] and one["meaning_ja"] and one["meaning_ja"] != one["meaning"] for one in stated)


def test_a_document_has_the_kept_lines_of_its_page(seen: Seen) -> None:
    _, documents = seen
    for one in documents:
        if "refused" not in one and one["page"]:
            kept = [line for is_kept, line in one["page"] if is_kept]
            assert kept, one["uri"]
            assert set(kept) <= {*one["text"].split("\n"), *one["comments"].split("\n")}


def test_masks_are_those_of_the_release(config: Config, seen: Seen) -> None:
    _, documents = seen
    masked = [one for one in documents if one.get("masks")]
    assert masked
    for one in masked:
        for start, stop, kind in one["masks"]:
            assert one["text"][start:stop].strip()
            assert kind in {kind for kinds in config.scrub.kinds.values() for kind in kinds}


def test_the_seed_decides_the_sample_and_nothing_else(config: Config, seen: Seen) -> None:
    heads = np.arange(1000, dtype=np.uint64) << np.uint64(40)
    orders = [np.argsort(draw_order(heads, seed)).tolist() for seed in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2]
    data, documents = seen
    again, same = view_data(config, 0, NO_GUIDE)
    assert (data["bounds"], documents) == (again["bounds"], same)


def test_the_file_is_for_the_user_alone_and_runs_only_its_own_script(demo_run: FinishedRun, tmp_path: Path) -> None:
    path = tmp_path / "view.html"
    options = ("--config", str(demo_run.config), "--out", str(demo_run.out), "--html", str(path))
    assert main(["view", *options]) == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    page = path.read_text(encoding="utf-8")
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page
    assert "default-src 'none'" in page
    assert not re.findall(r"(?:src|href)\s*=", page)
    assert "朝霧" not in page  # texts are in the block only


def test_the_page_is_no_larger_than_asked(seen: Seen) -> None:
    data, documents = seen
    page, cut = render(data, documents, 10**9)
    assert cut == 40_000
    small, less = render(data, documents, len(page) - 20_000)
    assert less < 40_000
    assert len(small.encode()) <= len(page) - 20_000
    shown = block_of(small)["documents"]
    assert max(len(one.get("text") or "") for one in shown) <= less
    assert [one["id"] for one in shown] == [one["id"] for one in documents]
    with pytest.raises(UserError, match="--max-mb"):
        render(data, documents, 1000)


def test_a_text_that_may_not_be_displayed_is_not_in_the_file(demo_run: FinishedRun, tmp_path: Path) -> None:
    text = demo_run.config.read_text(encoding="utf-8")
    forbidding = tmp_path / "forbidding.toml"
    forbidding.write_text(text.replace('name    = "web"\n', 'name    = "web"\nuses = ["train"]\n'), encoding="utf-8")
    assert forbidding.read_text(encoding="utf-8") != text
    loaded = load_config(str(forbidding), str(tmp_path / "out"))
    assert (
        main(
            [
                "run",
                "--until",
                "filter",
                "--config",
                str(forbidding),
                "--out",
                str(tmp_path / "out"),
                "--executor",
                "serial",
            ]
        )
        == 0
    )
    data, documents = view_data(loaded, 0, NO_GUIDE)
    of_web = [one for one in documents if one["source"] == "web"]
    assert len(of_web) > 20
    assert all(not one.get("text") and not one["page"] and not one.get("title") for one in of_web)
    assert any(one.get("text") for one in documents)
    assert data["totals"]["documents"] > 0
