"""How fast requests may follow each other: a budget that shrinks where the server says that it is too much.

Common Crawl serves a few thousand requests a second to everybody together, and has blocked a client that sent 100,000
and did not listen to errors (4 July 2025). So requests have a budget from the start, each refusal (403, 429, 503)
halves it, and it grows back slowly.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

#: A refusal leaves this part of the rate, and a good answer adds this part of the whole budget: about 200 good answers
#: undo a refusal, so that one refusal in twenty keeps a client slow and one in ten thousand does not.
_AFTER_REFUSAL, _AFTER_ANSWER = 0.5, 1 / 400

#: The rate does not fall below this part of the budget, nor below one request in this many seconds.
_LEAST_PART, _LONGEST_INTERVAL_S = 1 / 256, 10.0

#: Refusals this close together are one: requests that were under way at the same time are refused together.
_ONE_REFUSAL_S = 0.5


class Pace:
    """Requests of one process, which may come from several threads.

    Args:
        requests_per_second: the budget, which the rate never exceeds.
        clock, sleep: of the time.
    """

    def __init__(
        self,
        requests_per_second: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not requests_per_second > 0:
            raise ValueError(f"requests_per_second must be above 0, got {requests_per_second}")
        self._budget = requests_per_second
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._next = clock()
        self._refused_at = clock() - _ONE_REFUSAL_S
        self.rate = requests_per_second

    def take(self) -> None:
        """Wait until the next request may be made."""
        with self._lock:
            now = self._clock()
            due = max(now, self._next)
            self._next = due + 1 / self.rate
        if due > now:
            self._sleep(due - now)

    def answered(self) -> None:
        """Count a good answer."""
        with self._lock:
            self.rate = min(self._budget, self.rate + self._budget * _AFTER_ANSWER)

    def refused(self) -> None:
        """Count an answer that asks for fewer requests; the next one waits."""
        with self._lock:
            now = self._clock()
            if now - self._refused_at < _ONE_REFUSAL_S:
                return
            self._refused_at = now
            least = min(self._budget, max(self._budget * _LEAST_PART, 1 / _LONGEST_INTERVAL_S))
            self.rate = max(least, self.rate * _AFTER_REFUSAL)
            self._next = max(self._next, now + 1 / self.rate)
