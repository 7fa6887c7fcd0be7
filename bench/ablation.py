"""How often `manyo ablate` ranks a corpus before a copy of it with planted damage.

    python -m bench.ablation DATA [--share SHARE …] [--seeds FIRST LAST]

News articles of DATA/livedoor_news, seven damages of 1, 5 and 20 % of the documents, each seed from FIRST (0) up to
LAST (20) with other damaged documents. A corpus is ranked right if the figure with the clearest majority of the
documents that differ is on its side. All seeds of all shares take ten minutes of processor time: a run can be cut.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from manyo.pipelines.ablation.changed_documents import (
    Fingerprints,
    Reference,
    Shared,
    compare_changed,
    pick,
    shared_names,
)
from manyo.pipelines.ablation.drawing import Text

_SHARES = (0.01, 0.05, 0.2)

_HEAD = "格安通販の人気ランキング！送料無料でお届けします。レビューを書いてポイントをもらおう。\n"
_FOOT = "\nお買い物はこちらから。会員登録は無料です。"
_FRAME = ("ホーム > ニュース > 記事一覧 | ログイン | 会員登録\n", "\nこの記事をシェアする ツイート 関連記事 次の記事へ")

#: What stands in texts that a machine translated word by word.
_LITERAL = (
    ("私は", "私について言えば、私は"),
    ("した。", "することをしました。"),
    ("できる", "することができることができる"),
)


def _misread(text: str, _: random.Random) -> str:
    return text.encode("utf-8").decode("cp932", "replace")


def _template(text: str, _: random.Random) -> str:
    return _HEAD + text[: len(text) // 2] + _FOOT


def _columns(text: str, _: random.Random) -> str:
    """Two columns of 20 characters read across."""
    lines = [text[i : i + 20] for i in range(0, len(text), 20)]
    half = len(lines) // 2
    return "".join(left + right for left, right in zip(lines[:half], lines[half:], strict=False))


def _translated(text: str, _: random.Random) -> str:
    for ours, literal in _LITERAL:
        text = text.replace(ours, literal)
    return text


def _shuffled(text: str, rng: random.Random) -> str:
    sentences = re.split(r"(?<=。)", text)
    rng.shuffle(sentences)
    return "".join(sentences)


def _framed(text: str, _: random.Random) -> str:
    return _FRAME[0] + text + _FRAME[1]


Damage = Callable[[str, random.Random], str]

_DAMAGES: dict[str, Damage | None] = {
    "UTF-8 read as cp932": _misread,
    "template around half the article": _template,
    "two columns read across": _columns,
    "literal translation": _translated,
    "sentences shuffled": _shuffled,
    "copies of other articles": None,
    "menu and buttons": _framed,
}


def damaged(texts: list[Text], damage: Damage | None, share: float, seed: int) -> list[Text]:
    """The texts with a share of them damaged; None puts the text of another one in their place."""
    rng = random.Random(seed)
    chosen = set(rng.sample(range(len(texts)), round(share * len(texts))))
    others = [number for number in range(len(texts)) if number not in chosen]
    return [
        text
        if number not in chosen
        else text._replace(text=texts[rng.choice(others)].text if damage is None else damage(text.text, rng))
        for number, text in enumerate(texts)
    ]


def _shared(a: list[Text], b: list[Text]) -> Shared:
    held = Fingerprints(), Fingerprints()
    for one, texts in zip(held, (a, b), strict=True):
        for _ in one.of(texts):
            pass
    return shared_names(*held)


def main() -> None:
    """Print of each damage and share how often the corpus is ranked first, and how often each figure says so."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--share", type=float, nargs="+", default=_SHARES)
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 20), metavar=("FIRST", "LAST"))
    given = parser.parse_args()
    data, seeds = given.data, range(*given.seeds)
    articles = [
        Text(path.name, "news", path.read_text(encoding="utf-8").split("\n", 3)[-1].strip())
        for path in sorted((data / "livedoor_news").rglob("*.txt"))
    ]
    articles = [text for text in articles if len(text.text) > 300]
    print("| damage | share | ranked right | ranked wrong | by |\n|---|---|---|---|---|")
    for share in given.share:
        found: dict[str, Counter[str]] = {name: Counter() for name in _DAMAGES}
        for seed in seeds:
            # The same documents are damaged in each way, so that what is learnt of the others serves all ways.
            shared = _shared(articles, damaged(articles, _misread, share, seed))
            ours, equal = pick(articles, shared)
            reference = Reference(equal)
            figures = reference.figures(ours)
            for name, damage in _DAMAGES.items():
                theirs, _ = pick(damaged(articles, damage, share, seed), shared)
                changed = compare_changed(figures, reference.figures(theirs), len(theirs), len(shared.changed))
                found[name]["right"] += changed.verdict == 1
                found[name]["wrong"] += changed.verdict == -1
                found[name][f"by {changed.decisive}"] += 1
                if changed.verdict != 1:
                    print(f"{share:.0%} {seed} {name}: {changed.figures}", file=sys.stderr, flush=True)
        for name, counts in found.items():
            by = ", ".join(f"{key[3:]} {count}" for key, count in counts.most_common() if key.startswith("by "))
            right = f"{counts['right']} of {len(seeds)}"
            print(f"| {name} | {share:.0%} | {right} | {counts['wrong']} | {by} |", flush=True)


if __name__ == "__main__":
    main()
