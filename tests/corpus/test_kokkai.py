"""Minutes of the Diet: a meeting's speeches in order, whichever shape the interface gave."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from manyo.corpus.records import BrokenInput, Document, InputFile, Record, Refused
from manyo.corpus.sources import kokkai

OPTIONS = kokkai.Options()
MEETING = "999999999X00120260401"


def speech(number: int, text: str, speaker: str = "山川太郎") -> dict[str, Any]:
    return {
        "speechID": f"{MEETING}_{number:03}",
        "nameOfHouse": "衆議院",
        "nameOfMeeting": "渡し船委員会",
        "date": "2026-04-01",
        "speechOrder": number,
        "speaker": speaker,
        "speech": text,
        "speechURL": f"https://kokkai.example/{number}",
    }


SPEECHES = [
    speech(2, "○山川委員　次に、渡し場について伺います。\r\n　桟橋は何年もつのでしょうか。"),
    speech(0, "令和八年四月一日\r\n出席委員", "会議録情報"),
    speech(1, "○水野委員長　これより会議を開きます。"),
]
TEXT = (
    "○水野委員長　これより会議を開きます。\n○山川委員　次に、渡し場について伺います。\n　桟橋は何年もつのでしょうか。"
)


def read(path: Path, value: object) -> list[Document | Refused]:
    path.write_bytes(value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode())
    found: list[Document | Refused] = []
    for shard in kokkai.plan([InputFile(str(path), path.stat().st_size, "1")], OPTIONS):
        for item in kokkai.records(shard, OPTIONS):
            outcome = item.refused if isinstance(item, BrokenInput) else kokkai.parse(item, OPTIONS)
            assert isinstance(outcome, Document | Refused)
            found.append(outcome)
    return found


@pytest.mark.parametrize(
    "value",
    [
        {"speechRecord": SPEECHES},
        SPEECHES,
        {
            "meetingRecord": [
                {
                    "nameOfHouse": "衆議院",
                    "nameOfMeeting": "渡し船委員会",
                    "date": "2026-04-01",
                    "speechRecord": [
                        {name: entry[name] for name in ("speechID", "speaker", "speech", "speechURL")}
                        for entry in SPEECHES
                    ],
                }
            ]
        },
    ],
    ids=["speeches", "a plain list", "meetings"],
)
def test_every_shape_gives_the_meeting(tmp_path: Path, value: object) -> None:
    (document,) = read(tmp_path / "a.json", value)
    assert isinstance(document, Document)
    assert document.text == TEXT
    assert document.title == "衆議院 渡し船委員会 2026-04-01"
    assert document.meta == {"meeting_id": MEETING, "date": "2026-04-01", "speech_count": 2}


def test_snake_case_names_are_read_too(tmp_path: Path) -> None:
    entry = {"speech_id": f"{MEETING}_001", "speech_text": "○水野委員長　閉じます。", "house_name": "参議院"}
    (document,) = read(tmp_path / "a.json", {"speeches": [entry]})
    assert isinstance(document, Document)
    assert (document.text, document.title) == ("○水野委員長　閉じます。", "参議院")


def test_two_meetings_in_a_file_are_two_documents(tmp_path: Path) -> None:
    other = speech(1, "○風間議長　開きます。") | {"speechID": "888888888X00120260402_001"}
    assert len(read(tmp_path / "a.json", [*SPEECHES, other])) == 2


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"{", "broken_json"),
        (b"\xff\xfe\x00", "broken_json"),
        (3, "broken_json"),
        ({"speeches": [{"speech_id": "1"}]}, "broken_speech"),
        ({"meetingRecord": [{"date": "2026-04-01"}]}, "broken_speech"),
        ({"numberOfRecords": 0, "speechRecord": []}, "no_text"),
        (b"[" * 100_000, "broken_json"),
        ([SPEECHES[1]], "no_text"),
    ],
)
def test_a_value_that_is_not_a_meeting_is_refused_with_its_reason(tmp_path: Path, value: object, reason: str) -> None:
    (refused,) = read(tmp_path / "a.json", value)
    assert isinstance(refused, Refused)
    assert refused.reason == reason
    assert reason in kokkai.REASONS


@pytest.mark.parametrize("between", [False, True], ids=["in the next file", "after another meeting"])
def test_a_meeting_that_is_delivered_twice_has_one_key_in_one_shard_as_in_two(tmp_path: Path, between: bool) -> None:
    """The engine then names both files; a row of `refused` in one shard would be another outcome than in two."""
    other = [{**speech(1, "○某　別の会議です。"), "speechID": "2" * 21 + "_001"}]
    files = []
    for number, value in enumerate([SPEECHES, *([other] if between else []), SPEECHES]):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(value), encoding="utf-8")
        files.append(InputFile(str(path), 1, "1"))
    keys = []
    for shards in ([files], [[file] for file in files]):
        found = [item for shard in shards for item in kokkai.records(kokkai.plan(shard, OPTIONS)[0], OPTIONS)]
        keys.append([item.key for item in found if isinstance(item, Record)])
    assert keys[0] == keys[1]
    assert len(keys[0]) - len(set(keys[0])) == 1


def test_real_speeches_become_a_document(real_data: Path, tmp_path: Path) -> None:
    for path in (real_data / "kokkai").glob("*.json"):
        assert all(isinstance(found, Document) for found in read(tmp_path / path.name, path.read_bytes()))


@pytest.mark.parametrize("n_files", [1, 2, 3])
def test_parts_of_a_meeting_in_files_one_after_another_are_one_document(tmp_path: Path, n_files: int) -> None:
    other = [{**speech(1, "○某　別の会議です。"), "speechID": "2" * 21 + "_001"}]
    pages = [SPEECHES[number::n_files] for number in range(n_files)]
    paths = []
    for number, page in enumerate([*pages, other]):
        paths.append(tmp_path / f"p{number}.json")
        paths[-1].write_text(json.dumps({"speechRecord": page}), encoding="utf-8")
    (shard,) = kokkai.plan([InputFile(str(path), path.stat().st_size, "1") for path in paths], OPTIONS)
    found = [kokkai.parse(item, OPTIONS) for item in kokkai.records(shard, OPTIONS) if isinstance(item, Record)]
    assert [outcome.text for outcome in found if isinstance(outcome, Document)] == [TEXT, "○某　別の会議です。"]


def read_in_shards(files: list[InputFile], target_bytes: int) -> list[tuple[str, str, str]]:
    """Key or reason, address and text of all records, in order of the shards."""
    options = kokkai.Options(target_shard_bytes=target_bytes)
    found = []
    for shard in kokkai.plan(files, options):
        for item in kokkai.records(shard, options):
            outcome = item.refused if isinstance(item, BrokenInput) else kokkai.parse(item, options)
            assert isinstance(outcome, Document | Refused)
            key = item.key if isinstance(item, Record) else item.origin_file
            found.append((key, getattr(outcome, "reason", ""), getattr(outcome, "text", "")))
    return found


def speeches_of(meeting: int, first: int, last: int) -> list[dict[str, Any]]:
    return [
        speech(number, f"○某　{meeting}の{number}です。") | {"speechID": f"{meeting:021}_{number:03}"}
        for number in range(first, last)
    ]


@given(st.lists(st.integers(1, 9), max_size=6), st.integers(1, 4), st.integers(1, 2_000), st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_where_shards_end_changes_no_meeting(
    tmp_path: Path, lengths: list[int], per_answer: int, target_bytes: int, data: st.DataObject
) -> None:
    """Answers of some speeches each, one of which may be damaged or come twice."""
    everything = [one for number, length in enumerate(lengths) for one in speeches_of(number, 0, length)]
    answers: list[object] = [everything[at : at + per_answer] for at in range(0, len(everything), per_answer)]
    if answers and data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(answers) - 1))
        answers.insert(at, data.draw(st.sampled_from([3, answers[at]])))
    files = []
    for number, value in enumerate(answers):
        path = tmp_path / f"{number:04}.json"
        path.write_text(json.dumps(value), encoding="utf-8")
        files.append(InputFile(str(path), path.stat().st_size, "1"))
    assert sorted(read_in_shards(files, target_bytes)) == sorted(read_in_shards(files, 1 << 30))


def test_no_task_looks_for_parts_of_a_meeting_in_large_files(tmp_path: Path) -> None:
    """Whoever makes such files has put meetings together; every task would read its neighbours' files whole."""
    files = [InputFile(f"{number}.json", size, "1") for number, size in enumerate([100, 100, 8 << 20, 100, 8 << 20])]
    shards = kokkai.plan(files, kokkai.Options(target_shard_bytes=1))
    assert [[file.uri for file in shard.sidecars] for shard in shards] == [["1.json"], ["0.json"], [], [], []]


def test_no_part_of_a_meeting_is_lost_at_a_large_file(tmp_path: Path) -> None:
    """The first task reads no large file, and the second drops only what the first one reads."""
    files = []
    for number, size in enumerate([1 << 20, 1 << 20, 5 << 20, 100]):
        path = tmp_path / f"e{number}.json"
        path.write_text(json.dumps(speeches_of(1, 10 * number, 10 * number + 10)), encoding="utf-8")
        files.append(InputFile(str(path), size, "1"))
    shards = kokkai.plan(files, kokkai.Options(target_shard_bytes=13 << 19))
    assert [len(shard.files) for shard in shards] == [1, 3], "a small file stands before the large one in its shard"
    assert [text.count("です") for _, _, text in read_in_shards(files, 13 << 19)] == [20, 20]


def test_a_meeting_that_is_longer_than_tasks_look_is_named(tmp_path: Path) -> None:
    files = []
    for number in range(6):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(speeches_of(1, 10 * number, 10 * number + 10)), encoding="utf-8")
        files.append(InputFile(str(path), 1 << 20, "1"))
    found = read_in_shards(files, 1 << 20)
    assert [(reason, text.count("です")) for _, reason, text in found] == [("long_meeting", 0), ("", 50)]


def test_an_answer_that_says_what_was_wrong_is_refused_with_its_words(tmp_path: Path) -> None:
    (refused,) = read(tmp_path / "e.json", {"message": "検索条件の入力に誤りがあります。", "details": ["(19003)"]})
    assert isinstance(refused, Refused)
    assert (refused.reason, "検索条件" in refused.detail) == ("broken_json", True)
