"""The files that a configuration names beside its inputs: whether each is there and is what its key says.

A run opens some of them hours after it began, on another machine, and passes over others in silence. So all are looked
at before it begins, and every fault is named with its line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from manyo.corpus.own_parts import load_part, part_names
from manyo.corpus.settings.meant_texts import Leads, NamedPath, named_paths
from manyo.corpus.settings.toml_lines import Path
from manyo.corpus.settings.toml_tables import Faults
from manyo.corpus.settings.toml_text import SettingsError, read_document
from manyo.corpus.takedowns import read_takedowns
from manyo.filters.benchmarks.items import Benchmark, read_items
from manyo.filters.fasttext_file import check_fasttext
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.extraction.inputs import expand
from manyo.pipelines.extraction.lost_paths import path_problem
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.earlier_indexes import check_index
from manyo.pipelines.graph.robots_stages import check_captures
from manyo.tokenizer.encode import Tokenizer


def refuse_lost_files(config: Config) -> None:
    """Look at every file that a run of a configuration reads, except the inputs, and at parts of other packages.

    Raises:
        UserError: some are missing or are something else; a line for each.
    """
    faults = [*file_faults(config, wrong_files(config, run_paths(config))), *part_faults(config)]
    if faults:
        raise UserError("\n".join(faults))


def run_paths(config: Config) -> Iterator[NamedPath]:
    """Every path that a configuration gives for a run, in the order of the tables, except the inputs."""
    for number, source in enumerate(config.sources):
        yield from named_paths(source.options, ("source", number))
    for name in ("langid", "rights", "dedup", "decontaminate", "tokenize"):
        if (settings := getattr(config, name)) is not None:
            yield from named_paths(settings, (name,))


def mix_paths(config: Config) -> Iterator[NamedPath]:
    """Every path that [mix] gives, which may be written after the run."""
    return named_paths(config.mix, ("mix",)) if config.mix else iter(())


def wrong_files(config: Config, paths: Iterable[NamedPath]) -> dict[Path, str]:
    """What is wrong with files that a configuration names, by the places of their keys."""
    wrong = {}
    for place, path, leads in paths:
        key = next(part for part in reversed(place) if isinstance(part, str))
        if problem := _problem(key, path, leads) or _content_problem(config, place, path):
            wrong[place] = problem
    return wrong


def file_faults(config: Config, wrong: Mapping[Path, str]) -> list[str]:
    """A line for each of the wrong files of a configuration, in the order of its lines."""
    faults = Faults(read_document(config.path, config.text.encode()))
    for place, problem in wrong.items():
        faults.add(place, problem)
    try:
        faults.end()
    except SettingsError as error:
        return error.lines
    return []


def part_faults(config: Config) -> list[str]:
    """What is wrong with kinds of personal information and extractors of other packages, which tasks load."""
    own = part_names("manyo.main_text")
    extractors = {str(getattr(source.options, "extractor", "")) for source in config.sources} & {*own}
    looks: list[Callable[[], Any]] = [lambda: config.scrub.masks]
    looks += [partial(load_part, "manyo.main_text", name) for name in sorted(extractors)]
    return [f"{config.path}: {problem}" for look in looks if (problem := _raised(look))]


def _problem(key: str, path: str, leads: Leads) -> str | None:
    if leads is Leads.FILES:
        return _raised(lambda: expand(path, key))
    problem = path_problem(path, leads)
    return f"{key}: {problem}" if problem else None


def _content_problem(config: Config, place: Path, path: str) -> str | None:
    """What is wrong with what is in a file that is there."""
    readers: dict[Path, Callable[[], Any]] = {
        ("rights", "takedown"): lambda: read_takedowns(path),
        ("rights", "robots"): lambda: check_captures(expand(path, "").files),
        ("langid", "model"): lambda: check_fasttext(path),
        ("dedup", "against"): lambda: check_index(path, config.dedup),
        ("tokenize", "model"): lambda: Tokenizer.load(path, config.tokenize.eod_token),
    }
    if (read := readers.get(place[:2])) is not None:
        problem = _raised(read)
        return f"{place[1]}: {problem}" if problem else None
    if (leaks := config.decontaminate) and place[:2] == ("decontaminate", "benchmark"):
        benchmark = replace(leaks.benchmark[int(place[2])], files=(path,))
        return _raised(lambda: _check_items(benchmark, leaks.ngram_chars))
    return None


def _check_items(benchmark: Benchmark, least: int) -> None:
    """Read the items of a benchmark; raise ValueError if none has enough letters to be looked for."""
    if all(sum(map(str.isalnum, item.text)) < least for item in read_items(benchmark)):
        fields = ", ".join(benchmark.fields)
        raise ValueError(f"{benchmark.files[0]}: no item of {fields} has {least} letters, so that none is looked for")


def _raised(look: Callable[[], Any]) -> str | None:
    """What a call says that finds a mistake; None if it finds none."""
    try:
        look()
    except (UserError, ValueError, OSError) as error:
        return str(error)
    return None
