"""Documents for dedup tests: invented pages with edits, and random Unicode."""

from __future__ import annotations

import hashlib
import random

import pyarrow as pa
from hypothesis import strategies as st

from manyo.corpus.schema import LABEL
from manyo.corpus.sources.source_kinds import SOURCE_USES

_SENTENCES = (
    "今朝は霧が深く、渡し舟は昼まで出なかった。",
    "市民センターの図書室は、毎週火曜日が休みです。",
    "祖母の畑では、茄子と胡瓜が交互に植えられている。",
    "バスの時刻表が新しくなったので、早めに家を出た。",
    "この部品は二種類あり、取り付ける向きが異なります。",
    "港の倉庫を改装した喫茶店で、古いレコードを聴いた。",
    "申請書には氏名と住所のほか、希望する日時を書くこと。",
    "夕立のあと、石畳に街灯の光がにじんでいた。",
    "試験の範囲は教科書の百二十頁から百五十頁までである。",
    "犬は雪の上を一度だけ振り返り、それから駆け出した。",
)

#: Any text that UTF-8 can hold, with the characters that folding changes well represented.
unicode_texts = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(" 　\u200b\ufeffＡａｶﾞﾊﾟウﾞゞ①㈱ſßÅ\U000e0100𝐀"))
)
#: Texts over three characters, so short that many are equal or almost equal.
similar_texts = st.text("あいう", max_size=14)


def document_id(i: int) -> bytes:
    return hashlib.blake2b(str(i).encode(), digest_size=16).digest()


def documents(
    texts: list[str],
    ids: list[bytes] | None = None,
    sources: list[str] | None = None,
    uris: list[str] | None = None,
    days: list[int | None] | None = None,
    uses: list[list[str]] | None = None,
    families: list[str | None] | None = None,
) -> pa.RecordBatch:
    """A batch with the columns that dedup reads; `days` count from 1970, `uses` are all four if not given."""
    ids = [document_id(i) for i in range(len(texts))] if ids is None else ids
    seconds = [None if day is None else day * 86400 for day in days or [None] * len(texts)]
    columns = {
        "doc_id": pa.array(ids, pa.binary(16)),
        "source": pa.array(sources or ["web"] * len(texts)).cast(LABEL),
        "uri": pa.array(uris or [""] * len(texts), pa.large_string()),
        "family": pa.array(families or [None] * len(texts), pa.large_string()),
        "fetched_at": pa.array(seconds, pa.timestamp("s", "UTC")),
        "text": pa.array(texts, pa.large_string()),
        "uses": pa.array(uses or [list(SOURCE_USES)] * len(texts), pa.list_(pa.string())),
    }
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def page(seed: int, sentences: int = 30) -> str:
    """A page; the numbers in its sentences make them different from those of other seeds."""
    dice = random.Random(seed)
    return "\n".join(f"{dice.choice(_SENTENCES)}第{dice.randrange(10**20)}号。" for _ in range(sentences))


def edited(text: str, seed: int, edits: int) -> str:
    """The text with some characters replaced."""
    dice = random.Random(seed)
    characters = list(text)
    for _ in range(edits):
        characters[dice.randrange(len(characters))] = dice.choice("亜伊宇江尾加木久")
    return "".join(characters)
