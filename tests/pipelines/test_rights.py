"""Files of sites in a run: what was in force on a day takes a use away, is counted by host, and costs no other page."""

from __future__ import annotations

import gzip
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from manyo.filters.site_files import Capture, given_addresses
from manyo.pipelines.cli import main
from manyo.pipelines.commands.measured_documents import measured_shards
from manyo.pipelines.extraction.inputs import pack_source
from manyo.pipelines.graph.config import load_config
from manyo.pipelines.graph.robots_stages import captures_in, is_silent, source_of
from manyo.pipelines.run import table_folder

TEXT = "港の朝市は六時に始まり、漁から戻った船の前に小さな台がいくつも並ぶ。今年は水温が高かったせいか、鯵が早く来た。"
PAGE = f"<html><head><title>朝市</title></head><body><p>{TEXT * 6}</p></body></html>"


def warc(path: Path, *answers: tuple[str, str, int, str]) -> None:
    """Write answers, each an address, a day, a status and a body, as an archive."""
    with gzip.open(path, "wb") as stream:
        for url, day, status, body in answers:
            http = f"HTTP/1.1 {status} x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{body}".encode()
            head = (
                f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: {day}T00:00:00Z\r\n"
                f"WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-{abs(hash((url, day))) % 10**12:012}>\r\n"
                f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n"
            )
            stream.write(head.encode() + http + b"\r\n\r\n")


@pytest.fixture
def crawl(tmp_path: Path) -> Path:
    """Pages of four hosts, and their robots.txt on several days."""
    ban = "User-agent: GPTBot\nDisallow: /closed/\n"
    warc(
        tmp_path / "pages.warc.gz",
        *(
            (f"https://{host}.example/{path}", "2026-04-01", 200, PAGE)
            for host, path in (("a", "closed/1"), ("a", "open/1"), ("b", "1"), ("c", "1"), ("d", "1"))
        ),
    )
    warc(
        tmp_path / "robots.warc.gz",
        ("https://a.example/robots.txt", "2026-03-01", 200, ban),
        ("https://b.example/robots.txt", "2026-03-01", 200, "User-agent: *\nDisallow:\n"),
        ("https://b.example/robots.txt", "2026-05-01", 200, "User-agent: *\nContent-Signal: ai-train=no\n"),
        ("https://c.example/robots.txt", "2026-03-01", 404, "<p>nothing</p>"),
        ("https://c.example/other.html", "2026-03-01", 200, PAGE),
    )
    return tmp_path


def uses(crawl: Path, policy: str) -> dict[str, list[str]]:
    """What each page may be used for, by host and path, and the rows of `permissions`."""
    config = crawl / "config.toml"
    config.write_text(
        f"""[run]
out = "{crawl / "out"}"
[[source]]
name = "cc"
kind = "warc"
inputs = ["{crawl / "pages.warc.gz"}"]
profile = "web"
licence = "see the page"
[rights]
robots = ["{crawl / "robots.warc.gz"}"]
[rights.train]
{policy}
[tokenize.train]
vocabulary_size = 300
""",
        encoding="utf-8",
    )
    assert main(["run", "--config", str(config), "--until", "filter", "--executor", "serial", "--allow-empty"]) == 0
    pages: list[str] = []
    listed: list[list[str]] = []
    for table, column, into in (("documents", "uri", pages), ("decisions", "uses", listed)):
        for path in sorted(Path(table_folder(load_config(str(config)), table)).rglob("*.parquet")):
            into += pq.read_table(path, columns=[column], partitioning=None)[column].to_pylist()
    return dict(zip((page.removeprefix("https://") for page in pages), listed, strict=True))


def permissions(crawl: Path) -> list[tuple[object, ...]]:
    folder = Path(table_folder(load_config(str(crawl / "config.toml")), "permissions"))
    rows = [row for path in folder.glob("*.parquet") for row in pq.read_table(path, partitioning=None).to_pylist()]
    return sorted((tuple(row.values()) for row in rows), key=str)


def without_train(found: dict[str, list[str]]) -> list[str]:
    assert all({"search", "display", "redistribute"} <= set(row) for row in found.values())
    return [page for page, row in found.items() if "train" not in row]


def test_the_file_that_was_in_force_when_a_page_was_fetched_decides(crawl: Path) -> None:
    assert without_train(uses(crawl, 'agents = ["GPTBot"]')) == ["a.example/closed/1"]
    ((host, agent, use, since, source, file, verdict, pages),) = permissions(crawl)
    assert (host, agent, use, str(since)) == ("https://a.example", "GPTBot", "train", "2026-03-01")
    assert (source, file, verdict, pages) == ("robots.txt", "https://a.example/robots.txt", "denied", 1)


def test_a_later_file_decides_where_the_policy_reads_as_of_a_later_day(crawl: Path) -> None:
    assert without_train(uses(crawl, 'as_of = "2026-06-01"')) == ["b.example/1"]


def test_a_ban_on_fetching_takes_a_use_away_where_the_policy_says_so(crawl: Path) -> None:
    assert without_train(uses(crawl, "")) == []
    assert without_train(uses(crawl, 'agents = ["GPTBot"]\ncrawl_bans = true')) == ["a.example/closed/1"]


RESERVED = '[{"location": "/", "tdm-reservation": 1}]'
RSL = (
    '<rsl xmlns="https://rslstandard.org/rsl"><content url="/"><license>'
    '<prohibits type="usage">ai-train</prohibits></license></content></rsl>'
)
NO_TRAINING = "User-Agent: *\nDisallow: *.html\nDisallow: /\nDisallow: *\n"


def add_pages(crawl: Path, *answers: tuple[str, str, int, str]) -> None:
    """Put answers behind those of the crawl's own archive."""
    before = (crawl / "pages.warc.gz").read_bytes()
    warc(crawl / "pages.warc.gz", *answers)
    (crawl / "pages.warc.gz").write_bytes(before + (crawl / "pages.warc.gz").read_bytes())


@pytest.mark.parametrize(
    ("place", "body", "source"),
    [
        ("/.well-known/tdmrep.json", RESERVED, "tdmrep.json"),
        ("/ai.txt", NO_TRAINING, "ai.txt"),
        ("/terms/l.xml", RSL, "rsl"),
    ],
)
def test_each_file_of_a_site_is_read_from_the_archives_of_the_crawl(
    crawl: Path, place: str, body: str, source: str
) -> None:
    named = [("https://d.example/robots.txt", "2026-03-02", 200, f"License: https://d.example{place}\n")]
    warc(crawl / "robots.warc.gz", (f"https://d.example{place}", "2026-03-02", 200, body), *named)
    assert without_train(uses(crawl, "")) == ["d.example/1"]
    row = next(row for row in permissions(crawl) if row[4] == source)
    assert row == (
        "https://d.example",
        "*",
        "train",
        date(2026, 3, 2),
        source,
        f"https://d.example{place}",
        "denied",
        1,
    )


def test_a_file_that_is_not_there_or_later_than_the_page_takes_no_use_away(crawl: Path) -> None:
    place = "https://d.example/.well-known/tdmrep.json"
    warc(crawl / "robots.warc.gz", (place, "2026-03-01", 404, RESERVED), (place, "2026-05-01", 200, RESERVED))
    assert without_train(uses(crawl, "")) == []
    assert without_train(uses(crawl, 'as_of = "2026-05-01"')) == ["d.example/1"]


def test_a_page_that_lifts_the_reservation_of_its_site_may_train(crawl: Path) -> None:
    lifted = PAGE.replace("<head>", '<head><meta name="tdm-reservation" content="0">').replace("朝市", "夕市")
    add_pages(crawl, ("https://d.example/2", "2026-04-01", 200, lifted))
    warc(crawl / "robots.warc.gz", ("https://d.example/.well-known/tdmrep.json", "2026-03-01", 200, RESERVED))
    assert without_train(uses(crawl, "")) == ["d.example/1"]


def test_a_licence_that_a_page_names_is_found_and_one_that_was_not_captured_is_listed(crawl: Path) -> None:
    link = '<link rel="license" type="application/rsl+xml" href="{}">'
    for number, address in ((2, "/l.xml"), (3, "https://rsl.example/l.xml")):
        page = PAGE.replace("<head>", "<head>" + link.format(address)).replace("朝市", f"市場{number}")
        add_pages(crawl, (f"https://d.example/{number}", "2026-04-01", 200, page))
    warc(crawl / "robots.warc.gz", ("https://d.example/l.xml", "2026-03-01", 200, RSL))
    assert without_train(uses(crawl, "")) == ["d.example/2"]
    (missing,) = [row for row in permissions(crawl) if row[6] == "unknown"]
    assert missing == ("https://d.example", "*", "train", None, "rsl", "https://rsl.example/l.xml", "unknown", 1)


def test_a_file_may_be_given_in_the_folder_of_its_host(crawl: Path) -> None:
    folder = crawl / "robots.warc.gz"
    folder.unlink()
    (folder / "d.example" / ".well-known").mkdir(parents=True)
    (folder / "d.example" / ".well-known" / "tdmrep.json").write_text(RESERVED)
    assert without_train(uses(crawl, "")) == ["d.example/1"]
    assert [row[3] for row in permissions(crawl)] == [None]


def test_a_given_robots_txt_of_which_no_line_is_read_is_a_notice(
    crawl: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A ban that nobody could read was no ban, without a word."""
    ban = "User-agent: GPTBot\nDisallow: /\n"
    hosts = {"utf16": ban.encode("utf-16"), "page": b"<html>not found", "bom": ban.encode("utf-8-sig"), "none": b""}
    # Read although misspelt, without colons or with the line ends of old Macs; and one that bans nothing.
    hosts |= {"spelt": b"UserAgent: x\nDissallow: /", "colons": b"User agent: x\nDisallow /", "map": b"Sitemap: /s.xml"}
    hosts["macs"] = b"# bans\rUser-agent: *\rDisallow: /\r"
    for host, body in hosts.items():
        (crawl / "given" / f"{host}.example").mkdir(parents=True)
        (crawl / "given" / f"{host}.example" / "robots.txt").write_bytes(body)
    silent = [one.url for one in captures_of(crawl / "given") if is_silent(one)]
    assert sorted(silent) == ["https://page.example/robots.txt", "https://utf16.example/robots.txt"]
    for path in (crawl / "given").rglob("robots.txt"):
        shutil.copytree(path.parent, crawl / "robots.warc.gz.folder" / path.parent.name)
    (crawl / "robots.warc.gz").unlink()
    (crawl / "robots.warc.gz.folder").rename(crawl / "robots.warc.gz")
    uses(crawl, 'agents = ["GPTBot"]')
    assert "2 files robots.txt hold no line of one, as where they are UTF-16" in capsys.readouterr().out


def captures_of(folder: Path) -> list[Capture]:
    return [one for shard in pack_source(source_of((f"{folder}/**/*",))) for one in captures_in(shard)]


def test_a_given_file_without_a_host_is_one_line(crawl: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match=r"^terms/ai\.txt: put it into a folder with the name of its host"):
        given_addresses("terms/ai.txt")
    assert given_addresses("crawl/robotstxt/1.warc.gz") == ()


def test_a_sample_shows_no_text_that_only_a_site_forbids_to_display(crawl: Path) -> None:
    named = ("https://d.example/robots.txt", "2026-03-02", 200, "License: /l.xml\n")
    licence = RSL.replace("ai-train", "all")
    warc(crawl / "robots.warc.gz", ("https://d.example/l.xml", "2026-03-02", 200, licence), named)
    found = uses(crawl, "[rights.display]")
    (shard,) = measured_shards(load_config(str(crawl / "config.toml")), "inspect")
    rows = range(len(found))
    assert shard.may_display(rows) == ["display" in of_page for of_page in found.values()]
    assert shard.may_display(rows).count(False) == 1
    assert not any(replace(shard, decisions=None).may_display(rows)), "nobody has asked the sites yet"


def test_damaged_captures_are_one_line_and_no_silence(crawl: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = (crawl / "robots.warc.gz").read_bytes()
    (crawl / "robots.warc.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(AssertionError):
        uses(crawl, "")
    assert "fetch the file again, or take it out of [rights] robots" in capsys.readouterr().err


def test_a_policy_is_priced_before_it_is_used(crawl: Path, capsys: pytest.CaptureFixture[str]) -> None:
    uses(crawl, "")
    # Costs are counted over what is measured.
    policy = crawl / "policy.toml"
    robots = crawl / "robots.warc.gz"
    policy.write_text(f'[rights]\nrobots = ["{robots}"]\n[rights.train]\nagents = ["GPTBot"]\nas_of = "2026-06-01"\n')
    capsys.readouterr()
    assert main(["whatif", "--policy", str(policy), "--config", str(crawl / "config.toml")]) == 0
    shown = capsys.readouterr().out
    rows = [line.split() for line in shown.splitlines() if line.startswith("train ")]
    assert rows[0][:5] == ["train", "5", "3", "0", "2"]
    assert {line.split()[1] for line in shown.splitlines() if line.startswith("host")} == {"a.example", "b.example"}


def test_a_policy_file_without_rights_is_one_line(crawl: Path, capsys: pytest.CaptureFixture[str]) -> None:
    uses(crawl, "")
    (crawl / "policy.toml").write_text("[dedup]\n")
    assert main(["whatif", "--policy", str(crawl / "policy.toml"), "--config", str(crawl / "config.toml")]) == 2
    assert "policy.toml: has no [rights]" in capsys.readouterr().err


def test_passages_on_use_are_listed_with_their_places_in_table_trace_and_report(
    crawl: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ban = "当サイトの文章をAI学習に利用することを禁止します。"
    warc(crawl / "pages.warc.gz", ("https://a.example/1", "2026-04-01", 200, PAGE.replace("</p>", f"</p><p>{ban}</p>")))
    uses(crawl, "")
    config = str(crawl / "config.toml")
    (path,) = Path(table_folder(load_config(config), "mentions")).rglob("*.parquet")
    (row,) = pq.read_table(path, partitioning=None).to_pylist()
    (document,) = Path(table_folder(load_config(config), "documents")).rglob("*.parquet")
    text = pq.read_table(document, columns=["text"], partitioning=None)["text"][0].as_py()
    assert (row["kind"], text[row["start"] : row["stop"]]) == ("no-ai", "AI学習に利用することを禁止")
    capsys.readouterr()
    assert main(["trace", "https://a.example/1", "--config", config]) == 0
    assert f"may state terms of use: no-ai at characters {row['start']:,} to {row['stop']:,}" in capsys.readouterr().out
