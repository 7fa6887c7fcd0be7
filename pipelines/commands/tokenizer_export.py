"""`manyo tokenizer export`: write a SentencePiece model as a Hugging Face folder with the same ids, or none."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Iterator
from itertools import chain

from sentencepiece.sentencepiece_model_pb2 import ModelProto  # type: ignore[attr-defined]

from manyo.corpus.tables.publishing import PARTIAL_FOLDER
from manyo.corpus.tables.shards import filesystem, is_local, join, names_in, publish, read_text
from manyo.pipelines.engine.errors import UserError, WorkFailed
from manyo.tokenizer.hard_texts import hard_texts
from manyo.tokenizer.hugging_face import FILES, Compared, IdsDiffer, hugging_face_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo tokenizer`."""
    parser.add_argument("action", choices=("export",), help="write the files that Hugging Face's readers load")
    parser.add_argument("model", metavar="MODEL", help="a SentencePiece Unigram model")
    parser.add_argument("--to", required=True, metavar="FOLDER", help="where the files are written")
    parser.add_argument(
        "--texts", nargs="+", default=(), metavar="FILE", help="compare these text files too, whole and as UTF-8"
    )


def run(options: argparse.Namespace) -> int:
    """Write the folder, print what was compared, and return 0.

    Raises:
        UserError: a file is missing or is no such model.
        WorkFailed: the two forms have other ids for a text; nothing is written.
    """
    try:
        content = read_bytes(options.model)
        texts = [read_text(uri) for uri in options.texts]
    except (OSError, ValueError) as error:
        raise UserError(f"tokenizer export: {error}") from error
    _check_folder(options.to)
    try:
        compared = export_model(content, options.to, texts)
    except IdsDiffer as error:
        raise WorkFailed(f"{options.model}: {error}") from error
    except ValueError as error:
        raise UserError(f"{options.model}: {error}") from error
    print(export_line(options.to, compared))
    return 0


def _check_folder(folder: str) -> None:
    """Refuse a folder that holds other files than an export does: one of them may be a tokenizer of the user's own."""
    fs, path = filesystem(folder)
    if is_local(fs) and os.path.isfile(path):
        raise UserError(f"--to {folder}: is a file; name a folder")
    held = {*names_in(fs, path)} if fs.exists(path) else set()
    if others := held - {*FILES, PARTIAL_FOLDER}:
        raise UserError(
            f"--to {folder}: holds {', '.join(sorted(others)[:3])}, which no export wrote; name a new folder"
        )


def export_model(content: bytes, folder: str, texts: Iterable[str]) -> Compared:
    """Compare both forms on texts and on `hard_texts`, and write the folder.

    Args:
        content: the SentencePiece model.
        folder: path or URI.
        texts: to compare; they are also joined to long ones, where rounded sums would show.

    Raises:
        IdsDiffer: a text has other ids; nothing is written.
        ValueError: as `manyo.tokenizer.hugging_face.hugging_face_folder`.
    """
    written = hugging_face_folder(content, chain(_all_texts(content), _and_joined(texts)))
    for name, file in written.files.items():
        with publish(join(folder, name)) as path:
            path.write_bytes(file)
    return written.compared


def export_line(folder: str, compared: Compared) -> str:
    """What was written and compared, for a person."""
    line = (
        f"{folder}: tokenizer.json and tokenizer.model have the same ids on {compared.texts:,} texts "
        f"({compared.characters:,} characters)"
    )
    if not compared.changed:
        return line
    return f"{line}; rounded scores give {compared.changed:,} of them other ids than the model that was given"


#: A joined text has at least this many characters.
_JOINED_CHARACTERS = 150_000


def _all_texts(content: bytes) -> Iterator[str]:
    # Read when the first text is asked for, after the model is known to be one.
    yield from hard_texts([piece.piece for piece in ModelProto.FromString(content).pieces])


def _and_joined(texts: Iterable[str]) -> Iterator[str]:
    """Each text, and all of them again in texts that are longer than any usual document."""
    joined: list[str] = []
    characters = 0
    for text in texts:
        yield text
        joined.append(text)
        characters += len(text)
        if characters >= _JOINED_CHARACTERS:
            yield "".join(joined)
            joined, characters = [], 0


def read_bytes(uri: str) -> bytes:
    """The bytes of a file; FileNotFoundError if there is none."""
    fs, path = filesystem(uri)
    content: bytes = fs.cat_file(path)
    return content
