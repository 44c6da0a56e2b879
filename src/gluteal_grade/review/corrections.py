"""Corrected label maps measured again beside the server, one at a time, by a process for each study that is being corrected."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from gluteal_grade.config import load_settings
from gluteal_grade.errors import GradeError, Reason, RefusedInput
from gluteal_grade.report import RESULT
from gluteal_grade.result import StudyResult
from gluteal_grade.review.correction import UPLOADS, Correction, CorrectionState, Remeasurement, Table, numbers_file, result_folder
from gluteal_grade.review.database import FOLDER, Database
from gluteal_grade.review.measurer import Measurer

_LOOK_S = 5.0  # how often to look for what another server took in
_BEAT_S = 10.0
_LONGEST_S = 3600.0
_READY = 2  # processes that have a study in memory
_IDLE_S = 900.0  # after which such a process ends


def corrected_result(out: Path, correction: Correction, *, early: bool = False) -> StudyResult:
    """The result measured on it.

    Args:
        out: the output folder.
        correction: which.
        early: its numbers, before its pictures and files are made.

    Raises:
        RefusedInput: `not_a_result`: it is not done, or its files are gone.
    """
    path = numbers_file(out, correction.study, correction.id) if early else result_folder(out, correction) / RESULT
    try:
        return StudyResult.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise RefusedInput(Reason.NOT_A_RESULT, "no result of this correction") from error


class Corrections:
    """Measures corrections again, one at a time; what was left waiting is gone on with.

    A process measures all corrections of a study that come while it lives: it keeps what does not depend on labels. It ends a quarter of
    an hour after it was last asked, or when readers go on to other studies.

    Args:
        out: the output folder.
        data: folder of images, for studies that are not where the ledger says.
        config: settings file of the run; None: the default.

    Raises:
        ValueError: the settings file is none.
        RefusedInput, TransientFailure: as `Database`.
    """

    def __init__(self, out: Path, data: Path | None = None, config: Path | None = None) -> None:
        load_settings(config)
        self._out, self._data, self._config = out.absolute(), data, config
        self._database = Database(out)
        self._table = Table(self._database)
        self._wake, self._closed = threading.Event(), False
        self._ready: dict[str, Measurer] = {}  # by study, the one that was asked last at the end
        self._ready_lock = threading.Lock()
        self._worker = threading.Thread(target=self._work, name="corrections", daemon=True)
        self._worker.start()

    def submit(self, correction: Correction) -> None:
        """Let it be measured; at once, or when those before it are done. One that failed is tried again."""
        self._table.again(correction.id)
        self._wake.set()

    def expect(self, study: str) -> None:
        """A correction of it will come: by then a process has read and measured what does not depend on the labels."""
        with self._ready_lock:
            there = self._ready.pop(study, None)
            if self._closed:
                return
            if there is None or not there.alive:
                there = Measurer()
            there.prepare(self._asked_of(study))
            self._keep(study, there)

    def state(self, study: str) -> tuple[Correction, ...]:
        """All corrections of a study, oldest first."""
        return self._table.of_study(study)

    def find(self, correction: str) -> Correction | None:
        """The correction with this id, None if there is none."""
        return self._table.find(correction)

    def close(self) -> None:
        """Stop; what is being measured is measured again at the next start."""
        self._closed = True
        self._wake.set()
        self._worker.join()
        with self._ready_lock:
            for one in self._ready.values():
                one.end()
            self._ready.clear()
        self._database.close()

    def _work(self) -> None:
        while not self._closed:
            try:
                taken = self._table.take()
                if taken is not None:
                    self._measure(*taken)
                    continue
            except GradeError:
                pass  # the disk is full or another one writes for long: tried again
            self._end_idle()
            self._wake.wait(_LOOK_S)
            self._wake.clear()

    def _measure(self, correction: Correction, file: str) -> None:
        asked = self._asked_of(correction.study, correction.id, str(self._out / FOLDER / UPLOADS / file))
        start = time.monotonic()
        answer = self._asked(correction, asked)
        if answer is None:
            self._table.put_back(correction)
            return
        state = CorrectionState(answer["state"])
        self._table.finish(correction, state, answer["reason"], answer["detail"], time.monotonic() - start)

    def _asked_of(self, study: str, correction: str = "", labels: str = "") -> Remeasurement:
        data, config = (str(path.absolute()) if path else "" for path in (self._data, self._config))
        return Remeasurement(str(self._out), study, correction, labels, data, config)

    def _asked(self, correction: Correction, asked: Remeasurement) -> dict[str, str] | None:
        """The process's answer; None where this server is closing."""
        with self._ready_lock:
            measurer = self._ready.pop(correction.study, None)
        if measurer is None or not measurer.alive:
            measurer = Measurer()
        try:
            measurer.measure(asked)
            told = self._answer(measurer, correction)
        except TimeoutError:
            measurer.end()
            return None if self._closed else _failed("it took longer than an hour")
        try:
            found: dict[str, str] = json.loads(told or "")
        except ValueError:
            measurer.end()
            return _failed(f"the process ended with code {measurer.code}")
        with self._ready_lock:
            if correction.study in self._ready or self._closed:
                measurer.end()
            else:
                self._keep(correction.study, measurer)
        return found

    def _keep(self, study: str, measurer: Measurer) -> None:
        self._ready[study] = measurer
        while len(self._ready) > _READY:
            self._ready.pop(next(iter(self._ready))).end()

    def _end_idle(self) -> None:
        with self._ready_lock:
            for study, one in list(self._ready.items()):
                if time.monotonic() - one.used > _IDLE_S or not one.alive:
                    self._ready.pop(study).end()

    def _answer(self, measurer: Measurer, correction: Correction) -> str | None:
        """Wait for it.

        Raises:
            TimeoutError: it must be stopped.
        """
        start = heard = time.monotonic()
        while True:
            with suppress(TimeoutError):
                return measurer.answer(0.2)
            if self._closed or time.monotonic() - start > _LONGEST_S:
                raise TimeoutError
            if time.monotonic() - heard > _BEAT_S:
                heard = time.monotonic()
                with suppress(GradeError):
                    self._table.beat(correction)


def _failed(detail: str) -> dict[str, str]:
    return {"state": CorrectionState.FAILED, "reason": Reason.WORKER_LOST, "detail": detail}
