"""How many bytes of text a token of a run has: counted where there are tokens, else measured, else a usual figure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.tables.shards import read_batches
from manyo.corpus.text import Texts
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.extract_stages import DOCUMENTS
from manyo.pipelines.graph.notices import counts_of
from manyo.pipelines.run import finished_stages
from manyo.tokenizer.encode import Tokenizer

#: The models of llm-jp give about one token per six bytes of Japanese.
USUAL_BYTES_PER_TOKEN = 6.0

#: What a model that has encoded nothing yet is tried on: a sample of this size, from so many shards.
_SAMPLE_BYTES, _SAMPLED_SHARDS = 1_000_000, 8


@dataclass(frozen=True, slots=True)
class TokenRate:
    """Bytes of UTF-8 text per token, the marks at the ends of documents included.

    Attributes:
        bytes_per_token: above 0.
        source: where the figure is from: `shards` are token shards of the run, `model` is its tokenizer on a sample of
            its documents, `usual` is `USUAL_BYTES_PER_TOKEN`.
    """

    bytes_per_token: float
    source: str

    def tokens(self, size_bytes: int) -> int:
        """The tokens of a text of this size, about."""
        return round(size_bytes / self.bytes_per_token)

    def __str__(self) -> str:
        """The rate as part of a sentence."""
        said = {
            "shards": "as in the token shards of this run",
            "model": "as the run's tokenizer gives on a sample of its documents",
            "usual": "as models of llm-jp give; this run has no token shards",
        }
        return f"one token per {self.bytes_per_token:.2f} bytes, {said[self.source]}"


#: The rate of a run without tokens and without a model.
USUAL = TokenRate(USUAL_BYTES_PER_TOKEN, "usual")


def token_rate(config: Config) -> TokenRate:
    """The bytes per token of a run.

    Raises:
        ShardError: a shard cannot be read.
    """
    if not config.tokenize.makes_shards:
        return USUAL
    return _of_shards(config) or _of_model(config) or USUAL


def _of_shards(config: Config) -> TokenRate | None:
    try:
        stages = finished_stages(config, ("scrub", "encode"), "whatif")
    except UserError:
        return None
    scrubbed, encoded = (counts_of(stages[name]) for name in ("scrub", "encode"))
    tokens = size_bytes = 0.0
    for source in scrubbed.of_source:
        n_scrubbed, n_encoded = (counts.get(source, "documents") for counts in (scrubbed, encoded))
        if n_encoded and n_scrubbed:
            tokens += encoded.get(source, "tokens")
            # Of documents that may not train, no bytes were counted by themselves.
            size_bytes += scrubbed.get(source, "text_bytes") * n_encoded / n_scrubbed
    return TokenRate(size_bytes / tokens, "shards") if tokens and size_bytes else None


def _of_model(config: Config) -> TokenRate | None:
    if config.tokenize.model is None:
        return None
    extracted = finished_stages(config, ("extract",), "whatif")["extract"]
    tokenizer = Tokenizer.load(config.tokenize.model, config.tokenize.eod_token)
    step = max(1, len(extracted.shards) // _SAMPLED_SHARDS)
    shards = extracted.shards[::step][:_SAMPLED_SHARDS]
    tokens = size_bytes = 0
    for shard in shards:
        for batch in islice(read_batches(extracted.uri(DOCUMENTS, shard.name), ["text"]), 1):
            texts = _first(batch.column("text"), _SAMPLE_BYTES // len(shards))
            tokens += int(tokenizer.encode_batch(Texts.from_arrow(texts))[1].sum())
            size_bytes += pc.sum(pc.binary_length(texts)).as_py() or 0
    return TokenRate(size_bytes / tokens, "model") if tokens and size_bytes else None


def _first(texts: pa.Array, max_bytes: int) -> pa.Array:
    """The first texts that are no larger together, at least one."""
    ends = pc.cumulative_sum(pc.binary_length(texts).cast(pa.int64()))
    return texts.slice(0, max(1, pc.sum(pc.less_equal(ends, max_bytes)).as_py() or 0))
