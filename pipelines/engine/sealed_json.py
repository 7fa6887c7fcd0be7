"""Small JSON files that say which form they have and whether they are whole: manifests, descriptions, statistics.

The first field is `format`, the last is `checksum`, the CRC-32 of all bytes before it: comparing it costs less than
parsing does, and any JSON reader reads the file.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any

from manyo.corpus.tables.shards import FORMAT

_CHECKSUM = b'"checksum": "'


class NotSealed(ValueError):
    """Bytes that `seal_json` did not give, or not in this version; the message says which, without a file's name.

    Attributes:
        format: the format that the file states; None where it states none.
    """

    def __init__(self, problem: str, form: int | None = None) -> None:
        super().__init__(problem)
        self.format = form


def seal_json(values: Mapping[str, Any]) -> str:
    """Returns the text of a file that holds `values`; none may be named `format` or `checksum`."""
    body = json.dumps({"format": FORMAT, **values}, ensure_ascii=False, indent=1)
    head = body.removesuffix("\n}") + ",\n "
    return f'{head}{_CHECKSUM.decode()}{zlib.crc32(head.encode()):08x}"\n}}\n'


def open_json(raw: bytes) -> dict[str, Any]:
    """Returns the values in the bytes of a file.

    Raises:
        NotSealed: the file is empty, cut, damaged or of another format.
    """
    if not raw.strip():
        raise NotSealed("it is empty")
    at = raw.rfind(_CHECKSUM)
    is_whole = at >= 0 and raw[at + len(_CHECKSUM) :].strip() == b'%08x"\n}' % zlib.crc32(raw[:at])
    try:
        values = json.loads(raw)
    except ValueError as error:  # also what is not UTF-8
        raise NotSealed("it is cut or damaged") from error
    form = values.pop("format", None) if isinstance(values, dict) else None
    if form != FORMAT and (is_whole or at < 0):
        said = "states no format" if form is None else f"is of format {form}"
        raise NotSealed(f"it {said}, this version reads format {FORMAT}", form if isinstance(form, int) else None)
    if not is_whole:
        raise NotSealed("it is damaged: its checksum is another")
    del values["checksum"]
    return dict(values)
