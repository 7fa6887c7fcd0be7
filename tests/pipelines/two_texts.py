"""A run so small that a test may run it several times."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import FinishedRun


def run_over_two_texts(folder: Path, tables: str = "[tokenize.train]\nvocabulary_size = 300\n") -> FinishedRun:
    """A configuration over two small text files."""
    (folder / "in").mkdir()
    for name in "ab":
        text = f"春はあけぼの。やうやう白くなりゆく山際、{name}。\n" * 30
        (folder / "in" / f"{name}.txt").write_text(text, encoding="utf-8")
    config = folder / "config.toml"
    config.write_text(
        f'[run]\nout = "{folder}/out"\n\n[[source]]\nname = "text"\nkind = "text"\ninputs = ["{folder}/in/*.txt"]\n'
        f'profile = "prose"\nlicence = "CC0"\n\n{tables}',
        encoding="utf-8",
    )
    return FinishedRun(config, folder / "out")
