"""Encodings of Japanese pages: declared, undeclared, declared wrongly, mixed and damaged."""

from __future__ import annotations

import base64
import random
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from bench.board.task import Figure, Item, Task, by_kind, ratio, share
from bench.typesetting import Writer
from bench.web import f1

#: What pages are in, as Python names it, and the label that a server or a page writes; the first is the most frequent
#: in old crawls.
_ENCODINGS: Final = {"cp932": "Shift_JIS", "euc_jp": "EUC-JP", "iso2022_jp": "ISO-2022-JP", "utf-8": "UTF-8"}
#: A page counts as right from this F1 of 4-grams on where bytes are lost or foreign, and at 1 where none is: one lost
#: byte in 400 touches one 4-gram in 20 if reading goes on after it.
_LEAST_OF_DAMAGED: Final = 0.9


class _Sent(NamedTuple):
    """A page as it is sent: its bytes, the label in the HTTP header, and the text that a reader should see."""

    data: bytes
    http: str | None
    text: str
    least: float = 1.0


def _page(writer: Writer, label: str | None, extra: str = "") -> str:
    """A page of a few hundred characters that all encodings have; `label` is the one that it declares itself."""
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={label}">\n' if label else ""
    body = "\n".join(f"<p>{writer.prose(30, 150)}</p>" for _ in range(writer.rng.randint(2, 6)))
    page = f"<html><head>\n{meta}<title>{writer.phrase(4, 12)}</title></head>\n<body>\n{body}\n</body></html>\n"
    return page.encode("iso2022_jp", "ignore").decode("iso2022_jp").replace("</body>", f"{extra}</body>")


def _declared(writer: Writer) -> _Sent:
    encoding, label = writer.rng.choice(list(_ENCODINGS.items()))
    text = _page(writer, label)
    return _Sent(text.encode(encoding), None, text)


def _by_header(writer: Writer) -> _Sent:
    encoding, label = writer.rng.choice(list(_ENCODINGS.items()))
    text = _page(writer, None)
    return _Sent(text.encode(encoding), label, text)


def _undeclared(writer: Writer) -> _Sent:
    text = _page(writer, None)
    return _Sent(text.encode(writer.rng.choice(list(_ENCODINGS))), None, text)


def _undeclared_short(writer: Writer) -> _Sent:
    """One heading, undeclared: a frame or a page under construction."""
    text = f"<html><body>\n{writer.phrase(6, 16)}\n</body></html>\n"
    return _Sent(text.encode(writer.rng.choice(list(_ENCODINGS))), None, text)


def _wrong(writer: Writer) -> _Sent:
    """Another encoding than the page or the server says: pages were converted, headers are set for a whole server."""
    encoding, other = writer.rng.sample(list(_ENCODINGS), 2)
    in_header = writer.rng.random() < 0.5
    label = writer.rng.choice((_ENCODINGS[other], "ISO-8859-1", "x-unknown"))
    text = _page(writer, None if in_header else label)
    return _Sent(text.encode(encoding), label if in_header else None, text)


def _extended(writer: Writer) -> _Sent:
    """Characters that Windows added, under the labels of the standards without them."""
    encoding, label, marks = writer.rng.choice(
        (
            ("cp932", "Shift_JIS", "①②⑳㈱№℡髙﨑Ⅳ～－∥㍻"),
            ("euc_jisx0213", "EUC-JP", "①②⑳㈱№℡Ⅳ㍻"),  # of these, the bytes are those of Windows
            ("utf-8", "UTF-8", "①②⑳㈱№℡髙﨑Ⅳ～－∥㍻"),
        )
    )
    line = "".join(writer.rng.choices(marks, k=writer.rng.randint(3, 9)))
    text = _page(writer, label, f"<p>{line}</p>\n")
    return _Sent(text.encode(encoding), None, text)


def _mixed(writer: Writer) -> _Sent:
    """A piece in another encoding at the end, as servers paste a footer; the text is that of the page."""
    encoding, other = writer.rng.sample([name for name in _ENCODINGS if name != "iso2022_jp"], 2)
    text = _page(writer, writer.rng.choice((None, _ENCODINGS[encoding])))
    head, tail = text.split("</body>")
    piece = f"<p>{writer.phrase(8, 16)}</p>".encode(other)
    return _Sent(head.encode(encoding) + piece + f"</body>{tail}".encode(encoding), None, text, _LEAST_OF_DAMAGED)


def _damaged(writer: Writer) -> _Sent:
    """A few bytes lost, doubled or replaced, or the page cut inside a character."""
    rng, encoding = writer.rng, writer.rng.choice(("cp932", "euc_jp", "utf-8"))
    text = _page(writer, rng.choice((None, _ENCODINGS[encoding])))
    data = bytearray(text.encode(encoding))
    for _ in range(max(1, len(data) // 400)):
        at = rng.randrange(len(data) // 5, len(data) - 20)
        data[at : at + 1] = rng.choice((b"", b"\xff", bytes([data[at], data[at]])))
    return _Sent(bytes(data[: len(data) - rng.choice((0, 17))]), None, text, _LEAST_OF_DAMAGED)


_KINDS: Final = {
    "declared in the page": _declared,
    "declared in the header": _by_header,
    "undeclared": _undeclared,
    "undeclared, one line": _undeclared_short,
    "declared wrongly": _wrong,
    "characters of Windows": _extended,
    "a piece in another": _mixed,
    "damaged bytes": _damaged,
}


def draw(seed: int, n_items: int) -> list[Item]:
    """Return pages, each kind as often as any other."""
    writer = Writer(random.Random(f"charsets {seed}"))
    names = list(_KINDS)
    items = []
    for number in range(n_items):
        kind = names[number % len(names)]
        sent = _KINDS[kind](writer)
        given = {"bytes": base64.b64encode(sent.data).decode("ascii"), "http": sent.http}
        items.append(Item(kind, given, {"text": sent.text, "least": sent.least}))
    return items


def score(items: Sequence[Item], answers: Sequence[str]) -> list[Figure]:
    """Return the share of pages that are read right, by kind, and the mean F1 of their characters."""
    gold: list[dict[str, Any]] = [item.gold for item in items]
    found = [f1(answer, one["text"])[0] for one, answer in zip(gold, answers, strict=True)]
    right = [value >= one["least"] for one, value in zip(gold, found, strict=True)]
    return [
        *by_kind(items, lambda kind, numbers: share("right", kind, [right[number] for number in numbers])),
        ratio("F1", "", found, [1.0] * len(found)),
    ]


TASK: Final = Task(
    "charsets",
    ("right", "F1"),
    draw,
    score,
    n_items=800,
)
