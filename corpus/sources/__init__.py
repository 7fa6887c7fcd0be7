"""The kinds of input, each a module with the same functions.

A source module offers:

    @dataclass(frozen=True)
    class Options: ...                       # its keys in a [[source]] table, with defaults
    REASONS: dict[str, str]                  # every reason it may refuse with, and what it means
    def plan(files: Sequence[InputFile], options: Options) -> list[InputShard]
    def records(shard: InputShard, options: Options) -> Iterator[Record | BrokenInput]
    def parse(record: Record, options: Options) -> Document | Refused | Skipped
"""

from types import ModuleType

from manyo.corpus.sources import aozora, egov, honkoku, jsonl, kokkai, ndl, parquet, tei, warc, wikipedia
from manyo.corpus.sources import image_pairs as pairs
from manyo.corpus.sources import plain_text as text

#: `kind` of a [[source]] → its module.
KINDS: dict[str, ModuleType] = {
    "aozora": aozora,
    "egov": egov,
    "honkoku": honkoku,
    "jsonl": jsonl,
    "kokkai": kokkai,
    "ndl": ndl,
    "pairs": pairs,
    "parquet": parquet,
    "tei": tei,
    "text": text,
    "warc": warc,
    "wikipedia": wikipedia,
}
