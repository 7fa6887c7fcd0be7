"""Laws of names and numbers that no label announces: cues add up, and words for a kind may stand anywhere near."""

from itertools import product

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.text import Texts
from manyo.filters.pii.find import find
from manyo.filters.pii.gate import gated_texts
from manyo.filters.pii.kinds import PII_KINDS
from manyo.filters.pii.normal_form import digits_read

KINDS = [kind.name for kind in PII_KINDS]

NAMES = ["榊原武", "関由紀子", "片山 理恵", "岡トメ", "湯 浅 寛", "リ ミンジョン", "坪内 Jennifer", "ながつき りょう"]
#: Each is one strong cue before or after a name.
BEFORE = ["夫の", "患者の", "飼い主の", "班長の", "名義は片仮名で", "向かいに住む友人、"]
AFTER = ["さんです。", "様から。", "という人です。", "さん（34）が来た。", "の自宅です。"]
#: A note is private by a value of a person in it.
NOTE = "{sentence}\n電話は090-1234-5678です。"


def found(text: str) -> list[tuple[str, str]]:
    spans = find(pa.array([text], pa.large_string()), KINDS).to_pylist()
    return [(span["kind"], text[span["start"] : span["stop"]]) for span in spans]


def test_a_name_with_a_cue_on_each_side_is_found_in_any_sentence() -> None:
    missed = [
        (before, name, after)
        for before, name, after in product(BEFORE, NAMES, AFTER)
        # Where hiragana goes on after a particle in hiragana nothing says where the name starts.
        if not (before.endswith("で") and name.startswith("な"))
        and ("person_name", name) not in found(NOTE.format(sentence=before + name + after))
    ]
    assert missed == []


@pytest.mark.parametrize("title", ["俳優の", "監督の", "作家・", "写真："])
def test_a_word_for_people_who_are_public_outweighs_every_cue(title: str) -> None:
    for name, after in product(NAMES[:3], AFTER[:2]):
        assert "person_name" not in dict(found(NOTE.format(sentence=title + name + after)))


@pytest.mark.parametrize(
    "sentence", ["住　所は下のとおり。", "本　籍　変更なし。", "申立人の意見。", "平成生まれです。"]
)
def test_words_of_forms_that_are_also_surnames_are_no_names(sentence: str) -> None:
    assert "person_name" not in dict(found(NOTE.format(sentence=sentence)))


#: A number of each kind, and a sentence with a word for it that is no label of it.
WORDED = {
    "residence_card": ("EH48120937BX", "先月、在留カードを更新した。"),
    "passport": ("TK4410927", "旅行会社でパスポートを見せた。"),
    "driving_licence": ("431125039950", "免許は普通のみ。"),
    "pension_number": ("7208-551946", "年金のほうも消した。"),
    "employment_insurance": ("1314-906752-8", "雇用保険のことを書いた。"),
    "imei": ("358110868127387", "なくしたスマホの箱を見た。"),
    "my_number": ("311387981131", "税務署の紙を出した。"),
}


@pytest.mark.parametrize("kind", WORDED)
def test_a_number_of_rare_shape_is_found_before_and_after_a_word_for_it_and_nowhere_else(kind: str) -> None:
    value, sentence = WORDED[kind]
    assert (kind, value) in found(f"{sentence}「{value}」と読んだ。")
    assert (kind, value) in found(f"「{value}」と読んだ。{sentence}")
    assert kind not in dict(found(f"「{value}」と読んだ。天気がよかった。"))


def test_a_second_number_that_is_written_like_a_labelled_one_is_of_its_kind() -> None:
    text = "旅券番号はMZ0018277です。夫のはTR0948213、注文番号はAB1234567です。"
    assert {value for kind, value in found(text) if kind == "passport"} == {"MZ0018277", "TR0948213"}


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789OolI- 年月日aZ氏（）\nニー二一三夫アの", max_size=30))
def test_letters_read_as_digits_keep_their_places_and_are_read_once(text: str) -> None:
    read = digits_read(text)
    assert len(read) == len(text)
    meant = {"O": "0", "o": "0", "l": "1", "I": "1", "ニ": "二", "ー": "一-", "一": "-"}
    assert all(old == new or new in meant[old] for old, new in zip(text, read, strict=True))
    assert digits_read(read) == read


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(0, 9), max_size=2))
def test_a_telephone_number_is_found_with_two_digits_misread(places: set[int]) -> None:
    number = "0471-01-1001"
    at = [i for i, char in enumerate(number) if char in "01"]
    chars = list(number)
    for place in places:
        i = at[place % len(at)]
        chars[i] = "O" if number[i] == "0" else "l"
    printed = "".join(chars)
    assert ("phone", printed) in found(f"電話 {printed}")


def test_a_name_that_ends_with_a_word_for_a_child_is_a_value_of_its_column() -> None:
    text = "患者名\t年齢\n乾サダ子\t79\n仲 本 光 子\t81\n秦忠雄\t91\n"
    names = [value for kind, value in found(text) if kind == "person_name"]
    assert sorted(set(names)) == sorted(["乾サダ子", "仲 本 光 子", "秦忠雄"])


def test_an_age_is_masked_without_the_words_around_it() -> None:
    assert ("age", "39歳") in found("氏名：片山 理恵\n年齢：満39歳")
    assert ("age", "88") in found("片山 理恵様が亡くなりました（享年88）。電話 03-1234-5678")


@pytest.mark.parametrize(
    "text",
    [
        "自分の服を客に与えたといいます。",
        "中間報告と言いますけれど。",
        "所在地: 〒000-0000 北海道中川郡音威子府村字音威子府000番地0",
    ],
)
def test_what_was_masked_in_prose_and_should_not_be(text: str) -> None:
    assert found(text) == []


def test_two_ages_near_each_other_are_no_evidence_of_a_person() -> None:
    assert found("私は24歳ですが、私は30歳に見えます。") == []


def test_a_telephone_number_is_found_whose_only_digits_enough_are_letters_in_print() -> None:
    assert ("phone", "O29 (OI4) 8832") in found("電話 O29 (OI4) 8832")


def test_words_of_labels_that_announce_nothing_reach_no_rule() -> None:
    texts = ["GALAXY Noteを発表。", "開発者：jig.jp", "AQUOS PHONE SERIEを発売。", "メールが届いた。", "世界売上No.1。"]
    assert list(gated_texts(Texts.from_arrow(pa.array(texts, pa.large_string())), PII_KINDS)) == []
    texts = ["会員No：0023177", "申込者：片山 理恵", "PHONE：03-1234-5678", "メール：a@example.jp"]
    assert len(list(gated_texts(Texts.from_arrow(pa.array(texts, pa.large_string())), PII_KINDS))) == len(texts)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (
            "・会長　浜名 悟　0538-14-2207\n・書記　片山 理恵　0538-14-2208\n・会計　リー ミンジョン　0538-14-2209",
            "リー ミンジョン",
        ),
        (
            "1. 別所 はつみ…090-1234-5678\n2. 門脇 剛…090-1234-5679\n3. ペドロ・アルメイダ…メールのみ",
            "ペドロ・アルメイダ",
        ),
        (
            "受付\t片山 理恵\t58\t070-0126-5548\n給水\t槙 孝之助\t58\t070-0126-5549\n救護\tソフィー・ベル\t44",
            "ソフィー・ベル",
        ),
    ],
)
def test_a_foreign_name_is_found_in_a_column_of_names(text: str, name: str) -> None:
    assert ("person_name", name) in found(text)


def test_two_names_among_many_lines_make_no_column_of_names() -> None:
    lines = ["片山 理恵\t090-1234-5678", "浜名 悟\t090-1234-5679", *(f"地方整備局{i}\t荒川" for i in range(6))]
    names = [value for kind, value in found("\n".join(lines)) if kind == "person_name"]
    assert sorted(set(names)) == sorted(["片山 理恵", "浜名 悟"])


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("登録者は2棟314号室の西 拓海君です。電話は090-1234-5678です。", "person_name", "西 拓海"),
        ("折り返し06-0166-2207（水曜定休）までお願いいたします。", "phone", "06-0166-2207"),
        ("電話：0820〈01〉4463", "phone", "0820〈01〉4463"),
        ("連絡先は+49 30 01234567です。", "phone", "+49 30 01234567"),
        ("我が家の天気\nlatitude: 35.33718\nlongitude: 137.12246", "geo_position", "137.12246"),
    ],
)
def test_what_was_missed_in_texts_of_others(text: str, kind: str, value: str) -> None:
    assert (kind, value) in found(text)


@pytest.mark.parametrize("surname", ["日下部", "小笠原", "森", "片山"])
@pytest.mark.parametrize(
    "sentence",
    [
        "お世話になっております、経理の{name}です。",
        "こんにちは、人事の{name}と申します。",
        "鍵は管理会社の{name}がお預かりしています。",
        "当日は自治会の{name}がお迎えに参ります。",
        "{name}まで、電話は",
        "表札は今も「{name}」です。",
        "玄関で「配達員の{name}です」と名乗った。",
    ],
)
def test_a_surname_is_found_in_the_frames_of_letters(surname: str, sentence: str) -> None:
    text = sentence.format(name=surname) + "090-1234-5678です。"
    assert ("person_name", surname) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "大臣が視察を終え、会見では市の担当がご説明した。電話は090-1234-5678です。",
        "営業の方です。電話は090-1234-5678です。",
        "駅から徒歩5分まで、電話は090-1234-5678です。",
        "皆 さん、こんにちは。",
        "スタッフの 皆 さんへ。",
        "名義変更まで承ります。電話は090-1234-5678です。",
        "会場：市民会館 第3会議室\n定員：40名",
    ],
)
def test_the_same_frames_hold_no_name_without_one(text: str) -> None:
    assert {kind for kind, _ in found(text)} <= {"phone"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("グエン・ティ・ランさん（NGUYEN THI LAN）の電話は090-1234-5678です。", "NGUYEN THI LAN"),
        ("会員番号A-0023177のデ・ソウザ・パウロさんが来ました。", "デ・ソウザ・パウロ"),
        ("カード番号は4111 1111 1111 1111、名義はカタカナでカタヤマ リエになっています。", "カタヤマ リエ"),
        ("普通7719028、名義カタヤマ リエまでお願いします。", "カタヤマ リエ"),
        ("雨宮 恵 さんの電話です。", "雨宮 恵"),
        ("長谷川 義 弘\n〒690-0000 島根県松江市霧水町210番地", "長谷川 義 弘"),
        ("氏名\t電話\n片山 理恵\t090-1234-5678\n梶 悠人\t090-1234-5679", "梶 悠人"),
        ("会員番号\t姓\t名\nA00931\t林\t千夏\nA00947\t鎌\t誠", "鎌"),
        ("氏名 長谷川 ー夫\n電話 090-1234-5678", "長谷川 ー夫"),
    ],
)
def test_a_name_is_found_to_its_end(text: str, name: str) -> None:
    assert ("person_name", name) in found(text)


@pytest.mark.parametrize("word", ["職人", "法人", "三人"])
def test_a_word_for_people_is_no_given_name(word: str) -> None:
    assert ("person_name", f"片山 {word}") not in found(f"氏名：片山 {word}\n電話：090-1234-5678")


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("〒\t住所\n904-0099\t沖縄県うるま市霧野町8番地", "postal_address", "904-0099"),
        ("場所は松江市大字霧水2788-41付近です。", "postal_address", "松江市大字霧水2788-41"),
        ("住所 島根県松江市霧水町 74一2", "postal_address", "島根県松江市霧水町 74一2"),
        (
            "Address: 2-41-9-502 Kirino, Koto-ku, Tokyo 136-0000",
            "postal_address",
            "2-41-9-502 Kirino, Koto-ku, Tokyo 136-0000",
        ),
        ("被保険者等記号・番号：2174・0086", "insurance_number", "2174・0086"),
        ("契約者\t車両番号\n片山 理恵\t青森 502 さ 8・31", "licence_plate", "青森 502 さ 8・31"),
    ],
)
def test_a_value_is_found_to_its_end(text: str, kind: str, value: str) -> None:
    assert (kind, value) in found(text)


#: A note is private by a value in it; each sentence says in its own way that a person is meant.
SAID_OF_PERSONS = [
    "入院中の{n}姉のためにお祈りください。",
    "故{n}の告別式は自宅で行います。",
    "{n}コーチが休みです。",
    "通訳は{n}さんにお願いしています。",
    "注文は{n}さんが受けました。",
    "長男の{n}は<生年月日>生まれで、",
    "顧問の{n}まで。",
    "運転していたのは{n}という男です。",
    "{n}より入電。",
]


@pytest.mark.parametrize("sentence", SAID_OF_PERSONS)
def test_a_sentence_that_says_that_a_person_is_meant_needs_no_title(sentence: str) -> None:
    # Names in kana, set apart or of two scripts need a title, too.
    chosen = [name for name in NAMES if not name.startswith(("湯", "リ", "坪", "な"))]
    missed = [
        name for name in chosen if ("person_name", name) not in found(NOTE.format(sentence=sentence.format(n=name)))
    ]
    assert missed == []


@pytest.mark.parametrize(
    "text",
    ["小暮 澄江は平成17年9月3日生まれです。", "患者の小暮 ひなたさんは退院されました。", "父の服部 澄江は元気です。"],
)
def test_a_given_name_in_hiragana_ends_before_the_particle_or_title(text: str) -> None:
    names = [value for kind, value in found(f"{text}\n電話は090-1234-5678です。") if kind == "person_name"]
    assert names
    assert not [name for name in names if name.endswith(("は", "さん"))]


@pytest.mark.parametrize("join", ["、", "と", "・", "および", " & "])
def test_a_name_joined_to_others_is_one_on_either_side_of_them(join: str) -> None:
    for names in (["秋庭 徹", "伊能 さくら", "ジョナサン・ベル"], ["Annika Vogelsang", "秋庭 徹", "伊能 さくら"]):
        text = f"寄付者：{join.join(names)}。事務局の電話は03-1234-5678です。"
        assert [value for kind, value in found(text) if kind == "person_name"] == names


def test_a_row_of_names_of_which_few_are_certain_stays() -> None:
    row = "、".join(["浅香航大", "前野朋哉", "鈴木伸之", "清水くるみ", "山本美月"])
    names = [value for kind, value in found(f"電話は090-1234-5678（浅井亮太）、{row}が出演。") if kind == "person_name"]
    assert names == ["浅井亮太"]


def test_minutes_of_a_club_are_private_by_their_words() -> None:
    text = "例会は出席9名。会計の沼尻さんから残金の報告があった。車は戸叶 康平さんと森さんが出す。"
    assert [value for kind, value in found(text) if kind == "person_name"] == ["沼尻", "戸叶 康平", "森"]


@pytest.mark.parametrize(
    ("text", "no_value"),
    [
        ("【発生日】2024/9/3【紛失者】鷲見 陽菜（社員番号 104-2283）", "2024/9/3"),
        ("届先　〒065-0024\n　澤田　こずえ　様\n電話　011-784-6309\n送り状番号　4182-0059-7734", "4182-0059-7734"),
        ("氏名（カタカナ）：チャン・ティ・ホン・ニュン", "カタカナ"),
        ("【緊急連絡先】090-3025-7748（夫）【前回受診】2023年11月", "前回受診"),
        ("大家さんへ送金します。電話は090-1234-5678です。", "大家"),
        ("ブラジル から きた ひとです。でんわは 080-2936-7184 です。", "から きた"),
        ("債務者　檀 上 春 樹 子\n持 分 二 分 の 一\n債権額　金 2,400万 円\n電話　03-1234-5678", "債権額　金"),
        ("氏名　辺見　奏多　　平成 8年12月2日生\n電話　03-1234-5678", "平成"),
    ],
)
def test_a_word_of_a_form_is_no_value(text: str, no_value: str) -> None:
    assert no_value not in [value for _, value in found(text)]


@pytest.mark.parametrize("word", ["暗証番号", "ダイヤル番号", "ピンコード", "解錠番号"])
def test_digits_that_follow_a_word_for_a_door_at_once_are_a_secret(word: str) -> None:
    assert ("credential", "2847") in found(f"鍵は郵便受けの{word}2847で開けます。")
    assert found("端子はpin2847です。") == []


@pytest.mark.parametrize("label", ["wpa2 key", "WPA2キー", "ネットワークセキュリティキー", "事前共有鍵"])
def test_the_key_of_a_network_is_a_secret_by_whatever_name(label: str) -> None:
    assert ("credential", "m9f3x8t2q6rbz") in found(f"{label}: m9f3x8t2q6rbz")
    assert found("セキュリティ WPA2-PSK（TKIP/AES）") == []


def test_a_former_surname_in_brackets_after_a_name_is_masked_too() -> None:
    table = "卒年\t氏名（旧姓）\t住所\nS58\t宇佐美 典子（桜庭）\t盛岡市上田3-18-44"
    assert {("person_name", "宇佐美 典子"), ("person_name", "桜庭")} <= set(found(table))
    assert ("person_name", "月見里") in found("氏名：宇佐美 典子（旧姓 月見里）")


def test_digits_of_a_date_and_an_address_may_be_apart_or_in_two_lines() -> None:
    assert ("birth_date", "平成 8年1 2月 2日") in found("氏名　辺見　奏多　　平成 8年1 2月 2日生")
    address = "広島県福山市松永町五丁目\n1 2番 3 0号"
    assert ("postal_address", address) in found(f"所有者　{address}")


def test_a_foreign_full_name_weighs_no_less_than_its_last_word() -> None:
    text = "例会の司会は乾 真由子さん、書記はLucas Moreauさんが引き受けた。"
    assert [value for kind, value in found(text) if kind == "person_name"] == ["乾 真由子", "Lucas Moreau"]
