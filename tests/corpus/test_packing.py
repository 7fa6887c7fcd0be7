"""Plans: every file in exactly one shard, under a name that is unique and the same on every machine."""

import hashlib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.records import InputFile, InputShard
from manyo.corpus.sources.packing import file_stem, pack_files, require_positive, shard_bytes, shard_per_file

NAMES = st.text("ab.-_/あ 01?", min_size=1, max_size=8)
FILES = st.lists(st.builds(InputFile, NAMES.map("s3://x/".__add__), st.integers(0, 100), st.just("1")), max_size=20)


def contents(shards: list[InputShard]) -> list[str]:
    return [file.uri for shard in shards for file in shard.files]


@settings(max_examples=100, deadline=None)
@given(FILES, st.integers(1, 300))
def test_every_file_is_in_exactly_one_shard(files: list[InputFile], target_bytes: int) -> None:
    expected = sorted({file.uri for file in files})
    assert sorted(contents(shard_per_file(files))) == expected
    assert sorted(contents(pack_files(files, target_bytes))) == expected


@settings(max_examples=100, deadline=None)
@given(FILES, st.integers(1, 300), st.randoms())
def test_the_order_in_which_files_are_listed_changes_nothing(files: list[InputFile], target_bytes: int, random) -> None:
    files = list({file.uri: file for file in files}.values())
    shuffled = random.sample(files, len(files))
    assert shard_per_file(files) == shard_per_file(shuffled)
    assert pack_files(files, target_bytes) == pack_files(shuffled, target_bytes)


@settings(max_examples=100, deadline=None)
@given(FILES, st.integers(1, 300))
def test_names_are_unique_and_safe_in_paths(files: list[InputFile], target_bytes: int) -> None:
    for shards in (shard_per_file(files), pack_files(files, target_bytes)):
        names = [shard.name for shard in shards]
        assert len({name.casefold() for name in names}) == len(names)
        assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*-[0-9a-f]{6,32}", name) for name in names)


@settings(max_examples=100, deadline=None)
@given(FILES, st.integers(1, 300))
def test_a_group_is_never_split_and_a_shard_exceeds_the_target_only_with_one_group(
    files: list[InputFile], target_bytes: int
) -> None:
    def group(file: InputFile) -> str:
        return file.uri[7:9]

    shards = pack_files(files, target_bytes, group)
    groups = [{group(file) for file in shard.files} for shard in shards]
    assert sum(map(len, groups)) == len(set().union(*groups)) if groups else not files
    for shard, members in zip(shards, groups, strict=True):
        assert shard.size_bytes <= target_bytes or len(members) == 1


def sizes(target_bytes: int, *of_files: int) -> list[list[int]]:
    """Sizes of the files in each shard."""
    files = [InputFile(f"{number:03}", size, "1") for number, size in enumerate(of_files)]
    return [[file.size_bytes for file in shard.files] for shard in pack_files(files, target_bytes)]


def test_files_that_fit_together_are_one_shard_and_a_file_that_is_too_large_is_alone() -> None:
    assert sizes(10, 6, 4) == [[6, 4]]
    assert sizes(10, 20, 1, 20) == [[20], [1], [20]]
    assert sizes(1, 0, 0, 0) == [[0, 0, 0]]


def cut_by_hand(files: list[InputFile], target_bytes: int) -> list[list[str]]:
    """The rule, word for word: a stretch that is too large is cut before the name of the smallest hash."""
    if len(files) <= 1 or sum(file.size_bytes for file in files) <= target_bytes:
        return [[file.uri for file in files]] if files else []
    hashes = [hashlib.blake2b(file.name.encode(), digest_size=8).digest() for file in files]
    cut = min(range(1, len(files)), key=lambda at: hashes[at])
    return cut_by_hand(files[:cut], target_bytes) + cut_by_hand(files[cut:], target_bytes)


@settings(max_examples=100, deadline=None)
@given(FILES, st.integers(1, 300))
def test_shards_are_cut_where_the_hash_of_a_name_is_smallest(files: list[InputFile], target_bytes: int) -> None:
    files = sorted({file.uri: file for file in files}.values(), key=lambda file: file.uri)
    packed = [[file.uri for file in shard.files] for shard in pack_files(files, target_bytes)]
    assert packed == cut_by_hand(files, target_bytes)


@settings(max_examples=200, deadline=None)
@given(
    FILES, st.integers(1, 300), st.builds(InputFile, NAMES.map("s3://x/".__add__), st.integers(0, 100), st.just("1"))
)
def test_a_new_file_changes_at_most_one_of_the_shards_that_there_were(
    files: list[InputFile], target_bytes: int, new: InputFile
) -> None:
    files = [file for file in files if file.uri != new.uri]
    before = {shard.files for shard in pack_files(files, target_bytes)}
    after = {shard.files for shard in pack_files([*files, new], target_bytes)}
    assert len(before - after) <= 1


def test_a_crawl_of_90000_archives_is_a_few_thousand_shards_and_one_more_archive_remakes_one() -> None:
    archives = [InputFile(f"s3://x/{number:05}.warc.gz", 0, "", name=f"{number:05}") for number in range(90_000)]
    target_bytes = shard_bytes(90 * 10**12)
    before, after = (
        {shard.name: shard.files for shard in pack_files(some, target_bytes, size_of=lambda _: 10**9)}
        for some in (archives[:45_000] + archives[45_001:], archives)
    )
    assert 2_000 < len(before) < 4_000
    assert max(map(len, before.values())) <= 68
    assert sum(files != after.get(name) for name, files in before.items()) == 1
    assert before.keys() == after.keys()


def test_a_source_of_a_thousand_equal_files_has_a_shard_for_each() -> None:
    for n_files in (1, 2, 999, 1024):
        assert shard_bytes(n_files * 10**9) < 2 * 10**9


def test_a_long_stem_is_cut_in_the_name() -> None:
    (shard,) = shard_per_file([InputFile(f"{'x' * 100}.xml", 1, "1")])
    assert shard.name[:-7] == "x" * 80


def test_a_size_below_one_is_named() -> None:
    require_positive(InputFile("a", 1, ""), "size_bytes")
    with pytest.raises(ValueError, match="size_bytes must be at least 1, got 0"):
        require_positive(InputFile("a", 0, ""), "size_bytes")


def test_a_file_that_overlapping_globs_list_twice_is_one_file() -> None:
    file = InputFile("a.xml", 1, "1")
    assert contents(shard_per_file([file, file])) == ["a.xml"]


def test_names_that_share_six_digits_get_the_whole_hash() -> None:
    # Stems that differ in case only collide on filesystems that ignore it; 2^24 hashes are few for 10^5 files.
    files = [InputFile(f"{i}/{'page' if i % 2 else 'PAGE'}.xml", 1, "1") for i in range(20_000)]
    names = [shard.name for shard in shard_per_file(files)]
    assert len({name.casefold() for name in names}) == len(names)
    assert {len(name) for name in names} == {len("page-") + 6, len("page-") + 32}


def test_a_stem_loses_its_compression_and_one_ending() -> None:
    assert file_stem("s3://bucket/crawl/CC-MAIN-2021.04-001.warc.gz?versionId=3") == "CC-MAIN-2021.04-001"
    assert file_stem("dump.jsonl.zst") == "dump"
    assert file_stem("DUMP.JSONL.ZST") == "DUMP"
    assert file_stem("README") == "README"
    assert file_stem(".hidden") == ".hidden"


def test_a_target_below_one_byte_is_an_error() -> None:
    with pytest.raises(ValueError, match="target_bytes must be at least 1, got 0"):
        pack_files([], 0)
