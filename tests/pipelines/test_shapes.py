"""Plans are pure functions of what the stages before them finished."""

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.shapes import (
    FinishedShard,
    StageOutput,
    combine_parts,
    gather,
    map_groups,
    map_shards,
    with_gathered,
)

SIZES = st.lists(st.integers(0, 50), max_size=12)


def output(table: str, shards: dict[str, int], suffix: str = "") -> StageOutput:
    finished = tuple(FinishedShard(name, f"digest of {table}/{name}{suffix}", {}, n) for name, n in shards.items())
    return StageOutput(f"out/{table}-1234", {table: f"{table}/{{shard}}.parquet"}, finished)


def numbered(source: str, sizes: list[int]) -> dict[str, int]:
    return {f"{source}/{number:03d}": size for number, size in enumerate(sizes)}


def test_a_map_has_one_task_per_shard_and_reads_that_shard_of_every_stage() -> None:
    shards = numbered("cc", [1, 2])
    units = map_shards([output("documents", shards), output("signals", shards)])
    assert [unit.name for unit in units] == ["cc/000", "cc/001"]
    assert units[1].inputs == {
        "documents": ("out/documents-1234/documents/cc/001.parquet",),
        "signals": ("out/signals-1234/signals/cc/001.parquet",),
    }


def test_a_unit_is_out_of_date_when_any_shard_it_reads_changes() -> None:
    shards = numbered("cc", [1])
    before = map_shards([output("documents", shards), output("signals", shards)])
    after = map_shards([output("documents", shards), output("signals", shards, suffix=" of another run")])
    assert before[0].digest != after[0].digest


@given(SIZES, SIZES, st.integers(1, 100))
@settings(deadline=None)
def test_groups_hold_every_shard_once_in_order_and_never_mix_sources(
    web: list[int], books: list[int], group_bytes: int
) -> None:
    upstream = [output("release", numbered("cc", web) | numbered("ndl", books))]
    units = map_groups(group_bytes, lambda shard: shard.size_bytes)(upstream)
    uris = [uri for unit in units for uri in unit.inputs["release"]]
    assert uris == [upstream[0].uri("release", shard.name) for shard in upstream[0].shards]
    for unit in units:
        assert {uri.split("/release/")[1].split("/")[0] for uri in unit.inputs["release"]} == {unit.name[:-6]}


@given(SIZES, st.integers(1, 100))
@settings(deadline=None)
def test_a_group_closes_as_soon_as_it_is_large_enough(sizes: list[int], group_bytes: int) -> None:
    units = map_groups(group_bytes, lambda shard: shard.size_bytes)([output("release", numbered("cc", sizes))])
    for unit in units[:-1]:
        assert unit.size_bytes >= group_bytes
    for unit in units:
        last = sizes[int(unit.inputs["release"][-1].split("/")[-1].split(".")[0])]
        assert unit.size_bytes - last < group_bytes


def test_an_exchange_part_reads_every_shard() -> None:
    units = combine_parts(3)([output("keys", numbered("cc", [1, 1]))])
    assert [unit.part for unit in units] == [0, 1, 2]
    assert all(len(unit.inputs["keys"]) == 2 for unit in units)


def test_a_gathered_table_goes_to_every_task() -> None:
    upstream = [output("documents", numbered("cc", [1, 1])), output("clusters", {"clusters": 9})]
    units = with_gathered(map_shards)(upstream)
    assert [unit.inputs["clusters"] for unit in units] == [("out/clusters-1234/clusters/clusters.parquet",)] * 2


def test_a_gather_reads_all_shards_of_all_stages() -> None:
    (unit,) = gather("clusters")([output("pairs", numbered("p", [1, 2])), output("signatures", numbered("cc", [3]))])
    assert (unit.name, unit.size_bytes) == ("clusters", 6)
