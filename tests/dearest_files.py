"""Prints at the end of a run which test files took the most processor time: what to look at when a check grows."""

from __future__ import annotations

import resource
from collections import Counter
from collections.abc import Generator

import pytest

#: What is left out takes a second or two a file.
_N_SHOWN = 10


def processor_s() -> float:
    """Processor seconds of this process and of the ended processes that it started."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


class DearestFiles:
    """Adds up what the reports of tests say, which workers send to the process that prints."""

    def __init__(self) -> None:
        self._before_s = processor_s()
        self._of_files: Counter[str] = Counter()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note in a report what was used since the one before."""
        report = yield
        now_s = processor_s()
        report.processor_s = now_s - self._before_s
        self._before_s = now_s
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add what a report says to its file; that of a worker that died says nothing."""
        self._of_files[report.nodeid.partition("::")[0]] += getattr(report, "processor_s", 0.0)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the files."""
        terminalreporter.write_line(f"{sum(self._of_files.values()):8,.0f} s of processor time in tests, of which:")
        for name, used_s in self._of_files.most_common(_N_SHOWN):
            terminalreporter.write_line(f"{used_s:8,.1f} s {name}")


def pytest_configure(config: pytest.Config) -> None:
    """Count in every process of the run."""
    config.pluginmanager.register(DearestFiles())
