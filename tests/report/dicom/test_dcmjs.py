"""Segmentation and report as dcmjs reads them, which is what OHIF reads DICOM with (`make build/dcmjs/.done`, from npm)."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from gluteal_grade.vocabulary import LABEL_VALUES
from tests.report.dicom.scanner import examined, objects

MODULES = Path(__file__).parents[3] / "build" / "dcmjs" / "node_modules"
NODE = shutil.which("node")
MISSING = "needs node and dcmjs (make build/dcmjs/.done, with npm and its registry)"


@pytest.mark.skipif(NODE is None or not (MODULES / "dcmjs").is_dir(), reason=MISSING)
def test_the_viewers_reader_finds_every_voxel_number_and_outline() -> None:
    one, folder = examined("siemens"), objects("siemens")
    assert one.graded.images is not None
    reader = Path(__file__).parent / "dcmjs" / "read.mjs"
    told = subprocess.run([str(NODE), reader, MODULES, folder / "seg.dcm", folder / "sr.dcm"], capture_output=True, text=True, check=True)
    found = json.loads(told.stdout[told.stdout.index("{") :])
    values, counts = np.unique(one.graded.images.labels.array, return_counts=True)
    assert found["segments"] == {str(LABEL_VALUES[int(v)]): int(n) for v, n in zip(values, counts, strict=True) if v}
    result = one.graded.result
    images = {frame for s in one.study.series if s.id == result.reference_series for frame in s.sources}
    assert len({group["uid"] for group in found["groups"]}) == len(result.muscles)
    for group, m in zip(found["groups"], result.muscles, strict=True):
        assert group["numbers"]["118565006"] == pytest.approx(m.volume_ml, abs=1e-4)
        assert group["numbers"]["129100"] == pytest.approx(100 * m.fat_fraction, abs=1e-4)
        assert group["image"] in images
        assert group["points"] > 3
        assert group["comment"].startswith(f"{m.side} {m.muscle.words}")
