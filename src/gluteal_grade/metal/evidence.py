"""Is there metal at a hip? Header, picture and user weighed, side by side; and the zone around it on one series.

Headers tell what somebody expected, not what is there: "likely", never sure, and the user's word beats it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from gluteal_grade.config import MetalSettings
from gluteal_grade.errors import Note, Reason
from gluteal_grade.geometry import Volume
from gluteal_grade.io import Series, Study, is_wide_bandwidth
from gluteal_grade.metal._joint import distance_mm, joint_mm
from gluteal_grade.metal.artifact import Artifact, Mask, artifact_near, artifact_on_ct, darkness
from gluteal_grade.metal.zone import ZoneRule, zone_around, zone_unseen
from gluteal_grade.vocabulary import Side


@dataclass(frozen=True, eq=False)
class Picture:
    """An image on which metal is looked for.

    Attributes:
        series: id of the series it was made from.
        image: magnitude with signal from water and fat, or HU; on the grid of the labels; None where there is none.
        body: its mask, None if unknown.
        zone: how the series images near metal.
    """

    series: str
    image: Volume | None
    body: Mask | None
    zone: ZoneRule


@dataclass(frozen=True, eq=False)
class PictureEvidence:
    """What one picture shows of metal.

    Attributes:
        series: id of what was looked at.
        zone: how that series images near metal.
        artifacts: by side; a side without labels has none.
        blind: there was no image that could show metal.
    """

    series: str
    zone: ZoneRule
    artifacts: Mapping[Side, Artifact] = field(repr=False)
    blind: bool = False


@dataclass(frozen=True)
class SideMetal:
    """What is known of one hip.

    Attributes:
        present: treated as holding metal.
        sources: who says so, of `user`, `picture`, `header`; empty where nobody does.
        evidence: in words.
    """

    present: bool
    sources: tuple[str, ...] = ()
    evidence: str = ""


def metal_in_picture(picture: Picture, labels: Volume, s: MetalSettings) -> PictureEvidence:
    """One picture at both hips.

    Args:
        picture: on the grid of the labels.
        labels: values of `anatomy.LABEL_VALUES`.
        s: settings.
    """
    image = picture.image
    dark = None if picture.zone.imaging == "ct" or image is None else darkness(image, s.artifact, picture.body)
    artifacts = {}
    for side in Side:
        joint = joint_mm(labels, side, s.place)
        if joint is None:
            continue
        distance = distance_mm(labels.grid, joint, side, s.place, s.artifact.reach_mm + s.artifact.pile_up_within_mm)
        if image is None:
            nothing = np.zeros(labels.shape, bool)
            artifacts[side] = Artifact(nothing, nothing, 0.0, 0.0, 0.0)
        elif dark is None:
            artifacts[side] = artifact_on_ct(image, distance, s.artifact.reach_mm, s.ct)
        else:
            artifacts[side] = artifact_near(dark, distance, s.artifact)
    return PictureEvidence(picture.series, picture.zone, artifacts, blind=image is None)


def weigh(header: HeaderEvidence, pictures: Sequence[PictureEvidence], settings: MetalSettings) -> dict[Side, SideMetal]:
    """Both sides. The user's word decides; else a picture must show it, and the header lowers what is asked of the picture."""
    return {side: _weighed(side, header, pictures, settings) for side in Side}


def _weighed(side: Side, header: HeaderEvidence, pictures: Sequence[PictureEvidence], settings: MetalSettings) -> SideMetal:
    likely = header.for_side(side)
    seen = [words for words in (_seen(side, one, likely, settings) for one in pictures) if words]
    named = "; ".join(header.reasons) if likely else ""
    if settings.sides != "auto":
        present = settings.sides in ("both", side.value)
        return SideMetal(present, ("user",) if present else (), "the user says so" if present else "")
    # a description that names one side is believed where no picture could show it
    could_show = any(side in one.artifacts and not one.blind for one in pictures)
    present = bool(seen) or (side in header.sides and not could_show)
    if not present:
        return SideMetal(False)
    sources = (*(("picture",) if seen else ()), *(("header",) if likely else ()))
    return SideMetal(True, sources, "; ".join(filter(None, (*seen, named))))


def _seen(side: Side, picture: PictureEvidence, likely: bool, settings: MetalSettings) -> str:
    """What the picture shows there, in words; empty where it shows no metal."""
    found = picture.artifacts.get(side)
    if found is None:
        return ""
    if picture.zone.imaging == "ct":
        enough = found.void_ml >= settings.ct.min_ml
        return f"series {picture.series} shows {found.void_ml:.1f} ml above {settings.ct.metal_hu:.0f} HU" if enough else ""
    a = settings.artifact
    if found.radius_mm < a.min_radius_mm or found.void_ml < a.min_void_ml:
        return ""
    if not (likely or found.pile_up_ml >= a.min_pile_up_ml or found.radius_mm >= a.sure_radius_mm):
        return ""
    piled = f" and {found.pile_up_ml:.1f} ml of piled-up signal" if found.pile_up_ml >= a.min_pile_up_ml else ""
    return f"series {picture.series} shows a void of {found.void_ml:.0f} ml, {2 * found.radius_mm:.0f} mm thick{piled}"


def zone_of(side: Side, picture: PictureEvidence, labels: Volume, settings: MetalSettings) -> tuple[Mask | None, float]:
    """Voxels that are not measured on this series, and how far they reach: beyond what is visible, else from joint and stem.

    Returns:
        the mask on the grid of the labels, None for a side without labels; mm.
    """
    found = picture.artifacts.get(side)
    joint = joint_mm(labels, side, settings.place)
    if found is None or joint is None:
        return None, 0.0
    if found.core.any():
        margin = picture.zone.margin_mm
        return zone_around(found, margin, labels.spacing_mm), margin
    radius = picture.zone.unseen_radius_mm
    return zone_unseen(distance_mm(labels.grid, joint, side, settings.place, radius), radius), radius


def notes_on(metal: Mapping[Side, SideMetal], header: HeaderEvidence, settings: MetalSettings) -> tuple[Note, ...]:
    """What the reader should know of it."""
    notes = [Note(Reason.METAL, f"{side} hip: metal ({m.evidence})") for side, m in metal.items() if m.present]
    if header.likely and not notes and settings.sides == "auto":
        notes.append(Note(Reason.METAL_NOT_SEEN, f"{'; '.join(header.reasons)}, but no picture shows metal at a labelled hip"))
    if all(m.present for m in metal.values()):
        notes.append(Note(Reason.NO_HEALTHY_SIDE, "both hips hold metal: left against right says nothing of health"))
    return tuple(notes)


@dataclass(frozen=True)
class HeaderEvidence:
    """What speaks for metal before a voxel is looked at.

    Attributes:
        reasons: one clause each, without the header's own text; empty where nothing does.
        sides: sides that the description names; empty where it names none.
    """

    reasons: tuple[str, ...] = ()
    sides: tuple[Side, ...] = ()

    @property
    def likely(self) -> bool:
        """Whether anything speaks for metal."""
        return bool(self.reasons)

    def for_side(self, side: Side) -> bool:
        """Whether it speaks for this side; a description that names the other one does not."""
        return self.likely and (not self.sides or side in self.sides)


def header_evidence(study: Study) -> HeaderEvidence:
    """Evidence in the headers of a study.

    Args:
        study: all series, those that are not measured too: a MARS STIR says as much as a MARS T1. A wide bandwidth supports the words;
            alone it is no evidence, as many protocols are fast for other reasons.
    """
    reasons = [_mars_reason(s) for s in study.series if s.mars]
    if study.implant.named:
        reasons.append("the description names a hip implant" + _sides(study.implant.sides))
    return HeaderEvidence(tuple(dict.fromkeys(reasons)), study.implant.sides)


def _mars_reason(series: Series) -> str:
    bandwidth = series.acquisition.bandwidth_hz_per_pixel
    wide = f" at {bandwidth:.0f} Hz/pixel" if bandwidth and is_wide_bandwidth(bandwidth) else ""
    return f"series {series.id} reduces metal artifacts{wide}"


def _sides(sides: tuple[Side, ...]) -> str:
    return f", {' and '.join(sides)}" if sides else ""
