"""A small server on loopback that speaks what huggingface_hub asks of the Hub when a folder is sent to it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import yaml

from tests.faulty_server import serve


@dataclass
class Hub:
    """What the server holds.

    Attributes:
        url: of its root.
        repositories: those that were created, and whether they are private.
        branches: of each repository, `main` among them.
        files: by repository and branch, then by path: the bytes of committed files.
        objects: bytes of large files by SHA-256, committed or not.
        refuses: a status and message with which it answers everything, if set.
        is_full: whether it takes no large file.
    """

    url: str = ""
    repositories: dict[str, bool] = field(default_factory=dict)
    branches: dict[str, set[str]] = field(default_factory=dict)
    files: dict[tuple[str, str], dict[str, bytes]] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    refuses: tuple[int, str] | None = None
    is_full: bool = False

    def commit(self, repository: str, branch: str, lines: list[dict[str, Any]]) -> None:
        """Take the files of a commit; large ones must have been sent."""
        files = self.files.setdefault((repository, branch), {})
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.objects[value["oid"]]
            else:
                assert line["key"] == "header"


@contextmanager
def serve_hub() -> Iterator[Hub]:
    """A Hub without anything, until the block ends."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            sha256 = self.path.rpartition("/")[2]
            assert hashlib.sha256(body).hexdigest() == sha256
            if not hub.is_full:
                hub.objects[sha256] = body
            self._answer({}, 507 if hub.is_full else 200)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if hub.refuses is not None:
                self._answer({"error": hub.refuses[1]}, hub.refuses[0])
                return
            _, _, place = self.path.partition("/api/")
            parts = place.split("/")
            if self.path.endswith("/info/lfs/objects/batch"):
                self._answer(_batch(hub, json.loads(body)))
            elif place == "repos/create":
                self._create(json.loads(body))
            elif place == "validate-yaml":
                _, head, _ = json.loads(body)["content"].split("---\n", 2)
                assert isinstance(yaml.safe_load(head), dict)
                self._answer({"errors": [], "warnings": []})
            else:
                repository, what, branch = "/".join(parts[1:3]), parts[3], parts[4]
                assert repository in hub.repositories
                self._in_repository(repository, what, branch, body)

        def _create(self, asked: dict[str, Any]) -> None:
            name = f"{asked['organization']}/{asked['name']}"
            is_new = name not in hub.repositories
            if is_new:
                hub.repositories[name] = asked.get("visibility") == "private" or bool(asked.get("private"))
                hub.branches[name] = {"main"}
            self._answer({"url": f"{hub.url}/datasets/{name}"}, 200 if is_new else 409)

        def _in_repository(self, repository: str, what: str, branch: str, body: bytes) -> None:
            if what == "branch":
                is_new = branch not in hub.branches[repository]
                hub.branches[repository].add(branch)
                self._answer({}, 201 if is_new else 409)
                return
            assert branch in hub.branches[repository]
            if what == "preupload":
                # As the Hub does by .gitattributes: tables are large files, pages are not.
                modes = [
                    {
                        "path": file["path"],
                        "uploadMode": "lfs" if file["path"].endswith(".parquet") else "regular",
                        "shouldIgnore": False,
                    }
                    for file in json.loads(body)["files"]
                ]
                self._answer({"files": modes})
            else:
                assert what == "commit"
                hub.commit(repository, branch, [json.loads(line) for line in body.splitlines()])
                commit = hashlib.sha1(body).hexdigest()
                url = f"{hub.url}/datasets/{repository}/commit/{commit}"
                self._answer({"success": True, "commitOid": commit, "commitUrl": url})

        def _answer(self, value: dict[str, Any], status: int = 200) -> None:
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    with serve(Handler) as port:
        hub.url = f"http://127.0.0.1:{port}"
        yield hub


def _batch(hub: Hub, asked: dict[str, Any]) -> dict[str, Any]:
    """Where to send each large file; those that are there are not asked for again."""
    objects = [
        {"oid": one["oid"], "size": one["size"]}
        | ({} if one["oid"] in hub.objects else {"actions": {"upload": {"href": f"{hub.url}/objects/{one['oid']}"}}})
        for one in asked["objects"]
    ]
    return {"transfer": "basic", "objects": objects}
