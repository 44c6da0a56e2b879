"""As a module of mercure: settings from task.json, DICOM results in one flat folder, a notification where somebody has to look."""

import json
import shutil
from pathlib import Path

import pydicom
import pytest

import gluteal_grade.cli as cli
from gluteal_grade.pacs.mercure import read_rule
from tests.visits import another_visit

SAMPLE = Path(__file__).parents[2] / "data" / "sample" / "healthy_dixon"
NO_NETWORKS = {"segmentation.models": "/nowhere", "report.pictures": "none"}


def handed_over(folder: Path, settings: dict | None = None, chain: bool = False) -> Path:
    """As mercure lays it out: files of a study and task.json in one folder."""
    folder.mkdir()
    for number, path in enumerate(sorted((another_visit(folder.parent, "visit", 6.0, 12.0) / "dicom").rglob("*.dcm"))):
        path.rename(folder / f"1.2.3#{number}.dcm")
    if settings is not None:
        ours = {"module_name": "gluteal_grade", "settings": settings}
        process = [{"module_name": "other", "settings": {"theirs": 1}}, ours] if chain else ours
        (folder / "task.json").write_text(json.dumps({"id": "x", "process": process}))
    return folder


def called(source: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("MERCURE_IN_DIR", str(source))
    monkeypatch.setenv("MERCURE_OUT_DIR", str(target))
    return cli.run(["pacs", "mercure"])


def told(target: Path) -> dict:
    return json.loads((target / "result.json").read_text())


@pytest.mark.parametrize("chain", [False, True])
def test_a_study_that_cannot_be_graded_is_told_and_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chain: bool) -> None:
    source = handed_over(tmp_path / "in", {"config": NO_NETWORKS, "report_refusals": True, "return_input": True}, chain)
    assert called(source, tmp_path / "out", monkeypatch) == 0
    (one,) = told(tmp_path / "out")["studies"]
    assert (one["status"], one["text"]) == ("refused", "not graded: no_segmenter")
    notification = told(tmp_path / "out")["__mercure_notification"]
    assert notification["requested"]
    assert "no_segmenter" in notification["text"]
    modalities = sorted(pydicom.dcmread(p).Modality for p in (tmp_path / "out").glob("*.dcm"))
    images = sum(1 for p in source.glob("*.dcm"))
    assert modalities == ["MR"] * images + ["SR"]


@pytest.mark.long
def test_a_study_is_graded_and_its_objects_lie_flat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for number, path in enumerate(sorted((SAMPLE / "dicom").rglob("*.dcm"))):
        shutil.copy(path, source / f"1.2.3#{number}.dcm")
    assert called(source, tmp_path / "out", monkeypatch) == 0
    (one,) = told(tmp_path / "out")["studies"]
    assert one["status"] in ("graded", "partly_graded")
    assert told(tmp_path / "out")["__mercure_notification"]["requested"] == (one["text"] != "graded")
    handed = [pydicom.dcmread(p) for p in (tmp_path / "out").iterdir() if p.suffix == ".dcm"]
    assert {"SEG", "SR"} <= {d.Modality for d in handed}
    patient = pydicom.dcmread(next(source.iterdir()), stop_before_pixels=True).PatientID
    assert {d.PatientID for d in handed} == {patient}
    assert sorted(p.suffix for p in (tmp_path / "out").iterdir() if p.suffix != ".dcm") == [".json"]


def test_without_a_task_the_defaults_hold(tmp_path: Path) -> None:
    rule = read_rule(tmp_path / "task.json")
    assert (rule.return_input, rule.report_refusals) == (False, False)


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ("{", "no process.settings"),
        ('{"process": []}', "no process.settings"),
        ('{"process": {"settings": [1]}}', "no process.settings"),
        ('{"process": {"settings": {"colour": 1}}}', "unknown settings colour"),
        ('{"process": {"settings": {"config": {"fat.t1.lean": 1}}}}', "no such key"),
    ],
)
def test_bad_settings_end_with_64_and_nothing_is_handed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], task: str, words: str
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "task.json").write_text(task)
    assert called(tmp_path / "in", tmp_path / "out", monkeypatch) == 64
    assert words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_an_empty_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    assert called(tmp_path / "in", tmp_path / "out", monkeypatch) == 2
