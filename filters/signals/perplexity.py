"""Perplexity by a KenLM model: how surprised a language model of good text is by a document.

KenLM is an extra (`pip install 'manyo[kenlm]'`): it is compiled where it is installed. The model determines what its
words are: single characters, or pieces of a SentencePiece model as in CC-Net. Text is scored as it is, or as CC-Net
writes it (`as_ccnet_writes`), which its models expect.
"""

from __future__ import annotations

import os
import re
import unicodedata
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sentencepiece import SentencePieceProcessor

from manyo.corpus.schema import Column
from manyo.corpus.tables.start_folder import located
from manyo.filters.signals.signal import Passes, Signal

#: Characters from a document's start that are scored; the mean hardly changes after them.
PERPLEXITY_CHARS = 10_000

_LOG_10 = float(np.log(10))
_MAX = float(np.finfo(np.float32).max)
_HEADS = (b"\\data\\", b"mmap lm http://kheafield.com/code")


#: What CC-Net writes for punctuation of other scripts.
_CCNET_MARKS = {
    **dict(zip(map(ord, "，。、´’∶：？！（）；–━►～〈〉【】％"), ",.,''::?!();---~<>[]%", strict=True)),
    **dict.fromkeys(map(ord, "„”“«»」「《》"), '"'),
    ord("—"): " - ",
    ord("．"): ". ",
    ord("…"): "...",
}

_DIGIT = re.compile(r"\d")
_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)])


def as_ccnet_writes(text: str) -> str:
    """A text in the form that CC-Net's models were trained on: one line in lower case with 0 for digits.

    Its accents go too, and with them the dakuten of kana: が is か. So do line ends.
    Source: `text_normalizer.normalize` of facebookresearch/cc_net 1341eec, as `MultiSentencePiece` calls it.
    """
    decomposed = unicodedata.normalize("NFD", text.strip().lower())
    bare = "".join(character for character in decomposed if unicodedata.category(character) != "Mn")
    return _DIGIT.sub("0", bare).translate(_CCNET_MARKS).translate(_CONTROLS)


def perplexities(texts: pa.Array, model_path: str, pieces_path: str | None, written: str = "plain") -> np.ndarray:
    """float32 (n_docs,), perplexity per word of the model, line ends counted as words; 0 for a blank text.

    With `p` the probability of all lines that are not blank, each a sentence of its own, and `n` their words
    and ends: p^(-1/n), as CC-Net computes it.

    Args:
        texts: string or large_string, without nulls.
        model_path: of an ARPA file or a KenLM binary.
        pieces_path: of the SentencePiece model whose pieces are its words; None where they are characters.
        written: `plain` or `ccnet`, as for `manyo.filters.signals.signal_settings.Models`.

    Raises:
        ValueError: KenLM is not installed, or a model cannot be loaded; the message says what to do.
    """
    model = load_kenlm(model_path)
    values = np.zeros(len(texts), np.float32)
    for row, text in enumerate(pc.utf8_slice_codeunits(texts, 0, PERPLEXITY_CHARS).to_pylist()):
        log_probability, n_words = 0.0, 0
        for line in [as_ccnet_writes(text)] if written == "ccnet" else text.split("\n"):
            words = _words(line, pieces_path)
            if words:
                log_probability += model.score(" ".join(words))
                n_words += len(words) + 1
        if n_words:
            values[row] = min(np.exp(min(-log_probability / n_words * _LOG_10, 88.0)), _MAX)
    return values


def _words(line: str, pieces_path: str | None) -> list[str]:
    if pieces_path is None:
        return list("".join(line.split()))
    pieces: list[str] = load_pieces(pieces_path).encode(line.strip(), out_type=str) if line.strip() else []
    return pieces


def load_kenlm(path: str) -> Any:
    """The `kenlm.Model` at a local path, loaded once per process and again where the file has changed.

    Raises:
        ValueError: KenLM is not installed, or the file is not one of its models.
    """
    check_kenlm(path)
    return _load_kenlm(located(path), os.stat(located(path)).st_mtime_ns)


@cache
def _load_kenlm(path: str, modified_ns: int) -> Any:
    import kenlm

    config = kenlm.Config()
    config.show_progress = False
    config.arpa_complain = kenlm.ARPALoadComplain.NONE
    try:
        return kenlm.Model(path, config)
    except (OSError, RuntimeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: KenLM cannot load it ({error})") from error


def check_kenlm(path: str) -> None:
    """Check that KenLM is installed and that a file begins as one of its models, without loading it.

    Raises:
        ValueError: as `load_kenlm`.
    """
    try:
        import kenlm  # noqa: F401
    except ImportError as error:
        raise ValueError(f"{path}: perplexity needs KenLM, which is not installed: pip install kenlm") from error
    try:
        with open(located(path), "rb") as file:
            head = file.read(64)
    except OSError as error:
        raise ValueError(f"{path}: not a KenLM model ({error.strerror})") from error
    if not head.lstrip().startswith(_HEADS):
        raise ValueError(f"{path}: not a KenLM model: neither an ARPA file nor a binary that build_binary wrote")


def load_pieces(path: str) -> SentencePieceProcessor:
    """The SentencePiece model at a local path, loaded once per process.

    Raises:
        ValueError: there is no such model.
    """
    return _load_pieces(located(path))


@cache
def _load_pieces(path: str) -> SentencePieceProcessor:
    try:
        return SentencePieceProcessor(model_file=path)
    except (OSError, RuntimeError) as error:
        raise ValueError(f"{path}: not a SentencePiece model ({error})") from error


def _perplexities(passes: Passes) -> np.ndarray:
    models = passes.settings.models
    assert models.perplexity is not None  # else the signal is not measured
    return perplexities(passes.column, models.perplexity, models.pieces, models.perplexity_text)


SIGNALS: tuple[Signal, ...] = (
    Signal(
        Column(
            "perplexity",
            pa.float32(),
            f"perplexity by a KenLM model, per word of the model, in the first {PERPLEXITY_CHARS:,} characters; "
            "line ends are words",
        ),
        'CC-Net, llm-jp v2 and HojiChar; `perplexity_text = "ccnet"` writes the text as CC-Net\'s models expect it',
        _perplexities,
        setting="models.perplexity",
    ),
)
