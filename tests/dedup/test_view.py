"""The view for comparison: two spellings of one sentence are one text in it, two sentences are two."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bench.editions import texts
from manyo.corpus.text import Texts
from manyo.dedup.settings import Dedup
from manyo.dedup.sketch.exact import fold
from manyo.dedup.sketch.view import comparison_view, view
from tests import oracles
from tests.dedup.pages import documents
from tests.dedup.run import dedup

LETTERS = "あかせそいうおはひふへほわゐくぐっゃょーゝゞ々〳〴〵〻、。 國国神カヅヽヾがえaＡ_1𠮟"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("さう云ふ譯で、學校へ行かなかつた。", "そう云う訳で学校へ行かなかった"),
        ("會ひませう。", "会いましょう"),
        ("けふは寒いでせう", "きょうは寒いでしょう"),
        ("くわうやう", "こうよう"),
        ("ゐるゑを", "いるえお"),
        ("人々、いろ〳〵、たゞ、こゝろ", "人人いろいろただこころ"),
        ("月は　出た——「さて」", "月は出たさて"),
        ("カタカナ", "かたかな"),
        ("みづから恥ぢる", "みずから恥じる"),
        ("神社", "神社"),
    ],
)
def test_both_spellings_have_one_view(old: str, new: str) -> None:
    assert comparison_view(old) == comparison_view(new)


@pytest.mark.parametrize(("one", "other"), [("山へ行く", "川へ行く"), ("読む", "読まない"), ("思う", "思った")])
def test_different_sentences_have_different_views(one: str, other: str) -> None:
    assert comparison_view(one) != comparison_view(other)


@settings(max_examples=150, deadline=None)
@given(st.text("あかせそいうおはひふへほわゐくぐっゃょーゝゞ々〳〵、。 國国カヅaＡ", max_size=24))
def test_the_view_contains_no_punctuation_and_no_folded_kana(text: str) -> None:
    view = comparison_view("雨" + text)  # without any letter, a text stays as it is
    assert not re.search(r"[、。\sー國はひふへほゐゑをぢづっゃゅょァ-ヺ]", view)


@settings(max_examples=100, deadline=None)
@given(st.text("あかせそいうおはひふへほわゐくぐっゃょ國国カヅ", max_size=24))
def test_the_view_of_a_view_is_the_view(text: str) -> None:
    assert comparison_view(comparison_view(text)) == comparison_view(text)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.text(LETTERS, max_size=24), st.booleans()), max_size=4))
@example([("11〳_〵", True)])  # a mark between the halves
def test_the_view_equals_its_oracle_and_other_documents_do_not_change(documents) -> None:
    folded = fold(Texts.from_strings([text for text, _ in documents]))
    viewed = view(folded, np.array([is_viewed for _, is_viewed in documents], np.bool_))
    texts = [
        "".join(map(chr, viewed.characters[begin:end]))
        for begin, end in zip(viewed.offsets[:-1], viewed.offsets[1:], strict=True)
    ]
    expected = [oracles.fold(text) for text, _ in documents]
    assert texts == [
        (oracles.view(text) or text) if one[1] else text for text, one in zip(expected, documents, strict=True)
    ]


#: An invented text in the spelling before 1946 and in today's, and another text of the same length.
OLD = (
    "國境の山を越えると、道は急に細くなつた。案内の老人は、ゆふべの雨で橋が流されたさうだと言つて、しばらく"
    "默つてゐた。私たちは荷を下ろし、川の音を聞きながら、これからどうするかを相談した。向うの岸には小さな"
    "學校があり、子供たちが聲を揃へて歌つてゐるのが、風に乘つてきれ〴〵に聞えて來る。老人はやがて立上り、"
    "上流に古い渡し場があるから、そこまで歩かうと言つた。日はまだ高く、急げば夕方までには村へ着けるだらう。"
    "私は靴の紐を結びなほし、默つて老人の後に從つた。"
)
NEW = (
    "国境の山を越えると、道は急に細くなった。案内の老人は、ゆうべの雨で橋が流されたそうだと言って、しばらく"
    "黙っていた。私たちは荷を下ろし、川の音を聞きながら、これからどうするかを相談した。向うの岸には小さな"
    "学校があり、子供たちが声を揃えて歌っているのが、風に乗ってきれぎれに聞えて来る。老人はやがて立上り、"
    "上流に古い渡し場があるから、そこまで歩こうと言った。日はまだ高く、急げば夕方までには村へ着けるだろう。"
    "私は靴の紐を結びなおし、黙って老人の後に従った。"
)
OTHER = (
    "港の朝は早い。まだ暗いうちから市場には灯がともり、氷の上に並んだ魚の間を、長靴の男たちが行き来する。"
    "競りが始まると、帽子に札を付けた仲買人が指を立て、声を張り上げる。値が決まるたびに、紙切れが魚の上に"
    "置かれ、箱は車に積まれて町へ運ばれていく。七時を過ぎると、もう床に水を流す音しか聞こえない。私は堤防に"
    "腰を下ろし、缶の茶を飲みながら、沖から帰って来る船を数えた。白い船が四そう、青い船が一そう。どの船にも"
    "旗が立ち、かもめが後を追っていた。"
)


def joined(view_profiles: tuple[str, ...], profiles: list[str]) -> list[int]:
    """Sizes of the clusters of the three texts."""
    batch = documents([OLD, NEW, OTHER])
    batch = batch.append_column("profile", pa.array(profiles).dictionary_encode())
    marked = dedup([batch], Dedup(min_similarity=0.7, rows=3, view_profiles=view_profiles))
    return [row["cluster_size"] for row in marked[0].to_pylist()]


def test_the_view_joins_editions_and_not_other_texts() -> None:
    assert joined((), ["prose"] * 3) == [1, 1, 1]
    assert joined(("prose",), ["prose"] * 3) == [2, 2, 1]


def test_other_profiles_are_not_rewritten() -> None:
    assert joined(("prose",), ["prose", "web", "prose"]) == [1, 1, 1]
    assert joined(("prose", "web"), ["prose", "web", "prose"]) == [2, 2, 1]


def test_the_view_joins_editions_of_aozora_and_not_works(real_data: Path) -> None:
    groups = json.loads((real_data / "aozora" / "SAME_WORK_GROUPS.json").read_text(encoding="utf-8"))
    works = [texts(real_data / "aozora", group[:2]) for group in groups][::6]
    owners = [number for number, work in enumerate(works) for _ in work]
    batch = documents([text for work in works for text in work.values()])
    batch = batch.append_column("profile", pa.array(["prose"] * len(owners)).dictionary_encode())
    (raw,), (viewed,) = (dedup([batch], Dedup(view_profiles=names)) for names in ((), ("prose",)))
    n_raw, n_viewed = (sum(not row["kept"] for row in rows.to_pylist()) for rows in (raw, viewed))
    assert n_viewed > 1.3 * n_raw
    owner_of = dict(zip(batch.column("doc_id").to_pylist(), owners, strict=True))
    assert all(owner_of[row["cluster"]] == owner_of[row["doc_id"]] for row in viewed.to_pylist())


def test_texts_without_letters_keep_what_tells_them_apart() -> None:
    texts = ["😀😀😀", "😀👍", "〓〓", "※※※", "。。", "雨"]
    assert [comparison_view(text) for text in texts] == texts
    assert comparison_view("雨。！") == "雨"
    assert comparison_view("") == ""
