"""Decode a page: find its encoding from declarations and bytes, and map the bytes to characters.

The order is that of the WHATWG Encoding and HTML standards (byte order mark, HTTP header, `<meta>` in the first bytes,
detection), with two differences that real Japanese pages require:

- Declarations can be wrong. A page that says EUC-JP and is valid UTF-8 is UTF-8; a page that Apache labels ISO-8859-1
  by default and that is flawless Shift_JIS is Shift_JIS. A declaration that the bytes contradict is overruled, and the
  result says so.
- Labels mean what browsers mean: `shift_jis` is windows-31j, with ①, ㈱ and 髙 (`manyo.corpus.web.legacy`).
- A page may include a piece in another encoding, as servers paste files together. The page keeps the encoding of most
  of its text and loses the piece.

Decoding never fails. Bytes without meaning become U+FFFD, and their share is part of the result, so that the caller can
limit it.

Sources: https://encoding.spec.whatwg.org/, https://html.spec.whatwg.org/#determining-the-character-encoding
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

import numpy as np
from resiliparse.parse.encoding import detect_encoding

from manyo.corpus.half_width import spells_japanese
from manyo.corpus.web import legacy
from manyo.corpus.web.sniff import holds_kana
from manyo.corpus.web.sniff_kernels import copy_runs

#: Browsers stop searching for `<meta charset>` after 1,024 bytes. Pages with long comments or inline scripts before it
#: are common enough to search further.
PRESCAN_BYTES = 8192

#: Bytes that are compared when encodings are: more text does not change the choice.
_SAMPLE_BYTES = 8 << 10

#: A declaration or a detection is accepted if at most this share of the non-ASCII characters is undecodable. One stray
#: byte in a short page is about 1 %; a wrong Japanese encoding makes more than 10 % undecodable.
_TOLERATED_FRACTION = 0.05

REPLACEMENT = "\ufffd"
_REPLACEMENT_UTF_8 = REPLACEMENT.encode()


#: What decided which encoding a page has: a byte order mark, the HTTP header, `<meta>`, detection because nothing was
#: declared, or detection although something else was declared.
DecidedBy: TypeAlias = Literal["bom", "http", "meta", "detected", "overruled"]


@dataclass(frozen=True, slots=True)
class Decoded:
    """A page as text, and how its encoding was chosen.

    Attributes:
        text: the characters; U+FFFD for bytes without meaning.
        charset: WHATWG name of the encoding that was used, lower case.
        declared: WHATWG name of the encoding that HTTP or `<meta>` declared, or the label itself if no such encoding
            exists; None if nothing was declared.
        decided_by: what decided that it is this encoding.
        replacement_fraction: U+FFFD from decoding per non-ASCII character of the text.
        utf_8: the text as UTF-8, if it is at hand, so that it need not be encoded again.
        foreign_bytes: bytes of pieces in another encoding, which are left out of the text.
    """

    text: str
    charset: str
    declared: str | None
    decided_by: DecidedBy
    replacement_fraction: float
    utf_8: bytes | None = None
    foreign_bytes: int = 0


def decode(data: bytes, http_label: str | None = None) -> Decoded:
    """Decode a page.

    Args:
        data: body of the HTTP response, content encodings undone.
        http_label: `charset` parameter of the Content-Type header, if any.

    Returns:
        The text and how its encoding was chosen. No bytes raise an exception.
    """
    meta_label = meta_charset(data)
    declared_by, label = ("http", http_label) if http_label else ("meta", meta_label)
    declared = None if label is None else (charset_of_label(label) or label.strip().lower())
    for mark, marked in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _decoded(data[len(mark) :], marked, declared, "bom")
    candidates: list[tuple[DecidedBy, str]] = []
    if http_charset := charset_of_label(http_label):
        candidates.append(("http", http_charset))
    if charset_of_meta := charset_of_label(meta_label):
        candidates.append(("meta", charset_of_meta))
    charset = _evident_charset(data)
    text = _as_utf_8(data) if charset is None else None
    if text is None and charset is None and b"\xed" in data and _SURROGATES.search(data):
        data = _SURROGATES.sub(_joined_surrogates, data)
        text = _as_utf_8(data)
    if text is not None:
        charset = "utf-8"
    elif charset is None:
        charset = _plausible_charset(data, [named for _, named in candidates])
    if charset == "utf-8" and data.isascii():
        # Seven-bit bytes mean the same in every encoding but UTF-16, which this is not: the declaration is right.
        candidates = [(source, named) for source, named in candidates if not named.startswith("utf-16")]
        charset = candidates[0][1] if candidates else charset
    decided_by: DecidedBy = "overruled" if declared else "detected"
    for source, candidate in candidates:
        if candidate == charset:
            decided_by = source if source == declared_by else "overruled"
            break
    if text is not None and charset == "utf-8":
        return Decoded(text, charset, declared, decided_by, 0.0, None if _cuts_character(data) else data)
    return _decoded(data, charset, declared, decided_by)


def charset_of_label(label: str | None) -> str | None:
    """WHATWG name of the encoding that a label on the web means; None if the label is unknown.

    >>> charset_of_label("x-sjis"), charset_of_label("Windows-31J"), charset_of_label("latin1")
    ('shift_jis', 'shift_jis', 'windows-1252')
    """
    if label is None:
        return None
    label = label.strip(" \t\r\n\f\"'").lower()
    if label in _CHARSET_OF_LABEL:
        return _CHARSET_OF_LABEL[label]
    return label if label in _CODECS or label in legacy.ENCODINGS else None


def meta_charset(data: bytes) -> str | None:
    """The label that `<meta>` or the XML declaration states in the first bytes, if any."""
    head = data[:PRESCAN_BYTES]
    # Without comments: a lazy expression for them takes ten times as long.
    first, *others = head.split(b"<!--")
    head = first + b"".join(other.partition(b"-->")[2] for other in others)
    match = _META_CHARSET.search(head) or _XML_ENCODING.match(head)
    return match[1].decode("ascii") if match else None


def _evident_charset(data: bytes) -> str | None:
    """The encoding that the form of the bytes alone proves, if any.

    ISO-2022-JP is proved by its escape sequences in otherwise seven-bit text, UTF-16 without a byte order mark by its
    zero bytes. Whether the bytes are UTF-8 shows only when they are decoded.
    """
    if b"\x1b" in data and _ISO_2022_JP.search(data) and _high_byte_fraction(data) < 0.001:
        return "iso-2022-jp"
    if b"\0" in data:
        even, odd = data[:_SAMPLE_BYTES:2], data[1:_SAMPLE_BYTES:2]
        # One byte of each pair is 0 in markup and 0x30 in kana; which one it is says the byte order.
        for high, low, charset in ((odd, even, "utf-16le"), (even, odd, "utf-16be")):
            if 4 * (high.count(0) + high.count(0x30)) > len(high) and low.count(0) * 8 <= high.count(0):
                return charset
    return None


def _as_utf_8(data: bytes) -> str | None:
    """The text, if all sequences are valid UTF-8; None otherwise. A cut last sequence is left out."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return None


def _is_utf_8(run: bytes) -> bool:
    """Whether all of a run is valid UTF-8, as nearly every run is; `_as_utf_8` takes several times as long for it."""
    try:
        run.decode()
    except UnicodeDecodeError:
        return False
    return True


def _cuts_character(data: bytes) -> bool:
    """Whether the end of otherwise valid UTF-8 cuts its last character."""
    last = data[-4:]
    return not last.isascii() and bool(_CUT_UTF_8.search(last))


def _decoded(data: bytes, charset: str, declared: str | None, decided_by: DecidedBy) -> Decoded:
    text, lost, utf_8 = _decode_as(data, charset)
    foreign_bytes = 0
    has_utf_8 = 0 < lost < _FOREIGN_ERRORS and charset in _LEGACY_CHARSETS and _UTF_8_WORD.search(data) is not None
    may_be_pasted = charset in _PASTED_CHARSETS and (lost >= _FOREIGN_ERRORS or has_utf_8)
    # A page without kana is no document, so that its pieces do not matter.
    if may_be_pasted and holds_kana(utf_8 or text):
        own = _own_runs(data, charset)
        foreign_bytes = len(data) - len(own)
        if 2 * foreign_bytes > _high_bytes(data):
            foreign_bytes = 0  # most of the page is foreign, so that this is not its encoding
        elif foreign_bytes:
            text, lost, utf_8 = _decode_as(own, charset)
    replacement_fraction = lost / max(1, _non_ascii_count(text)) if lost else 0.0
    return Decoded(text, charset, declared, decided_by, replacement_fraction, utf_8, foreign_bytes)


def _own_runs(data: bytes, charset: str) -> bytes:
    """A page without its runs of text, between tags or line ends, that are in another encoding than the page.

    No byte of a character is `<`, `>` or a line end in UTF-8, Shift_JIS or EUC-JP.
    """

    def own(match: re.Match[bytes]) -> bytes:
        run = match[0]
        if charset == "utf-8" and _is_utf_8(run):
            return run
        if charset != "utf-8" and _is_mostly_utf_8(run) and _UTF_8_WORD.search(run):
            return b""
        text, lost, _ = _decode_as(run, charset)
        # A stray byte takes a neighbour with it; a foreign run has more errors than characters.
        return b"" if lost >= _FOREIGN_ERRORS and 2 * lost > _non_ascii_count(text) else run

    return _RUN.sub(own, data)


def _decode_as(data: bytes, charset: str) -> tuple[str, int, bytes | None]:
    """The text, the number of U+FFFD that decoding put into it, and its UTF-8 if that is at hand.

    A cut last character is left out.
    """
    if charset in legacy.ENCODINGS:
        found = legacy.decode(data, charset)
        utf_8 = found.utf_8[: found.whole_bytes]
        return utf_8.decode("utf-8"), found.lost - found.utf_8.count(_REPLACEMENT_UTF_8, found.whole_bytes), utf_8
    codec = _CODECS[charset]
    # The incremental decoder withholds an unfinished last character instead of replacing it.
    text = codecs.getincrementaldecoder(codec)("replace").decode(data)
    lost = text.count(REPLACEMENT)
    if lost and codec.startswith("utf"):
        # U+FFFD may stand in the source itself, after an earlier, lossy conversion; it is not counted.
        lost -= data.count(REPLACEMENT.encode(codec))
    return text, max(0, lost), None


def _joined_surrogates(pair: re.Match[bytes]) -> bytes:
    """A character outside the basic plane in UTF-8, where CESU-8 has its two surrogates, each as three bytes."""
    return pair[0].decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass").decode("utf-16-le").encode()


def _plausible_charset(data: bytes, declared: list[str]) -> str:
    """The most plausible encoding of bytes that are not valid UTF-8.

    A sample is decoded in each candidate encoding. Too many undecodable bytes exclude a candidate, and the text with
    the most kana and common punctuation per character wins. Where no Japanese encoding is plausible, the result is the
    first declared encoding that decodes the sample, and otherwise that of a general detector.
    """
    sample = _non_ascii_sample(data)
    scores: dict[str, float] = {}
    # Declared encodings come first, because the first of equal scores wins.
    japanese = [charset for charset in declared if charset in _JAPANESE_CHARSETS]
    for charset in dict.fromkeys(japanese):
        scores[charset] = _japanese_score(sample, charset)
        if scores[charset] >= _CERTAIN_SCORE:
            return charset
    # Damaged UTF-8 is recognised in any language: a thousand valid sequences are not an accident.
    text, lost, _ = _decode_as(sample, "utf-8")
    multibyte = _non_ascii_count(text) - lost
    # In Japanese, Chinese or Korean in another encoding, hardly any byte is part of a sequence of three or four.
    is_mostly = 4 * multibyte > lost and 2 * _long_sequence_bytes(text) > _high_bytes(sample)
    if lost <= _TOLERATED_FRACTION * multibyte or is_mostly:
        return "utf-8"
    for charset in ("shift_jis", "euc-jp"):
        if charset not in scores:
            scores[charset] = _japanese_score(sample, charset)
        if scores[charset] >= _CERTAIN_SCORE:
            return charset
    best = max(scores, key=lambda charset: scores[charset])
    if scores[best] >= _JAPANESE_SCORE:
        return best
    for charset in declared:
        text, lost, _ = _decode_as(sample, charset)
        if lost <= _TOLERATED_FRACTION * max(1, _non_ascii_count(text)):
            return charset
    detected = charset_of_label(detect_encoding(data[:_SAMPLE_BYTES]))
    return detected if detected not in (None, "utf-8") else "windows-1252"


#: Least `_japanese_score` of a Japanese sample. Real Japanese pages score above 0.5, headings in kanji and statutes
#: in katakana above 0.3. Korean, Chinese and Cyrillic bytes read as EUC-JP or Shift_JIS score below 0.1: they look like
#: kanji and half-width katakana.
_JAPANESE_SCORE = 0.25
#: From this score on, no other encoding is tried: the same bytes cannot be prose in two encodings.
_CERTAIN_SCORE = 0.4


def _japanese_score(sample: bytes, charset: str) -> float:
    """How Japanese a sample is in an encoding: 1 for kana alone, negative for many errors.

    Hiragana, katakana and Japanese punctuation raise the score. The marks of a wrong encoding lower it: undecodable
    bytes, isolated half-width katakana, private-use and C1 characters.
    """
    text, lost, _ = _decode_as(sample, charset)
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    counts: list[int] = np.bincount(_class_of_character()[np.minimum(points, 0xFFFF)], minlength=_N_CLASSES).tolist()
    n_characters = len(text) - counts[_ASCII_CHARACTER]
    if not n_characters:
        return 0.0
    # Japanese writes half-width katakana in words; EUC-JP read as Shift_JIS scatters them among kanji. Words of them
    # alone are not evidence for Japanese, because Korean read as Shift_JIS consists of them.
    half_width = counts[_HALF_WIDTH]
    in_words = sum(map(len, _HALF_WIDTH_WORD.findall(text))) if half_width else 0
    good, odd = counts[_KANA_OR_PUNCTUATION], counts[_NEVER_JAPANESE]
    if in_words and spells_japanese(text):
        good += in_words
    return (good - 0.5 * (half_width - in_words) - 10 * lost - 3 * odd) / n_characters


@cache
def _class_of_character() -> np.ndarray:
    """uint8 (65536,), by code point, the class of a character."""
    classes = np.full(1 << 16, _OTHER, np.uint8)
    classes[:0x80] = _ASCII_CHARACTER
    for kind, borders in (
        (_KANA_OR_PUNCTUATION, ("ぁゖ", "ァヺ", "ーー", "、。", "「」", "・・")),
        (_HALF_WIDTH, ("｡ﾟ",)),
        (_NEVER_JAPANESE, ("\x80\x9f", "\ue000\uf8ff", "\ufffd\ufffd")),
    ):
        for pair in borders:
            classes[ord(pair[0]) : ord(pair[1]) + 1] = kind
    classes.flags.writeable = False
    return classes


_ASCII_CHARACTER, _OTHER, _KANA_OR_PUNCTUATION, _HALF_WIDTH, _NEVER_JAPANESE = range(5)
_N_CLASSES = 5


def _long_sequence_bytes(text: str) -> int:
    """Bytes of the characters of three or four bytes in UTF-8, U+FFFD left out."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    return 3 * int(np.count_nonzero((points >= 0x800) & (points != ord(REPLACEMENT))))


def _is_mostly_utf_8(data: bytes) -> bool:
    """Whether most bytes above 0x7F of a run of text are characters of three or four bytes in UTF-8."""
    return 2 * sum(map(len, _LONG_UTF_8.findall(data))) > _high_bytes(data)


def _high_bytes(data: bytes) -> int:
    return 0 if data.isascii() else len(data.translate(None, _ASCII))


def _non_ascii_sample(data: bytes) -> bytes:
    """The runs of text with a page's non-ASCII bytes, each from its first such byte on, up to `_SAMPLE_BYTES`."""
    if len(data) <= _SAMPLE_BYTES:
        return data
    sample: bytes = copy_runs(np.frombuffer(data, np.uint8), _SAMPLE_BYTES).tobytes()
    return sample


def _non_ascii_count(text: str) -> int:
    return 0 if text.isascii() else len(text) - len(text.encode("ascii", "ignore"))


def _high_byte_fraction(data: bytes) -> float:
    return _high_bytes(data) / max(1, len(data))


_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16le"), (b"\xfe\xff", "utf-16be"))

#: Encodings of which a page may consist in the main, with pieces in another one.
_LEGACY_CHARSETS = ("shift_jis", "euc-jp")
_PASTED_CHARSETS = ("utf-8", *_LEGACY_CHARSETS)
#: Fewest errors of a run that is foreign: two characters of another encoding make as many.
_FOREIGN_ERRORS = 4

_JAPANESE_CHARSETS = ("shift_jis", "euc-jp", "iso-2022-jp", "utf-16le", "utf-16be")

#: WHATWG name of each encoding and the Python codec that reads it.
_CODECS = {
    "utf-8": "utf-8",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "euc-kr": "cp949",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "ibm866": "cp866",
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
    "macintosh": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
    "windows-874": "cp874",
    **{f"windows-125{digit}": f"cp125{digit}" for digit in range(9)},
    **{f"iso-8859-{part}": f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)},
}

_LABELS = {
    "utf-8": "utf8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8 utf_8 utf-8-sig",
    "utf-16le": "utf-16 unicode csunicode iso-10646-ucs-2 ucs-2 unicodefeff utf16",
    "utf-16be": "unicodefffe",
    "shift_jis": "shift-jis shiftjis sjis x-sjis ms932 ms_kanji csshiftjis windows-31j cswindows31j cp932 "
    "x-ms-cp932 x-shift-jis x-shift_jis shift_jisx0213 shift_jis-2004 mskanji windows-932",
    "euc-jp": "eucjp x-euc-jp x-euc euc_jp euc cseucpkdfmtjapanese eucjp-ms euc-jp-ms eucjp-win cp51932 x-eucjp",
    "iso-2022-jp": "csiso2022jp jis iso2022jp iso-2022-jp-1 iso-2022-jp-2 iso-2022-jp-3 iso-2022-jp-ms cp50220 cp50221",
    "euc-kr": "cseuckr csksc56011987 iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949 uhc",
    "gbk": "chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 iso-ir-58 x-gbk cp936",
    "big5": "big5-hkscs cn-big5 csbig5 x-x-big5",
    "windows-1252": "ansi_x3.4-1968 ascii us-ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 "
    "iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 x-cp1252 latin-1",
    "windows-1254": "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 "
    "x-cp1254",
    "windows-874": "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620",
    "windows-1250": "cp1250 x-cp1250",
    "windows-1251": "cp1251 x-cp1251 win-1251",
    "windows-1253": "cp1253 x-cp1253",
    "windows-1255": "cp1255 x-cp1255",
    "windows-1256": "cp1256 x-cp1256",
    "windows-1257": "cp1257 x-cp1257",
    "windows-1258": "cp1258 x-cp1258",
    "ibm866": "866 cp866 csibm866",
    "koi8-r": "cskoi8r koi koi8 koi8_r",
    "koi8-u": "koi8-ru",
    "macintosh": "csmacintosh mac x-mac-roman",
    "iso-8859-2": "csisolatin2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2",
    "iso-8859-5": "csisolatincyrillic cyrillic iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988",
    "iso-8859-7": "csisolatingreek ecma-118 elot_928 greek greek8 iso-ir-126 iso8859-7 iso88597 iso_8859-7 "
    "iso_8859-7:1987 sun_eu_greek",
    "iso-8859-8": "csiso88598e csiso88598i csisolatinhebrew hebrew iso-8859-8-e iso-8859-8-i iso-ir-138 iso8859-8 "
    "iso88598 iso_8859-8 iso_8859-8:1988 logical visual",
    "iso-8859-3": "csisolatin3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3",
    "iso-8859-4": "csisolatin4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4",
    "iso-8859-6": "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6-e iso-8859-6-i "
    "iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987",
    "iso-8859-10": "csisolatin6 iso-ir-157 iso8859-10 iso885910 l6 latin6",
    "iso-8859-13": "iso8859-13 iso885913",
    "iso-8859-14": "iso8859-14 iso885914",
    "x-mac-cyrillic": "x-mac-ukrainian",
    "iso-8859-15": "csisolatin9 iso8859-15 iso885915 iso_8859-15 l9",
}
_CHARSET_OF_LABEL = {label: charset for charset, labels in _LABELS.items() for label in labels.split()}

_ASCII = bytes(range(128))

_META_CHARSET = re.compile(
    rb"<[mM][eE][tT][aA]\b[^>]*?[cC][hH][aA][rR][sS][eE][tT]\s*=\s*[\"']?\s*([\w:.-]+)", re.ASCII
)
_XML_ENCODING = re.compile(rb"\s*<\?xml\b[^>]*?\bencoding\s*=\s*[\"']\s*([\w:.-]+)", re.ASCII)
_ISO_2022_JP = re.compile(rb"\x1b(\$@|\$B|\$\(D|\(B|\(J|\(I)")
_CUT_UTF_8 = re.compile(rb"(?:[\xc0-\xff]|[\xe0-\xff][\x80-\xbf]|[\xf0-\xff][\x80-\xbf]{2})\Z")
_LONG_UTF_8 = re.compile(rb"(?:[\xe1-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})+")
#: Four characters of UTF-8 in a row, which no text in Shift_JIS or EUC-JP contains by accident.
_UTF_8_WORD = re.compile(rb"(?:[\xe1-\xef][\x80-\xbf]{2}){4}")
_SURROGATES = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
#: Text from its first byte outside ASCII to a tag or line end.
_RUN = re.compile(rb"[\x80-\xff][^<>\r\n]*")

_HALF_WIDTH_WORD = re.compile("[ｦ-ﾟ]{3,}")
