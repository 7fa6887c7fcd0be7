"""The settings of deduplication, as frozen dataclasses.

`docs/decisions/0002-minhash-parameters.md` says where the defaults come from, and how other values work on Japanese
text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from manyo.corpus.settings.meant_texts import MAY_BE_EMPTY, FolderPath

#: What may decide which of two documents with the same text stays; see `manyo.dedup.verdict.order`.
Criterion = Literal["uses", "source", "highest", "lowest", "longest", "newest", "oldest"]


@dataclass(frozen=True, slots=True)
class Alarms:
    """When a run must stop because dedup removed too much; 1 never stops it (see `manyo.dedup.verdict.alarms`).

    Attributes:
        min_documents: documents of the smallest host, source or cluster that can raise an alarm.
        max_source_loss: largest share of a source's documents that dedup may remove.
        max_host_loss: largest share of a host's documents that dedup may remove.
        max_cluster_share: largest share of all documents that one cluster may hold.
    """

    min_documents: int = 1000
    max_source_loss: float = 0.8
    max_host_loss: float = 0.95
    max_cluster_share: float = 0.05

    def __post_init__(self) -> None:
        if self.min_documents < 1:
            raise ValueError(f"min_documents must be at least 1, not {self.min_documents}")
        for name in ("max_source_loss", "max_host_loss", "max_cluster_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be from 0 to 1, not {getattr(self, name)}")


@dataclass(frozen=True, slots=True)
class Boilerplate:
    """Which lines are boilerplate of their host, and whether they are removed (see `manyo.dedup.boilerplate`).

    Attributes:
        remove: profiles whose documents are released without such lines.
        flag: profiles whose documents keep them; the lines are listed in the table all the same.
        min_documents: smallest number of the host's documents with the line, of those that rules and dedup keep.
        min_host_fraction: smallest share of the host's documents with the line.
        min_chars: length of the shortest line that can be boilerplate; shorter ones are mostly headings.
    """

    remove: Annotated[tuple[str, ...], MAY_BE_EMPTY] = ("web",)
    flag: tuple[str, ...] = ()
    min_documents: int = 10
    min_host_fraction: float = 0.2
    min_chars: int = 20

    def __post_init__(self) -> None:
        for name in ("min_documents", "min_chars"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if not 0 <= self.min_host_fraction <= 1:
            raise ValueError(f"min_host_fraction must be from 0 to 1, not {self.min_host_fraction}")
        if not self.remove and not self.flag:
            raise ValueError("remove and flag are both empty: name a profile, or leave out [dedup.boilerplate]")
        if both := set(self.remove) & set(self.flag):
            raise ValueError(f"{', '.join(sorted(both))} is named in both remove and flag")


@dataclass(frozen=True, slots=True)
class Dedup:
    """Settings of every dedup stage; all lengths count characters of the text as dedup compares it.

    Attributes:
        shingle_chars: length of a shingle, in characters.
        bands: band keys of a document; two documents that share one are candidates.
        rows: permutations in a band; a signature has `bands * rows` of them.
        min_similarity: Jaccard similarity of their shingles from which two documents are the same text.
        min_containment: share of a document's shingles in its survivor from which it is removed too, however much
            longer the survivor is; off if not given (see `docs/decisions/0011-containment.md`).
        min_chars: a shorter document has no signature and repeats another only if both are equal, because one changed
            word changes too many of its few shingles.
        max_shingled_chars: characters of a document that its signature covers. For a longer one the ratio of lengths
            bounds the similarity, so that two books with a common beginning do not become one.
        view_profiles: profiles whose documents are compared in today's spelling (`manyo.dedup.sketch.view`), so that
            old and new editions of a work find each other. A document finds only those compared in the same way: name
            `web` too where pages may repeat books.
        max_compared_shingles: distinct shingles of a document that are compared one by one, at 4 bytes each; of a
            document with more, those with the smallest hashes, which are a fair sample.
        max_survivors_per_candidate: how many survivors are remembered around one candidate, for later documents to be
            compared with; bounds the work on pages of one template.
        survivor_order: which of several documents stays: the first criterion in which they differ decides, then the
            smaller `doc_id` (see `manyo.dedup.verdict.order`).
        source_priority: names of sources, the one whose documents stay first; for the criterion `source`.
        survivor_signal: a column of the table `signals`, for the criteria `highest` and `lowest`, such as the score of
            a quality classifier.
        same_address: of the pages fetched from one address at several times, keep only the newest or the longest,
            before texts are compared; off if not given.
        within_sources: compare the documents of each source with each other first, and the survivors of all sources in
            a second round (see `docs/decisions/0010-within-sources-first.md`).
        parts: parts that keys, and later the documents that have candidates, are dealt to; 0 for as many as keep the
            tasks that hold one below 4 GB (`manyo.dedup.parts`). What comes out does not depend on it.
        alarms: when a run must stop because too much was removed.
        boilerplate: which lines many documents of a host share, and whether they are removed; off if not given.
        index: also write what later runs need to compare their documents with those of this run.
        against: folders of the table `index` of earlier runs, the oldest first (see
            `docs/decisions/0007-incremental-dedup.md`).
        index_stays: whether the documents of those indexes come before those of this run, because they are released
            already, whatever `survivor_order` says of them; else both are ordered as in one big run, in which a
            document of this run may be kept in place of one that an earlier run released.
    """

    shingle_chars: int = 5
    bands: int = 18
    rows: int = 7
    min_similarity: float = 0.8
    min_containment: float | None = None
    min_chars: int = 200
    max_shingled_chars: int = 4_000_000
    view_profiles: tuple[str, ...] = ()
    max_compared_shingles: int = 65_536
    max_survivors_per_candidate: int = 64
    survivor_order: tuple[Criterion, ...] = ("uses", "longest")
    source_priority: tuple[str, ...] = ()
    survivor_signal: str | None = None
    same_address: Literal["newest", "longest"] | None = None
    within_sources: bool = False
    parts: int = field(default=0, metadata={"decides": False})
    alarms: Alarms = field(default_factory=Alarms)
    boilerplate: Boilerplate | None = None
    index: bool = False
    against: tuple[FolderPath, ...] = ()
    index_stays: bool = True

    def __post_init__(self) -> None:
        for name in (
            "shingle_chars",
            "bands",
            "rows",
            "max_compared_shingles",
            "max_survivors_per_candidate",
        ):
            if getattr(self, name) < 1:
                raise ValueError(f"dedup.{name} must be at least 1, not {getattr(self, name)}")
        if self.parts < 0:
            raise ValueError(f"dedup.parts must be at least 1, or 0 for as many as memory needs, not {self.parts}")
        if not 0 < self.min_similarity <= 1:
            raise ValueError(f"dedup.min_similarity must be above 0 and at most 1, not {self.min_similarity}")
        if self.min_containment is not None and not 0 < self.min_containment <= 1:
            raise ValueError(f"dedup.min_containment must be above 0 and at most 1, not {self.min_containment}")
        if self.min_chars < self.shingle_chars:
            raise ValueError(
                f"dedup.min_chars ({self.min_chars}) must be at least dedup.shingle_chars ({self.shingle_chars}): "
                "a shorter document has no shingle"
            )
        if self.max_shingled_chars < self.min_chars:
            raise ValueError(
                f"dedup.max_shingled_chars ({self.max_shingled_chars}) must be at least "
                f"dedup.min_chars ({self.min_chars})"
            )
        if len(set(self.survivor_order)) < len(self.survivor_order):
            raise ValueError(f"dedup.survivor_order names a criterion twice: {list(self.survivor_order)}")
        for one, other in (("newest", "oldest"), ("highest", "lowest")):
            if {one, other} <= set(self.survivor_order):
                raise ValueError(f"dedup.survivor_order names both {one} and {other}: the second could never decide")
        if bool({"highest", "lowest"} & set(self.survivor_order)) != (self.survivor_signal is not None):
            raise ValueError(
                'dedup.survivor_signal and a criterion "highest" or "lowest" of dedup.survivor_order need each other: '
                "give both or neither"
            )
        if ("source" in self.survivor_order) != bool(self.source_priority):
            raise ValueError(
                'dedup.source_priority and the criterion "source" of dedup.survivor_order need each other: '
                "give both or neither"
            )
        for name, lacks in (("same_address", "addresses"), ("within_sources", "sources")):
            if getattr(self, name) and (self.index or self.against):
                raise ValueError(
                    f"dedup.{name} cannot be combined with dedup.index or dedup.against: an index holds no {lacks}"
                )

    @property
    def permutations(self) -> int:
        """Values in a signature."""
        return self.bands * self.rows
