"""The decoders of the WHATWG Encoding Standard for the Japanese encodings, written as the standard writes them.

A slow, plain twin of `manyo.corpus.web.legacy_kernels`: one handler per encoding, a queue of bytes into which bytes can
be put back, and the published index tables. `whatwg_indexes.xz` holds the two tables (Encoding Standard, copyright
WHATWG, BSD-3-Clause): little-endian uint16 by pointer, 11,280 of jis0208 and 8,836 of jis0212, 0 where there is none.
"""

from __future__ import annotations

import lzma
from collections import deque
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

ERROR = "\ufffd"
END = -1
#: What a handler returns: characters, or None for "continue".
Handler = Callable[[deque[int], int], str | None]


@cache
def indexes() -> tuple[list[int], list[int]]:
    """Code points by pointer of jis0208 and jis0212."""
    packed = lzma.decompress((Path(__file__).parent / "whatwg_indexes.xz").read_bytes())
    points = np.frombuffer(packed, "<u2").tolist()
    return points[:11280], points[11280:]


def decoded(data: bytes, charset: str) -> str:
    """The text of bytes in an encoding, errors as U+FFFD."""
    handler: Handler = {"shift_jis": shift_jis, "euc-jp": euc_jp, "iso-2022-jp": iso_2022_jp}[charset]()
    queue = deque(data)
    text = []
    while True:
        byte = queue.popleft() if queue else END
        found = handler(queue, byte)
        if found is not None:
            text.append(found)
        elif byte == END and not queue:
            return "".join(text)


def shift_jis() -> Handler:
    lead = 0

    def handle(queue: deque[int], byte: int) -> str | None:
        nonlocal lead
        if byte == END:
            was, lead = lead, 0
            return ERROR if was else None
        if lead:
            first, lead = lead, 0
            pointer = None
            offset = 0x40 if byte < 0x7F else 0x41
            lead_offset = 0x81 if first < 0xA0 else 0xC1
            if 0x40 <= byte <= 0x7E or 0x80 <= byte <= 0xFC:
                pointer = (first - lead_offset) * 188 + byte - offset
            if pointer is not None and 8836 <= pointer <= 10715:
                return chr(0xE000 - 8836 + pointer)
            point = indexes()[0][pointer] if pointer is not None else 0
            if point:
                return chr(point)
            if byte < 0x80:
                queue.appendleft(byte)
            return ERROR
        if byte <= 0x80:
            return chr(byte)
        if 0xA1 <= byte <= 0xDF:
            return chr(0xFF61 - 0xA1 + byte)
        if 0x81 <= byte <= 0x9F or 0xE0 <= byte <= 0xFC:
            lead = byte
            return None
        return ERROR

    return handle


def euc_jp() -> Handler:
    lead = 0
    is_jis_0212 = False

    def handle(queue: deque[int], byte: int) -> str | None:
        nonlocal lead, is_jis_0212
        if byte == END:
            was, lead = lead, 0
            return ERROR if was else None
        if lead == 0x8E and 0xA1 <= byte <= 0xDF:
            lead = 0
            return chr(0xFF61 - 0xA1 + byte)
        if lead == 0x8F and 0xA1 <= byte <= 0xFE:
            is_jis_0212, lead = True, byte
            return None
        if lead:
            first, lead = lead, 0
            point = 0
            if 0xA1 <= first <= 0xFE and 0xA1 <= byte <= 0xFE:
                point = indexes()[int(is_jis_0212)][(first - 0xA1) * 94 + byte - 0xA1]
            is_jis_0212 = False
            if point:
                return chr(point)
            if byte < 0x80:
                queue.appendleft(byte)
            return ERROR
        if byte < 0x80:
            return chr(byte)
        if byte in (0x8E, 0x8F) or 0xA1 <= byte <= 0xFE:
            lead = byte
            return None
        return ERROR

    return handle


def iso_2022_jp() -> Handler:
    state = output_state = "ascii"
    lead = 0
    output = False

    def handle(queue: deque[int], byte: int) -> str | None:
        nonlocal state, output_state, lead, output
        if state in ("ascii", "roman", "katakana", "lead") and byte in (0x1B, END):
            state = "escape start" if byte == 0x1B else state
            return None
        if state in ("ascii", "roman"):
            output = False
            if state == "roman" and byte in (0x5C, 0x7E):
                return "¥" if byte == 0x5C else "‾"
            return chr(byte) if byte < 0x80 and byte not in (0x0E, 0x0F) else ERROR
        if state == "katakana":
            output = False
            return chr(0xFF61 - 0x21 + byte) if 0x21 <= byte <= 0x5F else ERROR
        if state == "lead":
            output = False
            if 0x21 <= byte <= 0x7E:
                lead, state = byte, "trail"
                return None
            return ERROR
        if state == "trail":
            if byte == 0x1B:
                state = "escape start"
                return ERROR
            state = "lead"
            if 0x21 <= byte <= 0x7E:
                return chr(indexes()[0][(lead - 0x21) * 94 + byte - 0x21] or 0xFFFD)
            return ERROR
        if state == "escape start":
            if byte in (0x24, 0x28):
                lead, state = byte, "escape"
                return None
            if byte != END:
                queue.appendleft(byte)
            output, state = False, output_state
            return ERROR
        first, lead = lead, 0
        found = {
            (0x28, 0x42): "ascii", (0x28, 0x4A): "roman", (0x28, 0x49): "katakana",
            (0x24, 0x40): "lead", (0x24, 0x42): "lead",
        }.get((first, byte))  # fmt: skip
        if found is not None:
            state = output_state = found
            was, output = output, True
            return ERROR if was else None
        if byte != END:
            queue.appendleft(byte)
        queue.appendleft(first)
        output, state = False, output_state
        return ERROR

    return handle
