"""Text to token ids, with any SentencePiece model, at the library's own speed.

A document is encoded whole, never cut. A cut would change its tokens: the model
may put a space before every piece of input it is given, and it adds scores in
32-bit floats, so that the best path of a long text is not the best paths of its
parts (measured: a text of 100,000 characters has 94,603 tokens whole and 94,604 cut
at its lines). The price is memory: SentencePiece 0.2.3 needs about 17 bytes for each
byte of the longest document (measured: 450 MB for one of 26 MB).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from sentencepiece import SentencePieceProcessor

from corpus.shards import filesystem
from corpus.text import Texts

#: Megatron's rule (`DType.optimal_dtype`): two bytes for fewer ids than this. Not 65,536, because
#: Megatron leaves room for ids that a training run adds to the vocabulary.
UINT16_VOCABULARY_LIMIT = 65_500


def token_dtype(vocabulary_size: int) -> np.dtype:
    """The type that Megatron stores ids of a vocabulary in: uint16 below 65,500 ids, else int32."""
    return np.dtype("<u2") if vocabulary_size < UINT16_VOCABULARY_LIMIT else np.dtype("<i4")


@dataclass(frozen=True, slots=True, eq=False)
class Tokenizer:
    """A SentencePiece model that is ready to encode.

    Attributes:
        uri: where the model was read from.
        digest: BLAKE2b of the model file, for fingerprints.
        vocabulary_size: number of ids.
        eod_id: the id that ends every document: the model's end-of-sentence mark.
        dtype: the type of the ids on disk, by `token_dtype`.
        byte_ids: bool (vocabulary_size,), which ids are single bytes of characters without an id. The newline's
            is not among them: some models (llm-jp's ver3.1, ver4.0) have no other id for it.
    """

    uri: str
    digest: str
    vocabulary_size: int
    eod_id: int
    dtype: np.dtype
    byte_ids: np.ndarray = field(repr=False)
    _processor: SentencePieceProcessor = field(repr=False)

    @classmethod
    def load(cls, uri: str) -> Tokenizer:
        """Read a model from a path or URI.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file is no SentencePiece model, or has no mark that can end a document.
        """
        fs, path = filesystem(uri)
        try:
            content = fs.cat_file(path)
        except FileNotFoundError as error:
            raise FileNotFoundError(f"{uri}: no such file; [tokenize] model must name a SentencePiece model") from error
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
        return cls(
            uri=uri,
            digest=hashlib.blake2b(content, digest_size=16).hexdigest(),
            vocabulary_size=vocabulary_size,
            eod_id=eod_id,
            dtype=token_dtype(vocabulary_size),
            byte_ids=_byte_ids(processor),
            _processor=processor,
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
        # Bytes in and buffers out: up to twice as fast as str in and lists of int out.
        documents = [texts.data[start:end].tobytes() for start, end in pairwise(texts.offsets.tolist())]
        if not documents:
            return np.zeros(0, self.dtype), np.zeros(0, np.int64)
        encoded = self._processor.encode(documents, num_threads=1, add_eos=True, return_type="numpy")
        lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
        # Every id is below vocabulary_size, which dtype was chosen for, so the narrowing loses nothing.
        return np.concatenate(encoded, dtype=self.dtype, casting="unsafe"), lengths

    def decode_batch(self, ids: np.ndarray, lengths: np.ndarray) -> list[str]:
        """The texts of encoded documents, for reports and checks.

        Exact for models that neither normalise nor drop spaces (llm-jp's ver2.2, ver3.1 and ver4.0, and
        those that `tokenizer.train` makes), with one exception that is SentencePiece's own: U+2581,
        with which it marks spaces, comes back as a space.

        Args:
            ids: integers (n_tokens,), as `encode_batch` returns them.
            lengths: integers (n_docs,).
        """
        ends = np.cumsum(lengths)
        return [
            self._processor.decode(ids[start:end].tolist()) for start, end in zip(ends - lengths, ends, strict=True)
        ]


def _byte_ids(processor: SentencePieceProcessor) -> np.ndarray:
    is_byte = np.zeros(processor.GetPieceSize(), np.bool_)
    for value in range(256):
        token = processor.PieceToId(f"<0x{value:02X}>")  # The unknown id where the model has no such piece.
        is_byte[token] = processor.IsByte(token) and value != ord("\n")
    return is_byte
