"""An executor in this process: runs each task at once, so that what a batch does between the tasks can be tested by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gluteal_grade.cohort.entries import Entry
from gluteal_grade.cohort.execution import Event, Finished, Lost, Started
from gluteal_grade.cohort.ledger import Ledger, opened
from gluteal_grade.cohort.progress import Silence
from gluteal_grade.cohort.runner import Batch, Options
from gluteal_grade.cohort.task import Answer, Outcome, Recipe, Task
from gluteal_grade.config import load_settings
from gluteal_grade.report.layout import Layout

Work = Callable[[Task], "tuple[Outcome, ...] | str"]


class Inline:
    """`work` gives outcomes, or a text: the worker died of it."""

    capacity = 3

    def __init__(self, work: Work) -> None:
        self.work, self.events, self.closed = work, [], False
        self.log: list[str] = []

    def submit(self, key: str, task: Task) -> None:
        self.events.append(Started(key, "here"))
        self.log.append(task.entry.source)
        found = self.work(task)
        self.events.append(Lost(key, found) if isinstance(found, str) else Finished(key, Answer(found, 1.0)))

    def wait(self, seconds: float) -> list[Event]:
        events, self.events = self.events, []
        return events

    def close(self) -> None:
        self.closed = True


def recipe(out: Path, *, force: bool = False, config_hash: str = "c1", model_hash: str = "m1", keep: bool = False) -> Recipe:
    return Recipe(load_settings(), out, Layout.FLAT, None, config_hash, model_hash, 1, force, keep_other_versions=keep)


def entries(folder: Path, count: int) -> list[Entry]:
    folder.mkdir(exist_ok=True)
    for n in range(count):
        if not (folder / f"s{n}").exists():
            (folder / f"s{n}").write_text(str(n))
    return [Entry(f"s{n}", folder / f"s{n}") for n in range(count)]


@contextmanager
def ledger(out: Path) -> Iterator[Ledger]:
    out.mkdir(exist_ok=True)
    with opened(out) as found:
        yield found


def run(out: Path, given: list[Entry], work: Work, **how: object) -> tuple[dict[str, int], Inline]:
    """States by count, and the executor with its log."""
    executor = Inline(work)
    options = Options(bool(how.pop("retry_failed", False)), int(how.pop("attempts", 3)), bool(how.get("keep", False)))  # type: ignore[call-overload]
    observer = how.pop("observer", None) or Silence()
    with ledger(out) as book:
        states = Batch(given, recipe(out, **how), book, options, observer).run(lambda: executor)  # type: ignore[arg-type]
    return {state.value: count for state, count in states.items()}, executor
