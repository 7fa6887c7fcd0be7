"""The plain form of texts, in which everything here is searched: ASCII in one width, and one sort of line end.

Ｗｉ－Ｆｉ and 「０９０」 stand for what their half-width forms say, and a text says the same with the line ends of any
system. The plain form has a character for each of the text, but for carriage returns before line feeds.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from manyo.corpus.jit import Bools
from manyo.corpus.text import Texts
from manyo.filters.pii.plain_form_kernels import write_plain


class PlainForm(NamedTuple):
    """Texts in plain form.

    Attributes:
        texts: they.
        is_shorter: (n_texts,), whether carriage returns before line feeds were left out of each.
    """

    texts: Texts
    is_shorter: Bools


def plain_form(texts: Texts) -> PlainForm:
    """The plain form of some texts."""
    first, last = int(texts.offsets[0]), int(texts.offsets[-1])
    data, offsets = np.empty(last - first, np.uint8), np.empty_like(texts.offsets)
    is_shorter = np.zeros(len(texts), np.uint8)
    write_plain(texts.data, texts.offsets, data, offsets, is_shorter)
    data.flags.writeable = offsets.flags.writeable = False
    return PlainForm(Texts(data[: int(offsets[-1])], offsets), is_shorter.view(np.bool_))


def places_in(text: str) -> list[int]:
    """Where each character of a text's plain form stands in the text, then where the text ends."""
    return [*(i for i, char in enumerate(text) if char != "\r" or text[i + 1 : i + 2] != "\n"), len(text)]
