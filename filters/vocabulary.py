"""Phrases that tell what a page is: an error message, or a text that a machine translated.

The share of a document's beginning that the phrases take up is measured, not their number:
an article may mention a 404 once, but an error page consists of little else.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from filters.characters import share

#: Phrases are looked for in this many characters from the start.
HEAD_CHARS = 1_000

#: What servers and site software say instead of a page. Longer phrases first: the first match wins.
ERROR_PHRASES = (
    "お探しのページは見つかりません",
    "お探しのページが見つかりません",
    "ページが見つかりません",
    "ページは見つかりません",
    "ページが存在しません",
    "ページは存在しません",
    "ページは、?削除された",
    "ページは、?移動または削除され",
    "一時的にアクセスできない",
    "一時的にアクセスができない",
    "アクセスが集中して",
    "アクセス権限がありません",
    "アクセスが拒否されました",
    "サーバーでエラーが発生",
    "サーバエラーが発生",
    "内部サーバーエラー",
    "ただいまメンテナンス中",
    "現在メンテナンス中",
    "URLが間違っている",
    "URLをご確認",
    "URLをお確かめ",
    "JavaScriptを有効に",
    "404 (?:Not Found|NOT FOUND|Error|エラー)",
    "(?:403 )?Forbidden",
    "500 Internal Server Error",
    "503 Service (?:Temporarily )?Unavailable",
    "(?:Page|File) [Nn]ot [Ff]ound",
)

#: What translations from English write and Japanese leaves out or says otherwise: pronouns, and calques of
#: "can", "by …ing", "for the purpose of".
TRANSLATION_PHRASES = (
    "あなた(?:の|が|は|に|を)",
    "それら(?:の|が|は|に|を)",
    "彼ら(?:の|が|は|に|を)",
    "これらの",
    "私達の",
    "することができます",
    "することができる",
    "することによって",
    "することにより",
    "するためには?、",
    "に関する情報",
    "の一つです",
    "最高の(?:体験|経験|方法)",
)


def phrase_fraction(texts: pa.Array, phrases: tuple[str, ...]) -> np.ndarray:
    """Share of the first `HEAD_CHARS` characters that any of the phrases takes up.

    Args:
        texts: string or large_string, without nulls.
        phrases: RE2 patterns, earlier ones first.

    Returns:
        float32 (n_docs,) in [0, 1]; 0 for an empty document.
    """
    head = pc.utf8_slice_codeunits(texts, 0, HEAD_CHARS)
    rest = pc.replace_substring_regex(head, "|".join(phrases), "")
    head_chars = pc.utf8_length(head).to_numpy(zero_copy_only=False)
    return share(head_chars - pc.utf8_length(rest).to_numpy(zero_copy_only=False), head_chars)
