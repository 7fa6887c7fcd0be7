"""How many questions about rights are answered as the set says: `python -m bench.rights DATA`.

DATA is the folder of real data, with `rights/cases.jsonl`: a page's evidence, a question, and the right answer.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

from manyo.corpus.web.main_text import extract
from manyo.corpus.web.statements import read_statements
from manyo.filters.permissions import Answer, decide, evidence_of
from manyo.filters.site_files import AI_TXT, TDMREP, Capture, site_files


def answer(case: dict[str, Any]) -> Answer:
    """The answer to one question of a set."""
    question, given = case["question"], case["input"]
    site = "/".join(question["url"].split("/")[:3])
    captures = [
        Capture(
            one.get("url", f"{site}/robots.txt"),
            date.fromisoformat(one["fetched"]),
            one["status"],
            one.get("body", ""),
            one.get("location", ""),
        )
        for one in given.get("robots_txt", ())
    ]
    html = given.get("html", "")
    head = "".join(f"{name}: {value}\r\n" for name, value in given.get("headers", ())).encode("utf-8")
    page = extract(html)
    stated = read_statements(page.tags, page.json_ld, head, html).stated
    for name, place in (("tdmrep_json", TDMREP), ("ai_txt", AI_TXT)):
        if name in given:
            captures.append(Capture(site + place, date.min, 200, given[name]))
    as_of = date.fromisoformat(question["as_of"])
    # The set holds what the licence link leads to, whichever link that is.
    named = site_files(captures, stated, question["url"], as_of).rsl_missing if "rsl_xml" in given else ()
    captures += [Capture(address, date.min, 200, given["rsl_xml"]) for address in named]
    files = site_files(captures, stated, question["url"], as_of)
    evidence = evidence_of(captures, stated, files)
    return decide(question["url"], question["agent"], question["use"], as_of, evidence)


def main(folder: str) -> None:
    """Print right answers by topic, and each wrong one."""
    lines = Path(folder, "rights", "cases.jsonl").read_text(encoding="utf-8").splitlines()
    right: Counter[str] = Counter()
    all_of: Counter[str] = Counter()
    for case in map(json.loads, lines):
        got = answer(case)
        all_of[case["topic"]] += 1
        expected = case["expected"]
        is_right = got.verdict == expected["verdict"] and set(got.conditions) == set(expected.get("conditions", ()))
        right[case["topic"]] += is_right
        if not is_right:
            print(case["id"], "expected", expected, "got", got)
    for topic, count in all_of.items():
        print(f"{topic:<15} {right[topic]:>3} of {count}")
    print(f"{'all':<15} {right.total():>3} of {all_of.total()}")


if __name__ == "__main__":
    main(*sys.argv[1:])
