"""robots.txt as RFC 9309 defines it, with the preferences that groups may hold: Content-Usage and Content-Signal.

Two readings of a group live side by side. For `allow` and `disallow` only these two end a list of user agents, as RFC
9309 (2.2.4) says: other records must not disturb it, so after `User-agent: A`, `Crawl-delay: 9`, `User-agent: *` both
agents share what follows. For preferences, which the RFC does not know, a preference ends the list too.

What is not in the RFC is read as Google's parser reads it: a byte order mark is skipped, a product token ends at the
first character that is none of a token (`CCBot/2.0`), `*` stands alone (`*Bot*` names nobody), `disallow` may be
misspelt, `User Agent` too, a colon may be missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote

from ada_url import normalize_url

#: At least this much must be read (2.5); what stands behind is not.
MAX_BYTES = 500 << 10

_EOL = re.compile(r"\r\n|\r|\n")
_LINE = re.compile(r"\s*(?P<name>(?i:user agent)|[A-Za-z][A-Za-z-]*)\s*:\s*(?P<value>.*?)\s*\Z", re.DOTALL)
_WITHOUT_COLON = re.compile(r"\s*(?P<name>(?i:user-agent|dis?s?all?ow|allow))\s+(?P<value>\S.*?)\s*\Z")
_DISALLOW = frozenset(("disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw"))
#: `*Bot*` is no token, and not everyone either: what follows it is for nobody.
_AGENT = re.compile(r"(?P<token>\*(?=\s|\Z)|[A-Za-z0-9_-]+)")
_CODE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_USAGE = re.compile(r"(?:(?P<path>/\S*)\s+)?(?P<value>\S.*)")


@dataclass(frozen=True, slots=True)
class _Record:
    """One line of a group: the agents that it is for, its name and its value."""

    agents: frozenset[str]
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class RobotsTxt:
    """A parsed file.

    Attributes:
        agents: product tokens that have a group, in lower case; `*` for all others.
        licences: addresses of the RSL licences that it names; they belong to no group.
    """

    agents: frozenset[str]
    licences: tuple[str, ...]
    _records: tuple[_Record, ...]

    @property
    def is_empty(self) -> bool:
        """Whether no line of the file was read as a record."""
        return not (self.agents or self.licences or self._records)

    def allows(self, agent: str, url: str) -> bool:
        """Whether an agent may fetch a page: the longest pattern decides, `allow` before `disallow` (2.2.2)."""
        path = octets(path_of(url)).replace("*", "%2A").replace("$", "%24")
        if path == "/robots.txt":
            return True
        best, allowed = -1, True
        for record in self._of(agent, ("allow", "disallow")):
            pattern = octets(record.value)
            is_allow = record.name == "allow"
            longer = len(pattern) > best or (len(pattern) == best and is_allow)
            if pattern and longer and matches(pattern, path):
                best, allowed = len(pattern), is_allow
        return allowed

    def usages(self, agent: str, url: str) -> tuple[str, ...]:
        """The values of Content-Usage for a page: those of the longest path that matches, empty if none does."""
        path = octets(path_of(url)).replace("*", "%2A").replace("$", "%24")
        best: dict[int, list[str]] = {}
        for record in self._of(agent, ("content-usage",)):
            written = _USAGE.fullmatch(record.value)
            if written and matches(pattern := octets(written["path"] or "/"), path):
                best.setdefault(len(pattern), []).append(written["value"])
        return tuple(best[max(best)]) if best else ()

    def signals(self, agent: str) -> tuple[str, ...]:
        """The values of Content-Signal in the groups of an agent."""
        return tuple(record.value for record in self._of(agent, ("content-signal",)))

    def names(self, agent: str) -> bool:
        """Whether the file has a group of the agent's own."""
        return agent.lower() in self.agents

    def _of(self, agent: str, names: Sequence[str]) -> Iterator[_Record]:
        """Yield the records of the groups of an agent; `*` counts only where no group names the agent (2.2.1)."""
        token = agent.lower() if agent.lower() in self.agents else "*"
        return (record for record in self._records if record.name in names and token in record.agents)


def parse_robots_txt(body: bytes | str) -> RobotsTxt:
    """Parse a file; what is no record is left out, and a file without records allows everything."""
    data = body.encode("utf-8", "surrogateescape") if isinstance(body, str) else body
    text = data[:MAX_BYTES].removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    lists = _Lists()
    for line in _EOL.split(text):
        line = line.partition("#")[0]
        match = _LINE.match(line) or _WITHOUT_COLON.match(line)
        if match:
            lists.read(match["name"].lower(), match["value"])
    agents = frozenset().union(*lists.groups)
    rules = [_Record(frozenset(group), name, value) for group, name, value in lists.records]
    return RobotsTxt(agents, tuple(lists.licences), tuple(rules))


class _Lists:
    """The lists of user agents while a file is read: one for rules, one for preferences."""

    def __init__(self) -> None:
        self.groups: list[set[str]] = []
        self.records: list[tuple[set[str], str, str]] = []
        self.licences: list[str] = []
        self._of_rules: set[str] = set()
        self._of_preferences: set[str] = set()
        self._rules_ended = self._preferences_ended = False

    def read(self, name: str, value: str) -> None:
        """Take one record."""
        if name in ("user-agent", "useragent", "user agent"):
            self._add_agent(value)
        elif name == "license":
            self.licences += [value] if value else []
        elif name == "allow" or name in _DISALLOW:
            self._rules_ended = self._preferences_ended = True
            self.records.append((self._of_rules, "allow" if name == "allow" else "disallow", value))
        elif name in ("content-usage", "content-signal"):
            self._preferences_ended = True
            self.records.append((self._of_preferences, name, value))

    def _add_agent(self, value: str) -> None:
        match = _AGENT.match(value)
        token = match["token"].lower() if match else ""
        if self._rules_ended:
            self._of_rules = set()
        if self._preferences_ended:
            self._of_preferences = set()
        self._rules_ended = self._preferences_ended = False
        if token:
            # Records keep the sets, not copies: an agent that joins the list later shares them.
            self._of_rules.add(token)
            self._of_preferences.add(token)
            self.groups.append({token})


def path_of(url: str) -> str:
    """Path and query of an address."""
    with suppress(ValueError):  # what is no address has a path all the same
        url = normalize_url(url)
    rest = re.sub(r"^[^:/?#]+://[^/?#]*", "", url).partition("#")[0]
    return rest if rest.startswith("/") else f"/{rest}"


def octets(text: str) -> str:
    """A path or pattern in the form in which both are compared: unreserved characters plain, all others as codes."""

    def plain(code: re.Match[str]) -> str:
        byte = int(code[1], 16)
        return chr(byte) if byte in _UNRESERVED else f"%{byte:02X}"

    return _CODE.sub(plain, quote(text.encode("utf-8", "surrogateescape"), safe=_URI))


#: What may stand in a URI as it is, besides letters and digits; blanks and quotes may not.
_URI = "-._~:/?#[]@!$&'()*+,;=%"


def matches(pattern: str, path: str) -> bool:
    """Whether a pattern matches a path from its start: `*` is any run, `$` at the end is the end of the path.

    Runs are matched from left to right, shortest first, so the time is at most the product of the lengths.
    """
    is_anchored = pattern.endswith("$")
    first, *others = pattern.removesuffix("$").replace("$", "%24").split("*")
    if not path.startswith(first):
        return False
    if not others:
        return not is_anchored or len(path) == len(first)
    position = len(first)
    last = others.pop()
    for run in others:
        position = path.find(run, position)
        if position < 0:
            return False
        position += len(run)
    if is_anchored:
        return len(path) - len(last) >= position and path.endswith(last)
    return path.find(last, position) >= 0
