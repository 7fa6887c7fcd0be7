"""Words that tell private persons from public ones, for the rules of names."""

from __future__ import annotations

from typing import Final

from manyo.filters.pii.lazily import lazily

#: start and stop in code points, score, rule.
Name = tuple[int, int, float, str]

HONORIFIC: Final = "さん|さま|様(?![性式相態々子])|先生|くん|ちゃん|君(?![一-鿿])"

KIN: Final = (
    "父|母|夫|妻|主人|家内|旦那|息子|娘|兄|弟|姉|妹|祖父|祖母|長男|次男|三男|長女|次女|三女|叔父|伯父|叔母|伯母|孫|甥|姪"
    "|いとこ|従兄|従兄弟|従姉|従姉妹|義父|義母|義兄|義弟|義姉|義妹|両親|子ども|子供|彼氏|彼女|婚約者|元夫|元妻|遺族|おい|めい"
)
ROLE: Final = (
    "友人|知人|同僚|上司|部下|後輩|先輩|同級生|幼なじみ|隣人|隣|近所|向かい|階|号室|大家|家主|管理人|担任|主治医|担当医"
    "|患者|利用者|入居者|入所者|会員|生徒|児童|園児|受講者|被保険者|契約者|顧客|お客様|依頼者|相談者|名義|名義人|申込者|申請者"
    "|保護者|世帯主|同居人|当事者|加害者|被害者|運転者|所有者|飼い主|送り主|受取人|新入社員|新入部員|担当|担当者|責任者"
    "|班長|組長|当番|氏名|名前|本名|旧姓"
)

#: Sections of an office.
OFFICES: Final = (
    *("広報", "採用", "受付", "予約", "営業", "総務", "窓口", "人事", "事務"),
    *("取材", "経理", "教務", "学務", "販売", "申込", "問合せ", "相談", "渉外"),
)

_PUBLIC_BEFORE: Final = lazily(
    "(?:俳優|女優|歌手|タレント|作家|小説家|監督|選手|芸人|モデル|アイドル|漫画家|画家|詩人|アーティスト|ミュージシャン|声優|アナウンサー|アナ"
    "|キャスター|教授|博士|議員|大臣|首相|知事|市長|町長|社長|取締役|CEO|総理|大統領|著者?|(?<![一-鿿])作|[共連監制合]作|原作|(?<![通内])訳|脚本|演出|出演|主演|司会(?!は)|講師|作曲|作詞|編曲"
    "|ゲスト|評論家|研究者|ジャーナリスト|ライター|デザイナー|写真家|作者|プロデューサー|棋士|投手|横綱|歌人|俳人|写真|(?<![一-鿿])文|原文|構成|登壇者|出演者|ナビゲート|スタイリング|MC|撮影|音楽|作者名|アプリ名|商品名|作品名|曲名|店名|社名|開発者|配給|キャスト|精神科医|占い師|\\(C\\))"
    "(?:の|は|で|・|:|,| |　|、|>|[(「『])*$"
)
_PUBLIC_AFTER: Final = lazily(
    "(?:監督|選手|首相|議員|大臣|知事|市長|社長|教授|投手|アナ|主演|作品|著|作|訳|脚本|演出|原作)"
)


def is_public(text: str, first: int) -> bool:
    """Whether the words before a name are those of people who are public."""
    return bool(_PUBLIC_BEFORE.search(text, max(0, first - 12), first))


def is_public_after(text: str, stop: int) -> bool:
    """Whether the words after a name are those of people who are public, or of an example."""
    return bool(_PUBLIC_AFTER.match(text, stop) or AS_EXAMPLE.match(text, stop))


#: What follows the value of an example: 「山田 太郎」のように, 090-…と記入.
AS_EXAMPLE: Final = lazily("[」』\"']? ?(?:の(?:よう|ごと)[にくな]|と(?:ご|お)?(?:記入|入力|書[きい]|ご記入))")
EXAMPLE_CHARS: Final = 100
#: Names after these words are not those of anybody.
EXAMPLE: Final = lazily(
    # Python looks for one of some characters fast where each alternative starts with one.
    "|".join(
        f"{file}\\.(?:example|sample|template)" for file in ("env", "conf", "config", "yaml", "yml", "json", "ini")
    )
    + "|ダミー|主人公|ヒロイン|記入例|入力例|記載例|書き方|見本|サンプル|種族|声優|登場人物|キャラクター|必殺技"
    "|魔法使い|CV"
)
#: 皆さん, 奥様 and the like are no persons by name.
NO_SURNAME: Final = "文仕模多異皆客王神殿奥若姫仏母父兄姉嫁婿孫旦方何同様名者人主生員宮君公上下内外間"

#: Words of letters, notes and records about private persons; two of them near each other make a passage private.
PRIVATE_WORDS: Final = (
    "逝去",
    "永眠",
    "通夜",
    "告別式",
    "喪主",
    "来院",
    "往診",
    "診察券",
    "主治医",
    "問診",
    "服用",
    "要介護",
    "ケアマネ",
    "デイサービス",
    "入電",
    "折り返し",
    "ご本人",
    "担任",
    "保護者",
    "学級",
    "欠席",
    "早退",
    "お迎え",
    "園児",
    "回覧",
    "自治会",
    "町内会",
    "班長",
    "組長",
    "当番",
    "管理組合",
    "理事会",
    "号室",
    "通報",
    "被疑者",
    "供述",
    "同署",
    "名簿",
    "連絡簿",
    "連絡網",
    "住所録",
    "出席者",
    "参加児",
    "入居者",
    "お世話に",
    "お疲れ",
    "おつかれ",
    "拝啓",
    "敬具",
    "草々",
    "追伸",
    "前略",
    "同窓会",
    "面談",
    "内見",
    "大家",
    "内線",
    "再配達",
    "返して",
    "お便り",
    "お知らせください",
    "拾われ",
    "見積",
    "引っ越",
    "転居",
    "例会",
    "議事録",
    "役員会",
    "書記",
    "会計の",
    "会費",
    "残金",
    "前任",
    "出席は",
    "欠席は",
    "次回の",
    "遠征",
    "送迎",
    "配車",
)
