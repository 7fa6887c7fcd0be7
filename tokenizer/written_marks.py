"""A special token that a page writes out is text: how each kind of tokenizer is kept from taking it for a token.

A page about tokenizers holds `</s>`, `<0x0A>` or `<mask>`. Encoded as the token of that name, the page would end its
own document, or hold a newline that it does not have. The kinds differ in what they match in text:

- SentencePiece matches its user-defined symbols, and nothing else that is special. A symbol that looks like a mark
  (`<mask>`, `[SEP]`) becomes a control symbol when the model is loaded; that changes no other text's ids. Symbols of
  another form, such as newlines or runs of spaces, are text that the maker wanted whole.
- A `tokenizer.json` matches added tokens, which an option of its library turns off for those that are special, and,
  in some models, every string of its vocabulary: a Unigram model with score 0 for `</s>` prefers it to all other paths.
  There the first character of a written mark is encoded on its own, so that the rest of it is no mark.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import tokenizers
from sentencepiece.sentencepiece_model_pb2 import ModelProto  # type: ignore[attr-defined]

#: What marks look like: letters in angle brackets, or capital letters in square ones.
_MARK = re.compile(r"<[^<>\s]+>|\[[A-Z][A-Z0-9_]*\]")

BYTE_PIECE = re.compile("<0x[0-9A-F]{2}>")

#: Full-width forms of ASCII: a normaliser may turn a mark written in them into the mark.
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


class MarkMatched(ValueError):
    """A mark that a text writes would become its token."""


def is_mark(token: str) -> bool:
    """Whether a token looks like a mark of a tokenizer and not like text."""
    return _MARK.fullmatch(token) is not None


def without_matched_marks(model: ModelProto) -> bool:
    """Turn the user-defined symbols of a SentencePiece model that look like marks into control symbols.

    Returns:
        Whether there was one.
    """
    # Each look at a name of the enumeration costs as much as a look at a piece.
    user_defined, control = (ModelProto.SentencePiece.Type.Value(name) for name in ("USER_DEFINED", "CONTROL"))
    matched = [piece for piece in model.pieces if piece.type == user_defined and is_mark(piece.piece)]
    for piece in matched:
        piece.type = control
    return bool(matched)


def loaded_form(content: bytes) -> bytes:
    """A SentencePiece model as it is loaded: without marks that it would match in text."""
    model = ModelProto.FromString(content)
    return bytes(model.SerializeToString(deterministic=True)) if without_matched_marks(model) else content


def load_guarded(content: bytes) -> tokenizers.Tokenizer:
    """Load a `tokenizer.json` that encodes written marks as text.

    Added tokens that look like marks count as special, whether the file says so or not.

    Args:
        content: the file.

    Raises:
        MarkMatched: a written mark cannot be kept from becoming its token; the message names the mark.
        ValueError: the file is not a tokenizer.
    """
    try:
        stated = json.loads(content)
    except ValueError as error:
        raise ValueError(f"no JSON: {error}") from error
    if isinstance(stated, dict) and isinstance(stated.get("added_tokens"), list):
        for token in stated["added_tokens"]:
            if isinstance(token, dict) and is_mark(str(token.get("content"))):
                token["special"] = True
        content = json.dumps(stated).encode()
    model = _without_limits(tokenizers.Tokenizer.from_buffer(content))
    if not any(_becomes_marks(model)):
        return model
    split = _first_characters(model)
    steps = [split] if model.pre_tokenizer is None else [split, model.pre_tokenizer]
    model.pre_tokenizer = tokenizers.pre_tokenizers.Sequence(steps)
    unknown = _unknown_id(model)  # which a text may have for its own characters
    for mark in _becomes_marks(model):
        if model.token_to_id(mark) == unknown:
            continue
        raise MarkMatched(
            f"encodes {mark!r} written in a text as the token of that name; documents could end or break themselves. "
            "Rename the token in the tokenizer, or take it out of the vocabulary"
        )
    return model


def marks_of(model: tokenizers.Tokenizer) -> dict[str, int]:
    """The ids that a text must not have because it writes their token, by token: special tokens, and bytes."""
    special = {token.content: number for number, token in model.get_added_tokens_decoder().items() if token.special}
    vocabulary = model.get_vocab(with_added_tokens=False)
    return special | {token: number for token, number in vocabulary.items() if BYTE_PIECE.fullmatch(token)}


def _without_limits(model: tokenizers.Tokenizer) -> tokenizers.Tokenizer:
    model.no_truncation()
    model.no_padding()
    model.encode_special_tokens = True
    return model


def _becomes_marks(model: tokenizers.Tokenizer) -> Iterator[str]:
    """The marks that become their tokens when a text writes them, alone, full-width, or between characters."""
    unknown = _unknown_id(model)
    for mark, number in marks_of(model).items():
        # A text's own characters may be bytes, or unknown; then only what comes back tells.
        is_own = number == unknown or BYTE_PIECE.fullmatch(mark) is not None
        for text in (mark, mark.translate(_FULL_WIDTH), f"あ{mark}い", f" {mark} {mark}"):
            ids = model.encode(text, add_special_tokens=False).ids
            if number in ids and (not is_own or _normalized(model, text) not in model.decode(ids)):
                yield mark
                break


def _normalized(model: tokenizers.Tokenizer, text: str) -> str:
    """The text as the model's normaliser leaves it, spaces as spaces."""
    given = text if model.normalizer is None else model.normalizer.normalize_str(text)
    return given.replace("\u2581", " ").strip()


def _unknown_id(model: tokenizers.Tokenizer) -> int | None:
    stated: dict[str, Any] = json.loads(model.to_str())["model"]
    if stated.get("unk_id") is not None:
        return int(stated["unk_id"])
    unknown = stated.get("unk_token")
    return None if unknown is None else model.token_to_id(unknown)


def _first_characters(model: tokenizers.Tokenizer) -> tokenizers.pre_tokenizers.PreTokenizer:
    """A step that cuts the first character off every written mark."""
    names = {BYTE_PIECE.sub("<0x00>", mark) for mark in marks_of(model) if len(mark) > 1}
    pattern = "|".join(map(_first_character, sorted(names)))
    return tokenizers.pre_tokenizers.Split(tokenizers.Regex(pattern), "isolated")


def _first_character(mark: str) -> str:
    rest = "0x[0-9A-F]{2}>" if mark == "<0x00>" else _escaped(mark[1:])
    return f"{_escaped(mark[0])}(?={rest})"


def _escaped(characters: Iterable[str]) -> str:
    """Characters as Oniguruma reads them; Python's own escapes are not all known there."""
    return "".join(character if character.isalnum() else f"\\x{{{ord(character):x}}}" for character in characters)
