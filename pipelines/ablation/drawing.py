"""Equal bytes of a corpus, drawn so that two corpora give the same documents where both have them."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

#: One in so many documents, by the digest of its name, is in no draw: the models of all corpora are measured on these.
HELD_OUT_ONE_IN = 20

#: Held-out documents of a source at most.
MOST_HELD_OUT = 200


class Text(NamedTuple):
    """A document: its name, by which it is found in the other corpus, its source and its text."""

    name: str
    source: str
    text: str


class _Smallest:
    """The texts with the smallest digests whose bytes together reach a limit."""

    def __init__(self, most_bytes: int, most_texts: int | None = None) -> None:
        self._most_bytes = most_bytes
        self._most_texts = most_texts
        self._heap: list[tuple[int, Text]] = []
        self._bytes = 0

    def add(self, digest: int, text: Text) -> None:
        """Take a text in, and drop the ones that are not needed any more."""
        heapq.heappush(self._heap, (-digest, text))
        self._bytes += _size(text)
        while len(self._heap) > 1 and self._is_enough_without_the_largest():
            self._bytes -= _size(heapq.heappop(self._heap)[1])

    def _is_enough_without_the_largest(self) -> bool:
        too_many = self._most_texts is not None and len(self._heap) > self._most_texts
        return too_many or self._bytes - _size(self._heap[0][1]) >= self._most_bytes

    def texts(self) -> list[Text]:
        """In the order of their digests."""
        return [text for _, text in sorted(self._heap, key=lambda one: -one[0])]


def _size(text: Text) -> int:
    return len(text.text.encode("utf-8", "surrogatepass"))


@dataclass(slots=True)
class Drawn:
    """What is taken of one corpus; memory follows from the bytes of a draw, not from the corpus.

    Attributes:
        name: of the corpus.
        draws: the texts of each draw.
        held_out: of each source, texts that are in no draw.
        documents: of the corpus.
        bytes: of the corpus.
    """

    name: str
    draws: list[list[Text]] = field(default_factory=list)
    held_out: dict[str, list[Text]] = field(default_factory=dict)
    documents: int = 0
    bytes: int = 0

    @property
    def smallest_draw_bytes(self) -> int:
        """UTF-8 bytes of the smallest draw."""
        return min((sum(map(_size, texts)) for texts in self.draws), default=0)


def draw(name: str, texts: Iterable[Text], draw_bytes: int, n_draws: int) -> Drawn:
    """Take equal bytes of a corpus, several times.

    Args:
        name: of the corpus.
        texts: all of it, in any order; it is read once.
        draw_bytes: of UTF-8 that each draw holds at least, if the corpus does.
        n_draws: how many draws.
    """
    drawn = Drawn(name)
    draws = [_Smallest(draw_bytes) for _ in range(n_draws)]
    held_out: dict[str, _Smallest] = {}
    for text in texts:
        drawn.documents += 1
        drawn.bytes += _size(text)
        digests = _digests(text.name, n_draws + 1)
        if digests[-1] % HELD_OUT_ONE_IN == 0:
            kept = held_out.setdefault(text.source, _Smallest(draw_bytes, MOST_HELD_OUT))
            kept.add(digests[-1], text)
        else:
            for one, digest in zip(draws, digests, strict=False):
                one.add(digest, text)
    drawn.draws = [one.texts() for one in draws]
    drawn.held_out = {source: kept.texts() for source, kept in sorted(held_out.items())}
    return drawn


def _digests(name: str, count: int) -> list[int]:
    raw = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8 * min(count, 8)).digest()
    return [int.from_bytes(raw[8 * i : 8 * i + 8], "little") for i in range(len(raw) // 8)]
