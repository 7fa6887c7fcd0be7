"""Encode text with a SentencePiece model or a Hugging Face `tokenizer.json`, at the library's own speed.

A document is always encoded whole. A cut would change its tokens: the model may put a space before each input, and it
adds scores in 32-bit floats, so that the best path of a long text is not made of the best paths of its parts (measured:
a text of 100,000 characters has 94,603 tokens whole, and 94,604 when cut at its lines). The price is memory:
SentencePiece 0.2.3 needs about 17 bytes for each byte of the longest document (measured: 450 MB for one of 26 MB).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import tokenizers
from google.protobuf.message import DecodeError
from sentencepiece import SentencePieceProcessor

from manyo.corpus.tables.shards import filesystem
from manyo.corpus.text import Texts
from manyo.tokenizer.written_marks import BYTE_PIECE, MarkMatched, load_guarded, loaded_form

#: Megatron's rule (`DType.optimal_dtype`): two bytes for fewer ids than this. It is not 65,536 because Megatron leaves
#: room for ids that a training run adds to the vocabulary.
UINT16_VOCABULARY_LIMIT = 65_500


def token_dtype(vocabulary_size: int) -> np.dtype:
    """The type in which Megatron stores ids of a vocabulary: uint16 below 65,500 ids, else int32."""
    return np.dtype("<u2") if vocabulary_size < UINT16_VOCABULARY_LIMIT else np.dtype("<i4")


class _SentencePiece:
    """A SentencePiece model; LLM-jp's tokenizers are made with that library."""

    def __init__(self, processor: SentencePieceProcessor) -> None:
        self._processor = processor

    def encode(self, documents: list[bytes]) -> list[np.ndarray]:
        """The ids of each document, its end mark included."""
        # Bytes in and arrays out are up to twice as fast as str in and lists of int out.
        encoded: list[np.ndarray] = self._processor.encode(documents, num_threads=1, add_eos=True, return_type="numpy")
        return encoded

    def decode(self, ids: list[int]) -> str:
        """The text of ids; control symbols give no text."""
        return str(self._processor.decode(ids))

    def byte_ids(self, vocabulary_size: int) -> np.ndarray:
        """As `Tokenizer.byte_ids`."""
        is_byte = np.zeros(vocabulary_size, np.bool_)
        for value in range(256):
            token = self._processor.PieceToId(f"<0x{value:02X}>")  # the unknown id if the model has no such piece
            is_byte[token] = self._processor.IsByte(token) and value != ord("\n")
        return is_byte


class _HuggingFace:
    """A `tokenizer.json`, read with the library that makes them."""

    def __init__(self, model: tokenizers.Tokenizer, eod_id: int) -> None:
        self._model = model
        self._eod_id = eod_id

    def encode(self, documents: list[bytes]) -> list[np.ndarray]:
        """The ids of each document, its end mark included."""
        # One document a call: for a batch the library would use every core, but shards already run in parallel; it
        # also keeps some 100 bytes for each token of a batch.
        batches = (self._model.encode_batch_fast([text.decode()], add_special_tokens=False) for text in documents)
        return [np.array([*one.ids, self._eod_id], np.uint32) for (one,) in batches]

    def decode(self, ids: list[int]) -> str:
        """The text of ids; special tokens give no text."""
        return str(self._model.decode(ids, skip_special_tokens=True))

    def byte_ids(self, vocabulary_size: int) -> np.ndarray:
        """As `Tokenizer.byte_ids`; a byte-level model has many ids that hold a part of a character."""
        texts = self._model.decode_batch([[token] for token in range(vocabulary_size)], skip_special_tokens=False)
        pieces = [self._model.id_to_token(token) or "" for token in range(vocabulary_size)]
        return np.array(
            [
                "\ufffd" in text or (bool(BYTE_PIECE.fullmatch(piece)) and text != "\n")
                for text, piece in zip(texts, pieces, strict=True)
            ],
            np.bool_,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Tokenizer:
    """A loaded model.

    Attributes:
        uri: where the model was read from.
        digest: BLAKE2b of the model file, hexadecimal, for fingerprints.
        vocabulary_size: number of ids; every id is below it.
        eod_id: the id that ends every document; no text is encoded as it.
        dtype: the type of the ids on disk, by `token_dtype`.
    """

    uri: str
    digest: str
    vocabulary_size: int
    eod_id: int
    dtype: np.dtype
    _library: _SentencePiece | _HuggingFace = field(repr=False)

    @classmethod
    def load(cls, uri: str, eod_token: str | None = None) -> Tokenizer:
        """Read a model from a path or URI.

        Args:
            uri: a Hugging Face tokenizer if it ends in `.json`, else a SentencePiece model.
            eod_token: the special token that ends documents, such as `<|endoftext|>`. A SentencePiece model says which
                one that is, a `tokenizer.json` does not.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file is not a model of that kind, or has no token that can end a document.
        """
        fs, path = filesystem(uri)
        try:
            content: bytes = fs.cat_file(path)
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"{uri}: no such file; [tokenize] model must name a SentencePiece model or a tokenizer.json"
            ) from error
        load = _load_hugging_face if uri.endswith(".json") else _load_sentencepiece
        library, vocabulary_size, eod_id = load(uri, content, eod_token)
        return cls(
            uri=uri,
            digest=hashlib.blake2b(content, digest_size=16).hexdigest(),
            vocabulary_size=vocabulary_size,
            eod_id=eod_id,
            dtype=token_dtype(vocabulary_size),
            _library=library,
        )

    def encode_batch(self, texts: Texts | Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Encode documents, each with the end-of-document id after its last token.

        Uses one thread, because shards already run in parallel. An empty document becomes that one id.

        Args:
            texts: the documents, (n_docs,).

        Returns:
            ids: `dtype` (n_tokens,), of all documents one after another.
            lengths: int64 (n_docs,), tokens of each document, end mark included.
        """
        if not isinstance(texts, Texts):
            texts = Texts.from_strings(texts)
        documents = [texts.data[start:end].tobytes() for start, end in pairwise(texts.offsets.tolist())]
        if not documents:
            return np.zeros(0, self.dtype), np.zeros(0, np.int64)
        encoded = self._library.encode(documents)
        lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
        # dtype holds every id below vocabulary_size, so the narrowing loses nothing.
        return np.concatenate(encoded, dtype=self.dtype, casting="unsafe"), lengths

    def decode_batch(self, ids: np.ndarray, lengths: np.ndarray) -> list[str]:
        """Decode documents, for reports and checks.

        The result is the original text if the model neither normalises nor drops spaces (llm-jp's ver2.2, ver3.1 and
        ver4.0, and the models that `manyo.tokenizer.train` makes), with one exception: U+2581, with which SentencePiece
        marks spaces, comes back as a space.

        Args:
            ids: integers (n_tokens,), as `encode_batch` returns them.
            lengths: integers (n_docs,).

        Returns:
            The text of each document.
        """
        ends = np.cumsum(lengths)
        return [self._library.decode(ids[start:end].tolist()) for start, end in zip(ends - lengths, ends, strict=True)]

    def byte_ids(self) -> np.ndarray:
        """bool (vocabulary_size,), which ids are bytes of characters without an id of their own.

        The newline's byte is not counted: some models (llm-jp's ver3.1, ver4.0) have no other id for it.
        """
        return self._library.byte_ids(self.vocabulary_size)


def _load_sentencepiece(uri: str, content: bytes, eod_token: str | None) -> tuple[_SentencePiece, int, int]:
    processor = SentencePieceProcessor()
    try:
        processor.LoadFromSerializedProto(loaded_form(content))
        vocabulary_size = processor.GetPieceSize()
    except (RuntimeError, DecodeError) as error:
        raise ValueError(f"{uri}: is not a SentencePiece model ({len(content)} bytes were read)") from error
    eod_id = processor.eos_id()
    # A token that is not a control symbol could also result from a document's own text.
    if eod_id < 0 or not processor.IsControl(eod_id):
        raise ValueError(f"{uri}: the model has no end-of-sentence control symbol to end documents with")
    if eod_token is not None and eod_token != processor.IdToPiece(eod_id):
        raise ValueError(f"{uri}: eod_token is {eod_token!r}, but the model's own is {processor.IdToPiece(eod_id)!r}")
    return _SentencePiece(processor), vocabulary_size, eod_id


def _load_hugging_face(uri: str, content: bytes, eod_token: str | None) -> tuple[_HuggingFace, int, int]:
    try:
        model = load_guarded(content)
    except MarkMatched as error:
        raise ValueError(f"{uri}: {error}") from error
    except ValueError as error:
        raise ValueError(f"{uri}: is not a Hugging Face tokenizer ({error})") from error
    special = {token.content: number for number, token in model.get_added_tokens_decoder().items() if token.special}
    if eod_token not in special:
        raise ValueError(
            f"{uri}: eod_token must name the special token that ends documents, one of {', '.join(sorted(special))}"
            if special
            else f"{uri}: the tokenizer has no special token to end documents with; add one to its added_tokens"
        )
    # Ids may have gaps, so the number of tokens may be less than the largest id.
    vocabulary_size = max(model.get_vocab(with_added_tokens=True).values()) + 1
    return _HuggingFace(model, special[eod_token]), vocabulary_size, special[eod_token]
