"""Our filter in a pipeline that HojiChar itself runs."""

import json

import pytest

from manyo.filters.interop.decided_texts import Decider

pytest.importorskip("hojichar", reason="HojiChar is an extra: pip install 'manyo[hojichar]'")

from hojichar import Compose, Document, document_filters

from manyo.filters.interop.hojichar_filter import JapaneseRules

ARTICLE = (
    "朝から降り続いた雨は、昼を過ぎてようやく小降りになった。傘をたたんで川沿いの道を歩くと、増水した流れが岸の草を洗っている。"
    "橋のたもとでは、近所の子どもたちが長靴のまま水たまりに入り、声をあげて遊んでいた。私は欄干にもたれて、しばらくその様子を"
    "眺めていた。去年の今ごろは、この橋もまだ工事の途中だった。町の景色は少しずつ変わるが、雨の匂いは変わらない。"
)
TEXTS = [ARTICLE, "準備中です。もうしばらくお待ちください。", "か\u3099っこうで本を読む人が多い。" + ARTICLE]


def test_in_a_pipeline_it_rejects_what_our_rules_drop_and_says_why():
    cleaner = Compose([JapaneseRules("default"), document_filters.JSONDumper(export_extras=True)])
    found = Decider.of("default").decide(TEXTS)
    for one in (list(map(cleaner.apply, map(Document, TEXTS))), list(cleaner.apply_stream(map(Document, TEXTS)))):
        assert [document.is_rejected for document in one] == [bool(said["reasons"]) for said in found] == [0, 1, 0]
        assert [document.extras["reasons"] for document in one] == [said["reasons"] for said in found]
        assert one[0].extras["signals"]["char_count"] == len(ARTICLE)
        assert one[1].reject_reason["rules"] == "default"
        assert json.loads(one[0].text)["extras"]["language"] == "ja"
    assert cleaner.get_total_statistics_map()[0]["discard_num"] == 2


def test_without_rules_it_measures_and_rejects_nothing():
    documents = list(JapaneseRules(None).apply_stream(map(Document, TEXTS)))
    assert not any(document.is_rejected for document in documents)
    assert all(document.extras["signals"] for document in documents)


def test_rules_that_do_not_exist_are_an_error():
    with pytest.raises(FileNotFoundError, match="defualt"):
        JapaneseRules("defualt")
