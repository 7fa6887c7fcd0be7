"""Pages put together from texts and frames: every line of the text is kept, and no string of the frames."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.web.main_text import extract
from tests.corpus.carriers import LEAD, ROWS, SENTENCES, VERSE, Shape
from tests.corpus.frame_parts import AFTER, BEFORE, WITHIN, Frame

NOTICE = (
    "鯖色の雌、三歳です。尾の先が鍵の形に曲がっています。",
    "十一月二日の夜、公園のそばで籠から逃げました。",
    "呼ぶと小さく返事をします。追わずに、写真だけでも送ってください。",
)
TEXTS = {
    "article": Shape("".join(f"<p>{line}</p>" for line in (*LEAD, *SENTENCES)), (*LEAD, *SENTENCES)),
    "notice": Shape("".join(f"<p>{line}</p>" for line in NOTICE), NOTICE),
    "verse": Shape(f"<p>{'<br>'.join(VERSE)}</p><p>{SENTENCES[0]}</p>", (*VERSE, SENTENCES[0])),
    "table": Shape(
        f"<p>{SENTENCES[1]}</p><table>{''.join(f'<tr><th>{a}</th><td>{b}</td></tr>' for a, b in ROWS)}</table>"
        f"<p>{SENTENCES[2]}</p>",
        (SENTENCES[1], SENTENCES[2], *(cell for row in ROWS for cell in row)),
    ),
    "sections": Shape(
        f"<p>{LEAD[0]}</p><h2>道</h2><p>{LEAD[1]}</p><ul><li>{SENTENCES[0]}</li><li>{SENTENCES[1]}</li></ul>"
        f"<h2>橋</h2><p>{LEAD[2]}</p>",
        ("道", "橋", *LEAD[:3], *SENTENCES[:2]),
    ),
}
#: What is around the text, frames aside.
BOXES = (
    "<main><h1>迷い猫</h1>{}</main>",
    "<article><h1>迷い猫</h1>{}</article>",
    '<div class="card"><h1>迷い猫</h1>{}</div>',
    '<div id="wrap"><div class="c1"><h2>迷い猫</h2>{}</div></div>',
    "<x-page><h1>迷い猫</h1>{}</x-page>",
)


def parts_of(frames: dict[str, Frame]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(sorted(frames)), max_size=4, unique=True)


@given(st.sampled_from(sorted(TEXTS)), st.sampled_from(BOXES), parts_of(BEFORE), parts_of(AFTER))
@settings(max_examples=400, deadline=None)
def test_a_page_of_a_text_and_frames_gives_the_text_alone(
    text: str, box: str, before: list[str], after: list[str]
) -> None:
    shape = TEXTS[text]
    frames = [BEFORE[name] for name in before] + [AFTER[name] for name in after]
    head, tail = ("".join(frame.html for frame in part) for part in (frames[: len(before)], frames[len(before) :]))
    found = extract(f"<html><title>迷い猫</title><body>{head}{box.format(shape.html)}{tail}</body></html>")
    kept = found.text.replace("\t", "\n").split("\n")
    assert [line for line in shape.lines if line not in kept] == []
    assert [string for frame in frames for string in frame.strings if string in found.text] == []


@given(st.sampled_from(sorted(TEXTS)), st.sampled_from(BOXES), *[st.sampled_from(["", *sorted(WITHIN)])] * 2)
@settings(max_examples=100, deadline=None)
def test_lists_of_links_at_the_ends_of_a_text_within_its_box_are_frame(
    text: str, box: str, first: str, last: str
) -> None:
    shape = TEXTS[text]
    head, tail = (WITHIN[name] if name else Frame("", ()) for name in (first, last))
    page = box.format(head.html + shape.html + tail.html)
    found = extract(f"<html><title>迷い猫</title><body>{page}</body></html>").text
    kept = found.replace("\t", "\n").split("\n")
    assert [line for line in shape.lines if line not in kept] == []
    assert [string for string in (*head.strings, *tail.strings) if string in found] == []
