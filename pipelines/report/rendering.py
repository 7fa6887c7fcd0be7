"""The pages that manyo writes, from Jinja2 templates: one HTML file each, without scripts or requests.

Names of sources, hosts, reasons and charsets come from the web, so the templates escape every string and link none.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Mapping
from typing import Any

import jinja2
from markupsafe import Markup, escape

from manyo.pipelines.report.japanese import japanese
from manyo.pipelines.report.quantities import (
    format_compact,
    format_duration,
    format_number,
    format_percent,
    format_size,
    format_value,
)
from manyo.pipelines.report.token_tables import token_tables

#: Addresses and lines are cut to this length, in characters.
_ADDRESS_CHARS = 160


def render_report(report: Mapping[str, Any]) -> str:
    """The report as one HTML document, without scripts, links or references to other files.

    Args:
        report: the result of `manyo.pipelines.report.assembling.assemble`, or the content of report.json.
    """
    return page_templates().get_template("report.html.j2").render(report=report)


def page_templates() -> jinja2.Environment:
    """The Jinja2 environment of the templates: every string is escaped, and an undefined name is an error."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("manyo.pipelines.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": format_number,
        "value": format_value,
        "compact": format_compact,
        "percent": format_percent,
        "size": format_size,
        "duration": format_duration,
        "sha256": _sha256,
        "address": _address,
        "unlinked": _unlinked,
        "cell": _cell,
        "japanese": japanese,
        "code": _code,
        "breakable": _breakable,
    }
    environment.globals |= {"ticks": _ticks, "token_tables": token_tables}
    return environment


def _address(text: str) -> str:
    """An address or a line for the report: cut, and without its scheme, so that no viewer turns it into a link."""
    plain = _unlinked(text)
    return plain if len(plain) <= _ADDRESS_CHARS else plain[: _ADDRESS_CHARS - 1] + "…"


def _unlinked(text: str) -> str:
    """A text without the schemes of web addresses, so that no viewer turns them into links."""
    return re.sub(r"https?:/*", "", text)


def _cell(text: str) -> Markup:
    """A text inside a table of Markdown: on one line, and nothing in it is markup of HTML or Markdown."""
    plain = escape(" ".join(text.split()))
    return Markup(re.sub(r"([\\`*_\[\]|~])", lambda found: f"&#{ord(found[0])};", plain))


def _code(text: str) -> Markup:
    """A text whose names stand in backticks, as docstrings and meanings have them: the names become code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _breakable(name: str) -> Markup:
    """A name that may be broken after what joins its words, so that it is not in the middle of one."""
    return Markup(re.sub(r"([_./-])(?=[^_./-])", r"\1<wbr>", str(escape(name))))


def _ticks(maximum: float) -> list[int]:
    """About four round values from 0 to at most `maximum`, for an axis of counts."""
    if maximum < 1:
        return [0]
    step = 10 ** math.floor(math.log10(maximum))
    step = next(step * part for part in (1 / 5, 1 / 2, 1, 2) if maximum / (step * part) < 5.5)
    step = max(1, int(step))
    return list(range(0, int(maximum) + 1, step))


def _sha256(style: str) -> str:
    """The hash of the style sheet for the Content-Security-Policy, which forbids every other style."""
    return base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
