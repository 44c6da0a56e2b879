"""Order of the files. Hypothesis: no deadlines (time is measured in `make bench`); in CI the same examples every run."""

import os

import pytest
from hypothesis import settings

# what takes longest begins first, so that no worker ends long after the others
_LONG = (
    "tests/pacs/test_nightly.py",
    "tests/cohort/test_batch.py",
    "tests/cohort/test_batch_cluster.py",
    "tests/review/web/test_browser_trouble.py",
    "tests/review/web/test_browser.py",
    "tests/pacs/test_receiver_hostile.py",
    "tests/cohort/test_dask_executor.py",
)

settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first; the rest as it was."""
    rank = {name: n for n, name in enumerate(_LONG)}
    items.sort(key=lambda item: rank.get(item.nodeid.split("::")[0], len(rank)))
