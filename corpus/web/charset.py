"""Decode a page: find its encoding from declarations and bytes, and map the bytes to characters.

The order is that of the WHATWG Encoding and HTML standards (byte order mark, HTTP header, `<meta>` in the first bytes,
detection), with two differences that real Japanese pages require:

- Declarations can be wrong. A page that says EUC-JP and is valid UTF-8 is UTF-8; a page that Apache labels ISO-8859-1
  by default and that is flawless Shift_JIS is Shift_JIS. A declaration that the bytes contradict is overruled, and the
  result says so.
- Labels mean what browsers mean: `shift_jis` is windows-31j (cp932, with ①, ㈱ and 髙), and `euc-jp` and `iso-2022-jp`
  include NEC and IBM rows that Python's codecs reject.

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
        utf_8: the text as UTF-8, if the page is UTF-8, so that it need not be encoded again.
    """

    text: str
    charset: str
    declared: str | None
    decided_by: DecidedBy
    replacement_fraction: float
    utf_8: bytes | None = None


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
    return label if label in _CODECS else None


def meta_charset(data: bytes) -> str | None:
    """The label that `<meta>` or the XML declaration states in the first bytes, if any."""
    head = data[:PRESCAN_BYTES]
    if b"<!--" in head:
        head = _COMMENT.sub(b"", head)
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


def _cuts_character(data: bytes) -> bool:
    """Whether the end of otherwise valid UTF-8 cuts its last character."""
    last = data[-4:]
    return not last.isascii() and bool(_CUT_UTF_8.search(last))


def decode_euc_jp(data: bytes) -> tuple[str, int]:
    """Decode EUC-JP as the web writes it: JIS X 0208 and 0212 with NEC row 13 and the IBM rows.

    Characters that Microsoft and JIS map differently (～ － ∥ ￠ ￡ ￢) are mapped as in Shift_JIS pages, which is the
    mapping of the WHATWG index.

    Returns:
        The text, and the number of U+FFFD in it that stand for bytes without meaning.
    """
    text = _as_microsoft(_decode_euc_jp(data))
    return text, text.count(REPLACEMENT)


def decode_iso_2022_jp(data: bytes) -> tuple[str, int]:
    """Decode ISO-2022-JP with half-width katakana, JIS X 0212 and the NEC and IBM rows.

    Each run between escape sequences is EUC-JP with the high bits stripped, and is decoded as such. Control characters,
    line ends included, mean themselves in every run.

    Returns:
        The text, and the number of U+FFFD in it that stand for bytes without meaning.
    """
    parts = []
    escape = b"(B"
    for index, piece in enumerate(_ISO_2022_JP.split(_CUT_ESCAPE.sub(b"", data))):
        if index % 2:
            escape = piece
        elif escape in (b"$@", b"$B"):
            parts.append(_decode_euc_jp(piece.translate(_SET_HIGH_BIT)))
        elif escape == b"$(D":
            parts.append(_decode_euc_jp(_SEVEN_BIT_PAIR.sub(b"\x8f\\1", piece).translate(_SET_HIGH_BIT)))
        elif escape == b"(I":
            parts.append(piece.translate(_SET_HIGH_BIT).decode("cp932", "replace"))
        else:
            ascii_text = piece.decode("ascii", "replace")
            parts.append(ascii_text.translate({0x5C: "¥", 0x7E: "‾"}) if escape == b"(J" else ascii_text)
    text = _as_microsoft("".join(parts))
    return text, text.count(REPLACEMENT)


def _decode_euc_jp(data: bytes) -> str:
    """The text according to Python's codec and `_replace_in_euc_jp`; a cut last character is left out."""
    return _EUC_JP_DECODER(_EUC_JP_ERRORS).decode(data)


def _as_microsoft(text: str) -> str:
    for jis, microsoft in _AS_MICROSOFT:
        text = text.replace(jis, microsoft)
    return text


def _decoded(data: bytes, charset: str, declared: str | None, decided_by: DecidedBy) -> Decoded:
    text, lost = _decode_as(data, charset)
    if not lost:
        return Decoded(text, charset, declared, decided_by, 0.0)
    return Decoded(text, charset, declared, decided_by, lost / max(1, _non_ascii_count(text)))


def _decode_as(data: bytes, charset: str) -> tuple[str, int]:
    """The text, and the number of U+FFFD that decoding put into it; a cut last character is left out."""
    if charset == "euc-jp":
        return decode_euc_jp(data)
    if charset == "iso-2022-jp":
        return decode_iso_2022_jp(data)
    codec = _CODECS[charset]
    # The incremental decoder withholds an unfinished last character instead of replacing it.
    text = codecs.getincrementaldecoder(codec)("replace").decode(data)
    lost = text.count(REPLACEMENT)
    if lost and codec.startswith("utf"):
        # U+FFFD may stand in the source itself, after an earlier, lossy conversion; it is not counted.
        lost -= data.count(REPLACEMENT.encode(codec))
    return text, max(0, lost)


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
    text, lost = _decode_as(sample, "utf-8")
    multibyte = _non_ascii_count(text) - lost
    if lost <= _TOLERATED_FRACTION * multibyte:
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
        text, lost = _decode_as(sample, charset)
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
    if charset == "euc-jp" and 8 * sample.decode("euc_jp", "replace").count(REPLACEMENT) > len(sample):
        return -1.0  # the error handler is slow, and would not change the result
    text, lost = _decode_as(sample, charset)
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    counts: list[int] = np.bincount(_class_of_character()[np.minimum(points, 0xFFFF)], minlength=_N_CLASSES).tolist()
    n_characters = len(text) - counts[_ASCII_CHARACTER]
    if not n_characters:
        return 0.0
    # Japanese writes half-width katakana in words; EUC-JP read as Shift_JIS scatters them among kanji. Words of them
    # are not evidence for Japanese, because Korean read as Shift_JIS consists of them.
    half_width = counts[_HALF_WIDTH]
    in_words = sum(map(len, _HALF_WIDTH_WORD.findall(text))) if half_width else 0
    good, odd = counts[_KANA_OR_PUNCTUATION], counts[_NEVER_JAPANESE]
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


def _non_ascii_sample(data: bytes) -> bytes:
    """The runs of text with a page's non-ASCII bytes, each from its first such byte on, up to `_SAMPLE_BYTES`."""
    if len(data) <= _SAMPLE_BYTES:
        return data
    sample: bytes = copy_runs(np.frombuffer(data, np.uint8), _SAMPLE_BYTES).tobytes()
    return sample


def _non_ascii_count(text: str) -> int:
    return 0 if text.isascii() else len(text) - len(text.encode("ascii", "ignore"))


def _high_byte_fraction(data: bytes) -> float:
    return 0.0 if data.isascii() else len(data.translate(None, _ASCII)) / len(data)


def _replace_in_euc_jp(error: UnicodeError) -> tuple[str, int]:
    """Codec error handler: characters that EUC-JP on the web has and Python's codec lacks, else U+FFFD."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    data, start = error.object, error.start
    pair = data[start : start + 2]
    if len(pair) == 2 and 0xA1 <= pair[0] <= 0xFE and 0xA1 <= pair[1] <= 0xFE:
        return _shift_jis_character(pair[0] - 0xA1, pair[1] - 0xA1), start + 2
    triple = data[start : start + 3]
    if len(triple) == 3 and triple[0] == 0x8F and triple[1] in (0xF3, 0xF4) and 0xA1 <= triple[2] <= 0xFE:
        index = (triple[1] - 0xF3) * 94 + triple[2] - 0xF3
        return (_IBM_EXTENSIONS[index] if 0 <= index < len(_IBM_EXTENSIONS) else REPLACEMENT), start + 3
    return REPLACEMENT, start + 1


def _shift_jis_character(row: int, cell: int) -> str:
    """The character that windows-31j has at a row and cell of JIS X 0208, both counted from 0."""
    lead = row // 2 + (0x81 if row < 62 else 0xC1)
    trail = cell + (0x9F if row % 2 else 0x40 if cell < 63 else 0x41)  # 0x7F is left out
    return bytes((lead, trail)).decode("cp932", "replace")[:1]


def _ibm_extensions() -> str:
    """The IBM characters in rows 8F F3 and 8F F4 of EUC-JP (eucJP-ms), in order.

    They are the characters of rows FA to FC of windows-31j that are not in JIS X 0212, and №, which is. ￢ and ￤ are
    elsewhere under another code point.
    """
    found: list[str] = []
    for lead in (0xFA, 0xFB, 0xFC):
        for trail in (*range(0x40, 0x7F), *range(0x80, 0xFD)):
            character = bytes((lead, trail)).decode("cp932", "ignore")
            is_elsewhere = character.encode("euc_jp", "ignore") != b"" or character in "￢￤"
            if character == "№" or not is_elsewhere:
                found.append(character)
    return "".join(found)


_EUC_JP_DECODER = codecs.getincrementaldecoder("euc_jp")
_EUC_JP_ERRORS = "manyo_euc_jp"
codecs.register_error(_EUC_JP_ERRORS, _replace_in_euc_jp)
_IBM_EXTENSIONS = _ibm_extensions()

# JIS X 0208 characters that Python's euc_jp maps to one code point and windows-31j to another.
_AS_MICROSOFT = (("〜", "～"), ("‖", "∥"), ("−", "－"), ("¢", "￠"), ("£", "￡"), ("¬", "￢"))

_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16le"), (b"\xfe\xff", "utf-16be"))

_JAPANESE_CHARSETS = ("shift_jis", "euc-jp", "iso-2022-jp", "utf-16le", "utf-16be")

#: WHATWG name of each encoding and the Python codec that reads it.
_CODECS = {
    "utf-8": "utf-8",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "shift_jis": "cp932",
    "euc-jp": "euc_jp",
    "iso-2022-jp": "iso2022_jp",
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
    "windows-1254": "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5",
    "windows-874": "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620",
    "windows-1250": "cp1250 x-cp1250",
    "windows-1251": "cp1251 x-cp1251 win-1251",
    "windows-1253": "cp1253",
    "windows-1255": "cp1255",
    "windows-1256": "cp1256",
    "windows-1257": "cp1257",
    "windows-1258": "cp1258",
    "ibm866": "866 cp866 csibm866",
    "koi8-r": "cskoi8r koi koi8 koi8_r",
    "koi8-u": "koi8-ru",
    "macintosh": "csmacintosh mac x-mac-roman",
    "iso-8859-2": "csisolatin2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 l2 latin2",
    "iso-8859-5": "csisolatincyrillic cyrillic iso-ir-144 iso8859-5 iso88595 iso_8859-5",
    "iso-8859-7": "csisolatingreek greek greek8 iso-ir-126 iso8859-7 iso88597 iso_8859-7 sun_eu_greek",
    "iso-8859-8": "csisolatinhebrew hebrew iso-8859-8-i iso-ir-138 iso8859-8 iso88598 iso_8859-8 logical visual",
    "iso-8859-15": "csisolatin9 iso8859-15 iso885915 iso_8859-15 l9",
}
_CHARSET_OF_LABEL = {label: charset for charset, labels in _LABELS.items() for label in labels.split()}

_ASCII = bytes(range(128))
_SET_HIGH_BIT = bytes(byte | 0x80 if 0x21 <= byte <= 0x7E else byte for byte in range(256))

_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_META_CHARSET = re.compile(
    rb"<[mM][eE][tT][aA]\b[^>]*?[cC][hH][aA][rR][sS][eE][tT]\s*=\s*[\"']?\s*([\w:.-]+)", re.ASCII
)
_XML_ENCODING = re.compile(rb"\s*<\?xml\b[^>]*?\bencoding\s*=\s*[\"']\s*([\w:.-]+)", re.ASCII)
_ISO_2022_JP = re.compile(rb"\x1b(\$@|\$B|\$\(D|\(B|\(J|\(I)")
_CUT_UTF_8 = re.compile(rb"(?:[\xc0-\xff]|[\xe0-\xff][\x80-\xbf]|[\xf0-\xff][\x80-\xbf]{2})\Z")
_CUT_ESCAPE = re.compile(rb"\x1b(?:\$\(?|\()?\Z")
_SEVEN_BIT_PAIR = re.compile(rb"([\x21-\x7e]{2})")

_HALF_WIDTH_WORD = re.compile("[ｦ-ﾟ]{3,}")
