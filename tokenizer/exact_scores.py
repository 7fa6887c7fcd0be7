"""Scores whose sums are exact, so that every implementation of a Unigram model finds the same path.

SentencePiece adds scores in 32-bit floats from the start of the text, `tokenizers` in 64-bit ones. Both take the first
of equal paths, so their ids differ only where a sum was rounded. Scores that are multiples of 2^-3 have exact sums down
to -2^21 in 32 bits: some 200,000 characters of a text, and beyond that only near ties differ. The step is that coarse
because it costs nothing: over 630,671 characters of news the best paths of LLM-jp's ver2.2 lose two parts in a million
of their log likelihood. Multiples of 2^-10, with sums that are exact for a hundredth of that length, differed in all of
seven texts of 120,000 to 800,000 characters (with ver3.1: four), unrounded scores in three (four), multiples of 2^-3 in
none.
"""

from __future__ import annotations

from sentencepiece.sentencepiece_model_pb2 import ModelProto  # type: ignore[attr-defined]

from manyo.tokenizer.written_marks import without_matched_marks

#: Scores are multiples of this.
SCORE_STEP = 2.0**-3

#: How far below the lowest piece control symbols and bytes are. A text's own characters cost far less, so a reader that
#: matches every string of the vocabulary takes `</s>` written in a text for its characters.
BELOW_ALL_PIECES = 10_000.0

#: The characters of the marks of our models (`<unk>`, `<s>`, `</s>`, `<0x0A>`). Each has a piece, for a character
#: without one would cost as much as the symbol.
MARK_CHARACTERS = "<>/0123456789ABCDEFxsunk"


def with_exact_scores(content: bytes) -> bytes:
    """A SentencePiece model with rounded scores; its settings, pieces and ids stay.

    User-defined symbols that are no marks become pieces like others, with the score that SentencePiece gives them: a
    tenth below what their bytes would cost as the most frequent piece, which is no multiple of a binary step. Rounding
    an exact model again changes nothing.

    Args:
        content: the model file.
    """
    model = ModelProto.FromString(content)
    kinds = ModelProto.SentencePiece.Type
    without_matched_marks(model)
    scores = [_rounded(piece.score) for piece in model.pieces if piece.type == kinds.NORMAL]
    lowest, highest = min(scores, default=0.0), max(scores, default=0.0)
    for piece in model.pieces:
        if piece.type == kinds.NORMAL:
            piece.score = _rounded(piece.score)
        elif piece.type == kinds.USER_DEFINED:
            length_bytes = len(piece.piece.replace(" ", "\u2581").encode())
            piece.type, piece.score = kinds.NORMAL, _rounded(length_bytes * highest - 0.1)
        elif piece.type in (kinds.CONTROL, kinds.UNKNOWN, kinds.BYTE):
            piece.score = lowest - BELOW_ALL_PIECES
    return bytes(model.SerializeToString(deterministic=True))


def _rounded(score: float) -> float:
    return round(score / SCORE_STEP) * SCORE_STEP
