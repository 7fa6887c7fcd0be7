"""Web addresses: one form for all spellings of an address, and the host that an address names.

Two spellings are one address if the WHATWG's URL standard writes them alike (the library `ada-url`; decision 0018), or
if they differ only in what no server tells apart: `%7E` for `~`, `%c6` for `%C6`, a name in NFD as a Mac writes it for
the same name in NFC, a user's name, `#` and what follows, a final dot of the host. `http` and `https`, and a host with
and without `www.`, are one address too, because a site that answers to both serves the same pages. Nothing else is
joined: `/a` and `/a/` are two addresses, and percent signs are never decoded into another name, since pages in EUC-JP
and Shift_JIS write their names in bytes that mean something else, or nothing, in UTF-8.

A host is a name as DNS knows it, in lower case and punycode without `www.`, wherever hosts are counted, compared or
listed.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import quote, unquote, unquote_to_bytes

import pyarrow as pa
import pyarrow.compute as pc
from ada_url import normalize_url

#: An address as the WHATWG's standard writes it; `rest` is path and query.
_WRITTEN = re.compile(
    r"(?P<scheme>https?|ftp)://(?:[^@/?#]*@)?(?P<host>\[[^\]]*\]|[^:/?#]+)(?P<port>:\d+)?(?P<rest>[^#]*)"
)
#: What may be an address at all; the parser takes the rest of the time.
_SCHEME = re.compile(r"\s*(?:https?|ftp):", re.IGNORECASE)
#: `www.jp` is a name of its own.
_WWW = re.compile(r"www\.(?=[^.]+\.)")
#: Plain names of hosts in the usual place, in RE2's syntax: what `hosts` need not parse one by one.
_PLAIN = r"^(?i:https?|ftp)://(?P<host>[0-9A-Za-z._-]+)(?::[0-9]+)?(?:[/?#]|$)"
#: A percent sign that is no code; nothing of such an address is decoded, because what remains might become a code.
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
#: Letters, digits, codes: the stretches between the characters that separate the parts of an address.
_NAME = re.compile(r"(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})+")
_MARKS = r"\u0300-\u036f\u0653-\u0655\u093c\u1160-\u11ff\u3099\u309a"
#: A character, and the marks and vowels of Hangul that may be joined to it.
_JOINED = re.compile(rf"[^{_MARKS}][{_MARKS}]+")


def canonical_address(uri: str) -> str | None:
    """The form that all spellings of a web address share; None if the URI is not an `http` or `https` address.

    >>> canonical_address("http://www.Example.jp:80/a/../%7Etaro/?q#top")
    'example.jp/~taro/?q'
    """
    parts = _written(uri)
    if parts is None or parts["scheme"] == "ftp":
        return None
    host = _bare(parts["host"])
    return f"{host}{parts['port'] or ''}{_canonical_rest(parts['rest'])}" if host else None


def readable_address(address: str) -> str:
    """A canonical address for a person to read: punycode and codes that are UTF-8 are decoded. Never a key."""
    host, slash, rest = address.partition("/")
    return f"{readable_host(host)}{slash}{unquote(rest, errors='backslashreplace')}"


def readable_host(host: str) -> str:
    """A host with its punycode decoded, for a person to read. Never a key."""
    if "xn--" not in host:
        return host
    try:
        return host.encode("ascii").decode("idna")
    except UnicodeError:
        return host


def host_of(uri: str) -> str | None:
    """The host that a URI names, without `www.`; None unless it is an `https`, `http` or `ftp` address."""
    parts = _written(uri)
    return (_bare(parts["host"]) or None) if parts is not None else None


def hosts(uris: pa.Array) -> pa.Array:
    """`host_of` of each URI, null where it gives None."""
    plain = pc.struct_field(pc.extract_regex(uris, pattern=_PLAIN), "host").dictionary_encode()
    of_plain = pa.array([host_of(f"http://{host}/") for host in plain.dictionary.to_pylist()], uris.type)
    named = of_plain.take(plain.indices)
    # An address with a user's name, in other letters than ASCII or oddly written; few are.
    odd = pc.and_(pc.is_null(named), pc.match_substring_regex(uris, r"^\s*(?i:https?|ftp):"))
    if not pc.any(odd).as_py():
        return named
    return pc.replace_with_mask(named, odd, pa.array([host_of(uri) for uri in uris.filter(odd).to_pylist()], uris.type))


def _written(uri: str) -> re.Match[str] | None:
    """The parts of an address as the standard writes it; None if it is no address of the web."""
    if not _SCHEME.match(uri):
        return None
    try:
        return _WRITTEN.match(normalize_url(_encodable(uri)))
    except ValueError:
        return None


def _encodable(uri: str) -> str:
    """A URI whose undecodable bytes, as a shell passes them (PEP 383), are written as percent codes."""
    if uri.isascii():
        return uri
    return re.sub("[\ud800-\udfff]", lambda match: quote(match[0].encode("utf-8", "surrogateescape")), uri)


def _bare(host: str) -> str:
    return _WWW.sub("", host.rstrip("."), count=1) if not host.startswith("[") else host


def _canonical_rest(rest: str) -> str:
    """Path and query with the codes of letters, digits and `-._~` decoded, and all other codes in upper case."""
    if "%" not in rest or _STRAY_PERCENT.search(rest):
        return rest
    return _NAME.sub(lambda name: _canonical_name(name[0]), rest)


@lru_cache(4096)
def _canonical_name(name: str) -> str:
    if "%" not in name:
        return name
    text = unquote_to_bytes(name).decode("utf-8", "surrogateescape")
    if not unicodedata.is_normalized("NFC", text):
        text = _JOINED.sub(_compose, text)
    return quote(text.encode("utf-8", "surrogateescape"), safe="~")


def _compose(joined: re.Match[str]) -> str:
    """A character with its marks in NFC, if it stands here in NFD.

    Nothing else is normalised. NFC of any text would join more than two spellings, and bytes of EUC-JP read as UTF-8
    are any text: it puts marks in order, and so makes 無名 of 名無.
    """
    written = joined[0]
    return unicodedata.normalize("NFC", written) if unicodedata.is_normalized("NFD", written) else written
