"""What a batch does between its tasks: resumes exactly, tries again what may pass, loses nothing, does nothing twice."""

from __future__ import annotations

import json
import os
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gluteal_grade import __version__
from gluteal_grade.cohort.entries import Entry, Given
from gluteal_grade.cohort.ledger import NAME
from gluteal_grade.cohort.progress import Silence
from gluteal_grade.cohort.runner import exit_code
from gluteal_grade.cohort.task import Because, Outcome, Recipe, State, Task
from gluteal_grade.errors import Reason, RefusedInput, TransientFailure
from tests.cohort.inline import entries, run


def graded(task: Task, state: State = State.GRADED, study: str | None = None) -> tuple[Outcome, ...]:
    """As a worker answers, with a result on disk."""
    name = study or f"{int(task.entry.root.read_text()):012x}"
    write_result(task.recipe, name, state)
    return (Outcome(name, state, folder=name, input_hash="i"),)


def write_result(recipe: Recipe, name: str, state: State, input_hash: str = "i") -> None:
    """The least that is a result: no muscles."""
    folder = recipe.out / name
    folder.mkdir(exist_ok=True)
    status = {State.GRADED: "graded", State.PARTLY: "partly_graded", State.REFUSED: "refused"}[state]
    refusal = {"reason": "no_images", "detail": ""} if state is State.REFUSED else None
    made_by = {"input_hash": input_hash, "config_hash": recipe.config_hash, "model_hash": recipe.model_hash, "version": __version__}
    told = {"study": name, "status": status, "refusal": refusal, "fat": None, "fat_beside_metal": None, "segmentation": None}
    (folder / "result.json").write_text(json.dumps({**told, "muscles": [], "provenance": made_by}))
    (folder / "muscles.csv").write_text("study,region,status\n")


def rows(out: Path) -> list[sqlite3.Row]:
    database = sqlite3.connect(out / NAME)
    database.row_factory = sqlite3.Row
    found = database.execute("SELECT * FROM attempts ORDER BY id").fetchall()
    database.close()
    return found


def test_every_entry_ends_once(tmp_path: Path) -> None:
    states, executor = run(tmp_path / "out", entries(tmp_path / "in", 7), graded)
    assert states == {"graded": 7}
    assert sorted(executor.log) == [f"s{n}" for n in range(7)]
    assert executor.closed
    assert [(r["state"], r["attempt"], r["worker"]) for r in rows(tmp_path / "out")] == [("graded", 1, "here")] * 7


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    given_entries = entries(tmp_path / "in", 4)
    run(tmp_path / "out", given_entries, graded)
    more = entries(tmp_path / "in", 6)
    states, executor = run(tmp_path / "out", more, graded)
    assert states == {"graded": 6}
    assert sorted(executor.log) == ["s4", "s5"]
    assert run(tmp_path / "out", more, graded, force=True)[1].log == [e.source for e in more]
    assert Counter(r["attempt"] for r in rows(tmp_path / "out")) == {1: 6, 2: 6}


@pytest.mark.parametrize("change", ["config", "model", "file", "said", "result"])
def test_a_change_is_graded_anew(tmp_path: Path, change: str) -> None:
    (entry,) = given_entries = entries(tmp_path / "in", 1)
    run(tmp_path / "out", given_entries, graded)
    how = {"config": {"config_hash": "c2"}, "model": {"model_hash": "m2"}}.get(change, {})
    if change == "file":
        os.utime(entry.root, ns=(1, 1))
    if change == "said":
        given_entries = [Entry(entry.source, entry.root, given=Given(sex="F"))]
    if change == "result":
        (tmp_path / "out" / f"{0:012x}" / "result.json").unlink()
    assert run(tmp_path / "out", given_entries, graded, **how)[1].log == ["s0"]
    assert run(tmp_path / "out", given_entries, graded, **how)[1].log == []


class Told(Silence):
    """Remembers the explanation."""

    def __init__(self) -> None:
        self.told: list[tuple[dict[str, int], int, list[str]]] = []

    def explained(self, again: Mapping[Because, int], kept: int, versions: Sequence[str]) -> None:
        self.told.append(({str(b): n for b, n in again.items()}, kept, list(versions)))


def as_another_version(out: Path, version: str = "0.0.9") -> None:
    """The ledger, as that version of the program would have left it."""
    database = sqlite3.connect(out / NAME)
    with database:
        database.execute("UPDATE attempts SET version = ?", (version,))
    database.close()


def test_results_of_another_version_are_graded_again_and_it_is_said(tmp_path: Path) -> None:
    given_entries = entries(tmp_path / "in", 3)
    run(tmp_path / "out", given_entries, graded)
    as_another_version(tmp_path / "out")
    told = Told()
    assert run(tmp_path / "out", given_entries, graded, observer=told)[1].log == ["s0", "s1", "s2"]
    assert told.told == [({"program_changed": 3}, 0, ["0.0.9"])]
    assert [r["because"] for r in rows(tmp_path / "out")] == ["new"] * 3 + ["program_changed"] * 3
    assert [r["version"] for r in rows(tmp_path / "out")] == ["0.0.9"] * 3 + [__version__] * 3
    assert run(tmp_path / "out", given_entries, graded, observer=told)[1].log == []
    assert len(told.told) == 1


def test_results_of_another_version_stand_if_the_user_says_so(tmp_path: Path) -> None:
    given_entries = entries(tmp_path / "in", 3)
    run(tmp_path / "out", given_entries[:2], graded)
    as_another_version(tmp_path / "out")
    told = Told()
    states, executor = run(tmp_path / "out", given_entries, graded, keep=True, observer=told)
    assert (states, executor.log) == ({"graded": 3}, ["s2"])
    assert told.told == [({}, 2, ["0.0.9"])]
    assert run(tmp_path / "out", given_entries, graded)[1].log == ["s0", "s1"]


def test_a_refusal_or_failure_of_another_version_is_tried_again(tmp_path: Path) -> None:
    def bad(task: Task) -> tuple[Outcome, ...]:
        state = State.FAILED if task.entry.source == "s0" else State.REFUSED
        return (Outcome(None, state, Reason.DEFECT if state is State.FAILED else Reason.NO_IMAGES),)

    given_entries = entries(tmp_path / "in", 2)
    run(tmp_path / "out", given_entries, bad)
    assert [r["version"] for r in rows(tmp_path / "out")] == [__version__] * 2
    as_another_version(tmp_path / "out", "")  # as ledgers of 0.1 have it
    told = Told()
    assert run(tmp_path / "out", given_entries, graded, observer=told)[0] == {"graded": 2}
    assert told.told == [({"program_changed": 2}, 0, ["an unknown version"])]


def test_every_reason_to_grade_again_is_written_down(tmp_path: Path) -> None:
    given_entries = entries(tmp_path / "in", 1)
    out = tmp_path / "out"
    run(out, given_entries, lambda task: (Outcome(None, State.FAILED, Reason.DEFECT),))
    run(out, given_entries, graded, retry_failed=True)
    run(out, given_entries, graded, force=True)
    (out / f"{0:012x}" / "result.json").unlink()
    run(out, given_entries, graded)
    run(out, given_entries, graded, config_hash="c2")
    run(out, given_entries, graded, config_hash="c2", model_hash="m2")
    os.utime(given_entries[0].root, ns=(1, 1))
    run(out, given_entries, graded, config_hash="c2", model_hash="m2")
    assert [r["because"] for r in rows(out)] == [
        "new", "retried", "forced", "result_missing", "settings_changed", "networks_changed", "input_changed",
    ]  # fmt: skip


def test_what_may_pass_is_tried_again(tmp_path: Path) -> None:
    tries: Counter[str] = Counter()

    def work(task: Task) -> tuple[Outcome, ...] | str:
        tries[task.entry.source] += 1
        if tries[task.entry.source] < 3:
            return "worker ended by signal 9" if tries[task.entry.source] == 1 else (
                Outcome(None, State.FAILED, Reason.READ_FAILED, transient=True),
            )  # fmt: skip
        return graded(task)

    states, _ = run(tmp_path / "out", entries(tmp_path / "in", 2), work)
    assert states == {"graded": 2}
    told = sorted((r["entry"], r["attempt"], r["state"], r["reason"]) for r in rows(tmp_path / "out"))
    assert [t[1:] for t in told] == [(1, "failed", "worker_lost"), (2, "failed", "read_failed"), (3, "graded", "")] * 2


def test_a_failure_stays_until_it_is_to_be_retried(tmp_path: Path) -> None:
    given_entries = entries(tmp_path / "in", 2)

    def poison(task: Task) -> tuple[Outcome, ...] | str:
        return "worker ended by signal 11" if task.entry.source == "s0" else graded(task)

    states, executor = run(tmp_path / "out", given_entries, poison)
    assert states == {"failed": 1, "graded": 1}
    assert Counter(executor.log) == {"s0": 3, "s1": 1}
    assert run(tmp_path / "out", given_entries, poison)[1].log == []
    states, executor = run(tmp_path / "out", given_entries, graded, retry_failed=True)
    assert (states, executor.log) == ({"graded": 2}, ["s0"])
    assert [r["attempt"] for r in rows(tmp_path / "out") if r["state"] == "graded"] == [1, 4]


def test_a_defect_is_not_tried_again_by_itself(tmp_path: Path) -> None:
    def broken(task: Task) -> tuple[Outcome, ...]:
        return (Outcome(None, State.FAILED, Reason.DEFECT, "KeyError in gluteal_grade.x:1"),)

    states, executor = run(tmp_path / "out", entries(tmp_path / "in", 1), broken)
    assert (states, len(executor.log)) == ({"failed": 1}, 1)


def test_what_is_refused_beforehand_is_not_opened(tmp_path: Path) -> None:
    bad = Entry("gone", tmp_path / "gone", refusal=RefusedInput(Reason.INPUT_NOT_FOUND, "no such file"))
    states, executor = run(tmp_path / "out", [*entries(tmp_path / "in", 1), bad], graded)
    assert states == {"graded": 1, "refused": 1}
    assert executor.log == ["s0"]
    assert [r["reason"] for r in rows(tmp_path / "out") if r["state"] == "refused"] == ["input_not_found"]


def test_an_entry_with_several_studies_has_a_row_for_each(tmp_path: Path) -> None:
    def two(task: Task) -> tuple[Outcome, ...]:
        return (
            *graded(task, study="a" * 12),
            *graded(task, State.PARTLY, study="b" * 12),
            Outcome("c" * 12, State.REFUSED, "no_gradable_series"),
        )

    given_entries = entries(tmp_path / "in", 1)
    states, _ = run(tmp_path / "out", given_entries, two)
    assert states == {"graded": 1, "partly": 1, "refused": 1}
    assert run(tmp_path / "out", given_entries, two)[1].log == []
    (tmp_path / "out" / ("b" * 12) / "result.json").unlink()
    assert run(tmp_path / "out", given_entries, two)[1].log == ["s0"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_study_given_twice_counts_for_the_first(tmp_path: Path, order: tuple[int, int]) -> None:
    """Whichever ends first: the tables are the same."""

    class Delayed:
        def __call__(self, task: Task) -> tuple[Outcome, ...]:
            return graded(task, study="d" * 12)

    given_entries = entries(tmp_path / "in", 2)
    run(tmp_path / "out", [given_entries[order[0]]], Delayed())
    states, _ = run(tmp_path / "out", given_entries, Delayed())
    assert states == {"graded": 1, "refused": 1}
    last = {r["entry"]: r for r in rows(tmp_path / "out")}
    assert last[given_entries[1].key]["reason"] == "study_twice"
    assert last[given_entries[0].key]["state"] == "graded"


def test_a_full_disk_stops_the_batch_and_it_goes_on_later(tmp_path: Path) -> None:
    full = iter([False, True])

    def work(task: Task) -> tuple[Outcome, ...]:
        if next(full, False):
            return (Outcome(None, State.FAILED, Reason.OUTPUT_NOT_WRITABLE, "OSError: No space left on device", transient=True),)
        return graded(task)

    given_entries = entries(tmp_path / "in", 5)
    with pytest.raises(TransientFailure) as caught:
        run(tmp_path / "out", given_entries, work)
    assert caught.value.reason is Reason.OUTPUT_NOT_WRITABLE
    assert "failed" not in {r["state"] for r in rows(tmp_path / "out")}
    states, executor = run(tmp_path / "out", given_entries, work)
    assert states == {"graded": 5}
    assert "s0" not in executor.log
    assert {r["attempt"] for r in rows(tmp_path / "out")} == {1}


def test_one_folder_that_cannot_be_replaced_does_not_stop_the_others(tmp_path: Path) -> None:
    def work(task: Task) -> tuple[Outcome, ...]:
        if task.entry.source == "s1":
            return (Outcome(None, State.FAILED, Reason.OUTPUT_NOT_WRITABLE, "OSError: Permission denied", transient=True),)
        return graded(task)

    assert run(tmp_path / "out", entries(tmp_path / "in", 3), work)[0] == {"graded": 2, "failed": 1}


@settings(max_examples=40)
@given(ends=st.lists(st.sampled_from(["graded", "partly", "refused", "failed", "lost", "stop"]), min_size=1, max_size=12), data=st.data())
def test_whatever_happens_every_entry_ends_exactly_once(
    tmp_path_factory: pytest.TempPathFactory, ends: list[str], data: st.DataObject
) -> None:
    """Random ends and stops; the batch is run again until it is through."""
    root = tmp_path_factory.mktemp("any")
    given_entries = entries(root / "in", len(ends))
    stops = Counter[str]()

    def work(task: Task) -> tuple[Outcome, ...] | str:
        end = ends[int(task.entry.source[1:])]
        if end == "stop" and not stops[task.entry.source]:
            stops[task.entry.source] += 1
            raise KeyboardInterrupt
        if end == "lost":
            return "worker ended by signal 9"
        if end == "failed":
            return (Outcome(None, State.FAILED, Reason.DEFECT),)
        if end == "refused":
            return (Outcome(None, State.REFUSED, Reason.NO_IMAGES),)
        return graded(task, State(end) if end != "stop" else State.GRADED)

    states = None
    while states is None:
        try:
            states, _ = run(root / "out", given_entries, work, attempts=2)
        except KeyboardInterrupt:
            assert sum(stops.values()) <= len(ends)
    wanted = Counter({"lost": "failed", "stop": "graded"}.get(e, e) for e in ends)
    assert states == wanted
    done = [r for r in rows(root / "out") if r["state"] in ("graded", "partly")]
    assert max(Counter(r["study"] for r in done).values(), default=1) == 1
    assert {r["state"] for r in rows(root / "out")} <= {"graded", "partly", "refused", "failed"}


@pytest.mark.parametrize(
    ("states", "code"),
    [({"graded": 3}, 0), ({"graded": 2, "refused": 1}, 3), ({"partly": 1}, 3), ({"graded": 1, "failed": 1}, 3), ({"refused": 2}, 2),
     ({"failed": 1}, 1), ({"failed": 1, "refused": 1}, 1), ({}, 2)],
)  # fmt: skip
def test_exit_codes(states: dict[str, int], code: int) -> None:
    assert exit_code(Counter({State(name): count for name, count in states.items()})) == code
