"""The page of `manyo view` in a real browser: what it counts, finds, saves, and that what pages say stays text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from manyo.filters.rules.comparison import move_bound
from manyo.pipelines.cli import main
from manyo.pipelines.commands.measured_documents import measured_shards
from manyo.pipelines.commands.rule_changes import Amounts, what_if
from manyo.pipelines.commands.token_rates import token_rate
from manyo.pipelines.commands.view_page import render, view_data
from manyo.pipelines.graph.config import Config, load_config
from tests.conftest import ROOT, FinishedRun

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NO_GUIDE = {"name": "", "sha256": "", "text": ""}

INJECTIONS = [
    "<script>window.harmed=1</script>",
    "<img src=x onerror=window.harmed=1>",
    "</script><script>window.harmed=1</script>",
    "'\"><svg onload=window.harmed=1>",
    "javascript:window.harmed=1",
    "{{7*7}}<style>*{display:none}</style>",
    "\u202e</bdi><iframe srcdoc='<script>parent.harmed=1</script>'>",
    "]]>--><!--<noscript><title></noscript>",
]


@pytest.fixture(scope="module")
def config(demo_run: FinishedRun) -> Config:
    return load_config(str(demo_run.config), str(demo_run.out))


@pytest.fixture(scope="module")
def seen(config: Config) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    return view_data(config, 0, NO_GUIDE)


@pytest.fixture
def page(browser: Browser, seen: tuple[dict[str, Any], list[dict[str, Any]]], tmp_path: Path) -> Iterator[Page]:
    path = tmp_path / "view.html"
    path.write_text(render(*seen, 15_000_000)[0], encoding="utf-8")
    with opened(browser, path) as one:
        yield one


class opened:  # noqa: N801
    """A page at 1,280 pixels that is ready, or an error that its script or its policy reported."""

    def __init__(self, browser: Browser, path: Path, width: int = 1280) -> None:
        self._context = browser.new_context(viewport={"width": width, "height": 900}, locale="en-US")
        self._path = path
        self.errors: list[str] = []

    def __enter__(self) -> Page:
        page = self._context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        page.on(
            "request",
            lambda request: None if request.url.startswith(("file:", "blob:")) else self.errors.append(request.url),
        )
        page.goto(self._path.as_uri())
        page.wait_for_selector("html[data-ready=yes]", timeout=20_000)
        return page

    def __exit__(self, *_: object) -> None:
        self._context.close()
        assert not self.errors


def amounts(page: Page) -> dict[str, tuple[int, int, int]]:
    """documents, characters and tokens → kept, gained and lost, as the page shows them."""
    shown = {}
    for unit in ("documents", "characters", "tokens"):
        parts = [
            page.locator(f"[data-unit={unit}] .{part}").text_content() or "" for part in ("after", "plus", "minus")
        ]
        kept, gained, lost = (int(re.sub(r"\D", "", part) or 0) for part in parts)
        shown[unit] = kept, gained, lost
    return shown


def drag(page: Page, name: str, steps: int) -> float | None:
    """Move a bound by the keyboard; returns where it stands."""
    slider = page.locator(f"[id='bound-{name}']")
    slider.focus()
    for _ in range(abs(steps)):
        page.keyboard.press("ArrowRight" if steps > 0 else "ArrowLeft")
    text = (slider.get_attribute("aria-valuetext") or "").split("→")[-1].strip()
    return None if text == "off" else float(text.replace(",", ""))


def as_tuple(kept: Amounts, gained: Amounts, lost: Amounts) -> dict[str, tuple[int, int, int]]:
    return {
        unit: (getattr(kept, unit), getattr(gained, unit), getattr(lost, unit))
        for unit in ("documents", "characters", "tokens")
    }


@pytest.mark.parametrize(
    ("rule", "side", "steps"),
    [
        ("too_short", "minimum", 24),
        ("too_little_kana", "minimum", 30),
        ("long_gap", "maximum", -40),
        ("too_short", "minimum", -9),
    ],
)
def test_one_moved_bound_shows_the_numbers_of_whatif(
    config: Config, page: Page, rule: str, side: str, steps: int
) -> None:
    value = drag(page, f"{rule}-{side}", steps)
    alternative = move_bound(config.rules, rule, side, value)
    (change,) = what_if(
        measured_shards(config, "whatif"), config.rules, [alternative], 0, rate=token_rate(config)
    ).changes
    assert amounts(page) == as_tuple(change.kept, change.gained, change.lost)
    assert "Exact" in (page.text_content("#status") or "")
    for group, changed in (("source", change.by_source), ("length", change.by_length), ("host", change.by_host)):
        for one in changed:
            row = page.locator(f"#changes-{group} tr[data-name='{one.name}'] td").all_text_contents()
            shown = [int(re.sub(r"\D", "", text) or 0) for text in row[1:]]
            assert shown == [
                number
                for unit in ("documents", "characters", "tokens")
                for number in (getattr(one.gained, unit), getattr(one.lost, unit))
            ]


def test_two_moved_bounds_of_a_small_run_are_counted_in_the_sample_that_is_the_run(config: Config, page: Page) -> None:
    first, second = drag(page, "too_short-minimum", 20), drag(page, "too_little_kana-minimum", 25)
    rules = move_bound(config.rules, "too_short", "minimum", first).rules
    both = move_bound(rules, "too_little_kana", "minimum", second)
    (change,) = what_if(measured_shards(config, "whatif"), config.rules, [both], 0, rate=token_rate(config)).changes
    assert amounts(page)["documents"] == (change.kept.documents, change.gained.documents, change.lost.documents)
    assert change.lost.documents > 0


def test_a_sample_says_that_it_estimates_and_how_well(
    browser: Browser, seen: tuple[dict[str, Any], list[dict[str, Any]]], tmp_path: Path
) -> None:
    data = deepcopy(seen[0])
    data["totals"]["documents"] *= 10  # as if the uniform sample were a tenth of the run
    path = tmp_path / "large.html"
    path.write_text(render(data, seen[1], 15_000_000)[0], encoding="utf-8")
    with opened(browser, path) as page:
        drag(page, "too_short-minimum", 20)
        assert "Exact" in (page.text_content("#status") or "")
        drag(page, "too_little_kana-minimum", 25)
        said = page.text_content("#status") or ""
        assert "Estimate" in said
        low, high = (int(part.replace(",", "")) for part in re.findall(r"interval ([\d,]+) to ([\d,]+)", said)[0])
        assert low < high


def test_a_search_finds_and_filters_narrow(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("朝霧")
    page.wait_for_timeout(300)
    found = page.locator("#list li").count()
    assert 0 < found < 100
    assert "朝霧" in (page.text_content("#pane") or "")
    page.select_option("#filter-fate", "dropped")
    page.wait_for_timeout(300)
    assert page.locator("#list li").count() < found


def test_a_refused_page_opens_with_what_it_said(page: Page) -> None:
    page.select_option("#filter-fate", "refused")
    page.wait_for_timeout(300)
    texts = []
    for place in range(page.locator("#list li").count()):
        page.locator("#list li button").nth(place).click()
        texts.append(page.text_content("#pane") or "")
    assert any("\n" in text or len(text) > 200 for text in texts)
    assert page.locator("#pane .left-out").count() > 0 or any("not shown" in text for text in texts)


def tab_to(page: Page, selector: str, key: str = "Tab") -> None:
    """Press a key until what it leads to is reached, as a person does who has no mouse."""
    for _ in range(60):
        page.keyboard.press(key)
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
            return
    raise AssertionError(f"{key} does not lead to {selector}")


def test_by_keyboard_alone_ten_labels_outlive_a_reload_are_saved_as_json_lines_and_score_the_rules(
    page: Page, tmp_path: Path, demo_run: FinishedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    page.keyboard.press("/")
    tab_to(page, "#list li button")
    for place in range(10):
        page.keyboard.press("kdu"[place % 3])
        if place == 4:
            page.keyboard.press("n")
            page.keyboard.type("二度読んだ")
            page.keyboard.press("Escape")
            tab_to(page, "#list li button[aria-current=true]", "Shift+Tab")
        page.keyboard.press("ArrowDown")
    page.reload()
    page.wait_for_selector("html[data-ready=yes]")
    assert "10" in (page.text_content("#save") or "")
    page.keyboard.press("/")
    tab_to(page, "#save")
    with page.expect_download() as saving:
        page.keyboard.press("Enter")
    path = tmp_path / "labels.jsonl"
    saving.value.save_as(path)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line["label"] for line in lines] == [("keep", "drop", "unsure")[place % 3] for place in range(10)]
    assert [line["note"] for line in lines if line["note"]] == ["二度読んだ"]
    assert all(line["run"] and line["rules"] and line["manyo"] and "guide" in line for line in lines)
    options = ("--config", str(demo_run.config), "--out", str(demo_run.out))
    assert main(["label", "score", str(path), *options]) == 0
    assert "10 labels, " in capsys.readouterr().out


def test_what_pages_say_stays_text(
    browser: Browser, seen: tuple[dict[str, Any], list[dict[str, Any]]], tmp_path: Path
) -> None:
    data, documents = deepcopy(seen)
    data["run"]["config"] = INJECTIONS[2]
    data["guide"] = {"name": INJECTIONS[0], "sha256": "x", "text": INJECTIONS[1]}
    for group, names in data["names"].items():
        data["names"][group] = [INJECTIONS[i % len(INJECTIONS)] + str(i) for i in range(len(names))]
    for place, one in enumerate(documents):
        harm = INJECTIONS[place % len(INJECTIONS)]
        for key in ("title", "uri", "source", "host", "licence", "detail", "origin", "comments"):
            if key in one:
                one[key] = harm
        if one.get("text"):
            one["text"] = one["text"][:50] + harm
        if one.get("page"):
            one["page"] = [[0, harm], [1, harm]]
        if one.get("way"):
            one["way"] = [[harm, harm]]
    path = tmp_path / "hostile.html"
    path.write_text(render(data, documents, 15_000_000)[0], encoding="utf-8")
    with opened(browser, path) as page:
        for place in range(0, page.locator("#list li").count(), 9):
            page.locator("#list li button").nth(place).click()
            assert any(harm in (page.text_content("#pane") or "") for harm in INJECTIONS)
        assert page.evaluate("window.harmed") is None
        assert page.locator("img, iframe, embed, object").count() == 0
        assert page.locator("script").count() == 2
        assert page.locator("style").count() == 1


@pytest.mark.parametrize("width", [320, 400, 1280, 2560])
def test_nothing_is_wider_than_the_window(
    browser: Browser, seen: tuple[dict[str, Any], list[dict[str, Any]]], tmp_path: Path, width: int
) -> None:
    path = tmp_path / "view.html"
    path.write_text(render(*seen, 15_000_000)[0], encoding="utf-8")
    with opened(browser, path, width) as page:
        for code in ("ja", "en"):
            page.click(f"#to-{code}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.get_attribute("html", "lang") == code


def test_axe_finds_no_serious_fault(page: Page) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    for width in (1280, 400):
        page.set_viewport_size({"width": width, "height": 900})
        found = axe.Axe().run(page).response["violations"]
        assert [
            (one["id"], [node["target"] for node in one["nodes"]][:3])
            for one in found
            if one["impact"] in ("serious", "critical")
        ] == []


def test_the_command_writes_the_page_of_the_demo(demo_run: FinishedRun, tmp_path: Path, browser: Browser) -> None:
    path = tmp_path / "view.html"
    guide = ROOT / "bench" / "labels" / "GUIDE.md"
    options = ("--config", str(demo_run.config), "--out", str(demo_run.out), "--html", str(path), "--guide", str(guide))
    assert main(["view", *options]) == 0
    with opened(browser, path) as page:
        assert "GUIDE.md" in (page.text_content("#documents") or "")
