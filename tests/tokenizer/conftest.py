"""A tiny tokenizer, trained once on invented sentences, and release batches to pack with it."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pytest

from manyo.corpus.doc_ids import document_id
from manyo.tokenizer.encode import Tokenizer
from manyo.tokenizer.pack import TEXT_SCHEMA
from manyo.tokenizer.train import TrainTokenizer, train

#: Fits sentences_to_train_on: 441 for the bytes and characters, a few for words.
VOCABULARY_SIZE = 460

SENTENCES = [
    "朝の市場では、獲れたばかりの魚と山の野菜が並んでいました。",
    "祖母は毎年、庭の柿を干して、冬のあいだ少しずつ食べます。",
    "駅から十五分ほど歩くと、川沿いに古い図書館があります。",
    "来週の会議までに、資料を三部ずつ印刷しておいてください。",
    "雨が上がると、向かいの山に白い霧がゆっくり立ちのぼった。",
    "この橋は1932年に架けられ、2011年の地震のあとに補強されました。",
    "電車が遅れたので、友人と駅前の喫茶店で話をして待ちました。",
    "子どもたちは、公園の池で亀が甲羅を干すのを見ていた。",
    "新しい辞書には、約78,000語と例文が収められています。",
    "夜の港に船の明かりが灯り、遠くで汽笛が二度鳴った。",
    "Please read the manual before you open the case.",
    "The train to the north leaves at 7:45 every morning.",
    "　段落のはじめは一字下げ、\t表はタブで区切る。  空白は二つ。",
]


def sentences_to_train_on() -> list[str]:
    """Text in which words come back often enough to become pieces."""
    who = ["祖母は", "友人は", "子どもたちは", "図書館の人は"]
    where = ["駅前の喫茶店で", "川沿いの公園で", "山の上の市場で", "夜の港で"]
    what = [
        "新しい辞書を読んでいました。",
        "友人を待っていました。",
        "魚と野菜を並べていました。",
        "汽笛を聞いていました。",
    ]
    return SENTENCES + [first + second + third for first in who for second in where for third in what]


def release_batch(texts: list[str], source: str = "test") -> pa.RecordBatch:
    """Documents to encode, none of them taken down, with ids made of their texts and positions."""
    rows = [
        {
            "doc_id": document_id(source, f"{row} {text}"),
            "source": source,
            "uri": f"https://example.com/{source}/{row}",
            "text": text,
            "taken_down": False,
        }
        for row, text in enumerate(texts)
    ]
    return pa.RecordBatch.from_pylist(rows, schema=TEXT_SCHEMA)


@pytest.fixture(scope="session")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    path = tmp_path_factory.mktemp("model") / "tiny.model"
    train(
        sentences_to_train_on(), TrainTokenizer(vocabulary_size=VOCABULARY_SIZE, word_boundaries="off", threads=1), path
    )
    return Tokenizer.load(str(path))


@pytest.fixture(scope="session")
def real_data() -> Path:
    folder = os.environ.get("MANYO_DATA")
    if not folder:
        pytest.skip("MANYO_DATA is not set: it names a folder of real texts and tokenizer models")
    return Path(folder)
