"""Permissions: the questions of the set, RFC 9309's examples, Protego as a second reader, and the order of days."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from protego import Protego

from bench.rights import answer
from manyo.corpus.web.robots_txt import matches, parse_robots_txt
from manyo.filters.permissions import Evidence, decide
from manyo.filters.site_files import Capture, site_of

PAGE = "https://kiri.example/a/page.html"
DAY = date(2026, 6, 1)


def test_every_question_about_rights_has_its_answer(real_data: Path) -> None:
    cases = [json.loads(line) for line in (real_data / "rights" / "cases.jsonl").read_text("utf-8").splitlines()]
    wrong = [case["id"] for case in cases if answer(case).verdict != case["expected"]["verdict"]]
    assert (len(cases), wrong) == (60, [])


@pytest.mark.parametrize(
    ("agent", "path", "allowed"),
    [
        ("ExampleBot", "/publications/example/page.html", True),
        ("ExampleBot", "/example/page", False),
        ("ExampleBot", "/x.gif", False),
        ("FooBot", "/publications/", False),
        ("BarBot", "/example/page", True),
        ("BazBot", "/a", False),
        ("QuxBot", "/a", True),
    ],
)
def test_the_first_example_of_rfc_9309(agent: str, path: str, allowed: bool) -> None:
    """Section 5.1, in our own words: a `*` group, one that bans all, two agents in one, and an empty group."""
    text = """User-agent: *
Disallow: *.gif$
Disallow: /example/
Allow: /publications/

User-agent: foobot
Disallow:/
Allow:/example/page.html
Allow:/example/allowed.gif

User-agent: barbot
User-agent: bazbot
Disallow: /a
Disallow: /b/*/c$

User-agent: quxbot

EOF
"""
    assert parse_robots_txt(text).allows(agent, f"https://kiri.example{path}") is allowed


def test_the_longest_match_of_rfc_9309_wins() -> None:
    """Section 5.2."""
    text = "User-agent: foobot\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif\n"
    assert not parse_robots_txt(text).allows("foobot", "https://kiri.example/example/page/disallowed.gif")


PATHS = ("/", "/a", "/a/*.html", "/a/b$", "/%E6%97%A5", "/日")
LINES = st.sampled_from(
    ["User-agent: ccbot", "User-agent: *", "User-agent: gptbot", "", "# note"]
    + [f"{rule}: {path}" for rule in ("Allow", "Disallow") for path in PATHS]
)


@given(st.lists(LINES, max_size=12), st.sampled_from(["/", "/a", "/a/b", "/a/b.html", "/%e6%97%a5", "/c?a=1"]))
@settings(max_examples=300, deadline=None)
def test_two_readers_of_robots_txt_agree(lines: list[str], path: str) -> None:
    # Other records are left out: where one stands between two agents the readers differ, by RFC 9309 2.2.4.
    text = "\n".join(lines)
    url = f"https://kiri.example{path}"
    for agent in ("CCBot", "GPTBot", "other"):
        assert parse_robots_txt(text).allows(agent, url) == Protego.parse(text).can_fetch(url, agent)


BAN = "Disallow: /\n"


@pytest.mark.parametrize(
    ("text", "agent", "path", "ours", "theirs"),
    [
        pytest.param(f"\ufeffUser-agent: *\n{BAN}", "CCBot", "/a", False, True, id="a byte order mark"),
        pytest.param(
            f"User-agent: A\nCrawl-delay: 9\nUser-agent: *\n{BAN}", "A", "/a", False, True, id="2.2.4: another record"
        ),
        pytest.param(
            f"User-agent: *\n{BAN}Allow: /a/index.html\n", "A", "/a/", False, True, id="2.2.2: no other pattern"
        ),
        pytest.param(
            f"User-agent: bing\nDisallow:\n\nUser-agent: *\n{BAN}",
            "bingbot",
            "/",
            False,
            True,
            id="2.2.1: part of a token",
        ),
        pytest.param(f"User-agent: A/2.0\nAllow: /\nUser-agent: *\n{BAN}", "A", "/", True, False, id="a version"),
        pytest.param("User-agent: *\nDisallow: /a\\b\n", "A", "/a\\b", True, False, id="no path holds a backslash"),
        pytest.param(f"User-agent: *Bot*\n{BAN}", "CCBot", "/a", True, True, id="a star within a name is not everyone"),
        pytest.param(f"User Agent: *\n{BAN}", "CCBot", "/a", False, False, id="user agent without a hyphen"),
    ],
)
def test_where_protego_reads_otherwise_ours_is_the_reading_of_the_rfc(
    text: str, agent: str, path: str, ours: bool, theirs: bool
) -> None:
    """Each class of difference on public files (docs/log/rights.md); the last two were faults of ours."""
    url = f"https://kiri.example{path}"
    assert parse_robots_txt(text).allows(agent, url) is ours
    assert Protego.parse(text).can_fetch(url, agent) is theirs


@given(st.text("ab*", max_size=6), st.booleans(), st.text("ab", max_size=8))
@settings(max_examples=300, deadline=None)
def test_a_pattern_matches_as_the_regular_expression_that_it_stands_for(pattern: str, is_end: bool, path: str) -> None:
    expression = "".join(".*" if one == "*" else one for one in pattern) + (r"\Z" if is_end else "")
    assert matches(pattern + "$" * is_end, path) == bool(re.match(expression, path))


def test_a_pattern_of_stars_costs_no_more_than_its_length_times_the_path() -> None:
    assert not matches("/" + "*a" * 5000 + "b", "/" + "a" * 20_000)


@given(st.binary(max_size=200), st.text(max_size=30))
@settings(max_examples=100, deadline=None)
def test_no_file_raises(body: bytes, path: str) -> None:
    file = parse_robots_txt(b"User-agent: *\n" + body)
    file.allows("CCBot", f"https://kiri.example/{path}")
    file.usages("CCBot", f"https://kiri.example/{path}")


def test_only_half_a_megabyte_is_read() -> None:
    rules = b"User-agent: *\nDisallow: /a\n"
    assert parse_robots_txt(b"#" * 600_000 + b"\n" + rules).agents == frozenset()


def captured(day: date, body: str, **more: object) -> Capture:
    return Capture("https://kiri.example/robots.txt", day, 200, body)._replace(**more)  # type: ignore[arg-type]


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=5), st.integers(0, 20))
@settings(max_examples=100, deadline=None)
def test_the_last_file_not_after_the_day_is_in_force(files: list[tuple[int, bool]], day: int) -> None:
    files = list(dict(files).items())
    captures = [
        captured(DAY + timedelta(days=at), f"User-agent: *\nDisallow:{' /' if is_ban else ''}") for at, is_ban in files
    ]
    known = sorted((at, is_ban) for at, is_ban in files if at <= day)
    expected = None if not known else not known[-1][1]
    assert site_of(captures, PAGE, DAY + timedelta(days=day)).allows("CCBot", PAGE) is expected


def test_a_redirect_is_followed_and_counts_for_the_first_host() -> None:
    captures = [
        captured(DAY, "", status=301, location="https://www.kiri.example/robots.txt"),
        captured(DAY, "User-agent: *\nDisallow: /", url="https://www.kiri.example/robots.txt"),
    ]
    assert decide(PAGE, "CCBot", "crawl", DAY, Evidence(captures)).verdict == "denied"
    assert decide(PAGE, "CCBot", "crawl", DAY, Evidence(captures[:1])).verdict == "unknown"


@pytest.mark.parametrize("status", [500, 503, 0])
def test_a_site_that_does_not_answer_bans_everything(status: int) -> None:
    assert decide(PAGE, "CCBot", "crawl", DAY, Evidence([captured(DAY, "", status=status)])).verdict == "denied"


def test_a_ban_of_a_control_without_a_crawler_is_a_ban_on_training() -> None:
    evidence = Evidence([captured(DAY, "User-agent: Google-Extended\nDisallow: /")])
    assert decide(PAGE, "Google-Extended", "train", DAY, evidence).verdict == "denied"
    assert decide(PAGE, "CCBot", "train", DAY, evidence).verdict == "unknown"


@pytest.mark.parametrize(
    ("licence", "use", "verdict"),
    [
        ('<permits type="usage">search</permits>', "train", "unknown"),
        ('<permits type="usage">ai-all</permits><payment type="free"/>', "train", "allowed"),
        ('<permits type="usage">ai-train</permits><payment type="subscription"/>', "train", "denied"),
        ('<prohibits type="usage">all</prohibits>', "search", "denied"),
        ('<prohibits type="user">commercial</prohibits>', "train", "unknown"),
        ('<payment type="purchase"/>', "train", "denied"),
    ],
)
def test_terms_of_rsl(licence: str, use: str, verdict: str) -> None:
    xml = f'<rsl xmlns="https://rslstandard.org/rsl"><content url="/a/*"><license>{licence}</license></content></rsl>'
    evidence = Evidence([captured(DAY, "License: https://kiri.example/l.xml")], rsl={"https://kiri.example/l.xml": xml})
    assert decide(PAGE, "CCBot", use, DAY, evidence).verdict == verdict  # type: ignore[arg-type]
    assert decide("https://kiri.example/b", "CCBot", use, DAY, evidence).verdict == "unknown"  # type: ignore[arg-type]
