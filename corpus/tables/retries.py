"""What a failed request to remote storage means, and whether and when it is made again.

A request that failed for a passing reason is made again, after a random wait that doubles, longer where the server
asked to be left alone, and a bounded number of times. The libraries below are set to try once only, since retries
within retries multiply.
"""

from __future__ import annotations

import errno
import importlib
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from manyo.corpus.tables.credentials import hide
from manyo.corpus.tables.pace import Pace

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request may take, and how often it is made.

    Attributes:
        attempts: requests at most before the failure is reported. If one request in twenty fails, eight in a row
            fail once in 25 billion.
        forbidden_attempts: the same where a web server says 403. Some servers, that of Common Crawl among them, say so
            to clients that ask too often; most mean it.
        wait_s: the first wait is random between 0 and this, the next between 0 and twice this, and so on.
        throttled_wait_s: the same where the server said that requests come too fast.
        longest_wait_s: no wait is longer.
        connect_timeout_s: a connection that takes longer has failed.
        silence_timeout_s: an answer of which nothing arrives for this long has failed.
    """

    attempts: int = 8
    forbidden_attempts: int = 6
    wait_s: float = 0.2
    throttled_wait_s: float = 1.0
    longest_wait_s: float = 30.0
    connect_timeout_s: float = 10.0
    silence_timeout_s: float = 20.0


PATIENCE = Patience()

PASSING_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 509})
_THROTTLING_STATUSES = frozenset({429, 503})

#: Errors of the request itself: the same request will fail in the same way.
_LASTING_ERRNOS = frozenset(
    {
        errno.ENOENT,
        errno.EACCES,
        errno.EPERM,
        errno.EEXIST,
        errno.EISDIR,
        errno.ENOTDIR,
        errno.EINVAL,
        errno.ENAMETOOLONG,
        errno.ENOSPC,
        errno.ENOTSUP,
    }
)


class StorageError(OSError):
    """A remote file that cannot be reached; the message names it and says what the server answered."""


_on_request: Callable[[], None] = lambda: None  # noqa: E731


def on_request(call: Callable[[], None]) -> None:
    """Have a function called as each request begins: whoever watches this process sees that it is alive."""
    global _on_request
    _on_request = call


def request_begins() -> None:
    """Call what `on_request` was given."""
    _on_request()


def ask(path: str, request: Callable[[], T], pace: Pace | None = None) -> T:
    """Make a request, again where it failed for a passing reason.

    Args:
        path: of the file, for messages.
        request: what to call.
        pace: what each request waits for, and learns the answers; None for requests that need no budget.

    Raises:
        FileNotFoundError: there is no such file.
        StorageError: it failed too often, or for a reason that lasts.
    """
    attempt = 0
    while True:
        attempt += 1
        if pace:
            pace.take()
        request_begins()
        try:
            answer = request()
        except failures() as error:
            if pace and is_throttled(error):
                pace.refused()
            if is_gone(error):
                raise FileNotFoundError(errno.ENOENT, "no such remote file", hide(path)) from error
            consider(error, path, attempt)
            wait(error, attempt)
            continue
        if pace:
            pace.answered()
        return answer


#: Errors of clients that are not OSErrors. Hugging Face's client has had two HTTP libraries.
_CLIENT_ERRORS = {
    "aiohttp": ("ClientError",),
    "botocore.exceptions": ("BotoCoreError", "ClientError"),
    "httpx": ("HTTPError",),
    "httpx2": ("HTTPError",),
    "huggingface_hub.errors": ("HfHubHTTPError",),
}


@cache
def failures() -> tuple[type[Exception], ...]:
    """What a request may raise: also the errors of the clients of S3 and of Hugging Face, where these are installed."""
    found: list[type[Exception]] = [OSError, TimeoutError]
    for module, names in _CLIENT_ERRORS.items():
        try:
            client = importlib.import_module(module)
        except ImportError:
            continue
        found += [getattr(client, name) for name in names]
    return tuple(found)


def is_gone(error: BaseException) -> bool:
    """Whether the server said that there is no such file; fsspec says so of any failure to reach a web server."""
    if not isinstance(error, FileNotFoundError):
        return False
    cause = error.__cause__
    is_unreached = isinstance(cause, TimeoutError) or _is_of_aiohttp(cause, "ClientError")
    return not is_unreached or status_of(error) in (404, 410)


def _is_of_aiohttp(error: BaseException | None, *names: str) -> bool:
    """Whether an error is one of some classes of aiohttp, which takes a third of a second to load."""
    mro = type(error).__mro__
    return any(cls.__name__ in names and cls.__module__.partition(".")[0] == "aiohttp" for cls in mro)


def consider(error: BaseException, path: str, attempt: int) -> None:
    """Decide whether a failed request is worth another attempt.

    Args:
        error: what it raised.
        path: of the file, for messages.
        attempt: number of the failed attempt, from 1.

    Raises:
        StorageError: it is not worth another attempt.
    """
    # fsspec reports any trouble with a web server as a missing file; its cause is what the server said.
    cause = error.__cause__ if _is_of_aiohttp(error.__cause__, "ClientError") else error
    said = hide(f"{type(cause).__name__}: {cause}".replace("\n", " "))
    if "NoCredentials" in said:
        said += "; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    path = hide(path)
    if not isinstance(error, failures()):
        raise error
    if not _is_passing(error):
        code = error.errno if isinstance(error, OSError) and error.errno else errno.EIO
        raise StorageError(code, said, path) from error
    if attempt >= (PATIENCE.forbidden_attempts if _is_forbidden(error) else PATIENCE.attempts):
        raise StorageError(errno.EIO, f"failed {attempt} times, at last with {said}", path) from error


def _is_passing(error: BaseException) -> bool:
    status = status_of(error)
    if status is not None:
        return status in PASSING_STATUSES or _is_forbidden(error)
    if _is_of_aiohttp(error, "InvalidURL", "ClientConnectorCertificateError"):
        return False
    if isinstance(error, OSError) and error.__cause__ is None:
        return error.errno not in _LASTING_ERRNOS
    # S3's client says "no credentials" and the like with its own errors; those of the network are these.
    names = {cls.__name__ for cls in type(error).__mro__}
    return "BotoCoreError" not in names or bool(
        names & {"HTTPClientError", "ResponseStreamingError", "IncompleteReadError"}
    )


def _is_forbidden(error: BaseException) -> bool:
    """Whether a web server said 403; from an object store, it means a lack of rights, which waiting does not mend."""
    return any(_web_status(link) == 403 for link in (error, error.__cause__))


def _web_status(error: BaseException | None) -> int | None:
    """The status that a web server answered with; None of any other error."""
    return getattr(error, "status", None) if _is_of_aiohttp(error, "ClientResponseError") else None


def status_of(error: BaseException) -> int | None:
    """The HTTP status that an error carries; None if no server answered."""
    for link in (error, error.__cause__):
        if (answered := _web_status(link)) is not None:
            return answered
        response = getattr(link, "response", None)
        if isinstance(response, dict):
            status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            return int(status) if status else None
    return None


def is_throttled(error: BaseException) -> bool:
    """Whether the server said that requests come too fast, as far as one can tell."""
    return status_of(error) in _THROTTLING_STATUSES or _is_forbidden(error) or "SlowDown" in str(error)


def wait(error: BaseException, attempt: int) -> None:
    """Sleep before the next attempt, for a random time, so that a thousand workers do not come back together."""
    first = PATIENCE.throttled_wait_s if is_throttled(error) else PATIENCE.wait_s
    time.sleep(random.uniform(0, min(PATIENCE.longest_wait_s, first * 2 ** (attempt - 1))))
