"""A SentencePiece Unigram model as a Hugging Face folder with the same ids.

`tokenizers` has the parts of the model but no converter that gives the same ids: its own put a `Metaspace` before it,
which splits at every space. Here the pieces and scores are taken as they are, and what SentencePiece does beside them
is written out: spaces as U+2581, one space before the text if the model adds it, bytes for unknown characters. A model
that normalises text is refused: the library's copy of those tables differs.

Nothing is promised from this reasoning: texts are encoded with both forms, and a folder is made only if none differs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import tokenizers
from sentencepiece import SentencePieceProcessor
from sentencepiece.sentencepiece_model_pb2 import ModelProto  # type: ignore[attr-defined]
from tokenizers import decoders, models, normalizers

from manyo.tokenizer.exact_scores import with_exact_scores
from manyo.tokenizer.written_marks import loaded_form

_UNIGRAM = 1

#: SentencePiece writes spaces in pieces as this.
_SPACE_MARK = "\u2581"

#: The files of a folder that Hugging Face's readers load.
FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "tokenizer.model")

#: What a text is quoted with in a message.
_QUOTED_CHARACTERS = 40

#: What Hugging Face writes for a model without a limit.
_NO_LIMIT = 10**30


@dataclass(frozen=True, slots=True)
class Compared:
    """How much text was encoded with both forms, to the same ids.

    Attributes:
        texts: how many.
        characters: of all of them.
        changed: texts that have other ids with the scores before rounding.
    """

    texts: int
    characters: int
    changed: int


class IdsDiffer(ValueError):
    """A text has other ids in the other form; the message quotes where they part."""


@dataclass(frozen=True, slots=True)
class HuggingFaceFolder:
    """The files of a tokenizer for Hugging Face's readers.

    Attributes:
        files: contents by name.
        compared: what both forms encoded alike.
    """

    files: Mapping[str, bytes]
    compared: Compared


def hugging_face_folder(content: bytes, texts: Iterable[str]) -> HuggingFaceFolder:
    """Make the folder of a model, and prove it on texts.

    The scores are rounded in both forms (`manyo.tokenizer.exact_scores`). Models that `manyo.tokenizer.train` makes are
    rounded already; in others that changes the ids of some texts, and `Compared.changed` says of how many.

    Args:
        content: a SentencePiece model.
        texts: to compare; `manyo.tokenizer.hard_texts` makes some for any model.

    Raises:
        IdsDiffer: a text has other ids.
        ValueError: the content is no SentencePiece model, or one that has no equal in the other form; the message says
            what is in the way.
    """
    try:
        # The constructor takes no bytes for no model to load.
        SentencePieceProcessor().LoadFromSerializedProto(content)
    except RuntimeError as error:
        raise ValueError(f"is not a SentencePiece model ({len(content)} bytes were read)") from error
    _refuse(ModelProto.FromString(content))
    exact = with_exact_scores(content)
    model = ModelProto.FromString(exact)
    converted = convert(model)
    compared = compare(exact, converted, texts, original=content)
    special = _special_tokens(model)
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        **special,
        # A page that writes a mark holds text; who builds prompts puts marks in as ids.
        "split_special_tokens": True,
        # As in token shards, but for the end mark of each document, which a prompt does not have.
        "add_bos_token": False,
        "add_eos_token": False,
        "clean_up_tokenization_spaces": False,
        "model_max_length": _NO_LIMIT,
        "compared_with_sentencepiece": {"texts": compared.texts, "characters": compared.characters, "differing": 0},
    }
    contents = (converted.to_str(pretty=True).encode(), _json(config), _json(special), exact)
    return HuggingFaceFolder(dict(zip(FILES, contents, strict=True)), compared)


def convert(model: ModelProto) -> tokenizers.Tokenizer:
    """A model with exact scores in the other library."""
    kinds = ModelProto.SentencePiece.Type
    pieces = [(piece.piece, piece.score) for piece in model.pieces]
    unknown = next(number for number, piece in enumerate(model.pieces) if piece.type == kinds.UNKNOWN)
    byte_fallback = model.trainer_spec.byte_fallback
    converted = tokenizers.Tokenizer(models.Unigram(pieces, unk_id=unknown, byte_fallback=byte_fallback))
    prefix = model.normalizer_spec.add_dummy_prefix
    spaces: list[normalizers.Normalizer] = [normalizers.Prepend(_SPACE_MARK)] if prefix else []
    converted.normalizer = normalizers.Sequence([*spaces, normalizers.Replace(" ", _SPACE_MARK)])
    steps = [decoders.Replace(_SPACE_MARK, " "), decoders.ByteFallback(), decoders.Fuse()]
    converted.decoder = decoders.Sequence([*steps, decoders.Strip(" ", 1, 0)] if prefix else steps)
    converted.add_special_tokens(
        [
            tokenizers.AddedToken(piece.piece, special=True, normalized=False)
            for piece in model.pieces
            if piece.type in (kinds.CONTROL, kinds.UNKNOWN)
        ]
    )
    converted.encode_special_tokens = True
    return converted


def compare(content: bytes, converted: tokenizers.Tokenizer, texts: Iterable[str], original: bytes) -> Compared:
    """Encode texts with both forms.

    Args:
        content: the model with exact scores.
        converted: the same in the other form.
        texts: to encode.
        original: the model as it was given, for the count of texts that rounding changed.

    Raises:
        IdsDiffer: on the first text with other ids.
    """
    processor = SentencePieceProcessor(model_proto=content)
    given = SentencePieceProcessor(model_proto=loaded_form(original))
    count = characters = changed = 0
    for text in texts:
        ours = processor.encode(text)
        theirs = converted.encode(text, add_special_tokens=False).ids
        if ours != theirs:
            raise IdsDiffer(_difference(processor, text, ours, theirs, count))
        count, characters = count + 1, characters + len(text)
        changed += content != original and given.encode(text) != ours
    return Compared(count, characters, changed)


def _difference(processor: SentencePieceProcessor, text: str, ours: list[int], theirs: list[int], number: int) -> str:
    same = next((i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), min(len(ours), len(theirs)))
    start = len(processor.decode(ours[:same]))
    place = text[max(0, start - _QUOTED_CHARACTERS // 2) : start + _QUOTED_CHARACTERS]
    pieces = [[processor.IdToPiece(token) for token in ids[same : same + 4]] for ids in (ours, theirs)]
    return (
        f"text {number} ({len(text):,} characters) has other ids from token {same:,} on, near {place!r}: "
        f"SentencePiece {pieces[0]}, tokenizer.json {pieces[1]}; no folder is written"
    )


def _refuse(model: ModelProto) -> None:
    """Raise ValueError for a model that does what the other library does not do in the same way."""
    problem = _obstacle(model)
    if problem is not None:
        raise ValueError(f"cannot be written as a tokenizer.json with the same ids: {problem}")


def _obstacle(model: ModelProto) -> str | None:
    written, normalizer = model.trainer_spec, model.normalizer_spec
    if written.model_type != _UNIGRAM:
        return "it is no Unigram model"
    if normalizer.precompiled_charsmap:
        return f"it normalises text ({normalizer.name}); only the identity is the same in both"
    if normalizer.remove_extra_whitespaces or not normalizer.escape_whitespaces:
        return "it removes extra spaces, or does not mark them"
    if written.treat_whitespace_as_suffix:
        return "it puts its space behind the text"
    if not any(piece.type == ModelProto.SentencePiece.Type.NORMAL for piece in model.pieces):
        return "it has no pieces"
    return None


def _special_tokens(model: ModelProto) -> dict[str, str]:
    """The tokens of each role, of those that the model has."""
    spec, pieces = model.trainer_spec, model.pieces
    ids = {"bos_token": spec.bos_id, "eos_token": spec.eos_id, "unk_token": spec.unk_id, "pad_token": spec.pad_id}
    return {role: pieces[number].piece for role, number in ids.items() if 0 <= number < len(pieces)}


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()
