"""The report in a real browser: nothing is wider than the window, one language at a time, and everybody can use it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from manyo.pipelines.graph.config import load_config
from manyo.pipelines.run import table_folder
from tests.conftest import FinishedRun

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def page(browser: Browser, demo_run: FinishedRun) -> Iterator[Page]:
    """The report of the samples; what its policy forbids is an error."""
    folder = table_folder(load_config(str(demo_run.config), str(demo_run.out)), "report")
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    errors: list[str] = []
    opened = context.new_page()
    opened.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    opened.goto(Path(folder, "report.html").as_uri())
    yield opened
    context.close()
    assert not errors


@pytest.mark.parametrize("width", [320, 400, 1280, 2560])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_nothing_is_wider_than_the_window_and_no_text_is_cut_off(page: Page, width: int, language: str) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.click(f"label[for=to-{language}]")
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # What is wider than its box can be scrolled to, or is a name that a tool tip has in full.
    cut = """[...document.querySelectorAll('main *, header *')].filter((one) => one.scrollWidth > one.clientWidth + 1
      && getComputedStyle(one).overflowX !== 'visible' && !one.closest('.scroll, svg, .hidden') && !one.title)
      .map((one) => one.outerHTML.slice(0, 80))"""
    assert page.evaluate(cut) == []


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_usual_window_hides_no_column_and_a_phone_no_number_of_a_rule(page: Page, language: str) -> None:
    page.click(f"label[for=to-{language}]")
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = false; })")
    beyond = """(all) => all.filter((one) => one.scrollWidth > one.clientWidth + 1)
      .map((one) => one.getAttribute('aria-labelledby'))"""
    page.set_viewport_size({"width": 1280, "height": 900})
    assert page.locator("main .scroll:visible").evaluate_all(beyond) == []
    page.set_viewport_size({"width": 320, "height": 900})
    stacked = page.locator("main .scroll:visible:has(.stacked)")
    assert stacked.count() >= 3
    assert stacked.evaluate_all(beyond) == []
    named = page.locator(".stacked td.named").first.evaluate("(one) => getComputedStyle(one, '::before').content")
    assert named.strip('" ') in ("Documents", "文書")
    assert page.locator("main").inner_text().count("`") == 0


def test_one_language_is_shown_at_a_time_and_the_keyboard_chooses_it(page: Page) -> None:
    page.focus("#to-en")
    page.keyboard.press("ArrowRight")
    assert page.locator("h2#rules").inner_text() == "規則ごとの除外"
    page.keyboard.press("ArrowLeft")
    assert page.locator("h2#rules").inner_text() == "Rules"
    hidden = page.locator(".ja").evaluate_all("(all) => all.filter((one) => one.getClientRects().length)")
    assert hidden == []


def test_axe_finds_no_serious_fault(page: Page) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    for width, language in ((1280, "en"), (400, "ja")):
        page.set_viewport_size({"width": width, "height": 900})
        page.click(f"label[for=to-{language}]")
        found = axe.Axe().run(page).response["violations"]
        assert [
            (one["id"], [node["target"] for node in one["nodes"]][:3])
            for one in found
            if one["impact"] in ("serious", "critical")
        ] == []
