"""What the scrub stage masks: settings that load no pattern, so that every command may have them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from manyo.corpus.nearest import did_you_mean, not_one_of
from manyo.corpus.structure import VIEWS
from manyo.filters.pii.kinds import CONSTANT_MASK, PII_KINDS
from manyo.filters.pii.own_kinds import own_kind, own_kind_names

_MASKS = {kind.name: kind.mask for kind in PII_KINDS}
_ALL = tuple(_MASKS)

#: Profile to kinds. Statutes and classical texts name nobody who can be telephoned. Novels are full of invented or
#: historical addresses (本郷区駒込千駄木町五十七番地), but their colophons hold telephone numbers of publishers. So are
#: exercises of textbooks; the text of a patent names authors of literature, and its applicants stand apart from it.
_OF_PRINT = tuple(name for name in _ALL if name not in ("postal_address", "person_name", "birth_date", "age"))
_DEFAULT_KINDS: dict[str, tuple[str, ...]] = {
    "web": _ALL,
    "ocr": _ALL,
    "pdf": _ALL,
    "prose": _OF_PRINT,
    "patent": _OF_PRINT,
    "textbook": _OF_PRINT,
    "law": (),
    "classical": (),
}


@dataclass(frozen=True, slots=True)
class Scrub:
    """What the scrub stage masks, and how.

    Attributes:
        kinds: profile to the kinds masked in its documents; a profile that is not named keeps its default.
        mask_style: "typed" (`<電話番号>`, …), "constant" (`<個人情報>` for everything), or "pseudonym" (`<人名1>`,
            `<人名2>`, …: a value has one number throughout its document, and no other document decides which).
        view: what of a masked text the release and the tokens have (`manyo.corpus.structure`): `plain` for the text
            itself, `markdown` for the same with headings, lists, tables and code marked, `ruby` for the text with its
            readings.
    """

    kinds: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(_DEFAULT_KINDS))
    mask_style: Literal["typed", "constant", "pseudonym"] = "typed"
    view: Literal["plain", "markdown", "ruby"] = "plain"

    def __post_init__(self) -> None:
        object.__setattr__(self, "kinds", _DEFAULT_KINDS | dict(self.kinds))
        for profile, kinds in self.kinds.items():
            if profile not in _DEFAULT_KINDS:
                raise ValueError(f"scrub.kinds: no profile {profile!r}; {did_you_mean(profile, _DEFAULT_KINDS)}")
            known = (*_ALL, *own_kind_names())
            unknown = [kind for kind in kinds if kind not in known]
            if unknown:
                raise ValueError(f"scrub.kinds.{profile}: unknown kind {not_one_of(unknown[0], known)}")
        if self.mask_style not in ("typed", "constant", "pseudonym"):
            raise ValueError(f"scrub.mask_style: {self.mask_style!r} is neither typed, constant nor pseudonym")
        if self.view not in VIEWS:
            raise ValueError(f"scrub.view: {self.view!r} is none of {', '.join(VIEWS)}")

    @property
    def masks(self) -> dict[str, str]:
        """Mask text of each kind, in the order of `PII_KINDS`, then of the kinds of other packages that are named."""
        own = sorted({kind for kinds in self.kinds.values() for kind in kinds} - _MASKS.keys())
        masks = _MASKS | {name: own_kind(name).mask for name in own}
        return {name: CONSTANT_MASK if self.mask_style == "constant" else mask for name, mask in masks.items()}
