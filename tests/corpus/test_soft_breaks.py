"""Soft line breaks: what was wrapped is whole again, and nothing else is joined."""

from __future__ import annotations

from textwrap import wrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyo.corpus.web.main_text import extract, plain_text
from manyo.corpus.web.soft_breaks import join_soft_breaks

PROSE = (
    "先日お知らせしました春の集まりについて、会場と時間が決まりましたのでご連絡いたします。当日は駅の北口を出て川沿いの道を"
    "まっすぐ進み、橋の手前にある古い建物の二階までお越しください。雨のときは一週間あとに延ばすこともありますので前の晩に"
    "もう一度お便りを差し上げるつもりでおります"
)


def wrapped(text: str, width: int, sign: str = "") -> str:
    return "\n".join(sign + line for line in wrap(text, width))


@given(st.integers(30, 38), st.sampled_from(("", "> ", ">", "> > ")))
def test_a_wrapped_paragraph_is_whole_again(width: int, sign: str) -> None:
    joined = join_soft_breaks(wrapped(PROSE, width, sign))
    # A line that ends with a sentence may end a paragraph.
    assert "".join(line.removeprefix(sign) for line in joined.split("\n")) == PROSE
    assert all(line.startswith(sign) for line in joined.split("\n"))
    assert all(line.endswith("。") for line in joined.split("\n")[:-1])


@given(st.lists(st.sampled_from((*PROSE, "\n", "\n", "> ", "　", "a ", "・")), max_size=300).map("".join))
def test_only_line_ends_and_signs_of_quotation_go(text: str) -> None:
    def letters(written: str) -> str:
        return "".join(character for character in written if character not in "\n> 　")

    joined = join_soft_breaks(text)
    assert letters(joined) == letters(text)
    assert join_soft_breaks(joined).count("\n") <= joined.count("\n") <= text.count("\n")


@pytest.mark.parametrize(
    "text",
    [
        "古池や\n蛙飛びこむ\n水の音",
        "あ" * 34 + "\n" + "い" * 20 + "\n" + "う" * 34 + "\n" + "え" * 34,
        "・" + "あ" * 34 + "\n・" + "い" * 34 + "\n・" + "う" * 34,
        "　" + "あ" * 34 + "\n　" + "い" * 34 + "\n　" + "う" * 34,
        "\n".join(left * 15 + "  " + "い" * 18 for left in "あうえお"),
        "あ" * 34 + "。\n" + "い" * 34 + "。\n" + "う" * 34,
        "\n".join(sign + "あ" * 34 for sign in ("> ", "", "> ", "")),
        "\n\n".join("あいうえ").replace("え", "え" * 35).replace("あ", "あ" * 35),
        "\n".join(f"x = {letter * 30}" for letter in "あうえお"),
    ],
    ids=["verse", "short line", "list", "indents", "table", "sentences", "quote", "paragraphs", "code"],
)
def test_lines_that_end_for_a_reason_stay(text: str) -> None:
    assert join_soft_breaks(text) == text


def test_wrapped_mail_in_pre_and_as_plain_text_is_joined() -> None:
    mail = f"山田です。\n\n{wrapped(PROSE, 35)}\n\n{wrapped(PROSE, 33, '> ')}\n-- \n山田"
    page = extract(f"<h1>春の集まり</h1><pre><b>件名</b>\n{mail.replace('>', '&gt;')}</pre><p>次の便り</p>")
    assert plain_text(mail).text == join_soft_breaks(mail) != mail
    assert page.text.endswith(f"{join_soft_breaks(mail)}\n次の便り")
