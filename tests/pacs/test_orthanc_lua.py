"""The Lua script in deploy/, in a real Orthanc: studies that are stable go to the receiver, our own results don't."""

import time
from pathlib import Path

import pydicom
import pytest
import requests
from pydicom.uid import generate_uid

from gluteal_grade_lab.orthanc import AVAILABLE, Orthanc
from tests.visits import another_visit
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="Orthanc is not installed")
SCRIPT = Path(__file__).parents[2] / "deploy" / "orthanc-stable-study.lua"


def modalities(server: Orthanc) -> list[str]:
    """Manufacturer and modality of every series there."""
    series = requests.get(f"{server.url}/series?expand", timeout=30).json()
    return sorted(one["MainDicomTags"]["Modality"] + one["MainDicomTags"].get("Manufacturer", "") for one in series)


def test_stable_studies_go_to_the_receiver_and_results_do_not(tmp_path: Path) -> None:
    files = sorted((another_visit(tmp_path, "visit", 6.0, 12.0) / "dicom").rglob("*.dcm"))
    ours = pydicom.dcmread(files[0])
    ours.Manufacturer, ours.SeriesInstanceUID = "gluteal_grade", generate_uid()
    ours.SOPInstanceUID = ours.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    result = tmp_path / "result.dcm"
    ours.save_as(result)
    with Orthanc(tmp_path / "receiver", "GLUTEAL") as receiver:
        extra = {"LuaScripts": [str(SCRIPT)], "StableAge": 1}
        peers = {"gluteal_grade": ("GLUTEAL", "127.0.0.1", receiver.dicom_port)}
        with Orthanc(tmp_path / "archive", modalities=peers, extra=extra) as archive:
            for path in (*files, result):
                requests.post(f"{archive.url}/instances", data=path.read_bytes(), timeout=30).raise_for_status()
            images = {pydicom.dcmread(path, stop_before_pixels=True).SeriesInstanceUID for path in files}
            end = time.monotonic() + PATIENCE_S
            while requests.get(f"{receiver.url}/statistics", timeout=30).json()["CountInstances"] < len(files) and time.monotonic() < end:
                time.sleep(0.2)
            assert len(modalities(receiver)) == len(images)
            assert all(one.startswith("MR") and "gluteal_grade" not in one for one in modalities(receiver))
            assert len(modalities(archive)) == len(images) + 1
            count = requests.get(f"{receiver.url}/statistics", timeout=30).json()["CountInstances"]
            assert count == len(files)
