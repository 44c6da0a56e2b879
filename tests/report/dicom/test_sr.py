"""The report holds the numbers of the result, and says in words what they mean."""

import math
import subprocess
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.errors import ADVICE, Reason, RefusedInput
from gluteal_grade.pipeline import Graded, grade_study
from gluteal_grade.report.dicom.sr import summary
from gluteal_grade.report.dicom.write import DicomOptions, write_dicom
from gluteal_grade.result.models import MuscleResult, MuscleStatus
from gluteal_grade.vocabulary import LABEL_VALUES, Muscle, Region, Side
from tests.report.dicom.scanner import HAS_DCIODVFY, HAS_DSRDUMP, SCANNERS, complaints, examined, objects, relabelled

SETTINGS = load_settings()
SIDES = {"24028007": Side.RIGHT, "7771000": Side.LEFT}
MUSCLES = {"206007": Muscle.GLUTEUS_MAXIMUS, "78333006": Muscle.GLUTEUS_MEDIUS, "75297007": Muscle.GLUTEUS_MINIMUS}
REGIONS = {"Anterior": Region.ANTERIOR, "Intermediate": Region.MIDDLE, "Posterior": Region.POSTERIOR} | {
    "Superior": Region.UPPER,
    "Inferior": Region.LOWER,
}


def write(graded: Graded, folder: Path) -> Path:
    return write_dicom(graded, examined("siemens").study, folder, overlay=None)[1]


def groups(path: Path) -> dict[tuple[Side, Muscle, Region], object]:
    """Measurement groups as highdicom finds them, by what they are of."""
    content = hd.sr.srread(path).content
    found = {}
    for group in (*content.get_volumetric_roi_measurement_groups(), *content.get_image_measurement_groups()):
        (site,) = group.finding_sites
        region = site.topographical_modifier
        key = (SIDES[site.laterality.value], MUSCLES[site.value.value], REGIONS[region.meaning] if region else Region.WHOLE)
        assert key not in found
        found[key] = group
    return found


def numbers(group) -> dict[str, float]:
    return {m.name.value: m.value for m in group.get_measurements()}


def told(group) -> dict[str, list[str]]:
    words: dict[str, list[str]] = {}
    for evaluation in group.get_qualitative_evaluations():
        if evaluation.name.value == "276214006":  # finding category: highdicom counts it as one
            continue
        words.setdefault(evaluation.name.value, []).append(evaluation.value.value)
    return words


def expected(m: MuscleResult) -> dict[str, float]:
    values = {
        "118565006": m.volume_ml,
        "42798000": max((s.area_cm2 for s in m.profile), default=math.nan),
        "129100": 100 * m.fat_fraction,
        "FF_LOW95": 100 * m.fat_fraction_low,
        "FF_HIGH95": 100 * m.fat_fraction_high,
        "FF_CORE": 100 * m.fat_fraction_core,
        "FF_CORE_LOW95": 100 * m.fat_fraction_core_low,
        "FF_CORE_HIGH95": 100 * m.fat_fraction_core_high,
        "LEAN_VOLUME": m.lean_volume_ml,
        "FAT_AREA": 100 * m.fat_area_fraction,
        "EVALUABLE_SHARE": 100 * m.evaluable_share,
        "COVERAGE": 100 * m.coverage,
    }
    values |= {f"P_{g.scale.upper()}": 100 * m.probability(g.scale) for g in m.grades}
    return {name: value for name, value in values.items() if not math.isnan(value)}


@pytest.mark.parametrize("scanner", SCANNERS)
def test_every_number_and_grade_of_the_result_is_there(scanner: str) -> None:
    result = examined(scanner).graded.result
    found = groups(objects(scanner) / "sr.dcm")
    assert set(found) == {(m.side, m.muscle, m.region) for m in result.muscles}
    units: dict[str, set[str]] = {}
    for m in result.muscles:
        group = found[m.side, m.muscle, m.region]
        measured = group.get_measurements()
        assert {one.name.value: one.value for one in measured} == pytest.approx(expected(m), abs=1e-4)
        for one in measured:
            units.setdefault(one.name.value, set()).add(one.unit.value)
        words = told(group)
        assert words.pop("STATUS") == [m.status]
        wanted = {g.scale.upper(): [f"{g.scale.upper()}_{g.grade}"] for g in m.grades if g.grade is not None}
        assert {name: words[name] for name in wanted} == wanted
        assert group.tracking_identifier.startswith(f"gluteal_grade {m.side} gluteus")
    assert units.pop("118565006") == units.pop("LEAN_VOLUME") == {"ml"}
    assert units.pop("42798000") == {"cm2"}
    assert set().union(*units.values()) == {"%"}


def test_a_number_that_a_norm_is_of_tells_its_place_and_whose_norm() -> None:
    """TID 311: z, percentile, population and authority hang on the measurement itself."""
    result = examined("siemens").graded.result
    scored = {(m.side, m.muscle, m.region): m for m in result.muscles if m.norms}
    assert scored
    told = 0
    for key, group in groups(objects("siemens") / "sr.dcm").items():
        for measurement in group.get_measurements():
            hung = [c for c in measurement[0].get("ContentSequence", ()) if c.RelationshipType == "HAS PROPERTIES"]
            facts = {c.ConceptNameCodeSequence[0].CodeValue: c for c in hung}
            quantity = {"118565006": "volume_ml", "129100": "fat_fraction"}.get(measurement.name.value)
            if key not in scored or quantity is None:
                assert not facts
                continue
            score = scored[key].norm(quantity)
            assert float(facts["121416"].MeasuredValueSequence[0].NumericValue) == pytest.approx(score.z, abs=1e-4)
            assert float(facts["121415"].MeasuredValueSequence[0].NumericValue) == pytest.approx(score.percentile, abs=1e-4)
            assert "Belzunce 2022" in facts["121405"].TextValue
            assert facts["121406"].TextValue == score.source == "belzunce2022"
            told += 1
    assert told == 2 * len(scored)


def test_every_group_has_what_ohif_draws() -> None:
    """A closed outline on an image of the study, and the result in a line: a single group without coordinates and OHIF shows none."""
    one = examined("siemens")
    images = {frame for s in one.study.series if s.id == one.graded.result.reference_series for frame in s.sources}
    items = _items(pydicom.dcmread(objects("siemens") / "sr.dcm"))
    groups_ = [item for item in items if item.ConceptNameCodeSequence[0].CodeValue == "125007"]
    assert groups_
    for group, m in zip(groups_, one.graded.result.muscles, strict=True):
        (area,) = (item for item in group.ContentSequence if item.ValueType == "NUM" and "42798000" in _name(item))
        outline = next(item for item in area.ContentSequence if item.ValueType == "SCOORD")
        assert (outline.GraphicType, list(outline.GraphicData[:2])) == ("POLYLINE", list(outline.GraphicData[-2:]))
        assert outline.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID in images
        (comment,) = (item.TextValue for item in group.ContentSequence if _name(item) == "121106")
        assert f"{100 * m.fat_shown.value:.1f} %" in comment
        assert comment.startswith(f"{m.side} {m.muscle.words}")


def _name(item: pydicom.Dataset) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeValue) if "ConceptNameCodeSequence" in item else ""


def test_a_muscle_that_is_not_there_is_told_apart(tmp_path: Path) -> None:
    one = examined("siemens")
    nan = dict.fromkeys(("volume_ml", "fat_fraction", "fat_fraction_low", "fat_fraction_high"), math.nan)
    gone = {"status": MuscleStatus.MISSING, "reason": Reason.NO_LABEL, "grades": (), "checks": ()}
    left_minimus = {value for value, part in LABEL_VALUES.items() if (part.side, part.muscle) == (Side.LEFT, Muscle.GLUTEUS_MINIMUS)}
    graded = relabelled(one, lambda array: array.__setitem__(np.isin(array, list(left_minimus)), 0))
    muscles = tuple(
        m.model_copy(update=nan | gone) if (m.side, m.muscle) == (Side.LEFT, Muscle.GLUTEUS_MINIMUS) else m for m in graded.result.muscles
    )
    path = write(Graded(graded.result.model_copy(update={"muscles": muscles}), graded.images), tmp_path)
    assert {key for key in groups(path) if key[:2] == (Side.LEFT, Muscle.GLUTEUS_MINIMUS)} == set()
    (told_apart,) = (item for item in pydicom.dcmread(path).ContentSequence if _name(item) == "C0034375")
    words = {(_name(i), i.ConceptCodeSequence[0].CodeValue) for i in told_apart.ContentSequence}
    assert words == {("STATUS", "missing"), ("REASON", "no_label")}
    assert all(i.ContentSequence[0].ConceptCodeSequence[0].CodeValue == "75297007" for i in told_apart.ContentSequence)
    assert not HAS_DCIODVFY or complaints(path) == []


def test_our_names_are_short_enough_for_every_reader() -> None:
    """Beyond 16 characters a code is a Long Code Value, which some programs do not expect in a concept name."""
    names = [item.ConceptNameCodeSequence[0] for item in _items(pydicom.dcmread(objects("siemens") / "sr.dcm"))]
    assert {name.CodingSchemeDesignator for name in names} >= {"99GLUTEAL", "SCT", "DCM"}
    assert all("CodeValue" in name for name in names)


def _items(data: pydicom.Dataset) -> list[pydicom.Dataset]:
    return [found for item in data.get("ContentSequence", ()) for found in (item, *_items(item))]


def test_groups_point_at_their_segment() -> None:
    sr, seg = objects("siemens") / "sr.dcm", pydicom.dcmread(objects("siemens") / "seg.dcm")
    segments = {s.SegmentNumber: s for s in seg.SegmentSequence}
    content = hd.sr.srread(sr).content
    rois = content.get_volumetric_roi_measurement_groups()
    assert len(rois) == len(segments)
    for group in rois:
        reference = group.referenced_segment
        assert reference.referenced_sop_instance_uid == seg.SOPInstanceUID
        (number,) = reference.referenced_segment_numbers
        assert segments[number].TrackingUID == group.tracking_uid
        assert segments[number].TrackingID == group.tracking_identifier
        (site,) = group.finding_sites
        assert site.value.value == segments[number].SegmentedPropertyTypeCodeSequence[0].CodeValue
    frames = {n: g.SegmentIdentificationSequence[0].ReferencedSegmentNumber for n, g in enumerate(seg.PerFrameFunctionalGroupsSequence, 1)}
    for group in content.get_image_measurement_groups():
        (image,) = group.source_images
        shown = {segments[frames[n]].SegmentLabel.split(" (")[0] for n in image.referenced_frame_numbers}
        assert shown == {group.tracking_identifier.removeprefix("gluteal_grade ")}


@pytest.mark.parametrize("scanner", ["siemens", "enhanced"])
def test_what_it_refers_to_is_named_as_evidence(scanner: str) -> None:
    """And so are all images that were measured: a PACS finds by it what a report is about."""
    data, seg = (pydicom.dcmread(objects(scanner) / name) for name in ("sr.dcm", "seg.dcm"))
    one = examined(scanner)
    (measured,) = (s for s in one.study.series if s.id == one.graded.result.reference_series)
    assert seg.SOPInstanceUID in _references(data)
    assert _references(data) <= _evidence(data)
    assert (data.CompletionFlag, data.PreliminaryFlag, data.VerificationFlag) == ("COMPLETE", "PRELIMINARY", "UNVERIFIED")
    assert _evidence(data) == {*measured.sources, seg.SOPInstanceUID}


def _references(data: pydicom.Dataset) -> set[str]:
    return {image.ReferencedSOPInstanceUID for item in _items(data) for image in item.get("ReferencedSOPSequence", ())}


def _evidence(data: pydicom.Dataset) -> set[str]:
    (study,) = data.CurrentRequestedProcedureEvidenceSequence
    return {image.ReferencedSOPInstanceUID for series in study.ReferencedSeriesSequence for image in series.ReferencedSOPSequence}


@pytest.mark.skipif(not HAS_DSRDUMP, reason="needs dcmtk")
@pytest.mark.parametrize("scanner", SCANNERS)
def test_dcmtk_reads_it_without_a_word(scanner: str) -> None:
    told_by = subprocess.run(["dsrdump", "+Pl", str(objects(scanner) / "sr.dcm")], capture_output=True, text=True, check=True)
    assert told_by.stderr == ""
    assert "Research use. Not a medical device." in told_by.stdout
    assert ("Magnetic resonance imaging of hip" in told_by.stdout) == (scanner != "ct")
    assert "(en,RFC5646," in told_by.stdout


def test_summary_is_short_plain_and_right() -> None:
    result = examined("siemens").graded.result
    lines = summary(result).split("\r\n")
    assert 3 <= len(lines) <= 6
    assert summary(result).isascii()
    assert lines[-1] == "Research use. Not a medical device."
    left = next(m for m in result.muscles if (m.side, m.muscle, m.region) == (Side.LEFT, Muscle.GLUTEUS_MEDIUS, Region.WHOLE))
    assert f"medius {100 * left.fat_fraction:.1f} % ({left.grade('quartile')})" in next(line for line in lines if line.startswith("Left:"))
    assert max(map(len, lines)) < 120


def test_doubts_and_gaps_are_told(tmp_path: Path) -> None:
    one = examined("siemens")

    def changed(m: MuscleResult) -> MuscleResult:
        if m.region is not Region.WHOLE:
            return m
        if (m.side, m.muscle) == (Side.LEFT, Muscle.GLUTEUS_MINIMUS):
            return m.model_copy(update={"status": MuscleStatus.NEEDS_REVIEW, "reason": Reason.VOLUME_IMPLAUSIBLE})
        if (m.side, m.muscle) == (Side.RIGHT, Muscle.GLUTEUS_MAXIMUS):
            nan = dict.fromkeys(("fat_fraction", "fat_fraction_low", "fat_fraction_high", "lean_volume_ml", "fat_area_fraction"), math.nan)
            grades = tuple(g.model_copy(update={"grade": None, "probabilities": ()}) for g in m.grades)
            reason = {"status": MuscleStatus.NOT_GRADABLE, "reason": Reason.TOO_LITTLE_EVALUABLE, "grades": grades}
            return m.model_copy(update=nan | reason)
        return m

    result = one.graded.result.model_copy(update={"muscles": tuple(map(changed, one.graded.result.muscles))})
    path = write(Graded(result, one.graded.images), tmp_path)
    found = groups(path)
    doubtful = told(found[Side.LEFT, Muscle.GLUTEUS_MINIMUS, Region.WHOLE])
    assert (doubtful["STATUS"], doubtful["REASON"]) == (["needs_review"], ["volume_implausible"])
    gap = found[Side.RIGHT, Muscle.GLUTEUS_MAXIMUS, Region.WHOLE]
    assert {"129100", "FF_LOW95", "LEAN_VOLUME", "P_QUARTILE"}.isdisjoint(numbers(gap))
    assert "118565006" in numbers(gap)
    assert told(gap) == {"STATUS": ["not_gradable"], "REASON": ["too_little_evaluable"]}
    text = summary(result)
    assert "Needs review: left minimus." in text
    assert "maximus not gradable" in text
    assert not HAS_DCIODVFY or complaints(path) == []


def test_one_side_only(tmp_path: Path) -> None:
    one = examined("siemens")
    half = relabelled(one, lambda array: array.__setitem__(array >= 200, 0))
    path = write(half, tmp_path)
    seg = pydicom.dcmread(tmp_path / "dicom" / "seg.dcm")
    assert {s.SegmentLabel.split()[0] for s in seg.SegmentSequence} == {"right"}
    assert len(groups(path)) == len(one.graded.result.muscles)  # the left side's numbers stand, without a place
    assert not HAS_DCIODVFY or complaints(path) == []


class _Refusing:
    def segment(self, study, preferred):
        raise RefusedInput(Reason.NO_GLUTEAL_MUSCLE, "no hip in view")


def test_a_refused_study_gives_its_reason_only_if_asked(tmp_path: Path) -> None:
    one = examined("siemens")
    refused = grade_study(one.study, SETTINGS, _Refusing())
    assert refused.images is None
    assert write_dicom(refused, one.study, tmp_path, overlay=None) == ()
    assert not list(tmp_path.iterdir())
    (path,) = write_dicom(refused, one.study, tmp_path, overlay=None, options=DicomOptions(refused=True))
    assert not HAS_DCIODVFY or complaints(path) == []
    (group,) = hd.sr.srread(path).content.get_image_measurement_groups()
    assert told(group) == {"STATUS": ["refused"], "REASON": ["no_gluteal_muscle"]}
    data = pydicom.dcmread(path)
    assert _references(data) == _evidence(data) > set()
    text = data.ContentSequence[-1].TextValue
    assert text.split("\r\n") == [
        "Not graded (no_gluteal_muscle): no hip in view.",
        ADVICE[Reason.NO_GLUTEAL_MUSCLE],
        "Research use. Not a medical device.",
    ]
