"""Order of the files. Hypothesis: no deadlines (time is measured in `make bench`); in CI the same examples every run.

Garbage: imported modules and collected tests stay for good, and walking through them over and over is a tenth of the time. None is sought
while they are made, and they are set apart once all are known; what tests make is collected as ever, in larger lots.
"""

import gc
import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from tests.turns import ALL, TURNS, chosen, turn_of

CHROMIUM = shutil.which("chromium")

# what takes longest begins first, so that no worker ends long after the others
_LONG = (
    "tests/pacs/test_nightly.py",
    "tests/cohort/test_batch.py",
    "tests/cohort/test_batch_cluster.py",
    "tests/review/web/test_browser_trouble.py",
    "tests/review/web/test_browser.py",
    "tests/pacs/test_receiver_hostile.py",
    "tests/cohort/test_dask_executor.py",
    "tests/report/dicom",
    "tests/lab/phantom",
)
# folders whose files share what is dear to make (studies graded, bodies built): one worker runs them all
_TOGETHER = ("tests/report/dicom", "tests/report/html", "tests/lab/phantom", "tests/lab/training/evaluate", "tests/metal", "tests/review")

gc.set_threshold(20_000, 10, 10)  # as the program does
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which of the long tests run."""
    parser.addoption("--turn", default=ALL, help=f"long tests: all, commit (those of this commit) or 1 to {TURNS}; see tests/turns.py")


def pytest_configure(config: pytest.Config) -> None:
    """Workers are told the number, so that all of them have the same tests."""
    config.addinivalue_line("markers", "long: takes turns with others, see tests/turns.py")
    try:
        config.option.turn = str(chosen(config.option.turn) or ALL)
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_report_header(config: pytest.Config) -> str:
    """Said, so that nobody takes a part for the whole."""
    turn = config.option.turn
    return "long tests: all" if turn == ALL else f"long tests: turn {turn} of {TURNS} (all: --turn all)"


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Nothing of what is collected is garbage."""
    gc.disable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Those whose turn it is; files that take longest first, the rest as it was."""
    if config.option.turn != ALL:
        turn = int(config.option.turn)
        late = [item for item in items if item.get_closest_marker("long") and turn_of(item.nodeid) != turn]
        config.hook.pytest_deselected(items=late)
        gone = set(late)
        items[:] = [item for item in items if item not in gone]
    rank = {name: n for n, name in enumerate(_LONG)}
    items.sort(key=lambda item: rank.get(_group(item.nodeid), len(rank)))


def pytest_collection_finish(session: pytest.Session) -> None:
    """From here on garbage is sought among what the tests make."""
    gc.collect()
    gc.freeze()
    gc.enable()


class _ByGroup(LoadFileScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return _group(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    """Each file, or folder of `_TOGETHER`, to one worker."""
    return _ByGroup(config, log)


def _group(nodeid: str) -> str:
    file = nodeid.split("::")[0]
    folder = file.rpartition("/")[0]
    return folder if folder in _TOGETHER else file


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    """Debian's browser. Playwright holds an event loop while it is open: no longer than a file, or others cannot run theirs."""
    if CHROMIUM is None:
        pytest.skip("Debian's chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()
