"""What files and fields beside robots.txt say about a use: TDMRep, AIPREF, Content Signals and RSL.

Each function answers for one use: True allowed, False denied, None for nothing said. Silence is not consent, and what
it means is a policy (`manyo.filters.permissions`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import http_sf
import lxml.etree

from manyo.corpus.web.robots_txt import matches, octets, path_of

#: Names of a use in the dictionaries of AIPREF and of Content Signals; other uses have none.
_AIPREF_KEYS = {"train": "train-ai", "search": "search"}
_SIGNAL_KEYS = {"train": "ai-train", "search": "search"}
#: Names of a use in RSL: 1.0, its groups, and what drafts called it.
_RSL_USES = {
    "train": frozenset(("ai-train", "ai-all", "all", "train-ai", "train-genai")),
    "search": frozenset(("search", "all")),
    "display": frozenset(("all",)),
    "redistribute": frozenset(("all",)),
}


def combine(verdicts: Iterable[bool | None]) -> bool | None:
    """Of several statements the most restrictive holds."""
    stated = [verdict for verdict in verdicts if verdict is not None]
    return all(stated) if stated else None


def reserved_by_file(tdmrep: str, url: str) -> bool | None:
    """Whether a `tdmrep.json` reserves text and data mining of a page: the first rule that matches decides."""
    try:
        rules = json.loads(tdmrep)
    except (ValueError, RecursionError):
        return None
    path = octets(path_of(url)).replace("*", "%2A").replace("$", "%24")
    for rule in rules if isinstance(rules, list) else ():
        location = rule.get("location") if isinstance(rule, dict) else None
        if isinstance(location, str) and matches(octets(location), path):
            value = rule.get("tdm-reservation")
            # JSON's true is 1 in Python; another value is an error, which leaves the property unset.
            return bool(value) if type(value) is int and value in (0, 1) else None
    return None


def usage(values: Iterable[str], use: str) -> bool | None:
    """What a `Content-Usage` field says, whose lines are one dictionary (RFC 9651); a faulty one says nothing."""
    joined = ", ".join(values)
    if use not in _AIPREF_KEYS or not joined.isascii():
        return None
    try:
        dictionary = http_sf.parse(joined.encode(), tltype="dictionary")
    except ValueError:
        return None
    member = dictionary.get(_AIPREF_KEYS[use]) if isinstance(dictionary, dict) else None
    value = member[0] if isinstance(member, tuple) else None
    return {"y": True, "n": False}.get(str(value)) if isinstance(value, http_sf.Token) else None


def usage_by_path(values: Iterable[str], use: str) -> bool | None:
    """What `Content-Usage` rules of equal paths say together: each is a dictionary of its own."""
    return combine(usage([value], use) for value in values)


def signal(values: Iterable[str], use: str) -> bool | None:
    """What `Content-Signal` lines say: `search=yes, ai-train=no`."""
    key = _SIGNAL_KEYS.get(use)
    pairs = [pair.partition("=") for value in values for pair in value.split(",")]
    return combine(
        {"yes": True, "no": False}.get(stated.strip().lower())
        for name, _, stated in pairs
        if name.strip().lower() == key
    )


def rsl(xml: str, url: str, use: str) -> bool | None:
    """What an RSL file says about a page; paid terms, and a server that hands out licences, deny without a licence."""
    try:
        root = lxml.etree.fromstring(
            xml.strip().encode("utf-8", "replace"),
            parser=lxml.etree.XMLParser(resolve_entities=False, no_network=True, recover=True, encoding="utf-8"),
        )
    except (lxml.etree.XMLSyntaxError, ValueError):
        return None
    if root is None or use not in _RSL_USES:
        return None
    contents = sorted(
        (
            (len(place), content)
            for content in _children(root, "content", deep=True)
            if _is_at(place := content.get("url") or "/", url)
        ),
        key=lambda one: one[0],
    )
    if not contents:
        return None
    longest = contents[-1][0]
    return combine(
        _licence_says(licence, bool(content.get("server")), _RSL_USES[use])
        for length, content in contents
        if length == longest
        for licence in _children(content, "license")
    )


def _licence_says(licence: Any, needs_server: bool, names: frozenset[str]) -> bool | None:
    prohibited = list(_usages(licence, "prohibits"))
    permitted = list(_usages(licence, "permits"))
    if names & set(prohibited):
        return False
    payments = [payment.get("type") or "" for payment in _children(licence, "payment")]
    is_free = not needs_server and all(payment in ("free", "attribution") for payment in payments)
    if permitted and not names & set(permitted):
        return None
    if permitted:
        return is_free
    return None if is_free else False


def _usages(licence: Any, name: str) -> Iterator[str]:
    for element in _children(licence, name):
        if (element.get("type") or "usage") == "usage":
            yield from re.split(r"[\s,]+", (element.text or "").strip().lower())


def _children(element: Any, name: str, deep: bool = False) -> list[Any]:
    """Elements of a name, in whatever namespace."""
    among = element.iter() if deep else element
    return [one for one in among if isinstance(one.tag, str) and lxml.etree.QName(one).localname == name]


def _is_at(place: str, url: str) -> bool:
    """Whether a `url` of RSL, an address or a pattern of a path, covers a page."""
    if "://" in place:
        if place.split("/")[2].lower() != url.split("/")[2].lower():
            return False
        place = "/" + place.split("/", 3)[3] if place.count("/") > 2 else "/"
    return matches(octets(place), octets(path_of(url)).replace("*", "%2A").replace("$", "%24"))
