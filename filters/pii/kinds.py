"""The kinds of personal information, and the masks that replace them.

No number that touches a mask is a match, just as none that touches a letter is: the masked neighbour may have been the
letter. Without this, masking a text twice would find more the second time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from manyo.corpus.release import BENCHMARK_MASK
from manyo.filters.pii.character_sets import ANY_DIGIT, BLANK, DIGIT, HYPHEN, READ_DIGIT
from manyo.filters.pii.lazily import lazily
from manyo.filters.pii.names import NAME_GATES
from manyo.filters.pii.postal_addresses import ADDRESS_GATE
from manyo.filters.pii.private_names import INTRODUCED_SIGNS

# Every other line of news has a date, but few have a word of birth.
_BIRTH_GATE: Final = f"[0-9日]{BLANK}?(?:生(?:$|[^一-鿿])|生ま|生れ|出生)"


# Seven digits that are no part of an address of the web.
_BARE_GATE: Final = "(?:^|[^0-9A-Za-z/_-])[0-9]{7,10}(?:$|[^0-9A-Za-z/_-])"
_ALNUM: Final = "[A-Za-z0-9]"
_NETWORKS: Final = (
    "インスタ|ツイッター|ライン|ディスコード|スカイプ|カカオ|テレグラム"
    "|(?i:line|twitter|instagram|discord|skype|telegram|tiktok|id)|ＩＤ|アカウント|垢|アカ|名"
)
_BEFORE_HANDLE: Final = (
    "インスタ|ツイッター|twitter|instagram|line|ライン|tiktok|x|アカウント|垢|スレッズ|ブルースカイ|dm|フォロー"
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of personal information.

    Attributes:
        name: its name in spans, settings and counts of the release.
        mask: what replaces it in the typed style.
        meaning: what counts as one.
        gate: expression found in every piece of text with a match of any of its patterns, without looking ahead or
            back (`gate_automata.py`); empty if the kind has no patterns, because only labels announce it.
        n_digits: digits, in any script, that such a piece has at least.
        n_in_a_row: how many of them stand in a row somewhere.
        n_in_number: how many are in one number, in which blanks, hyphens and the like may stand.
        n_marks: full stops, colons and hyphens that it has at least.
        signs: of these it has at least one, if there are any; in the normal form of `normal_form.py`, and any bracket
            or punctuation mark stands for any other.
        gates: instead of `gate`, one for each sign of the screen that such a piece may have; 0 stands for `signs`.
        words: of these at least one is somewhere in a text with a match, if there are any.
        near_names: whether it counts only near a name, so that a text in which no other kind may be is not read.
    """

    name: str
    mask: str
    meaning: str
    gate: str = ""
    n_digits: int = 0
    n_in_a_row: int = 0
    n_in_number: int = 0
    n_marks: int = 0
    signs: tuple[str, ...] = ()
    gates: Mapping[int, str] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    near_names: bool = False


#: Every kind that is looked for. Of overlapping spans of equal length, the kind named first wins.
PII_KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        "credential",
        "<認証情報>",
        "password beside its label, user and password in an address, API key, private key",
        r"://[^/\s]*@|A(?:KI|SI)A[0-9A-Z]|gh[pousr]_|github_pat_|sk-|AIza|xox[abprs]-|xapp-|eyJ|PRIVATE KEY"
        r"|hf_[A-Za-z0-9]|glpat-|npm_[A-Za-z0-9]"
        r"|[sr]k_(?:live|test)|[a-z]_(?:live|test|prod|secret|token)_"
        r"|whsec_|SG\.|key-|pypi-|_v1_|shp[a-z]|ya29|GOCSPX|ATATT|:AA|[Bb]earer|[Bb]asic |-u "
        r"|--user|hooks|webhook",
        signs=(
            *(f"{last}://" for last in "abcdefghijklmnopqrstuvwxyz0123456789"),
            "akia",
            "asia",
            "ghp_",
            "gho_",
            "ghu_",
            "ghs_",
            "ghr_",
            "github_pat_",
            "sk-",
            "aiza",
            "xox",
            "xapp-",
            "eyj",
            "privatekey",
            "hf_",
            "glpat-",
            "npm_",
            "sk_",
            *(f"_{sort}_" for sort in ("live", "test", "prod", "secret", "token")),
            "rk_",
            "whsec_",
            "sg.",
            "key-",
            "pypi-",
            "_v1_",
            "shp",
            "ya29",
            "gocspx",
            "atatt",
            ":aa",
            "bearer",
            "basic",
            "-u",
            "-user",
            "hooks",
            "webhook",
        ),
    ),
    Kind(
        "email",
        "<メールアドレス>",
        "an e-mail address, also full-width, with %40, (at), or blanks from OCR",
        f"(?:@|%40){BLANK}?{_ALNUM}[A-Za-z0-9-]*{BLANK}?[.]|[★☆◎]{_ALNUM}"
        r"|[\[(【〔<＜](?:[aA][tT]|アットマーク)[\])】〕>＞]",
        signs=(*"★☆◎", "@", "%40", "(at", "<at", "【at", "(アット", "<アット"),
    ),
    Kind(
        "credit_card",
        "<カード番号>",
        "a card number of a known issuer with a correct Luhn digit",
        f"{READ_DIGIT}(?:(?:{BLANK}|{HYPHEN})?{READ_DIGIT}){{13}}",
        n_in_number=14,
    ),
    Kind(
        "my_number",
        "<個人番号>",
        "12 digits with a correct check digit, and a word for My Number within 300 characters",
        f"{READ_DIGIT}(?:(?:{BLANK}|[.]|{HYPHEN})?{READ_DIGIT}){{11}}",
        n_in_number=12,
    ),
    Kind(
        "phone",
        "<電話番号>",
        "a Japanese telephone or fax number: landline, mobile, IP, toll-free, +81",
        f"[0〇OoQ](?:(?:{BLANK}|[()〈〉《》［］\\[\\]〔〕【】.〜～~･・/,、の]|{HYPHEN}){{0,6}}(?:{ANY_DIGIT}|[OoQlI|])){{7}}|(?:\\+|%2[Bb]|00){BLANK}?8"
        f"[1１]|\\+[1-9]",
        n_in_number=8,
    ),
    Kind(
        "bank_account",
        "<口座番号>",
        "the number of a bank or postal account beside its label, or seven digits near a word for one",
        _BARE_GATE,
        n_digits=7,
        n_in_a_row=7,
    ),
    Kind(
        "passport",
        "<旅券番号>",
        "the number of a passport beside its label or near a word for one",
        f"[A-Z]{{2}}{DIGIT}{{7}}|(?:^|[^0-9A-Za-z])[A-Z0-9][A-Z0-9]{{7,8}}(?:$|[^0-9A-Za-z])",
        n_digits=5,
        words=("旅券", "パスポート", "passport", "渡航", "出入国"),
    ),
    Kind(
        "ip",
        "<IPアドレス>",
        "a public IPv4 or IPv6 address",
        f"{DIGIT}[.]{DIGIT}{{1,3}}[.]{DIGIT}{{1,3}}[.]{DIGIT}|[23][0-9a-fA-F]{{3}}:[0-9a-fA-F]{{0,4}}:",
        n_digits=4,
        n_marks=3,
    ),
    Kind(
        "driving_licence",
        "<運転免許証番号>",
        "12 digits that start with the number of a prefecture, beside a label",
        f"{READ_DIGIT}(?:{BLANK}?{READ_DIGIT}){{11}}",
        n_in_number=12,
    ),
    Kind(
        "residence_card",
        "<在留カード番号>",
        "two letters, eight digits, two letters beside a label or near a word for the card",
        f"[A-Z]{{2}}{DIGIT}{{8}}[A-Z]{{2}}",
        n_digits=8,
        n_in_a_row=8,
    ),
    Kind(
        "pension_number",
        "<基礎年金番号>",
        "4 + 6 digits beside a label or near a word for a pension",
        f"{DIGIT}{{4}}{HYPHEN}{DIGIT}{{6}}",
        n_digits=10,
        n_in_a_row=6,
    ),
    Kind(
        "insurance_number",
        "<被保険者番号>",
        "the number of an insured person (health, long-term care) or of a welfare certificate, beside a label",
        _BARE_GATE,
        n_digits=7,
        n_in_a_row=7,
    ),
    Kind(
        "employment_insurance",
        "<雇用保険番号>",
        "4 + 6 + 1 digits beside a label or near a word for the insurance",
        f"{DIGIT}{{4}}{HYPHEN}{DIGIT}{{6}}{HYPHEN}{DIGIT}",
        n_digits=11,
        n_in_a_row=6,
    ),
    Kind(
        "resident_code",
        "<住民票コード>",
        "11 digits beside a label or near its name",
        f"[1-9]{DIGIT}{{10}}",
        n_digits=11,
        n_in_a_row=11,
    ),
    Kind("member_id", "<会員番号>", "the number of a member, pupil, patient, employee or policy beside a label"),
    Kind(
        "licence_plate",
        "<車両番号>",
        "the number plate of a vehicle",
        f"(?:[1-9lI][0-9A-Zol]{{1,2}}|[市区町村]){BLANK}{{0,2}}[ぁ-ん]{BLANK}{{0,2}}"
        f"(?:{READ_DIGIT}{{1,2}}{BLANK}?{READ_DIGIT}?{HYPHEN}{READ_DIGIT}|{READ_DIGIT}{{3}}|{READ_DIGIT}{{0,2}}[・･.])"
        f"|[一-鿿]{BLANK}[ぁ-ん]{BLANK}",
        n_digits=5,
    ),
    Kind(
        "mac_address",
        "<MACアドレス>",
        "the address of a network device",
        "[0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-]"
        r"|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}",
        n_digits=3,
        n_marks=2,
    ),
    Kind(
        "imei",
        "<端末識別番号>",
        "the number of a mobile device with a correct check digit, beside a label or near a word for the device",
        f"{DIGIT}{{15}}",
        n_digits=15,
        n_in_a_row=15,
    ),
    Kind(
        "iban",
        "<IBAN>",
        "an international account number with correct check digits",
        f"[A-Z]{{2}}[0-9]{{2}}{BLANK}?[A-Z0-9]{{4}}{BLANK}?[A-Z0-9]{{4}}",
        n_digits=12,
    ),
    Kind(
        "sns_id",
        "<SNSアカウント>",
        "an account of a social network that a person gives as contact",
        f"(?:{_NETWORKS})(?:トーク)?(?:(?:は|も|なら|で)[ぁ-ゖー、わ変更]*|[:：])?[ 　「『(]?[A-Za-z]"
        f"|(?:^|(?i:{_BEFORE_HANDLE}).*)@[A-Za-z0-9_]"
        r"|(?:^|[^A-Za-z0-9_.@#/:=-])[a-z][a-z0-9.]*_|(?:instagram|twitter|x|facebook|tiktok)\.com/|threads\.net/"
        r"|line\.me/|t\.me/|bsky\.app/",
        signs=(
            *(
                word + end
                for word in (
                    "インスタ",
                    "ツイッター",
                    "ライン",
                    "ディスコード",
                    "スカイプ",
                    "カカオ",
                    "カカオトーク",
                    "テレグラム",
                    "line",
                    "twitter",
                    "instagram",
                    "discord",
                    "skype",
                    "telegram",
                    "tiktok",
                    "id",
                    "アカウント",
                )
                for end in ("は", "も", "なら", "で", ":", "(")
            ),
            "@",
            "_",
            ".com/",
            ".net/",
            "line.me",
            "t.me/",
            "bsky",
        ),
    ),
    Kind(
        "geo_position",
        "<位置情報>",
        "the coordinates of a home",
        r"[234][0-9]\.[0-9]{4}|[234][0-9][ 　]?[°度]",
        n_digits=9,
    ),
    Kind(
        "postal_address",
        "<住所>",
        "a postal code, or an address down to its block number",
        ADDRESS_GATE,
        n_digits=1,
        signs=(*"〒市区町村郡區縣", "郵便番号", "住所", "所在地", "丁目", "番地"),
    ),
    Kind(
        "birth_date",
        "<生年月日>",
        "a date that is stated to be that of a birth, within 60 characters of a name",
        _BIRTH_GATE,
        n_digits=2,
        signs=("日生", *(f"{digit}生" for digit in "0123456789")),
        near_names=True,
    ),
    Kind(
        "age",
        "<年齢>",
        "an age within 60 characters of a name",
        f"[0-9一二三四五六七八九十百〇]{BLANK}?(?:[歳才]|さい)|享年|[(](?:{DIGIT}{{2,3}}|[一二三四五六七八九十〇]{{2,3}})[)]",
        signs=(
            *"歳才享",
            *(f"{digit}さい" for digit in "0123456789十"),
            *(f"({digit}" for digit in "0123456789一二三四五六七八九十"),
        ),
        near_names=True,
    ),
    Kind(
        "person_name",
        "<人名>",
        "a name in a form, a notice, a letter, or next to a telephone number",
        gates=NAME_GATES,
        signs=(
            "担当の",
            "担当は",
            "担当者の",
            "担当者は",
            "名義",
            "氏名は",
            "氏名が",
            "名前は",
            "名前が",
            "本名",
            "殿\n",
            "殿(",
            "宛\n",
            "宛　",
            "宛て",
            "宛に",
            "宛へ",
            "㊞",
            "儀(",
            "儀、",
            "方\n",
            "方(",
            "方。",
            "宅(",
            "宅に",
            *INTRODUCED_SIGNS,
        ),
    ),
)

#: What replaces every kind in the constant style.
CONSTANT_MASK: Final = "<個人情報>"

_MASK_TEXTS = (*(kind.mask for kind in PII_KINDS), CONSTANT_MASK, BENCHMARK_MASK)


def _mask_forms() -> dict[int, list[str]]:
    """Patterns of every mask text by their length; a pseudonym has a number of up to three digits before the >."""
    forms: dict[int, list[str]] = {}
    for text in _MASK_TEXTS:
        for n_digits in range(4 if text != CONSTANT_MASK else 1):
            number = f"[1-9][0-9]{{{n_digits - 1}}}" if n_digits else ""
            forms.setdefault(len(text) + n_digits, []).append(f"{text[:-1]}{number}>")
    return forms


#: Any mask text. The < stands before the alternatives because Python looks for a first character fast.
MASK = lazily(f"<(?:{'|'.join(pattern[1:] for patterns in _mask_forms().values() for pattern in patterns)})")
# A hyphen, dot or comma joins numbers, so it joins a number to the mask of one.
_JOINT = "[-‐‑‒–—―−─ーｰ.,]"
# The first branch is there for speed: few numbers stand after a >.
NOT_AFTER_MASK = f"(?:(?<!>)(?<!>{_JOINT})|" + (
    "".join(f"(?<!{'|'.join(patterns)})(?<!(?:{'|'.join(patterns)}){_JOINT})" for patterns in _mask_forms().values())
    + ")"
)
NOT_BEFORE_MASK = f"(?!{_JOINT}?(?:{MASK.pattern}))"
