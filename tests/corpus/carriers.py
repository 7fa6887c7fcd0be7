"""Everything in which HTML can carry a text: elements, attributes, scripts; see `tests/corpus/test_carriers.py`."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape
from typing import NamedTuple

LEAD = (
    "港の朝は早い。漁師たちは夜明け前に船を出し、潮の流れを読みながら網を入れる場所を決めていく。",
    "若いころから海に出ている古老は、空の色と鳥の飛び方だけで午後の風向きを言い当てるという。",
    "市場に並ぶ魚の値段はその日の水揚げで決まり、仲買人の声が倉庫の屋根にひびきわたる。",
    "昼を過ぎると町は静かになり、坂の上の小学校から子どもたちの歌が聞こえてくる。",
)
SENTENCES = (
    "峠の茶店では、春になると蓬の団子を焼いて旅の人にふるまう習わしがあった。",
    "水車の音を聞きながら待っていると、奥から年寄りが笑って茶を運んでくる。",
    "道しるべの石には古い文字が刻まれているが、もう半分は苔に隠れて読めない。",
    "雪どけの水が橋の下を走るころ、村では最初の種まきの日取りを相談する。",
)
VERSE = (
    "とほき山なみに向かひて言ふことなし",
    "雨の音にまじりて遠き笛を聞く",
    "ひとり来てひとり帰るや枯野道",
    "しづかなる湖のほとりに舟ひとつ",
    "夕焼けの色を残して鳥かへる",
    "まだ見ぬ海の名前をたづねけり",
)
ROWS = (
    ("あじさいの鉢", "中くらいの大きさ"),
    ("むくげの苗木", "やや小さめのもの"),
    ("つばきの盆栽", "とても大きいもの"),
    ("さざんかの生垣", "お問い合わせください"),
    ("くちなしの切り花", "かおりのよいもの"),
)
POSTS = (
    ("みどり", "はじめまして。先週の日曜に橋の上から見ました、とてもきれいでした。"),
    ("たけし", "雨のあとは足もとがすべるので、長靴で行くのをおすすめします。"),
    ("ゆきえ", "駐車場は三台ぶんしかないので、早めに着いたほうがいいですよ。"),
)


class Shape(NamedTuple):
    """A text: as HTML, and the lines that must not be lost."""

    html: str
    lines: tuple[str, ...]


_CUT = tuple(line[:24] for line in SENTENCES)
SHAPES = {
    "paragraphs": Shape("".join(f"<p>{line}</p>" for line in SENTENCES), SENTENCES),
    "loose": Shape("\n".join(SENTENCES), SENTENCES),
    "verse": Shape(f"<p>{'<br>'.join(VERSE)}</p>", VERSE),
    "rows": Shape(
        f"<table>{''.join(f'<tr><td>{a}</td><td>{b}</td></tr>' for a, b in ROWS)}</table>",
        tuple(cell for row in ROWS for cell in row),
    ),
    "list": Shape(f"<ul>{''.join(f'<li>{line}</li>' for line in _CUT)}</ul>", _CUT),
    "posts": Shape(
        "".join(f'<div class="p"><b>{name}さん</b><p>{said}</p></div>' for name, said in POSTS),
        tuple(said for _, said in POSTS),
    ),
}

Carrier = Callable[[Shape], str]
Value = Callable[[Shape], object]


def _within(before: str, after: str) -> Carrier:
    return lambda shape: f"{before}{shape.html}{after}"


def _each(before: str, after: str, around: tuple[str, str] = ("", "")) -> Carrier:
    return lambda shape: around[0] + "".join(f"{before}{line}{after}" for line in shape.lines) + around[1]


def _lines(before: str, after: str) -> Carrier:
    return lambda shape: before + "\n".join(shape.lines) + after


def _script(
    before: str, value: Callable[[Shape], object], after: str = "</script>", *, ascii_only: bool = False
) -> Carrier:
    return lambda shape: f"<script{before}{json.dumps(value(shape), ensure_ascii=ascii_only)}{after}"


def _attribute(before: str, value: Value, after: str) -> Carrier:
    return lambda shape: f"{before}{escape(json.dumps(value(shape), ensure_ascii=False))}{after}"


def _body(shape: Shape) -> object:
    return {"post": {"body": shape.html}}


def _rsc(shape: Shape) -> str:
    tree = ["$", "article", None, {"children": [["$", "p", None, {"children": line}] for line in shape.lines]}]
    row = json.dumps(f"5:{json.dumps(tree, ensure_ascii=False)}", ensure_ascii=False)
    return f"<script>self.__next_f=[]</script><script>self.__next_f.push([1,{row}])</script>"


_PLAIN = (
    "div section article main details fieldset marquee output center font blockquote hgroup search multicol layer "
    "nolayer ins del slot x-story turbo-frame figure address ruby label form map applet xml"
)
#: Elements whose content every browser shows, or shows once the reader has clicked; whole text areas and listings.
SHOWN: dict[str, Carrier] = {
    **{name: _within(f"<{name}>", f"</{name}>") for name in _PLAIN.split()},
    **{name: _lines(f"<{name}>", f"</{name}>") for name in ("pre", "xmp", "listing", "textarea")},
    **{name: _each("<li>", "", (f"<{name}>", f"</{name}>")) for name in ("ul", "ol", "menu", "dir")},
    "plaintext": _lines("<plaintext>", ""),
    "dl": _each("<dt>話<dd>", "", ("<dl>", "</dl>")),
    "summary": _each("<details><summary>", "</summary></details>"),
    "folded": _within("<details><summary>村の話</summary>", "</details>"),
    "caption": _within("<table><caption>", "</caption><tr><td>一</td><td>二</td></tr></table>"),
    "figcaption": _within('<figure><img src="a.png"><figcaption>', "</figcaption></figure>"),
    "legend": _within("<fieldset><legend>村の話</legend>", "</fieldset>"),
    "layout table": _within("<table><tr><td><img src=a></td><td>", "</td></tr></table>"),
    "spans": _each('<span style="display:block">', "</span>"),
    "headings": _each("<h3>", "</h3>"),
    "math": _each("<math><mtext>", "</mtext></math>"),
    "hidden until found": _within('<div hidden="until-found">', "</div>"),
    "popover": _within('<div popover id="p">', "</div>"),
    "inert": _within("<div inert>", "</div>"),
    "editable": _within("<div contenteditable>", "</div>"),
    "off the screen": _within('<div style="position:absolute;left:-9999px">', "</div>"),
    "transparent": _within('<div style="opacity:0">', "</div>"),
    "hidden from readers of screens": _within('<div aria-hidden="true">', "</div>"),
    "shadow": _within('<x-story><template shadowrootmode="open">', "</template></x-story>"),
    "slotted": _within('<x-story><template shadowrootmode="open"><slot></slot></template>', "</x-story>"),
    "down-level comment": _within("<![if !IE]>", "<![endif]>"),
    "accordion of AMP": _within("<amp-accordion><section><h4>村の話</h4><div>", "</div></section></amp-accordion>"),
    "tab": _within(
        '<a href="#b">次</a><div id="a"><p>はじめの話。</p></div><div id="b" style="display:none">', "</div>"
    ),
    "page": _within('<div class="g"><p>はじめの話。</p></div><div class="g" style="display:none">', "</div>"),
    "streamed": _within('<!--$?--><template id="B:0"></template><!--/$--><div hidden id="S:0">', "</div>"),
    "inner page": lambda shape: f'<iframe srcdoc="{escape(shape.html)}"></iframe>',
    "noscript": _within("<noscript>", "</noscript>"),
    "noscript in a box": _within("<div><button>開く</button><noscript>", "</noscript></div>"),
    **{name: _within(f'<{name} src="a">', f"</{name}>") for name in ("object", "video", "audio", "canvas")},
}
#: What a program fills in or opens, what stands for what is missing, controls, drawings: text where nothing else is.
SPARE: dict[str, Carrier] = {
    "template": _within("<template>", "</template>"),
    "template in a box": _within("<div><template>", "</template></div>"),
    "hidden": _within("<div hidden>", "</div>"),
    "not displayed": _within('<div style="display:none">', "</div>"),
    "not visible": _within('<div style="visibility:hidden">', "</div>"),
    "hidden element of its own": _within("<x-story hidden>", "</x-story>"),
    "hidden inline": _each("<p><span hidden>", "</span></p>"),
    "noframes": _within('<frameset><frame src="a"><noframes>', "</noframes></frameset>"),
    "iframe": _within('<iframe src="a">', "</iframe>"),
    "noembed": _within("<embed src=a><noembed>", "</noembed>"),
    "drawing": _within('<svg><foreignObject width="9">', "</foreignObject></svg>"),
    "words of a drawing": _each('<text x="1" y="2">', "</text>", ("<svg>", "</svg>")),
    "options": _each("<option>", "</option>", ("<select>", "</select>")),
    "buttons": _each("<button>", "</button>"),
}
#: Boxes that are frame by their tag, role or name: the share of the page that is kept tells of what they hold.
FRAMES: dict[str, Carrier] = {
    **{name: _within(f"<{name}>", f"</{name}>") for name in ("nav", "footer", "header", "aside", "dialog")},
    "open dialog": _within("<dialog open>", "</dialog>"),
    "role": _within('<div role="dialog">', "</div>"),
    "name": _within('<div class="modal">', "</div>"),
    "link": _within('<a href="/x">', "</a>"),
    "links": _each('<a href="/x"><p>', "</p></a>"),
}
#: Scripts and attributes that a program draws from: read where the page has nothing else.
DRAWN: dict[str, Carrier] = {
    "Next": _script(' id="__NEXT_DATA__" type="application/json">', lambda s: {"props": {"pageProps": _body(s)}}),
    "Next, line by line": _script(
        ' id="__NEXT_DATA__" type="application/json">',
        lambda s: {"props": {"blocks": [{"type": "p", "text": line} for line in s.lines]}},
        ascii_only=True,
    ),
    "React's server components": _rsc,
    "Nuxt 2": _script(">window.__NUXT__=(function(a){return {data:[", _body, "]}})(1)</script>"),
    "Nuxt 3": _script(' type="application/json" id="__NUXT_DATA__">', lambda s: [["Reactive", 1], {"body": 2}, s.html]),
    "Apollo": _script(">window.__APOLLO_STATE__=", lambda s: {"Post:1": {"__typename": "Post", "body": s.html}}),
    "Redux": _script(">window.__STATE__=JSON.parse(", lambda s: json.dumps(_body(s), ensure_ascii=False), ")</script>"),
    "escaped state": _script(">window.__INITIAL_STATE__=", _body, ascii_only=True),
    "Svelte": _script('>kit.start(app,{data:[null,{type:"data",data:', _body, "}]})</script>"),
    "Gatsby": _script(">window.pageData=", lambda s: {"result": {"data": {"post": {"html": s.html}}}}),
    "Remix": _script(">window.__remixContext=", lambda s: {"state": {"loaderData": {"r": _body(s)}}}),
    "array": _script(">var lines=", lambda s: s.lines, ";lines.forEach(show)</script>"),
    "elements of an array": lambda s: (
        f"<script>{''.join(f't[{i}]={json.dumps(x)};' for i, x in enumerate(s.lines))}</script>"
    ),
    "written": _each("document.write('<p>", "</p>');", ("<script>", "</script>")),
    "markup in a script": lambda s: f"<script>el.innerHTML=`{s.html}`;</script>",
    "template in a script": lambda s: f'<script type="text/x-template">{s.html}</script>',
    "Markdown in a script": _lines('<script type="text/markdown">', "</script>"),
    "article of JSON-LD": _script(
        ' type="application/ld+json">', lambda s: {"@type": "Article", "articleBody": "\n".join(s.lines)}
    ),
    "answers of JSON-LD": _script(
        ' type="application/ld+json">',
        lambda s: {"mainEntity": [{"acceptedAnswer": {"@type": "Answer", "text": line}} for line in s.lines]},
    ),
    "island of Astro": _attribute('<astro-island props="', lambda s: {"body": [0, s.html]}, '"></astro-island>'),
    "Inertia": _attribute('<div id="app" data-page="', _body, '"></div>'),
    "Vue": _attribute('<story-view :story="', _body, '"></story-view>'),
    "data": _attribute('<div data-props="', _body, '"></div>'),
    "pictures": _each('<p><img src="a.gif" alt="', '"></p>'),
}
