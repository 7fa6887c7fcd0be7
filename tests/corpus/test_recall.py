"""Documents of whole archives against the records that a rule selects of them: nothing is counted as found that is
not."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.intervals import wilson
from manyo.corpus.records import InputFile
from manyo.corpus.sources.index_recall import Place, draw_archives, look_up
from manyo.corpus.sources.index_rows import Rule, select, why_not
from manyo.pipelines.cli import main
from tests.corpus.test_commoncrawl import INDEX, crawl, row, write_index

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "fetch_status": st.sampled_from([200, 404]),
            "content_mime_detected": st.sampled_from(["text/html", "image/png", None]),
            "content_truncated": st.sampled_from(["length", None]),
            "content_languages": st.sampled_from(["jpn", "eng", None]),
            "content_charset": st.sampled_from(["UTF-8", "Shift_JIS", None]),
        }
    ),
    max_size=12,
)


def index_of(root: Path, rows: list[dict[str, object]]) -> list[InputFile]:
    path = write_index(root, rows)
    return [InputFile(str(path), path.stat().st_size, "1")]


@settings(max_examples=40)
@given(ROWS, st.sampled_from([Rule(), Rule(unknown="none", truncated="drop"), Rule(unknown="all", charsets=())]))
def test_a_row_that_is_not_selected_has_the_reason_under_which_the_selection_counts_it(
    tmp_path_factory: pytest.TempPathFactory, values: list[dict[str, object]], rule: Rule
) -> None:
    rows = [
        row("a.com", f"/{at}", warc_filename="x", warc_record_offset=at, warc_record_length=9, **one)
        for at, one in enumerate(values)
    ]
    root = tmp_path_factory.mktemp("index")
    files = index_of(root, rows)
    with open(files[0].uri, "rb") as stream:
        selected = select(stream, rule)
    chosen = set(selected.rows["warc_record_offset"].to_pylist())
    reasons = Counter(why_not(one, rule) for one in rows if one["warc_record_offset"] not in chosen)
    terms = {"language", "charset", "tld", "host", "unknown", "rows"}
    assert reasons == Counter({name: n for name, n in selected.counts.items() if name not in terms})
    sample = look_up(files, rule, ["x"])
    assert {place.offset for place in sample.selected} == chosen
    assert [sample.outcome(Place("x", at)) == "" for at in range(len(rows))] == [
        at in chosen for at in range(len(rows))
    ]


def test_a_record_that_the_index_does_not_have_is_lost(tmp_path: Path) -> None:
    sample = look_up(index_of(tmp_path, crawl(tmp_path)), Rule(), ["elsewhere"])
    assert sample.outcome(Place("elsewhere", 0)) == "no_row"
    assert sample.selected_bytes == 0


def test_the_same_seed_draws_the_same_archives_and_seeds_draw_all_of_them(tmp_path: Path) -> None:
    files = index_of(tmp_path, crawl(tmp_path, n_pages=40, n_archives=5))
    assert draw_archives(files, 2, 1) == draw_archives(files, 2, 1)
    drawn = {archive for seed in range(30) for archive in draw_archives(files, 2, seed)}
    assert len(drawn) == 5
    assert len(draw_archives(files, 99, 1)) == 5


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_an_interval_holds_its_share_and_narrows_with_more_documents(one: int, other: int) -> None:
    n_right, n = sorted((one, other))
    low, high = wilson(n_right, n)
    assert 0 <= low <= high <= 1
    if n:
        assert low <= n_right / n <= high
        narrower = wilson(100 * n_right, 100 * n)
        assert narrower[1] - narrower[0] < high - low


def test_wilson_s_interval_is_that_of_the_literature() -> None:
    # Newcombe (1998), Statistics in Medicine 17, table I, method 3.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)


def config_of(root: Path, rule: str = "") -> Path:
    config = root / "run.toml"
    config.write_text(
        f"""
[run]
out = "{root}/out"
[[source]]
name = "crawl"
kind = "commoncrawl"
inputs = ["{root}/{INDEX}"]
paths_prefix = "{root}/"
profile = "web"
licence = "unknown"
{rule}
[tokenize]
model = "none.model"
""",
        encoding="utf-8",
    )
    return config


def test_the_command_names_what_an_index_lost_and_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = crawl(tmp_path)
    japanese = [one for one in rows if one["content_languages"] == "jpn,eng"]
    japanese[0]["content_languages"] = "eng"
    japanese[1]["content_languages"] = None
    rows.remove(japanese[2])
    write_index(tmp_path, rows)
    arguments = ["recall", "--config", str(config_of(tmp_path, 'unknown = "none"'))]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert "recall    5 of 8 documents, 0.6250 (95 %: 0.3057 to 0.8632)" in printed
    lost = next(line for line in printed.splitlines() if line.startswith("lost"))
    assert sorted(lost.split(maxsplit=1)[1].split(", ")) == ["language_other 1", "language_unknown 1", "no_row 1"]
    assert "example.com 3" in printed
    assert not (tmp_path / "out").exists()


def test_a_missing_archive_and_a_sample_of_nothing_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = crawl(tmp_path)
    write_index(tmp_path, rows)
    config = str(config_of(tmp_path))
    with pytest.raises(SystemExit):
        main(["recall", "--config", config, "--archives", "0"])
    assert "argument --archives: 0 is less than 1" in capsys.readouterr().err
    (tmp_path / str(rows[0]["warc_filename"])).unlink()
    assert main(["recall", "--config", config]) == 2
    assert str(rows[0]["warc_filename"]) in capsys.readouterr().err
