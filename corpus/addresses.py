"""Web addresses: one form for all spellings of an address, and the host that an address names.

A host is a name in lower case without `www.`, wherever hosts are counted, compared or listed: with and without it,
sites serve the same pages.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc

#: Scheme, user and `www.` are left out, and so are the fragment, which no server sees, and a final slash.
_ADDRESS = re.compile(
    r"https?://(?:[^/?#@]*@)?(?:www\.(?=[^/?#:.]+\.))?(?P<host>\[[^\]/?#]*\]|[^/?#:]+)(?P<port>:\d+)?(?P<rest>[^#]*)",
    re.IGNORECASE,
)

#: Scheme, optional user name, the host, in brackets if it is an IPv6 address; in the syntax that `re` and RE2 share.
_HOST_PATTERN = r"^(?i:https?|ftp)://(?:[^/?#]*@)?(?P<host>\[[^\]/?#]*\]|[^/?#:]+)"
_HOST = re.compile(_HOST_PATTERN)
#: `www.jp` is a name of its own.
_WWW_PATTERN = r"^www\.([^.]+\.)"
_WWW = re.compile(_WWW_PATTERN)


def normal_address(uri: str) -> str | None:
    """A form that all spellings of a web address share; None if the URI is not a web address.

    `http://Example.jp:80/a/#top` and `https://www.example.jp/a` are one address.
    """
    parts = _ADDRESS.match(uri)
    if parts is None:
        return None
    port = "" if parts["port"] in (None, ":80", ":443") else parts["port"]
    rest = parts["rest"].removesuffix("/")
    return f"{parts['host'].lower()}{port}{rest}"


def decoded_address(uri: str) -> str | None:
    """`normal_address` with percent signs and international host names decoded, so that browsers' copies compare equal.

    Fewer addresses are distinguished than by `normal_address`: `%2F` and `/` are the same here.
    """
    address = normal_address(uri)
    if address is None:
        return None
    host, slash, rest = address.partition("/")
    return f"{readable_host(host)}{slash}{unquote(rest)}"


def readable_host(host: str) -> str:
    """A host name in lower case, with its punycode decoded."""
    host = host.lower().rstrip(".")
    if "xn--" not in host:
        return host
    try:
        return host.encode("ascii").decode("idna")
    except UnicodeError:
        return host


def host_of(uri: str) -> str | None:
    """The host that a URI names, without `www.`; None unless it is an `https://`, `http://` or `ftp://` address."""
    match = _HOST.match(uri)
    return _WWW.sub(r"\1", match["host"].lower()) if match else None


def hosts(uris: pa.Array) -> pa.Array:
    """`host_of` of each URI, null where it gives None."""
    named = pc.utf8_lower(pc.struct_field(pc.extract_regex(uris, pattern=_HOST_PATTERN), "host"))
    return pc.replace_substring_regex(named, _WWW_PATTERN, r"\1")
