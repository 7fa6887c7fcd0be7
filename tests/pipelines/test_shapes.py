"""Shapes are pure functions of what the stages before them finished."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.tables.pieces import PACKED_BYTES
from manyo.pipelines.engine.shapes import (
    FinishedShard,
    FinishedShards,
    StageOutput,
    Units,
    combine_parts,
    combine_source_parts,
    cut_tokens,
    dealing,
    digest_of,
    gather,
    map_numbered,
    map_shards,
    with_gathered,
)
from manyo.pipelines.engine.stage_table import StageTable

ENCODED = StageTable("encoded", "encoded/{shard}.npy")

SIZES = st.lists(st.integers(0, 50), max_size=12)


def output(table: str, shards: dict[str, int], suffix: str = "") -> StageOutput:
    finished = tuple(FinishedShard(name, f"digest of {table}/{name}{suffix}", {}, n) for name, n in shards.items())
    return StageOutput(f"out/{table}-1234", (StageTable.parquet(table),), finished)


def numbered(source: str, sizes: list[int]) -> dict[str, int]:
    return {f"{source}/{number:03d}": size for number, size in enumerate(sizes)}


def test_a_map_has_one_task_per_shard_and_reads_that_shard_of_every_stage() -> None:
    shards = numbered("cc", [1, 2])
    units = list(map_shards([output("documents", shards), output("signals", shards)]))
    assert [unit.name for unit in units] == ["cc/000", "cc/001"]
    assert units[1].inputs == {
        StageTable.parquet("documents"): ("out/documents-1234/documents/cc/001.parquet",),
        StageTable.parquet("signals"): ("out/signals-1234/signals/cc/001.parquet",),
    }


def test_a_unit_is_out_of_date_when_any_shard_it_reads_changes() -> None:
    shards = numbered("cc", [1])
    (before,) = map_shards([output("documents", shards), output("signals", shards)])
    (after,) = map_shards([output("documents", shards), output("signals", shards, suffix=" of another run")])
    assert before.digest != after.digest


def encoded(tokens: dict[str, int]) -> StageOutput:
    """A stage that counted tokens."""
    finished = tuple(FinishedShard(name, f"digest of {name}", {"token_places": n}, n) for name, n in tokens.items())
    return StageOutput("out/encode-1234", (ENCODED,), finished)


@given(SIZES, SIZES, st.integers(1, 100))
@settings(deadline=None)
def test_cuts_cover_every_token_of_a_source_once_and_read_no_other_shard(
    web: list[int], books: list[int], shard_tokens: int
) -> None:
    shards = numbered("cc", web) | numbered("ndl", books)
    units = cut_tokens(shard_tokens)([encoded(shards)])
    for source, sizes in (("cc", web), ("ndl", books)):
        own = [unit for unit in units if unit.name.startswith(source + "-")]
        assert [unit.name for unit in own] == [f"{source}-{n:05d}" for n in range(-(-sum(sizes) // shard_tokens))]
        owners = [name for name, n in numbered(source, sizes).items() for _ in range(n)]
        for number, unit in enumerate(own):
            names = [uri.removeprefix("out/encode-1234/encoded/").removesuffix(".npy") for uri in unit.inputs[ENCODED]]
            read = [name for name in names for _ in range(shards[name])]
            wanted = owners[number * shard_tokens :][:shard_tokens]
            assert read[unit.part :][:shard_tokens] == wanted
            assert {names[0], names[-1]} <= set(wanted)


def test_a_cut_that_moves_within_its_shards_is_out_of_date() -> None:
    before = list(cut_tokens(10)([encoded({"cc/0": 5, "cc/1": 30})]))
    after = list(cut_tokens(10)([encoded({"cc/0": 6, "cc/1": 30})]))
    assert before[2].inputs == after[2].inputs
    assert before[2].digest != after[2].digest


def test_a_part_of_an_exchange_within_sources_reads_the_shards_of_one_source() -> None:
    units = combine_source_parts(2)([output("dealt", numbered("cc", [1, 1]) | numbered("ndl", [1]))])
    assert [(unit.name, unit.part, len(unit.inputs[StageTable.parquet("dealt")])) for unit in units] == [
        ("cc/part-00000", 0, 2),
        ("cc/part-00001", 1, 2),
        ("ndl/part-00000", 0, 1),
        ("ndl/part-00001", 1, 1),
    ]


def dealt(n_shards: int, n_parts: int) -> StageOutput:
    """A stage that dealt its shards to parts."""
    pieces = (bytes(PACKED_BYTES * n_parts),)
    shards = [FinishedShard(f"cc/{n:03d}", digest_of([str(n)]), {"documents": n}, n, pieces) for n in range(n_shards)]
    return StageOutput("out/keys-1234", (StageTable.parquet("keys"),), shards)


def test_an_exchange_has_a_task_for_each_part_that_it_was_dealt_to_and_none_without_shards() -> None:
    assert [unit.part for unit in combine_parts([dealt(2, 5)])] == [0, 1, 2, 3, 4]
    assert list(combine_parts([dealt(0, 5)])) == []


@given(st.integers(1, 5), st.integers(1, 9), st.integers(1, 9))
def test_all_tasks_that_deal_know_one_number_of_parts_and_are_out_of_date_when_it_changes(
    n_shards: int, one: int, other: int
) -> None:
    upstream = [dealt(n_shards, 1)]
    first, second = (list(dealing(map_shards, lambda _, n=n: n)(upstream)) for n in (one, other))
    assert [unit.n_parts for unit in first] == [one] * n_shards
    assert all((a.digest == b.digest) == (one == other) for a, b in zip(first, second, strict=True))


def test_an_exchange_part_reads_every_shard() -> None:
    units = list(combine_parts([dealt(2, 3)]))
    assert [unit.part for unit in units] == [0, 1, 2]
    assert all(len(unit.inputs[StageTable.parquet("keys")]) == 2 for unit in units)


def test_a_gathered_table_goes_to_every_task() -> None:
    upstream = [output("documents", numbered("cc", [1, 1])), output("clusters", {"clusters": 9})]
    units = with_gathered(map_shards)(upstream)
    assert [unit.inputs[StageTable.parquet("clusters")] for unit in units] == [
        ("out/clusters-1234/clusters/clusters.parquet",)
    ] * 2


def test_a_gather_reads_all_shards_of_all_stages() -> None:
    (unit,) = gather("clusters")([output("pairs", numbered("p", [1, 2])), output("signatures", numbered("cc", [3]))])
    assert (unit.name, unit.size_bytes) == ("clusters", 6)


@given(st.dictionaries(st.text("ab/-é", min_size=1), st.tuples(st.integers(0, 2**62), st.integers(0, 2**62))))
def test_finished_shards_come_back_as_they_were_put(put: dict[str, tuple[int, int]]) -> None:
    shards = FinishedShards(sorted(put))
    for name, (tokens, size) in put.items():
        index = shards.find(name)
        assert index is not None
        shards.put(index, digest_of([name]), {"tokens": tokens, "refused.empty": 3}, size)
    expected = [FinishedShard(name, digest_of([name]), {"tokens": put[name][0]}, put[name][1]) for name in sorted(put)]
    assert list(shards) == shards[:] == expected
    assert shards.find("absent") is None


def test_pieces_that_are_forgotten_are_no_part_of_a_shard_any_more() -> None:
    shards = FinishedShards(["a"])
    shards.put(0, digest_of(["a"]), {}, 1, (bytes(PACKED_BYTES),))
    output = StageOutput("out/keys-1234", (StageTable.parquet("keys"),), shards)
    assert output.shards[0].pieces == (bytes(PACKED_BYTES),)
    output.forget_pieces()
    assert output.shards[0].pieces == ()


def test_units_can_be_iterated_over_again() -> None:
    units = map_shards([output("documents", numbered("cc", [1, 2]))])
    assert isinstance(units, Units)
    assert list(units) == list(units) != []


def test_a_unit_is_out_of_date_when_a_gathered_table_changes() -> None:
    shards = output("documents", numbered("cc", [1]))
    (before,) = with_gathered(map_shards)([shards, output("clusters", {"clusters": 9})])
    (after,) = with_gathered(map_shards)([shards, output("clusters", {"clusters": 9}, suffix=" of another run")])
    assert before.digest != after.digest


def test_a_numbered_unit_is_out_of_date_when_its_number_changes() -> None:
    shards = numbered("cc", [1, 1, 1])
    every = map_numbered([output("documents", shards)])
    without_first = map_numbered([output("documents", dict(list(shards.items())[1:]))])
    assert [unit.part for unit in every] == [0, 1, 2]
    assert [unit.part for unit in without_first] == [0, 1]
    assert {unit.digest for unit in every}.isdisjoint(unit.digest for unit in without_first)


@pytest.mark.parametrize("other", [numbered("cc", [1]), numbered("ndl", [1, 1])])
def test_stages_with_different_shards_are_not_read_together(other: dict[str, int]) -> None:
    units = map_shards([output("documents", numbered("cc", [1, 1])), output("signals", other)])
    with pytest.raises(ValueError, match="different shards"):
        list(units)


def test_a_digest_depends_on_where_strings_end() -> None:
    assert digest_of(["ab", "c"]) != digest_of(["a", "bc"])


def test_an_output_has_no_uri_for_a_table_of_another_stage() -> None:
    with pytest.raises(ValueError, match="writes no table signals"):
        output("documents", {}).uri(StageTable.parquet("signals"), "cc/000")
