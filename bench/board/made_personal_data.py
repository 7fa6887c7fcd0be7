"""Made-up personal data by grammar: names, numbers and addresses in the forms that Japanese texts write them in.

Numbers are drawn by chance within the forms that are allotted, check digits included; that one is somebody's is chance.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Final

_PARTS: Final = tomllib.loads(Path(__file__).with_name("personal_parts.toml").read_text("utf-8"))
_SURNAMES: Final[list[str]] = _PARTS["surnames"]
_GIVEN: Final[list[str]] = _PARTS["given_names"]
_PLACES: Final[list[list[str]]] = _PARTS["places"]
_HOUSES: Final = ("コーポ", "メゾン", "ハイツ", "グリーンハイム", "第二")
_AREAS: Final = ("03", "06", "011", "022", "045", "052", "075", "092", "0263", "0952", "0138", "0995", "04992")
_BANKS: Final = ("みずほ銀行", "三井住友銀行", "ゆうちょ銀行", "横浜銀行", "京都信用金庫", "北洋銀行")
_FULL_WIDTH: Final = str.maketrans("0123456789-@", "０１２３４５６７８９－＠")


def _digits(rng: random.Random, n: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(n))


def _sometimes_wide(rng: random.Random, text: str) -> str:
    return text.translate(_FULL_WIDTH) if rng.random() < 0.25 else text


def name(rng: random.Random) -> str:
    """A person's name."""
    return f"{rng.choice(_SURNAMES)}{rng.choice(('', '', ' ', '　'))}{rng.choice(_GIVEN)}"


def phone(rng: random.Random) -> str:
    """A number of a mobile or of a line, in one of the usual forms."""
    if rng.random() < 0.5:
        parts = (rng.choice(("070", "080", "090")), rng.choice("123456789") + _digits(rng, 3), _digits(rng, 4))
    else:
        area = rng.choice(_AREAS)
        parts = (area, rng.choice("23456789") + _digits(rng, 5 - len(area)), _digits(rng, 4))
    form = rng.choice(("{}-{}-{}", "{}-{}-{}", "{}({}){}", "({}){}-{}", "{} {} {}", "{}{}{}"))
    if rng.random() < 0.1:
        return f"+81-{parts[0][1:]}-{parts[1]}-{parts[2]}"
    return _sometimes_wide(rng, form.format(*parts))


def email(rng: random.Random) -> str:
    """An address of mail."""
    words = ("hana", "taro", "info", "y.suzuki", "kenta_88", "m-sato", "contact", "umi.no.ko", "nakamura")
    hosts = ("example.jp", "mail.example.ne.jp", "example.com", "kaisha.example.co.jp", "gakko.example.ac.jp")
    made = f"{rng.choice(words)}{rng.choice(('', _digits(rng, 2)))}@{rng.choice(hosts)}"
    return made.translate(_FULL_WIDTH) if rng.random() < 0.1 else made


def postal_address(rng: random.Random) -> str:
    """A house's address, with or without its code."""
    code, place = rng.choice(_PLACES)
    numbers = rng.choice(("{}-{}-{}", "{}丁目{}-{}", "{}丁目{}番{}号", "{}-{}-{}"))
    made = f"{place}{_sometimes_wide(rng, numbers.format(*(rng.randint(1, 30) for _ in range(3))))}"
    if rng.random() < 0.3:
        made += f" {rng.choice(_HOUSES)}{rng.choice(_SURNAMES)}{rng.randint(101, 909)}"
    return f"〒{code} {made}" if rng.random() < 0.4 else made


def birth_date(rng: random.Random) -> str:
    """A date of birth."""
    era, last = rng.choice((("昭和", 63), ("平成", 30)))
    year = rng.choice((f"{era}{rng.randint(2, last)}年", f"{rng.randint(1930, 2015)}年"))
    return f"{year}{rng.randint(1, 12)}月{rng.randint(1, 28)}日"


def bank_account(rng: random.Random) -> str:
    """A number of a bank account."""
    return _digits(rng, 7)


def credit_card(rng: random.Random) -> str:
    """Sixteen digits in the ranges of Visa, Mastercard and JCB (ISO/IEC 7812), of which the last is Luhn's."""
    body = rng.choice(("4", str(rng.randint(51, 55)), str(rng.randint(3528, 3589)))) + _digits(rng, 15)
    body = body[:15]
    total = sum(sum(divmod(int(digit) * (2 - at % 2), 10)) for at, digit in enumerate(body))
    number = f"{body}{-total % 10}"
    return rng.choice((" ", "-", "")).join(number[start : start + 4] for start in range(0, 16, 4))


def my_number(rng: random.Random) -> str:
    """Twelve digits with the check digit of the individual number (the ordinance of 2014, article 5)."""
    body = _digits(rng, 11)
    total = sum(int(digit) * (at + 2 if at < 6 else at - 4) for at, digit in enumerate(reversed(body)))
    number = body + str(0 if total % 11 <= 1 else 11 - total % 11)
    return rng.choice((" ", "-", "")).join(number[start : start + 4] for start in range(0, 12, 4))


def ip(rng: random.Random) -> str:
    """An address of a public network."""
    return f"{rng.choice((27, 49, 106, 118, 133, 153, 180, 202, 219))}." + ".".join(
        str(rng.randint(1, 254)) for _ in range(3)
    )


#: Each kind's value, and texts around it: in a form with a label, then in a sentence.
FORMS: Final[dict[str, tuple[Callable[[random.Random], str], tuple[str, ...], tuple[str, ...]]]] = {
    "person_name": (
        name,
        ("氏名：{}", "お名前　{}", "担当者：{}", "代表　{}", "連絡係: {}"),
        ("申し込みは{}さんまでお願いします。", "{}様、ありがとうございました。", "私は{}と申します。", "係は{}です。"),
    ),
    "phone": (
        phone,
        ("電話：{}", "TEL {}", "携帯　{}", "連絡先: {}", "Fax.{}"),
        ("お急ぎの方は{}へお電話ください。", "留守のときは携帯（{}）に頼みます。", "{}までご連絡ください。"),
    ),
    "email": (
        email,
        ("メール：{}", "E-mail: {}", "Mail　{}"),
        ("詳しくは{}までお問い合わせください。", "写真は{}に送ってください。"),
    ),
    "postal_address": (
        postal_address,
        ("住所：{}", "所在地　{}", "送り先: {}"),
        ("荷物は{}へ送ってください。", "先月、{}に引っ越しました。"),
    ),
    "birth_date": (
        birth_date,
        ("生年月日：{}", "誕生日　{}"),
        ("{}生まれです。", "父は{}に生まれました。"),
    ),
    "bank_account": (
        bank_account,
        tuple(f"{bank}　{branch}支店　普通　{{}}" for bank in _BANKS for branch in ("本店営業部", "駅前")),
        ("会費は京都信用金庫の駅前支店、普通口座{}に振り込んでください。",),
    ),
    "credit_card": (credit_card, ("カード番号：{}", "クレジットカード {}"), ("カード番号は{}です。",)),
    "my_number": (my_number, ("マイナンバー：{}", "個人番号　{}"), ("私の個人番号は{}です。",)),
    "ip": (ip, ("IPアドレス：{}", "Remote host: {}", "投稿者IP {}"), ("{}からの書き込みを規制しました。",)),
}  # fmt: skip


def not_personal(rng: random.Random) -> str:
    """A line that looks like personal data and is none: numbers of things, versions, dates, people of history."""
    n = rng.randint
    return rng.choice(
        (
            f"ISBN 978-4-{n(1000, 9999)}-{n(1000, 9999)}-{n(0, 9)}",
            f"注文番号：{_digits(rng, 3)}-{_digits(rng, 7)}-{_digits(rng, 7)}",
            f"価格：{n(1, 99)},{n(100, 999)}円（税込）",
            f"Ver. {n(1, 9)}.{n(0, 20)}.{n(0, 20)}.{n(0, 99)}を公開しました。",
            f"営業時間 {n(7, 11)}:{n(10, 59)}-{n(17, 22)}:{n(10, 59)}",
            f"{n(2001, 2026)}年{n(1, 12)}月{n(1, 28)}日に更新しました。",
            f"型番 {rng.choice(('AB', 'KX', 'TR'))}-{n(1000, 9999)}-{n(10, 99)}",
            f"JANコード 49{_digits(rng, 11)}",
            f"第{n(1, 9)}条第{n(1, 9)}項第{n(1, 20)}号の規定により、届け出てください。",
            f"{rng.choice(('織田信長', '紫式部', '伊能忠敬', '松尾芭蕉'))}の時代から、この道は使われていました。",
            f"緯度{n(30, 44)}.{_digits(rng, 2)}度付近の観測では、気温は{n(1, 30)}.{n(0, 9)}度でした。",
            f"全{n(100, 999)}ページ、{n(10, 99)}-{n(100, 300)}ページに地図があります。",
        )
    )  # fmt: skip
