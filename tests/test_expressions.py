"""Every expression that reads crawled text takes time in proportion to it: twice the text, twice the time.

Time is the only thing about `re` that can be counted. It is the processor's, of the best of several runs, and four
times the text may take eight times as long before it fails; where an expression is quadratic it takes sixteen times.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import signal
import sys
import time
from collections.abc import Iterator
from typing import Any

import manyo

#: Pieces that are repeated: each makes a family of texts on which some kind of expression fails late.
PIECES = (
    "<", "<!--", "<script>", "<style ", "<a href=", "</", "/>", "<br>", "&#", "&amp", "=", '"', "'", "a='",
    "a ", "a", "A", "a.", "a@", "a-", "a_", "a:", "http://", "www.", "@a.", "%", "%E3", "0", "0 ", "0-",
    "0.", "0,", "0/", "1:", "(0", "+81-", "〒1", "１", "一", "十", "千", " ", "　", "\t", "\n", "\r\n",
    " \n", "。", "、", "・", "ー", "あ", "が", "ア", "漢", "漢 ", "々", "東京都", "大阪市", "区", "1丁目",
    "北1条", "番", "第", "号", "年", "昭和", "1990年", "1月", "氏 名", "様", "名前:", "住所\t", "電話 ",
    "林", "[", "【", "（", "(", "{", "※［＃", "《", "｜", "|", "〔", "／＼", "\\u3042", "::", "#", "#x",
    "*", "-", "--", "_", "..", "…", "xn--", "id=", "key:", "sk_", "eyJ", "Q.", "\x00", "WARC/", "bytes ",
)  # fmt: skip
#: Packages whose modules read crawled text; two of their modules read an operator's list.
_HOT = ("manyo.corpus", "manyo.filters", "manyo.dedup", "manyo.tokenizer")
_OPERATORS = ("manyo.corpus.takedowns", "manyo.corpus.takedown_requests", "manyo.tokenizer.merge")
_CHARS = 6_000
_CHEAP_S = 0.012
#: With a timer set, processor time moves in ticks of 4 ms.
_TICK_S = 0.004
_LIMIT_S = 0.1


Expression = re.Pattern[str] | re.Pattern[bytes]


def expressions() -> list[tuple[str, Expression, bool]]:
    """Name, expression, and whether it is only matched at one place, of each that a hot module holds, however deep."""
    for module in pkgutil.walk_packages(manyo.__path__, "manyo."):
        if not module.name.endswith(("__main__", "datatrove_block")):
            importlib.import_module(module.name)
    modules = {name: module for name, module in sys.modules.items() if name.startswith(_HOT) and name not in _OPERATORS}
    found: dict[object, tuple[str, Expression, bool]] = {}
    seen: set[int] = set()
    calls_in = {module: methods_called(inspect.getsource(module)) for module in modules.values()}
    for module, own_calls in calls_in.items():
        for name, value in vars(module).items():
            users = [own_calls] if name.startswith("_") else calls_in.values()
            calls = set[str]().union(*(user.get(name, ()) for user in users))
            is_anchored = bool(calls) and calls <= {"match", "fullmatch"}
            for expression in within(value, seen):
                found[expression.pattern, expression.flags] = f"{module.__name__}.{name}", expression, is_anchored
    return list(found.values())


def methods_called(source: str) -> dict[str, set[str]]:
    """The methods that a module calls, by the name of what they are called on."""
    called: dict[str, set[str]] = {}
    for name, method in re.findall(r"\b(\w+)\.(\w+)\(", source):
        called.setdefault(name, set()).add(method)
    return called


def within(value: object, seen: set[int]) -> Iterator[Expression]:
    """The expressions in a value, and in what it holds."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, re.Pattern):
        yield value
        return
    inner: list[object] = []
    if isinstance(value, dict):
        inner = list(value.values())
    elif isinstance(value, (list, tuple, set, frozenset)):
        inner = list(value)
    elif type(value).__module__.startswith("manyo."):
        slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
        inner = [getattr(value, name, None) for name in slots] + list(getattr(value, "__dict__", {}).values())
    for item in inner:
        yield from within(item, seen)


class TooLong(Exception):
    pass


def stop(signal_number: int, frame: object) -> None:
    raise TooLong


def seconds(expression: Expression, piece: str, n_chars: int, is_anchored: bool) -> float:
    """Processor time of finding every match, or of matching at the start; `_LIMIT_S` if it takes longer."""
    text = piece * (n_chars // len(piece))
    subject: Any = text.encode() if isinstance(expression.pattern, bytes) else text
    started = time.process_time()
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, _LIMIT_S)
        try:
            if is_anchored:
                expression.fullmatch(subject)
                expression.match(subject)
            else:
                for _ in expression.finditer(subject):
                    pass
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except TooLong:  # a search that cannot be interrupted ends first, and the timer is heard while it is stopped
        return _LIMIT_S
    return time.process_time() - started


def grows_too_fast(expression: Expression, piece: str, is_anchored: bool) -> bool:
    if seconds(expression, piece, _CHARS, is_anchored) < _CHEAP_S:
        return False
    long_s = min(seconds(expression, piece, _CHARS, is_anchored) for _ in range(3))
    short_s = min(seconds(expression, piece, _CHARS // 4, is_anchored) for _ in range(3))
    return long_s > 8 * max(short_s, _TICK_S)


def test_no_expression_takes_quadratic_time_on_a_hostile_family() -> None:
    previous = signal.signal(signal.SIGVTALRM, stop)
    try:
        slow = [
            f"{name} on {piece!r}"
            for name, expression, is_anchored in expressions()
            for piece in PIECES
            if grows_too_fast(expression, piece, is_anchored)
        ]
    finally:
        signal.signal(signal.SIGVTALRM, previous)
    assert not slow, "\n".join(slow)
