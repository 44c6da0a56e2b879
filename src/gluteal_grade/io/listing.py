"""What is known of a series, as plain values: for `inspect`, on the command line and from Python."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from gluteal_grade.io.study import Series


def facts_of(series: Series) -> dict[str, Any]:
    """Values that JSON holds; None for what is unknown, NaN never."""
    grid = series.grid
    return {
        "id": series.id,
        "uid": series.uid,
        "number": series.number,
        "description": series.description,
        "kind": series.kind.value,
        "kind_reason": series.kind_reason,
        "plane": series.plane.value,
        "mars": series.mars,
        "mars_reason": series.mars_reason,
        "shape": list(grid.shape) if grid else None,
        "spacing_mm": [round(mm, 4) for mm in grid.spacing_mm] if grid else None,
        "affine": grid.affine.tolist() if grid else None,
        "slice_axis": series.slice_axis if grid else None,
        "status": "refused" if series.refusal else "ok",
        "reason": series.refusal.reason.value if series.refusal else None,
        "detail": series.refusal.detail if series.refusal else None,
        "image_count": series.image_count,
        "frame_of_reference": series.frame_of_reference,
        "sources": list(series.sources),
        "acquisition": asdict(series.acquisition),
    }
