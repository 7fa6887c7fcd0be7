"""Requests that arrive at the same time all arrive, on a local disk and on an object store."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from manyo.corpus.takedown_requests import (
    found_lists,
    join_requests,
    record_requests,
    recorded_lists,
    remember_found,
    request_faults,
)
from manyo.corpus.takedowns import Request, Takedowns, join_takedowns, parse_entry, parse_takedowns, read_takedowns
from tests.faulty_server import s3_clients, s3_server

pytest.importorskip("s3fs", reason="the extra s3 is not installed")
pytest.importorskip("moto.server", reason="moto is not installed: no S3 server to test with")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture(params=["local", "s3"])
def out(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    if request.param == "local":
        yield str(tmp_path / "out")
        return
    with s3_server() as port, s3_clients(f"http://127.0.0.1:{port}", monkeypatch, "corpus"):
        yield "s3://corpus/out"


def test_sixteen_requests_at_once_all_arrive(out: str) -> None:
    lists = [parse_takedowns(f"host-{number}.example 2026-04-01 letter {number}", "list") for number in range(16)]

    def hand_in(takedowns: Takedowns) -> None:
        record_requests(out, takedowns)
        join_requests(out)

    with ThreadPoolExecutor(16) as people:
        list(people.map(hand_in, lists))
    kept = join_takedowns(map(read_takedowns, recorded_lists(out)))
    assert kept == join_takedowns(lists)
    join_requests(out)
    (joined,) = recorded_lists(out)
    assert read_takedowns(joined) == kept, "one file, however many requests"


def hand_in_one(out: str, number: int, begin: Barrier) -> None:
    begin.wait()
    record_requests(out, parse_takedowns(f"host-{number}.example 2026-04-01 letter {number}", "list"))
    join_requests(out)


def test_sixteen_processes_at_once_lose_no_request(tmp_path: Path) -> None:
    """As commands do, each in a process of its own, which share nothing but the folder."""
    context = multiprocessing.get_context("fork")
    begin = context.Barrier(16)
    people = [context.Process(target=hand_in_one, args=(str(tmp_path), number, begin)) for number in range(16)]
    for person in people:
        person.start()
    for person in people:
        person.join(60)
    assert [person.exitcode for person in people] == [0] * 16
    join_requests(str(tmp_path))
    (joined,) = recorded_lists(str(tmp_path))
    assert set(read_takedowns(joined).entries) == {parse_entry(f"host-{number}.example") for number in range(16)}
    assert not list(tmp_path.rglob(".partial/*"))


def test_a_list_that_was_handed_in_twice_is_kept_once(tmp_path: Path) -> None:
    out, takedowns = str(tmp_path), parse_takedowns("a.example\nhttps://b.example/%7ec 2026-04-01 x", "list")
    assert record_requests(out, takedowns)
    before = recorded_lists(out)
    assert not record_requests(out, parse_takedowns("http://b.example/~c 2026-04-01 x\nA.example", "list"))
    assert recorded_lists(out) == before


def test_an_empty_list_leaves_no_file(tmp_path: Path) -> None:
    assert not record_requests(str(tmp_path), Takedowns())
    assert recorded_lists(str(tmp_path)) == ()


def test_a_request_that_a_person_deletes_is_gone_for_the_next_command(tmp_path: Path) -> None:
    for entry in ("a.example", "b.example", "c.example"):
        record_requests(str(tmp_path), parse_takedowns(entry, "list"))
    join_requests(str(tmp_path))
    (joined,) = recorded_lists(str(tmp_path))
    assert len(read_takedowns(joined).entries) == 3
    (gone,) = [
        path for path in (tmp_path / "takedowns" / "requests").glob("*.txt") if "\nb.example" in path.read_text("utf-8")
    ]
    gone.unlink()
    left = join_takedowns(map(read_takedowns, recorded_lists(str(tmp_path))))
    assert set(left.entries) == {parse_entry("a.example"), parse_entry("c.example")}


def test_a_request_that_was_changed_by_hand_is_found_even_if_its_size_is_the_same(tmp_path: Path) -> None:
    out = str(tmp_path)
    for entry in ("a.example", "b.example"):
        record_requests(out, parse_takedowns(entry, "list"))
    join_requests(out)
    assert list(request_faults(out)) == []
    (joined,) = recorded_lists(out)
    first, second = sorted((tmp_path / "takedowns" / "requests").glob("*.txt"))
    first.write_text(first.read_text("utf-8").replace(".example", ".elpmaxe"), encoding="utf-8")
    assert [uri for uri, _ in request_faults(out)] == [str(first), joined]
    second.write_text("a list that is none\n", encoding="utf-8")
    assert [problem.split(":")[0] for _, problem in request_faults(out)] == [
        "was changed by hand",
        "is no list any more",
    ]


@pytest.mark.parametrize("spoilt", [b"", b"no list at all\n", b"\xff\xfe"])
def test_what_was_found_by_address_is_known_to_be_changed_by_hand_and_written_again(
    tmp_path: Path, spoilt: bytes
) -> None:
    out, found = str(tmp_path), [(bytes(16), Request()), (bytes(range(16)), Request(date(2026, 4, 1), "letter 17"))]
    remember_found(out, "extract-00000000", found)
    (uri,) = found_lists(out)
    assert list(request_faults(out)) == []
    whole = Path(uri).read_bytes()
    for changed in (spoilt, whole.replace(b"letter 17", b"letter 18"), whole[: whole.rindex(b"0001")]):
        Path(uri).write_bytes(changed)
        assert [one for one, _ in request_faults(out)] == [uri]
        remember_found(out, "extract-00000000", found)
        assert Path(uri).read_bytes() == whole
