"""Agreement that others published, to stand beside ours."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """One published figure; `what` says what it is of, as far as the source does."""

    scale: str
    what: str
    value: str
    setting: str
    source: str


_MARS = "82 patients, MARS MRI after total hip arthroplasty, 3 readers"
_MARS_SOURCE = "doi 10.1007/s00256-020-03611-9"
_KAPPA = "weighted kappa (weights not stated by us)"
_OA = "end-stage osteoarthritis of the hip"

PUBLISHED = (
    Published("quartile", f"between readers, {_KAPPA}", "0.93", _MARS, _MARS_SOURCE),
    Published("quartile", f"within readers, {_KAPPA}", "0.91, 0.89, 0.85", _MARS, _MARS_SOURCE),
    Published("goutallier", f"between readers, {_KAPPA}", "0.87", _MARS, _MARS_SOURCE),
    Published("bal_lowe", f"between readers, {_KAPPA}", "0.83", _MARS, _MARS_SOURCE),
    Published("goutallier", "between readers, kappa (weights not stated by us)", "0.23", _OA, "PMID 29587967"),
    Published("goutallier", "between readers, PABAK", "0.53", _OA, "PMID 29587967"),
)
