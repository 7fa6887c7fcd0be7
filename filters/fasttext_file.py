"""Load fastText models, after a check of the file: the library itself hangs or crashes on a truncated one.

The format is that of fastText's `saveModel`, version 11 or 12: a header with the settings, the dictionary, then two
matrices, plain (`.bin`) or quantised (`.ftz`). The sizes that these state determine how long the file must be.
"""

from __future__ import annotations

import mmap
import os
import struct
from functools import cache

import fasttext

from manyo.corpus.tables.start_folder import located

_MAGIC = 793_712_314
_VERSIONS = (11, 12)

#: Magic, version, twelve settings of four bytes and one of eight.
_HEADER = struct.Struct("<14i d")
#: Entries, words, labels, tokens, pruned n-grams (-1 where nothing was pruned).
_DICTIONARY = struct.Struct("<3i 2q")
#: After the name of an entry and its zero byte: how often it occurred, and whether it is a word or a label.
_ENTRY_BYTES = 8 + 1
_PRUNED_BYTES = 2 * 4
_SHAPE = struct.Struct("<2q")
_CODE_BYTES = struct.Struct("<i")
_QUANTISER = struct.Struct("<4i")
_CENTROIDS = 256
_FLOAT_BYTES = 4


def load_fasttext(path: str) -> fasttext.FastText._FastText:
    """The model at a local path, loaded once per process and again where the file has changed.

    Raises:
        ValueError: there is no such file, or it is not a complete fastText model; the message begins with the path.
    """
    try:
        return _load(located(path), os.stat(located(path)).st_mtime_ns)
    except OSError as error:
        raise ValueError(f"{path}: not a fastText model ({error.strerror})") from error


@cache
def _load(path: str, modified_ns: int) -> fasttext.FastText._FastText:
    check_fasttext(path)
    try:
        return fasttext.load_model(path)
    except (ValueError, MemoryError) as error:
        raise ValueError(f"{path}: not a fastText model ({error})") from error


def check_fasttext(path: str) -> None:
    """Check that a file has the length of a fastText model with its settings.

    Raises:
        ValueError: as `load_fasttext`.
    """
    try:
        with open(located(path), "rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise ValueError(f"{path}: not a fastText model ({error.strerror})") from error
    except ValueError as error:  # an empty file cannot be mapped
        raise ValueError(f"{path}: not a fastText model (the file is empty)") from error
    with data:
        try:
            expected = _model_bytes(data)
        except struct.error as error:
            raise ValueError(f"{path}: not a complete fastText model (it ends after {len(data):,} bytes)") from error
        except ValueError as error:
            raise ValueError(f"{path}: not a fastText model ({error})") from error
        if expected != len(data):
            raise ValueError(f"{path}: a fastText model of {expected:,} bytes, but the file has {len(data):,}")


def _model_bytes(data: mmap.mmap) -> int:
    """How long the file must be. Raises struct.error or ValueError if it ends before that can be read."""
    magic, version, *_ = _HEADER.unpack_from(data, 0)
    if magic != _MAGIC or version not in _VERSIONS:
        raise ValueError("it does not begin as one")
    entries, _, _, _, pruned = _DICTIONARY.unpack_from(data, _HEADER.size)
    position = _HEADER.size + _DICTIONARY.size
    for number in range(entries):
        position = data.find(b"\0", position) + 1
        if not position:
            raise ValueError(f"it has only {number:,} of its {entries:,} words and labels")
        position += _ENTRY_BYTES
    position += max(pruned, 0) * _PRUNED_BYTES
    is_quantised = _flag(data, position)
    position = _matrix_end(data, position + 1, is_quantised)
    is_output_quantised = _flag(data, position) and is_quantised
    return _matrix_end(data, position + 1, is_output_quantised)


def _matrix_end(data: mmap.mmap, position: int, is_quantised: bool) -> int:
    if not is_quantised:
        rows, columns = _SHAPE.unpack_from(data, position)
        return position + _SHAPE.size + _FLOAT_BYTES * int(rows) * int(columns)
    has_norms = _flag(data, position)
    rows, _ = _SHAPE.unpack_from(data, position + 1)
    position += 1 + _SHAPE.size
    (code_bytes,) = _CODE_BYTES.unpack_from(data, position)
    position = _quantiser_end(data, position + _CODE_BYTES.size + int(code_bytes))
    return _quantiser_end(data, position + int(rows)) if has_norms else position


def _quantiser_end(data: mmap.mmap, position: int) -> int:
    columns, *_ = _QUANTISER.unpack_from(data, position)
    return position + _QUANTISER.size + _FLOAT_BYTES * _CENTROIDS * int(columns)


def _flag(data: mmap.mmap, position: int) -> bool:
    if position >= len(data):
        raise ValueError("it ends before its numbers begin")
    return data[position] != 0
