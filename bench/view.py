"""Measures `manyo view` on made-up documents: counting a run, the page's size, and a moved handle in Chromium.

    python -m bench.view [DOCUMENTS]

The documents are those of `bench.whatif`. Seconds are of the wall clock and of the processors. In the browser, a step
is from the change of the handle to the numbers on the page, layout included.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

from bench import whatif
from manyo.corpus.schema import REFUSED
from manyo.corpus.tables.shards import write_shard
from manyo.filters.rules.decide import RULE_COLUMNS, load_rules
from manyo.filters.signals import measure
from manyo.pipelines.commands.bound_histograms import count_run
from manyo.pipelines.commands.sampled_documents import draw
from manyo.pipelines.commands.view_page import SIZES, counted_json, render

#: Handles that are moved one by one, and steps of each.
_HANDLES, _STEPS = 8, 10


def main() -> None:
    """Make the tables, count, write the page, move handles, and print."""
    n_docs = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    rules = load_rules("default")
    names = {*measure.signals_schema().names, *(rule.signal for rule in rules)} & set(RULE_COLUMNS)
    signals = sorted(names - {"link_fraction", "kept_japanese_fraction"})
    rules = tuple(rule for rule in rules if rule.signal in signals)
    with tempfile.TemporaryDirectory(prefix="manyo-bench-") as folder:
        middles = whatif._middles(rules)
        shards = [whatif._write(Path(folder) / str(n), n_docs // 10, middles, n) for n in range(10)]
        clock, processors = time.perf_counter(), time.process_time()
        counts = count_run(shards, rules, ["crawl"], signals)
        print(f"{n_docs:,} documents counted in {time.perf_counter() - clock:.1f} s", end=", ")
        print(f"{time.process_time() - processors:.1f} s of the processors")
        clock, processors = time.perf_counter(), time.process_time()
        refused = str(Path(folder) / "refused.parquet")
        write_shard(refused, REFUSED.schema, iter(()))
        sample = draw(shards, [None] * len(shards), [refused] * len(shards), rules, SIZES, 0)
        print(f"{len(sample.documents):,} drawn in {time.perf_counter() - clock:.1f} s", end=", ")
        print(f"{time.process_time() - processors:.1f} s of the processors")
        data = {
            "run": {"config": "bench.toml", "out": "", "manyo": "", "rules": "", "run": "", "written": ""},
            "guide": {"name": "", "sha256": "", "text": ""},
            "seed": 0,
            "strata": {},
            "refused": {},
            **counted_json(counts, rules),
        }
        page, _ = render(data, [], 10**9)
        print(f"the page without texts has {len(page.encode()) / 1e6:.1f} MB")
        path = Path(folder) / "view.html"
        path.write_text(page, encoding="utf-8")
        drag(path)


def drag(path: Path) -> None:
    """Open the page in Chromium, and time its opening and single steps of handles."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(path.as_uri(), wait_until="commit")
        page.wait_for_selector("html[data-ready=yes]", timeout=120_000)
        paint = page.evaluate("performance.getEntriesByType('paint').map((one) => one.startTime).pop()")
        ready = page.evaluate("performance.now()")
        taken = page.evaluate(
            """([handles, steps]) => [...document.querySelectorAll('input[type=range]')].slice(0, handles)
              .flatMap((one) => Array.from({length: steps}, () => {
                const start = performance.now();
                one.value = Number(one.value) + 1;
                one.dispatchEvent(new Event('input'));
                document.body.offsetHeight;
                return performance.now() - start; }))""",
            [_HANDLES, _STEPS],
        )
        browser.close()
    one = sorted(taken[:_STEPS])
    many = sorted(taken[_STEPS:])
    print(f"first paint {paint / 1000:.2f} s, ready {ready / 1000:.2f} s")
    print(f"a step, one bound moved: median {one[len(one) // 2]:.0f} ms, longest {one[-1]:.0f} ms")
    print(f"a step, several moved: median {many[len(many) // 2]:.0f} ms, longest {many[-1]:.0f} ms")


if __name__ == "__main__":
    main()
