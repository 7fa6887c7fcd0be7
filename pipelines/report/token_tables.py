"""The table of tokens by source as others paste it: Markdown, TeX and CSV, with the numbers of the report."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

_HEADER = ("Source", "Documents", "Tokens", "Share")

#: What TeX reads as a command, and how it is written as a character.
_TEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "^": r"\textasciicircum{}",
    "_": r"\_", "~": r"\textasciitilde{}", "%": r"\%",
}  # fmt: skip


def token_tables(tokens: Mapping[str, Any]) -> dict[str, str]:
    """Form → the table, with a last row for all sources.

    Args:
        tokens: `rows` and `total` of the report's tokens.
    """
    rows = [(row["source"], row["documents"], row["tokens"], row["share"]) for row in tokens["rows"]]
    total = tokens["total"]
    rows.append(("All", total["documents"], total["tokens"], total["share"]))
    return {"Markdown": _markdown(rows), "TeX": _tex(rows), "CSV": _csv(rows)}


def _shown(row: Sequence[Any]) -> tuple[str, str, str, str]:
    source, documents, tokens, share = row
    return source, f"{documents:,}", f"{tokens:,}", "" if share is None else f"{100 * share:.1f} %"


def _markdown(rows: Sequence[Sequence[Any]]) -> str:
    lines = [f"| {' | '.join(_HEADER)} |", "|---|---:|---:|---:|"]
    return "\n".join([*lines, *(f"| {' | '.join(_shown(row))} |" for row in rows)]) + "\n"


def _tex(rows: Sequence[Sequence[Any]]) -> str:
    def line(cells: Sequence[str]) -> str:
        return " & ".join(re.sub(r"[\\{}$&#^_~%]", lambda found: _TEX[found[0]], cell) for cell in cells) + r" \\"

    *sources, total = (line(_shown(row)) for row in rows)
    body = [r"\begin{tabular}{lrrr}", r"\toprule", line(_HEADER), r"\midrule", *sources]
    return "\n".join([*body, r"\midrule", total, r"\bottomrule", r"\end{tabular}"]) + "\n"


def _csv(rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("source", "documents", "tokens", "share"))
    writer.writerows(rows)
    return text.getvalue()
