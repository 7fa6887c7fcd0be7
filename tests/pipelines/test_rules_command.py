"""rules: a file that ships is printed as it is, and a moved bound is the only thing that differs in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from manyo.corpus.settings.toml_text import read_document
from manyo.filters.rules.comparison import move_bound
from manyo.filters.rules.decide import load_rules, parse_rules, shipped_rules
from manyo.pipelines.cli import main
from manyo.pipelines.commands.rules import with_bound

#: A third of the rules that ship, of each set some.
SOME = [(name, rule.name) for name in shipped_rules() for rule in load_rules(name, with_templates=True)[::3]]


@pytest.mark.parametrize("name", shipped_rules())
def test_a_file_that_ships_is_printed_byte_for_byte(name: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["rules", name]) == 0
    assert capfdbinary.readouterr().out == shipped_rules()[name].read_bytes()


@pytest.mark.parametrize("side", ["minimum", "maximum"])
@pytest.mark.parametrize("value", [0.25, 1.0, None])
def test_a_moved_bound_of_any_rule_is_what_whatif_compares_and_no_other_line_changes(
    side: str, value: float | None
) -> None:
    n_moved = 0
    for name, rule in SOME:
        data = shipped_rules()[name].read_bytes()
        rules = load_rules(name, with_templates=True)
        try:
            moved = move_bound(rules, rule, side, value)
            changed = with_bound(name, data, rule, side, value)
        except ValueError:  # the bounds would exclude each other
            continue
        assert parse_rules(read_document(name, changed), with_templates=True) == moved.rules
        n_moved += 1
        before, after = data.decode().split("\n"), changed.decode().split("\n")
        if moved.rule is not None:
            gone = [line for line in before if line not in after]
            new = [line for line in after if line not in before]
            assert len(gone) <= 1
            assert all(re.match(rf"{side}\s*=", line) for line in gone + new)
        else:
            assert f'"{rule}"' not in changed.decode()
    assert n_moved > 5


def test_a_second_bound_is_moved_in_the_file_of_the_first(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    own = tmp_path / "own.toml"
    assert main(["rules", "--rule", "too_short", "--minimum", "100"]) == 0
    own.write_bytes(capfdbinary.readouterr().out)
    assert main(["rules", str(own), "--rule", "teasers", "--maximum", "off"]) == 0
    own.write_bytes(capfdbinary.readouterr().out)
    rules = {rule.name: rule for rule in load_rules(str(own))}
    assert (rules["too_short"].minimum, "teasers" in rules) == (100, False)
    assert rules.keys() == {rule.name for rule in load_rules("default")} - {"teasers"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["defualt"], "defualt: no such file; the rules that ship are default, "),
        (["--rule", "too_short"], "give --rule with one of --minimum and --maximum"),
        (["--minimum", "3"], "give --rule with one of --minimum and --maximum"),
        (["--rule", "too_shrt", "--minimum", "3"], "no rule 'too_shrt'"),
        (["--rule", "too_short", "--minimum", "many"], "'many' is not a number"),
        (["--rule", "too_little_kana", "--minimum", "10"], "--rule too_little_kana --minimum 10: "),
    ],
)
def test_a_mistake_is_one_line_and_prints_no_rules(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rules", *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert said in err
