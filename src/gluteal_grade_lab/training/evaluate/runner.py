"""Measure the draws of one table, those not yet measured, in as many processes as wanted."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Protocol

from gluteal_grade_lab.training.evaluate.ledger import Ledger, Row
from gluteal_grade_lab.training.evaluate.workbench import SHIPPED, Setup, Workbench


class Item(Protocol):
    """One thing to measure: a frozen dataclass that says all about its draw.

    Its `model` and `body`, where it has them, are the names of the weights and of the body it depends on.
    """

    @property
    def key(self) -> str:
        """Unique within the table; what the ledger knows it by."""
        ...


@dataclass(frozen=True)
class Table:
    """One table of the evaluation.

    Attributes:
        name: of its ledger and of `--only`.
        title: heading.
        items: what to measure, for a number of draws.
        measure: one item on a workbench; must be a module's function, to reach other processes. The rows are JSON-ready.
        render: Markdown of all rows.
    """

    name: str
    title: str
    items: Callable[[int], Sequence[Any]]
    measure: Callable[[Any, Workbench], list[Row]]
    render: Callable[[list[Row]], str]


@dataclass(frozen=True)
class Outcome:
    """A finished table: its rows and its Markdown."""

    table: Table
    rows: list[Row]

    def markdown(self) -> str:
        """Heading and table."""
        return f"## {self.table.title}\n\n{self.table.render(self.rows)}\n"


def run(table: Table, draws: int, setup: Setup, out: Path, jobs: int = 1, tell: Callable[[str], None] = lambda _: None) -> Outcome:
    """Measure what is missing and return everything.

    Args:
        table: which.
        draws: how many draws per cell of the table.
        setup: segmenter, bodies, data.
        out: folder of the ledgers.
        jobs: processes; 1 measures in this one.
        tell: gets a line per draw.
    """
    ledger = Ledger(out / f"{table.name}.jsonl")
    items: dict[Item, str] = {item: _signature(item, setup) for item in table.items(draws)}
    missing = [item for item, signature in items.items() if ledger.rows(item.key, signature) is None]
    for done, (item, rows, seconds) in enumerate(_measured(table, missing, setup, jobs), start=1):
        ledger.append(item.key, items[item], rows, seconds)
        tell(f"{table.name} {done}/{len(missing)} {item.key} {seconds:.1f} s")
    return finished(table, draws, setup, out)


def finished(table: Table, draws: int, setup: Setup, out: Path) -> Outcome:
    """What the ledger holds of a table, in the order of the plan: a resumed run gives the same table as one in a piece."""
    ledger = Ledger(out / f"{table.name}.jsonl")
    found = (ledger.rows(item.key, _signature(item, setup)) for item in table.items(draws))
    return Outcome(table, [row for rows in found for row in rows or ()])


def _signature(item: Item, setup: Setup) -> str:
    return setup.signature(getattr(item, "model", SHIPPED), getattr(item, "body", None))


def _measured(table: Table, items: list[Item], setup: Setup, jobs: int) -> Iterator[tuple[Item, list[Row], float]]:
    if jobs <= 1 or len(items) < 2:
        bench = Workbench(setup)
        for item in items:
            yield item, *_timed(table, item, bench)
        return
    # torch does not survive a fork
    with ProcessPoolExecutor(jobs, get_context("spawn"), _start_worker, (setup, jobs)) as pool:
        waiting = {pool.submit(_in_worker, table.measure, item): item for item in items}
        for future in as_completed(waiting):
            yield waiting[future], *future.result()


def _timed(table: Table, item: Item, bench: Workbench) -> tuple[list[Row], float]:
    start = time.perf_counter()
    return table.measure(item, bench), time.perf_counter() - start


_BENCH: list[Workbench] = []


def _start_worker(setup: Setup, jobs: int) -> None:
    import torch

    torch.set_num_threads(max(1, len(os.sched_getaffinity(0)) // jobs))
    _BENCH[:] = [Workbench(setup)]


def _in_worker(measure: Callable[[Any, Workbench], list[Row]], item: Item) -> tuple[list[Row], float]:
    start = time.perf_counter()
    return measure(item, _BENCH[0]), time.perf_counter() - start
