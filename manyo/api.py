"""Single parts of manyo, each one call on plain Python values; `import manyo` has them as `manyo.decode` and so on.

A kernel is compiled on its first use in a user's cache folder (`manyo warm` does it beforehand); later calls take
milliseconds. Nothing here writes a file but `run`.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from email.message import Message
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds

from manyo.corpus.nearest import did_you_mean
from manyo.corpus.release import mask as mask_spans
from manyo.corpus.schema import DOCUMENTS
from manyo.corpus.structure import tidied
from manyo.corpus.tables.shards import filesystem, join, read_batches
from manyo.corpus.tables.start_folder import paths_start_at
from manyo.corpus.text import tidy
from manyo.corpus.web import charset, main_text
from manyo.dedup.candidates.components import find_components
from manyo.dedup.candidates.keys import deal_keys
from manyo.dedup.candidates.pairs import find_pairs
from manyo.dedup.numbering import first_number
from manyo.dedup.settings import Dedup
from manyo.dedup.sketch import minhash
from manyo.dedup.verdict.clusters import find_clusters
from manyo.dedup.verdict.compared import deal_compared, link
from manyo.dedup.verdict.order import precedence
from manyo.filters.language import LanguageSettings, identify
from manyo.filters.pii.kinds import PII_KINDS
from manyo.filters.pii.own_kinds import own_kind_names
from manyo.filters.pii.scrub_settings import Scrub
from manyo.filters.rules.comparison import move_bound
from manyo.filters.rules.decide import PROFILES, failures, load_rules
from manyo.filters.signals.catalogue import SIGNALS
from manyo.filters.signals.measure import measure
from manyo.filters.signals.signal import ALSO_MEASURE
from manyo.filters.signals.signal_settings import SignalSettings
from manyo.pipelines.commands.measured_documents import measured_shards
from manyo.pipelines.commands.page_history import page_histories
from manyo.pipelines.commands.rule_changes import what_if
from manyo.pipelines.commands.run_setup import config_of
from manyo.pipelines.engine.executors import Auto, Serial
from manyo.pipelines.engine.progress import Watcher
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.notices import list_notices
from manyo.pipelines.run import run as run_configuration

__all__ = [
    "Decoded",
    "Extracted",
    "Language",
    "PersonalData",
    "Run",
    "Threshold",
    "decide",
    "decode",
    "duplicates",
    "extract",
    "find_pii",
    "language",
    "mask",
    "read_shards",
    "run",
    "signals",
    "signatures",
]


class Decoded(NamedTuple):
    """The text of some bytes.

    Attributes:
        text: as browsers decode it.
        charset: encoding that it was decoded with, such as `shift_jis`.
        decided_by: `bom`, `http`, `meta`, `detected`, or `overruled` where the bytes contradict what is declared.
        undecodable: U+FFFD per character outside ASCII, 0 to 1.
    """

    text: str
    charset: str
    decided_by: str
    undecodable: float


#: How files begin that are no pages, and what they are.
_NO_PAGES = {b"%PDF-": "a PDF", b"PK\x03\x04": "a ZIP archive", b"\x1f\x8b": "compressed by gzip"}
_PATH_OF_PAGE = re.compile(r"[^<>\n]{1,1000}\.(?:x?html?|mht|php)", re.I)


def _check_page(html: object) -> None:
    """Raise what `extract` does for what is no page."""
    if not isinstance(html, (str, bytes)):
        raise TypeError(f"html is a str or bytes, not {type(html).__name__}")
    if isinstance(html, str) and _PATH_OF_PAGE.fullmatch(html):
        raise ValueError(f"{html!r} is the path of a page, not the page: give its bytes")
    for begin, what in _NO_PAGES.items():
        if isinstance(html, bytes) and html.startswith(begin):
            raise ValueError(f"this is {what}, not an HTML page")


def decode(data: bytes, content_type: str | None = None) -> Decoded:
    """Decode a web page or another text as browsers do; no bytes raise an error.

    Args:
        data: the body, content encodings (gzip) undone.
        content_type: of the HTTP header, such as `text/html; charset=EUC-JP`.

    Raises:
        TypeError: data is not bytes.

    >>> decode("髙島屋①".encode("cp932"), "text/html; charset=Shift_JIS")[:3]
    ('髙島屋①', 'shift_jis', 'http')
    """
    if not isinstance(data, bytes):
        raise TypeError(f"data is bytes, not {type(data).__name__}")
    found = charset.decode(data, _charset_label(content_type))
    return Decoded(found.text, found.charset, found.decided_by, found.replacement_fraction)


def _charset_label(content_type: str | None) -> str | None:
    message = Message()
    message["content-type"] = content_type or "text/html"
    return message.get_content_charset()


class Extracted(NamedTuple):
    """The main text of a page.

    Attributes:
        text: lines separated by a line feed; empty if the page has no text.
        title: without the site's name where a heading confirms it.
        comments: what readers wrote below it.
        kept_japanese_fraction: kana and kanji in text and comments per kana and kanji of the whole page, 0 to 1.
        link_fraction: characters in links per character of the whole page, 0 to 1.
        url: as it was given.
    """

    text: str
    title: str
    comments: str
    kept_japanese_fraction: float
    link_fraction: float
    url: str | None


def extract(html: str | bytes, url: str | None = None, content_type: str | None = None) -> Extracted:
    """Find the main text of an HTML page; no page raises an error, but what is none does.

    Args:
        html: the page; bytes are decoded first (`decode`).
        url: where it is from; it comes back in the result.
        content_type: of the HTTP header, for bytes.

    Raises:
        TypeError: html is neither str nor bytes.
        ValueError: it is the path of a page, or a PDF or an archive.

    >>> page = "<title>図書館</title><nav>前へ 次へ</nav><p>駅前に新しい図書館ができ、大勢の人が並びました。</p>"
    >>> extract(page).text
    '駅前に新しい図書館ができ、大勢の人が並びました。'
    """
    _check_page(html)
    utf_8 = None
    if isinstance(html, bytes):
        found = charset.decode(html, _charset_label(content_type))
        html, utf_8 = found.text, found.utf_8
    main = main_text.extract(html, utf_8=utf_8)
    text, _ = tidied(main.text, main.structure)
    return Extracted(text, tidy(main.title), tidy(main.comments), main.kept_japanese_fraction, main.link_fraction, url)


class Language(NamedTuple):
    """The language of a text: ISO code (`und` if undecided), confidence, share of Japanese, and what decided."""

    lang: str
    score: float
    japanese_score: float
    decided_by: str


def language(texts: Sequence[str], profile: str = "web") -> list[Language]:
    """Identify the language of each text: by its scripts, by fastText where they leave doubt.

    Args:
        texts: in NFC or not.
        profile: of the texts; the half-width kana of `web` pages count as kana.

    Raises:
        ValueError: there is no such profile.
        TypeError: a text is not a str.

    >>> [one.lang for one in language(["これは日本語の文章で、図書館の話です。" * 3, "这是一篇关于图书馆的文章。" * 3])]
    ['ja', 'zh']
    """
    found = identify(_documents(texts, profile), LanguageSettings())
    names = ("lang", "lang_score", "japanese_score", "lang_decided_by")
    return [Language(*(row[name] for name in names)) for row in found.select(list(names)).to_pylist()]


def signals(texts: Sequence[str], rules: str | None = "default", profile: str = "web") -> pa.Table:
    """Measure each text: a column for each signal (docs/signals.md), and the language columns that rules bound.

    Args:
        texts: any texts.
        rules: a name of shipped rules or the path of a file; signals that only they need are measured too. None for
            the signals that are always measured.
        profile: of the texts.

    Returns:
        A table with a row for each text, in their order. Fractions are from 0 to 1; an empty text measures 0.

    Raises:
        ValueError: there is no such profile, or the rules are wrong.
        FileNotFoundError: there are no such rules.

    >>> signals(["図書館は朝から開いています。"])["char_count"].to_pylist()
    [14]
    """
    documents = _documents(texts, profile)
    bounded = {rule.signal for rule in load_rules(rules)} if rules else set()
    on_request = (one.column.name for one in SIGNALS if one.setting == ALSO_MEASURE)
    measured = measure(documents, SignalSettings(also_measure=tuple(name for name in on_request if name in bounded)))
    table = pa.Table.from_batches([identify(documents, LanguageSettings())]).drop_columns(["doc_id"])
    for name in measured.schema.names:
        if name != "doc_id":
            table = table.append_column(name, measured.column(name))
    return table


#: What a source measures of a page, where nothing is known of it: no links, and nothing left out.
_OF_SOURCES = {"link_fraction": 0.0, "kept_japanese_fraction": 1.0}


def decide(table: pa.Table, rules: str = "default", profile: str = "web") -> list[tuple[str, ...]]:
    """Decide about measured texts: the names of all rules that each fails; a text with none is kept.

    Args:
        table: of `signals`; other thresholds need no new measuring.
        rules: a name of shipped rules (`default`, `hojichar`, `llmjp_v1`, …) or the path of a file.
        profile: which of the rules apply: web, ocr, classical, law, prose, patent, textbook, pdf.

    Raises:
        ValueError: there is no such profile, the rules are wrong, or the table lacks a column that they bound.
        FileNotFoundError: there are no such rules.

    >>> decide(signals(["準備中です。"]))[0][:1]
    ('too_short',)
    """
    _check_profile(profile)
    tried = [rule for rule in load_rules(rules) if profile in rule.profiles]
    if not isinstance(table, pa.Table):
        raise TypeError(f"table is that of signals(texts), not {type(table).__name__}")
    whole = table.combine_chunks()
    for name, value in _OF_SOURCES.items():
        if name not in whole.schema.names:
            whole = whole.append_column(name, pa.array([value] * len(whole), pa.float32()))
    for rule in tried:
        if rule.signal not in whole.schema.names:
            raise ValueError(f"rule {rule.name!r} bounds {rule.signal}: measure with signals(texts, rules={rules!r})")
    if not len(whole):
        return []
    (batch,) = whole.to_batches()
    failed = failures(batch, batch, pa.array([profile] * len(whole)), tried)
    names = np.array([rule.name for rule in tried], object)
    return [tuple(names[row]) for row in failed]


class PersonalData(NamedTuple):
    """A span of personal information: code points from `start` to before `stop`, its kind, and the text there."""

    start: int
    stop: int
    kind: str
    text: str


def find_pii(texts: Sequence[str], kinds: Iterable[str] | None = None) -> list[list[PersonalData]]:
    """Find personal information in each text; different spans may overlap.

    Args:
        texts: any texts.
        kinds: names such as `phone`; None for all.

    Raises:
        ValueError: there is no such kind.

    >>> find_pii(["お電話は 03-1234-5678 まで"], ["phone"])
    [[PersonalData(start=5, stop=17, kind='phone', text='03-1234-5678')]]
    """
    from manyo.filters.pii.find import find  # its patterns take a second to compile

    if kinds is not None:
        _check_list("kinds", kinds)
    known = [*(kind.name for kind in PII_KINDS), *own_kind_names()]
    chosen = known if kinds is None else list(kinds)
    for kind in chosen:
        if kind not in known:
            raise ValueError(f"no kind {kind!r}; {did_you_mean(str(kind), known)}")
    _check_texts(texts)
    found: list[dict[PersonalData, None]] = [{} for _ in texts]  # two patterns may find the same
    for span in find(pa.array(texts, pa.large_string()), chosen).to_pylist():
        start, stop, row = span["start"], span["stop"], span["row"]
        found[row][PersonalData(start, stop, span["kind"], texts[row][start:stop])] = None
    return [list(of_text) for of_text in found]


def mask(text: str, kinds: Iterable[str] | None = None) -> str:
    """Replace the personal information of a text by the names of its kinds; the rest stays as it is.

    Args:
        text: any text.
        kinds: as for `find_pii`.

    >>> mask("お電話は 03-1234-5678 まで")
    'お電話は <電話番号> まで'
    """
    (spans,) = find_pii([text], kinds)
    masks = Scrub({"web": tuple({span.kind for span in spans})}).masks
    return mask_spans(text, [(span.start, span.stop, span.kind) for span in spans], masks)


def signatures(texts: Sequence[str]) -> np.ndarray:
    """MinHash signatures of the folded texts: the share of equal columns of two rows estimates their similarity.

    Returns:
        uint32 (n_texts, 126): 18 bands of 7 rows; zeros for a text that is too short to be similar to another one
        (200 characters), which only repeats an equal text.

    >>> signatures(["短い文"]).any()
    np.False_
    """
    settings = Dedup()
    signed = minhash.signatures(_documents(texts, "web"), settings)
    made = np.zeros((len(texts), settings.permutations), np.uint32)
    for row, values in enumerate(signed.column("minhash").to_pylist()):
        if values:
            made[row] = values
    return made


def duplicates(texts: Sequence[str], min_similarity: float = 0.8) -> list[int]:
    """Find exact and near duplicates; of those that are alike, the longest stays, then the first.

    Args:
        texts: any texts; compared with the width of letters and the space between them folded.
        min_similarity: Jaccard similarity of shingles from which two texts are the same, 0 to 1.

    Returns:
        For each text the index of the one that stays in its place: its own if it stays.

    Raises:
        ValueError: the similarity is not above 0 and at most 1.

    >>> duplicates(["同じ文です。", "別の文です。", "同じ文です。"])
    [0, 1, 0]
    """
    settings = replace(Dedup(), min_similarity=min_similarity, parts=1)
    batch = _documents(texts, "web")
    if not batch.num_rows:
        return []
    signed = minhash.signatures(batch, settings)
    place = precedence(batch, signed.column("chars").to_numpy(), settings)
    first = first_number(0)
    keys = deal_keys(signed, place, np.ones(len(texts), np.bool_), first, settings, 1)
    pairs = find_pairs(keys, 1)
    (component,) = find_components(lambda: iter(pairs), 1, 1)
    compared = deal_compared(batch, signed, first, link(component, pairs), settings)
    clusters, _ = find_clusters(compared, 1, settings)
    ids = {doc_id: row for row, doc_id in enumerate(batch.column("doc_id").to_pylist())}
    stays = list(range(len(texts)))
    for row in clusters.to_pylist():
        stays[ids[row["doc_id"]]] = ids[row["survivor"]]
    return stays


def read_shards(path: str, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Read a table of a run, such as the folder that `manyo path release` prints, or one of its files.

    The checksums of what is read are compared.

    Args:
        path: folder or file, local or a URI.
        columns: to read; None for all.

    Raises:
        FileNotFoundError: there is nothing.
        ShardError: a file is damaged, or is no table of manyo.
    """
    fs, found = filesystem(path)
    names = [found] if found.endswith(".parquet") else sorted(name for name in fs.find(found) if _is_shard(name))
    if not names:
        raise FileNotFoundError(f"{path}: holds no table")
    scheme = path.split("://", 1)[0] + "://" if "://" in path else ""
    for name in names:
        yield from read_batches(scheme + name, None if columns is None else list(columns))


def _is_shard(name: str) -> bool:
    return name.endswith(".parquet") and "/.partial/" not in name


@dataclass(frozen=True, slots=True)
class Threshold:
    """What a rule with another bound would change: documents that it would keep more and fewer, before dedup."""

    gained: int
    lost: int


class Run:
    """A run that was made, by `run` or by `manyo run`.

    Args:
        config: path of its configuration.
        out: replaces `[run] out`.

    Raises:
        UserError: the configuration is wrong.
    """

    def __init__(self, config: str | os.PathLike[str], out: str | None = None) -> None:
        if not isinstance(config, str | os.PathLike):
            raise TypeError(f"config is the path of a TOML file, not {type(config).__name__}")
        self.config = config_of(os.fspath(config), out)
        self.folder = os.path.dirname(self.config.path)
        self.out = self.config.run.out
        self.notices: list[str] = []

    @property
    def tables(self) -> dict[str, str]:
        """The folder of each table of the run, whether it exists yet or not."""
        with paths_start_at(self.folder):
            return {
                name: join(self.out, folder)
                for stage in build_stages(self.config)
                for name, folder in stage.table_folders().items()
            }

    def dataset(self, table: str) -> ds.Dataset:
        """A table such as `documents`, `refused`, `signals`, `decisions` or `release`, as an Arrow dataset.

        Raises:
            ValueError: the run has no such table.
            FileNotFoundError: the table is not written yet.
        """
        folders = self.tables
        if table not in folders:
            raise ValueError(f"no table {table!r}; {did_you_mean(table, folders)}")
        fs, path = filesystem(folders[table])
        names = sorted(name for name in fs.find(path) if _is_shard(name))
        if not names:
            raise FileNotFoundError(f"{folders[table]}: the table {table} is not written yet")
        scheme = folders[table].split("://", 1)[0] + "://" if "://" in folders[table] else ""
        return ds.dataset([scheme + name for name in names], format="parquet")

    def trace(self, page: str) -> list[dict[str, str]]:
        """What happened to a page, step by step, for each page that an address, host or `doc_id` names.

        Raises:
            UserError: no page matches, or nothing is extracted yet.
        """
        with paths_start_at(self.folder):
            found = page_histories(self.config, page)
        return [{"uri": one.uri, **{step.name: step.text for step in one.steps}} for one in found]

    def whatif(self, rule: str, minimum: float | None = None, maximum: float | None = None) -> Threshold:
        """What another bound of a rule would change, counted in the measured columns.

        Raises:
            ValueError: there is no such rule, or not exactly one bound is given.
            UserError: the run is not measured yet.
        """
        if (minimum is None) == (maximum is None):
            raise ValueError("give a minimum or a maximum")
        bound, value = ("minimum", minimum) if maximum is None else ("maximum", maximum)
        moved = move_bound(self.config.rules, rule, bound, value)
        with paths_start_at(self.folder):
            shards = measured_shards(self.config, "whatif")
            (change,) = what_if(shards, self.config.rules, [moved], 0).changes
        return Threshold(change.gained.documents, change.lost.documents)


def run(config: str | os.PathLike[str], until: str = "report", out: str | None = None, is_serial: bool = False) -> Run:
    """Run a configuration, or what of it is not finished; as `manyo run`, without its lines.

    Args:
        config: path of the TOML file; its relative paths start at its folder.
        until: the command after whose stages to stop, such as `extract` or `filter`.
        out: replaces `[run] out`.
        is_serial: in this process; False takes Ray where the work is large.

    Returns:
        The run; its `notices` are what it should not have ended with.

    Raises:
        UserError: the configuration, an input or the output folder is wrong.
        WorkFailed: a stage could not be finished.
    """
    made = Run(config, out)
    executor = Serial() if is_serial else Auto()
    try:
        with paths_start_at(made.folder):
            result = run_configuration(made.config, executor, Watcher(), until)
            made.notices = list_notices(made.config, result.stages)
    finally:
        executor.close()
    return made


def _check_texts(texts: Sequence[str]) -> None:
    _check_list("texts", texts)
    for text in texts:
        if not isinstance(text, str):
            raise TypeError(f"a text is a str, not {type(text).__name__}")


def _check_list(name: str, given: object) -> None:
    """Refuse one text where several are meant, whose letters would be taken for them, and what is no list at all."""
    if isinstance(given, str | bytes):
        raise TypeError(f"{name} is one {type(given).__name__}; give a list of them")
    if not isinstance(given, Iterable):
        raise TypeError(f"{name} is a list of str, not {type(given).__name__}")


def _check_profile(profile: str) -> None:
    if profile not in PROFILES:
        raise ValueError(f"no profile {profile!r}; {did_you_mean(profile, PROFILES)}")


def _documents(texts: Sequence[str], profile: str) -> pa.RecordBatch:
    """The texts as a batch of `documents`, with ids made of their places."""
    _check_texts(texts)
    _check_profile(profile)
    ids = [hashlib.blake2b(str(row).encode(), digest_size=16).digest() for row in range(len(texts))]
    rows = [
        {"doc_id": doc_id, "source": "", "profile": profile, "uri": "", "text": text, "uses": []}
        for doc_id, text in zip(ids, texts, strict=True)
    ]
    return pa.RecordBatch.from_pylist(rows, schema=DOCUMENTS.schema)
