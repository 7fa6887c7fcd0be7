"""Credentials in URIs are taken out where a URI enters the program, and put back where a request leaves it.

`public` splits `https://user:password@host/a?X-Amz-Signature=…` into what names the file, `https://host/a`, and what
opens it, which this process remembers. All else of manyo handles what names the file: settings and fingerprints,
tables, manifests, logs. `opened` gives the whole URI to the library that makes the request, and `hide` takes out of its
error messages what it says about it. Another process is given what is remembered by `remembered` and `remember`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias
from urllib.parse import urlsplit, urlunsplit

#: A parameter of this name opens a file, and those of `_WITH_A_SIGNATURE` next to it say for how long and to whom.
_SECRET = re.compile(
    r"(x-amz-|x-goog-|x-oss-).*|.*(signature|secret|passw|token|credential|api_?key|access_?key).*|sig|key|auth|pwd",
    re.IGNORECASE,
)
_WITH_A_SIGNATURE = re.compile(
    "expires|policy|key-pair-id|(aws|oss)accesskeyid|googleaccessid|s[ver]|ss|srt|sp|spr|st|sip|skoid|sktid|sk[testv]",
    re.IGNORECASE,
)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
#: Of a longer run of letters, the end is taken for the scheme: what is behind it is hidden all the same.
_URI_IN_A_TEXT = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s\"']*")
_USER = re.compile(r"(?<=://)[^/?#]*@")

#: What opens a host, by scheme and host, and what opens one file, by its public URI: files that the configuration
#: names, of which there are few, and files of lists, of which a task is told its own.
_of_hosts: dict[str, str] = {}
_of_files: dict[str, str] = {}
_of_listed: dict[str, str] = {}

#: What a process remembers, for another one: in the order above.
Remembered: TypeAlias = tuple[dict[str, str], dict[str, str], dict[str, str]]


def public(uri: str, is_listed: bool = False) -> str:
    """The URI without credentials, which this process remembers; a path, and a URI without any, as it is.

    Args:
        uri: as the user gave it.
        is_listed: whether it is one of a list of many.

    Raises:
        ValueError: other credentials are remembered for the same host.
    """
    shown, user, query = _split(uri)
    if user:
        place = "{0.scheme}://{0.netloc}".format(urlsplit(shown))
        if _of_hosts.setdefault(place, user) != user:
            raise ValueError(f"{place}: two different credentials for one host")
    if query:
        (_of_listed if is_listed else _of_files)[shown] = query
    return shown


def without_credentials(text: str) -> str:
    """A text in which every URI is as `public` shows it; nothing is remembered.

    What stands before an @ is left out of malformed URIs too, which `public` leaves as they are.
    """
    return _URI_IN_A_TEXT.sub(lambda found: _USER.sub("", _split(found[0])[0]), text)


def _split(uri: str) -> tuple[str, str, str]:
    """What names the file; the user and password, "" without any; the whole query if a part of it opens the file."""
    if not _URI.match(uri):
        return uri, "", ""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return uri, "", ""  # no library will read it either, and says so
    user, at, host = parts.netloc.rpartition("@")
    parameters = parts.query.split("&") if parts.query else []
    secret = [one for one in parameters if _SECRET.fullmatch(_name(one))]
    if secret:
        secret = [one for one in parameters if one in secret or _WITH_A_SIGNATURE.fullmatch(_name(one))]
    if not at and not secret:
        return uri, "", ""
    shown = urlunsplit(parts._replace(netloc=host, query="&".join(one for one in parameters if one not in secret)))
    return shown, user, parts.query if secret else ""


def _name(parameter: str) -> str:
    return parameter.partition("=")[0]


def opened(uri: str) -> str:
    """The URI with the credentials that this process remembers for it."""
    if not (_of_hosts or _of_files or _of_listed) or not _URI.match(uri):
        return uri
    parts = urlsplit(uri)
    user = _of_hosts.get(f"{parts.scheme}://{parts.netloc}")
    netloc = f"{user}@{parts.netloc}" if user else parts.netloc
    return urlunsplit(parts._replace(netloc=netloc, query=_query(uri) or parts.query))


def _query(uri: str) -> str | None:
    return _of_files.get(uri) or _of_listed.get(uri)


def hide(text: str) -> str:
    """A message of a library without the credentials that this process remembers."""
    if not (text and (_of_hosts or _of_files or _of_listed)):
        return text
    for secret in sorted(_secrets(), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def _secrets() -> set[str]:
    found = set()
    for user in _of_hosts.values():
        found |= {user, user.partition(":")[2]}
    for query in (*_of_files.values(), *_of_listed.values()):
        found.add(query)
        for parameter in query.split("&"):
            name, _, value = parameter.partition("=")
            if _SECRET.fullmatch(name):
                found.add(value)
    return {secret for secret in found if len(secret) > 3}


def remembered(listed: Iterable[str]) -> Remembered:
    """What another process needs to know that reads these files of lists, and files that the configuration names."""
    return dict(_of_hosts), dict(_of_files), {uri: _of_listed[uri] for uri in listed if uri in _of_listed}


def remember(known: Remembered) -> None:
    """Take over what another process remembers."""
    for own, more in zip((_of_hosts, _of_files, _of_listed), known, strict=True):
        own.update(more)
