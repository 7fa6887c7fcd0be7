"""Text to token ids, with any SentencePiece model or Hugging Face `tokenizer.json`, at the library's own speed.

A document is encoded whole, never cut. A cut would change its tokens: the model
may put a space before every piece of input it is given, and it adds scores in
32-bit floats, so that the best path of a long text is not the best paths of its
parts (measured: a text of 100,000 characters has 94,603 tokens whole and 94,604 cut
at its lines). The price is memory: SentencePiece 0.2.3 needs about 17 bytes for each
byte of the longest document (measured: 450 MB for one of 26 MB).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import tokenizers
from sentencepiece import SentencePieceProcessor

from manyo.corpus.tables.shards import filesystem
from manyo.corpus.text import Texts

#: Megatron's rule (`DType.optimal_dtype`): two bytes for fewer ids than this. Not 65,536, because
#: Megatron leaves room for ids that a training run adds to the vocabulary.
UINT16_VOCABULARY_LIMIT = 65_500

_BYTE_PIECE = re.compile("<0x[0-9A-F]{2}>")


def token_dtype(vocabulary_size: int) -> np.dtype:
    """The type that Megatron stores ids of a vocabulary in: uint16 below 65,500 ids, else int32."""
    return np.dtype("<u2") if vocabulary_size < UINT16_VOCABULARY_LIMIT else np.dtype("<i4")


class _SentencePiece:
    """A model of the library that LLM-jp's tokenizers are made with."""

    def __init__(self, processor: SentencePieceProcessor) -> None:
        self._processor = processor

    def encode(self, documents: list[bytes]) -> list[np.ndarray]:
        """Ids of each document, its end mark included."""
        # Bytes in and buffers out: up to twice as fast as str in and lists of int out.
        encoded: list[np.ndarray] = self._processor.encode(documents, num_threads=1, add_eos=True, return_type="numpy")
        return encoded

    def decode(self, ids: list[int]) -> str:
        """The text of ids; control symbols have none."""
        return str(self._processor.decode(ids))

    def byte_ids(self, vocabulary_size: int) -> np.ndarray:
        """As `Tokenizer.byte_ids`."""
        is_byte = np.zeros(vocabulary_size, np.bool_)
        for value in range(256):
            token = self._processor.PieceToId(f"<0x{value:02X}>")  # The unknown id where there is no such piece.
            is_byte[token] = self._processor.IsByte(token) and value != ord("\n")
        return is_byte


class _HuggingFace:
    """A `tokenizer.json`, through the library that made it."""

    def __init__(self, model: tokenizers.Tokenizer, eod_id: int) -> None:
        self._model = model
        self._eod_id = eod_id

    def encode(self, documents: list[bytes]) -> list[np.ndarray]:
        """Ids of each document, its end mark included."""
        # One document a call: the library would use every core for a batch, and shards are the parallelism;
        # it also keeps some 100 bytes for each token of a batch.
        batches = (self._model.encode_batch_fast([text.decode()], add_special_tokens=False) for text in documents)
        return [np.array([*one.ids, self._eod_id], np.uint32) for (one,) in batches]

    def decode(self, ids: list[int]) -> str:
        """The text of ids; special tokens have none."""
        return str(self._model.decode(ids, skip_special_tokens=True))

    def byte_ids(self, vocabulary_size: int) -> np.ndarray:
        """As `Tokenizer.byte_ids`; a byte-level model has many ids that hold a part of a character."""
        texts = self._model.decode_batch([[token] for token in range(vocabulary_size)], skip_special_tokens=False)
        pieces = [self._model.id_to_token(token) or "" for token in range(vocabulary_size)]
        return np.array(
            [
                "\ufffd" in text or (bool(_BYTE_PIECE.fullmatch(piece)) and text != "\n")
                for text, piece in zip(texts, pieces, strict=True)
            ],
            np.bool_,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Tokenizer:
    """A model that is ready to encode.

    Attributes:
        uri: where the model was read from.
        digest: BLAKE2b of the model file, for fingerprints.
        vocabulary_size: number of ids; every id is below it.
        eod_id: the id that ends every document, and that no text becomes.
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
            eod_token: the special token that ends documents, such as `<|endoftext|>`. A `tokenizer.json` does not say
                which of its tokens that is; a SentencePiece model does.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file is no model of that kind, or has no mark that can end a document.
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

        One thread does the work, because shards are the parallelism. An empty document is that
        one id.

        Returns:
            ids: `dtype` (n_tokens,), all documents one after another.
            lengths: int64 (n_docs,), tokens of each document, end mark included.
        """
        if not isinstance(texts, Texts):
            texts = Texts.from_strings(texts)
        documents = [texts.data[start:end].tobytes() for start, end in pairwise(texts.offsets.tolist())]
        if not documents:
            return np.zeros(0, self.dtype), np.zeros(0, np.int64)
        encoded = self._library.encode(documents)
        lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
        # Every id is below vocabulary_size, which dtype was chosen for, so the narrowing loses nothing.
        return np.concatenate(encoded, dtype=self.dtype, casting="unsafe"), lengths

    def decode_batch(self, ids: np.ndarray, lengths: np.ndarray) -> list[str]:
        """The texts of encoded documents, for reports and checks.

        Exact for models that neither normalise nor drop spaces (llm-jp's ver2.2, ver3.1 and ver4.0, and
        those that `manyo.tokenizer.train` makes), with one exception that is SentencePiece's own: U+2581,
        with which it marks spaces, comes back as a space.

        Args:
            ids: integers (n_tokens,), as `encode_batch` returns them.
            lengths: integers (n_docs,).
        """
        ends = np.cumsum(lengths)
        return [self._library.decode(ids[start:end].tolist()) for start, end in zip(ends - lengths, ends, strict=True)]

    def byte_ids(self) -> np.ndarray:
        """bool (vocabulary_size,), which ids are bytes of characters that have no id of their own.

        The newline's is not among them: some models (llm-jp's ver3.1, ver4.0) have no other id for it.
        """
        return self._library.byte_ids(self.vocabulary_size)


def _load_sentencepiece(uri: str, content: bytes, eod_token: str | None) -> tuple[_SentencePiece, int, int]:
    processor = SentencePieceProcessor()
    try:
        processor.LoadFromSerializedProto(content)
        vocabulary_size = processor.GetPieceSize()
    except RuntimeError as error:
        raise ValueError(f"{uri}: is not a SentencePiece model ({len(content)} bytes were read)") from error
    eod_id = processor.eos_id()
    # A mark of another type could also come out of a document's own text.
    if eod_id < 0 or not processor.IsControl(eod_id):
        raise ValueError(f"{uri}: the model has no end-of-sentence control symbol to end documents with")
    if eod_token is not None and eod_token != processor.IdToPiece(eod_id):
        raise ValueError(f"{uri}: eod_token is {eod_token!r}, but the model's own is {processor.IdToPiece(eod_id)!r}")
    return _SentencePiece(processor), vocabulary_size, eod_id


def _load_hugging_face(uri: str, content: bytes, eod_token: str | None) -> tuple[_HuggingFace, int, int]:
    try:
        model = tokenizers.Tokenizer.from_buffer(content)
    except ValueError as error:
        raise ValueError(f"{uri}: is not a Hugging Face tokenizer ({error})") from error
    special = {token.content: number for number, token in model.get_added_tokens_decoder().items() if token.special}
    if eod_token not in special:
        raise ValueError(
            f"{uri}: eod_token must name the special token that ends documents, one of {', '.join(sorted(special))}"
            if special
            else f"{uri}: the tokenizer has no special token to end documents with"
        )
    model.no_truncation()
    model.no_padding()
    # A special token that is written in a document is text: no one ends a document from inside it.
    model.encode_special_tokens = True
    # Ids need not be dense, so the number of tokens may be too small.
    vocabulary_size = max(model.get_vocab(with_added_tokens=True).values()) + 1
    return _HuggingFace(model, special[eod_token]), vocabulary_size, special[eod_token]
