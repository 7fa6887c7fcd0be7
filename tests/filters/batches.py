"""Batches of documents, and random text with what Japanese pages are made of."""

import pyarrow as pa
from hypothesis import strategies as st

from manyo.corpus.schema import LABEL
from manyo.corpus.text import Texts
from manyo.filters.signals.catalogue import SIGNALS
from manyo.filters.signals.signal import Passes
from manyo.filters.signals.signal_settings import DEFAULTS

_SIGNALS = {signal.column.name: signal for signal in SIGNALS}

#: Characters that the kernels treat specially, with plain ones in between.
_TELLING = (
    "のにをはあいうょっーノニヲハアイｱｶﾞ日本語々〆〇漢字龍abcXYZ019ＡｚＺ０９ \t\u3000\r\u2028\n\n\n"
    "。！？!?．｡‼」』）)\"'…‥.・･●■*-→、「（〓\ufffd★@#한글中文яж𠮷🍣𛀁e\u0301"
)
TEXT = st.one_of(
    st.text(st.sampled_from(_TELLING), max_size=120),
    st.text(st.sampled_from("。」 a\n!．あ"), max_size=40),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    # Repeats of a short piece, which random text hardly ever has.
    st.builds(lambda piece, times: piece * times, st.text(st.sampled_from(_TELLING), max_size=12), st.integers(0, 12)),
)
TEXTS = st.lists(TEXT, max_size=8)


def documents(texts: list[str], profile: str = "web") -> pa.RecordBatch:
    """The columns of `documents` that filters read."""
    ids = [number.to_bytes(16, "big") for number in range(len(texts))]
    return pa.RecordBatch.from_arrays(
        [
            pa.array(ids, pa.binary(16)),
            pa.array(texts, pa.large_string()),
            pa.array([profile] * len(texts), pa.string()).dictionary_encode().cast(LABEL),
        ],
        names=["doc_id", "text", "profile"],
    )


def sliced(texts: list[str]) -> Texts:
    """The texts as a slice out of the middle of a read-only Arrow array."""
    column = pa.array(["前の文書。", *texts, "後の文書。"], pa.large_string())
    return Texts.from_arrow(column.slice(1, len(texts)))


def signal_values(name: str, *texts: str) -> list[float]:
    """The values of one signal for some texts."""
    column = pa.array(["前の文書。", *texts], pa.large_string()).slice(1)
    values: list[float] = _SIGNALS[name].measure(Passes(column, DEFAULTS)).tolist()
    return values


def assert_split_law(measure, batch: pa.RecordBatch, cut: int) -> None:
    """Measuring two parts of a batch gives the two parts of the measurement."""
    whole = measure(batch)
    for start, end in ((0, cut), (cut, batch.num_rows)):
        part = measure(batch.slice(start, end - start))
        assert part.schema == whole.schema
        assert part.to_pylist() == whole.slice(start, end - start).to_pylist()
