"""Folders and files whose names are not UTF-8, as old archives and servers have them."""

from __future__ import annotations

import json
import os
import shutil
from io import BytesIO, StringIO
from pathlib import Path

import pandas as pd
import pytest

from gluteal_grade.cohort.batch import Request, run_batch
from gluteal_grade.cohort.progress import JsonLines
from gluteal_grade.cohort.worker import work
from tests.cohort.inline import Inline
from tests.cohort.test_histories import LABELS, SETTINGS, Put, write


@pytest.mark.long
def test_names_that_are_not_utf8_are_escaped_and_all_studies_graded(tmp_path: Path) -> None:
    given, out = tmp_path / "in", Path(os.fsdecode(bytes(tmp_path) + b"/out\xfc"))
    write(given / "x", Put(0))
    write(given / "y", Put(1))
    (given / "x").rename(os.fsdecode(bytes(given) + b"/M\xfcller"))
    for name in ("water", "fat"):
        (given / "y" / f"{name}.nii.gz").rename(os.fsdecode(bytes(given) + f"/y/{name}_".encode() + b"\xe4.nii.gz"))
    shutil.copytree(given / "y", os.fsdecode(bytes(given) + b"/y\xff"))
    stream = StringIO()
    request = Request((str(given),), out, SETTINGS, labels=LABELS, pictures=False)
    for _ in range(2):  # the second time the ledger is read
        done = run_batch(request, lambda: Inline(lambda task: work(task).outcomes), JsonLines(stream))
        assert {state.value: count for state, count in done.states.items()} == {"partly": 2, "refused": 1}
    assert all(json.loads(line) for line in stream.getvalue().splitlines())
    studies = pd.read_csv(out / "studies.csv")
    assert set(studies["source"]) == {f"{given}/M\\udcfcller/dicom", f"{given}/y"}
    (refusal,) = pd.read_csv(out / "refusals.csv").to_dict("records")
    assert (refusal["source"], refusal["reason"]) == (f"{given}/y\\udcff", "study_twice")
    assert "M\\udcfcller" in (out / "studies_001.html").read_text()
    assert len(pd.read_parquet(BytesIO((out / "cohort.parquet").read_bytes()))["study"].unique()) == 2
