"""Real servers on loopback that misbehave on purpose: an S3 server, a web server, and a proxy that spoils answers."""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

_SLOW_DOWN = (
    b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
)

#: A request that came: method, path and range.
Request = tuple[str, str, str]


@dataclass
class Faults:
    """What a proxy does to answers; the shares are of all requests, drawn with a seed.

    Attributes:
        unavailable: answered with 503 and never handed on.
        forbidden: the same with 403.
        cut: the answer's body breaks off half-way; a PUT has happened all the same.
        stalled: the answer's body stands still half-way for `stall_s`.
        injected: how many of each there were.
        requests: those that came: method, path and range.
        user_agents: who said that they sent them.
    """

    unavailable: float = 0.0
    forbidden: float = 0.0
    cut: float = 0.0
    stalled: float = 0.0
    stall_s: float = 5.0
    seed: int = 1
    injected: Counter[str] = field(default_factory=Counter)
    requests: list[Request] = field(default_factory=list)
    user_agents: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def draw(self) -> str:
        """What happens to the next answer."""
        number = self._random.random()
        for name in ("unavailable", "forbidden", "cut", "stalled"):
            share = getattr(self, name)
            if number < share:
                self.injected[name] += 1
                return name
            number -= share
        return "good"


@contextmanager
def proxy(port: int, faults: Faults) -> Iterator[str]:
    """A server before the one on `port` that spoils answers; gives its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_request(self) -> None:
            fate = faults.draw()
            faults.requests.append((self.command, self.path, self.headers.get("Range") or ""))
            faults.user_agents[self.headers.get("User-Agent") or ""] += 1
            body = self._read_body()
            if fate == "unavailable":
                self._answer(503, [("Content-Type", "application/xml")], _SLOW_DOWN)
                return
            if fate == "forbidden":
                self._answer(403, [("Content-Type", "text/plain")], b"Forbidden")
                return
            upstream = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_HEADERS}
            upstream.request(self.command, self.path, body, headers)
            answer = upstream.getresponse()
            content = answer.read()
            upstream.close()
            kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP_HEADERS]
            if fate == "good" or self.command == "HEAD":
                self._answer(answer.status, kept, content)
                return
            self._answer(answer.status, kept, content, whole=False)
            if fate == "stalled":
                time.sleep(faults.stall_s)

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = handle_request  # noqa: N815 - http.server's names

        def _read_body(self) -> bytes:
            if "chunked" in self.headers.get("Transfer-Encoding", ""):
                chunks = []
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    chunks.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(chunks)
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes, whole: bool = True) -> None:
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() != "content-length" or self.command == "HEAD":
                    self.send_header(name, value)
            if self.command != "HEAD":
                # A spoiled answer promises a byte more than there is, so that an empty one can break off too.
                self.send_header("Content-Length", str(len(body) + (not whole)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body if whole else body[: len(body) // 2])
                self.wfile.flush()
            self.close_connection = not whole

        def log_message(self, *_: Any) -> None:
            pass

    with serve(Handler, _Patient) as own_port:
        yield f"http://127.0.0.1:{own_port}"


_HOP_HEADERS = {"connection", "transfer-encoding", "keep-alive", "expect", "host", "te"}


#: What a client of the S3 server needs besides its URL.
S3_KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}


@contextmanager
def s3_server(requests: list[Request] | None = None) -> Iterator[int]:
    """An S3 server, which moto plays; gives its port, and adds each request that comes to `requests`."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    if requests is not None:
        answers = server._server.app

        def counted(environ: dict[str, Any], start_response: Any) -> Any:
            path = f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}"
            requests.append((environ["REQUEST_METHOD"], path, environ.get("HTTP_RANGE", "")))
            return answers(environ, start_response)

        server._server.app = counted
    try:
        yield server.get_host_and_port()[1]
    finally:
        server.stop()


@contextmanager
def s3_clients(url: str, monkeypatch: pytest.MonkeyPatch, *buckets: str) -> Iterator[None]:
    """Have this process's clients of S3 ask the server at a URL, on which the buckets are made."""
    import s3fs

    for name, value in {**S3_KEYS, "AWS_ENDPOINT_URL": url}.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    for bucket in buckets:
        s3fs.S3FileSystem().makedirs(bucket, exist_ok=True)
    yield
    s3fs.S3FileSystem.clear_instance_cache()


@contextmanager
def web_server(folder: Path, knows_ranges: bool = True) -> Iterator[int]:
    """A web server over a folder; gives its port."""

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(folder))

        def do_GET(self) -> None:
            path = Path(self.translate_path(self.path))
            wanted = self.headers.get("Range")
            if not (knows_ranges and wanted and path.is_file()):
                super().do_GET()
                return
            size = path.stat().st_size
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            start, end = int(first), min(size, int(last or size - 1) + 1)
            if start >= size:
                self.send_error(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
            self.send_header("Content-Length", str(end - start))
            self.end_headers()
            with path.open("rb") as stream:
                stream.seek(start)
                self.wfile.write(stream.read(end - start))

        def log_message(self, *_: Any) -> None:
            pass

    with serve(Handler, _Patient) as port:
        yield port


class _Patient(ThreadingHTTPServer):
    def handle_error(self, *_: Any) -> None:
        pass  # a client that hangs up on a spoiled answer does right


@contextmanager
def serve(
    handler: type[BaseHTTPRequestHandler], kind: type[ThreadingHTTPServer] = ThreadingHTTPServer
) -> Iterator[int]:
    """A server on loopback until the block ends; gives its port."""
    with kind(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
