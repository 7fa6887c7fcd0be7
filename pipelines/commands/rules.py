"""`manyo rules`: print a rules file, as it is or with one bound moved, to be the file of a user's own."""

from __future__ import annotations

import argparse
import re
import sys
from typing import Any

from manyo.corpus.settings.toml_text import Document, SettingsError, read_document
from manyo.corpus.tables.shards import filesystem
from manyo.filters.rules.comparison import Alternative, move_bound
from manyo.filters.rules.decide import parse_rules, shipped_rules
from manyo.pipelines.commands.shown_documents import parse_number
from manyo.pipelines.engine.errors import EXIT_DONE, UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo rules`."""
    parser.add_argument(
        "name",
        nargs="?",
        default="default",
        metavar="RULES",
        help="default, a preset such as llmjp_v1, or a file of yours (default: default)",
    )
    parser.add_argument("--rule", metavar="NAME", help="move a bound of this rule, with --minimum or --maximum")
    bound = parser.add_mutually_exclusive_group()
    for name in ("minimum", "maximum"):
        bound.add_argument(f"--{name}", metavar="VALUE", help="its new value; off removes the bound")


def run(options: argparse.Namespace) -> int:
    """Print the file, in UTF-8 whatever the terminal has, and return 0.

    Raises:
        UserError: there is no such file or rule, or the bound cannot be.
    """
    side = "minimum" if options.minimum is not None else "maximum"
    value = getattr(options, side)
    if (options.rule is None) != (value is None):
        raise UserError("give --rule with one of --minimum and --maximum, or none of them")
    fs, path = filesystem(str(shipped_rules().get(options.name, options.name)))
    try:
        data = fs.cat_file(path)
    except OSError as error:
        names = ", ".join(shipped_rules())
        raise UserError(f"{options.name}: no such file; the rules that ship are {names}") from error
    if value is not None:
        try:
            data = with_bound(options.name, data, options.rule, side, None if value == "off" else parse_number(value))
        except (SettingsError, ValueError) as error:
            raise UserError(f"--rule {options.rule} --{side} {value}: {error}") from error
    sys.stdout.buffer.write(data)
    return EXIT_DONE


def with_bound(name: str, data: bytes, rule: str, side: str, value: float | None) -> bytes:
    """The bytes of a rules file with one bound moved; comments and all other lines stay.

    Args:
        name: of the file, for messages.
        data: its bytes.
        rule: name of the rule.
        side: "minimum" or "maximum".
        value: the new bound; None removes it, and with its last bound the rule.

    Raises:
        SettingsError: the file has a fault.
        ValueError: there is no such rule, the bound cannot be, or the file has its rules in a form that is not edited.
    """
    document = read_document(name, data)
    moved = move_bound(parse_rules(document, with_templates=True), rule, side, value)
    lines = _edited(document, rule, side, value, moved)
    changed = "\n".join(lines).encode()
    if parse_rules(read_document(name, changed), with_templates=True) != moved.rules:
        raise ValueError(f"{name}: write each rule as a [[rule]] table with a line for each key")
    return changed


def _edited(document: Document, rule: str, side: str, value: float | None, moved: Alternative) -> list[str]:
    tables: list[dict[str, Any]] = document.tables["rule"]
    place = next(number for number, table in enumerate(tables) if table["name"] == rule)
    lines = document.text.split("\n")
    begin = document.lines["rule", place] - 1
    if moved.rule is None:  # the rule goes, with its lines up to the comment above the next one
        end = document.lines.get(("rule", place + 1), len(lines) + 1) - 1
        while end > begin and re.match(r"\s*(#|$)", lines[end - 1]):
            end -= 1
        return lines[:begin] + lines[end:]
    at = document.lines.get(("rule", place, side))
    if value is None:
        return lines if at is None else lines[: at - 1] + lines[at:]
    if at is None:
        after = document.lines["rule", place, "signal"]
        return [*lines[:after], f"{side}  = {_written(value)}", *lines[after:]]
    lines[at - 1] = re.sub(r"=[^#]*?(?=\s*(#|$))", f"= {_written(value)}", lines[at - 1], count=1)
    return lines


def _written(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)
