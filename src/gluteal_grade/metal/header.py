"""What the headers say about metal: sequences made for it, and implants named in the study's description.

Headers tell what somebody expected, not what is there: "likely", never sure, and the user's word beats it.
"""

from __future__ import annotations

from dataclasses import dataclass

from gluteal_grade.io import Series, Study, is_wide_bandwidth
from gluteal_grade.vocabulary import Side


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
