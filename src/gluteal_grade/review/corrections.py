"""Corrected label maps measured again beside the server, one at a time, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from pydantic import ValidationError

from gluteal_grade.config import load_settings
from gluteal_grade.errors import GradeError, Reason, RefusedInput
from gluteal_grade.report import RESULT
from gluteal_grade.result import StudyResult
from gluteal_grade.review.correction import UPLOADS, Correction, CorrectionState, Remeasurement, Table, numbers_file, result_folder
from gluteal_grade.review.database import FOLDER, Database

_LOOK_S = 5.0  # how often to look for what another server took in
_BEAT_S = 10.0
_LONGEST_S = 3600.0


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
    """Measures corrections again, each in a process of its own, one at a time; what was left waiting is gone on with.

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
        self._spare: subprocess.Popen[str] | None = None
        self._spare_lock = threading.Lock()
        self._worker = threading.Thread(target=self._work, name="corrections", daemon=True)
        self._worker.start()

    def submit(self, correction: Correction) -> None:
        """Let it be measured; at once, or when those before it are done. One that failed is tried again."""
        self._table.again(correction.id)
        self._wake.set()

    def expect(self) -> None:
        """A correction will come: a process is started that has loaded by then what it needs."""
        with self._spare_lock:
            if not self._closed and (self._spare is None or self._spare.poll() is not None):
                self._spare = _started()

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
        if (spare := self._taken()) is not None:
            with spare:
                spare.kill()
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
            self._wake.wait(_LOOK_S)
            self._wake.clear()

    def _measure(self, correction: Correction, file: str) -> None:
        asked = Remeasurement(
            str(self._out),
            correction.study,
            correction.id,
            str(self._out / FOLDER / UPLOADS / file),
            str(self._data.absolute()) if self._data else "",
            str(self._config.absolute()) if self._config else "",
        )
        start = time.monotonic()
        answer = self._asked(correction, asked)
        if answer is None:
            self._table.put_back(correction)
            return
        state = CorrectionState(answer["state"])
        self._table.finish(correction, state, answer["reason"], answer["detail"], time.monotonic() - start)

    def _asked(self, correction: Correction, asked: Remeasurement) -> dict[str, str] | None:
        """The child's answer; None where this server is closing."""
        with self._taken() or _started() as child:
            assert child.stdin is not None
            assert child.stdout is not None
            try:
                with suppress(OSError):  # it died at once: seen below
                    child.stdin.write(json.dumps(asdict(asked)) + "\n")
                    child.stdin.flush()
                if not self._ended(child, correction):
                    return None if self._closed else _failed("it took longer than an hour")
                told = child.stdout.read()
            finally:
                child.kill()
        try:
            found: dict[str, str] = json.loads(told)
        except ValueError:
            return _failed(f"the process ended with code {child.returncode}")
        return found

    def _taken(self) -> subprocess.Popen[str] | None:
        """The process that waits for a correction, if it is still there."""
        with self._spare_lock:
            spare, self._spare = self._spare, None
        return spare if spare is None or spare.poll() is None else None

    def _ended(self, child: subprocess.Popen[str], correction: Correction) -> bool:
        """Wait for it; False where it must be stopped."""
        start = heard = time.monotonic()
        while child.poll() is None:
            if self._closed or time.monotonic() - start > _LONGEST_S:
                return False
            if time.monotonic() - heard > _BEAT_S:
                heard = time.monotonic()
                with suppress(GradeError):
                    self._table.beat(correction)
            with suppress(subprocess.TimeoutExpired):
                child.wait(0.2)
        return True


def _started() -> subprocess.Popen[str]:
    """A process that waits for its job; it ends with this one."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "gluteal_grade.review.remeasure"]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environment, text=True)


def _failed(detail: str) -> dict[str, str]:
    return {"state": CorrectionState.FAILED, "reason": Reason.WORKER_LOST, "detail": detail}
