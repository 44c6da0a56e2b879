"""Small cohorts on disk, as a batch leaves them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gluteal_grade.cohort.gallery.tables import REFUSAL_COLUMNS, STUDY_COLUMNS
from gluteal_grade.result.columns import muscle_columns

COLUMNS = tuple(column.name for column in muscle_columns())

STUDY = [*STUDY_COLUMNS, "days", "operated_side", "input_hash"]
MUSCLES = ("gluteus_maximus", "gluteus_medius", "gluteus_minimus")
HASHES = ("0123456789ab", "1e5000000000", "aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc", "dddddddddddd")


def study(name: str, **given: Any) -> dict[str, Any]:
    facts = {
        "study": name,
        "source": f"/in/{name}",
        "state": "graded",
        "sex": "F",
        "age": "61",
        "method": "dixon",
        "automatic": "true",
        "needs_review": 0,
        "folder": name,
        "version": "0.1.0",
        "config_hash": "c" * 64,
        "model_hash": "d" * 64,
    }
    return dict.fromkeys(STUDY, "") | facts | given


def muscles(name: str, fat: float = 0.12, status: str = "graded", **given: Any) -> list[dict[str, Any]]:
    """Six whole muscles and one region; the fat of a muscle rises by a point from one to the next."""
    rows = []
    for n, (side, muscle) in enumerate((s, m) for s in ("right", "left") for m in MUSCLES):
        value = fat + 0.01 * n
        grades = {"quartile": int(value > 0.1) + int(value > 0.25), "goutallier": int(value >= 0.1), "bal_lowe": int(value >= 0.1)}
        row = {
            "study": name,
            "side": side,
            "muscle": muscle,
            "region": "whole",
            "volume_ml": 100 + n,
            "fat_fraction": value + 0.3,  # the mean over the label, with what lies around
            "fat_fraction_core": value,
            "fat_measure": "fat_fraction_core",
            "status": status,
        }
        rows.append(dict.fromkeys(COLUMNS, "NaN") | row | grades | given)
    return [*rows, rows[0] | {"region": "upper", "fat_fraction_core": 0.99}]


def refusal(source: str, reason: str = "gantry_tilt", **given: Any) -> dict[str, Any]:
    return {"source": source, "study": "", "state": "refused", "reason": reason, "detail": "found", "advice": "do", "attempts": 1} | given


def write(
    out: Path, studies: list[dict[str, Any]], rows: list[dict[str, Any]], refusals: list[dict[str, Any]] = (), *, overlays: bool = True
) -> Path:
    """The three tables, and a result folder for every study that names one."""
    out.mkdir(parents=True, exist_ok=True)
    for name, columns, table in (
        ("studies.csv", STUDY, studies),
        ("cohort.csv", COLUMNS, rows),
        ("refusals.csv", REFUSAL_COLUMNS, refusals),
    ):
        with (out / name).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(table)
    for one in studies:
        if not one["folder"]:
            continue
        folder = out / one["folder"]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "result.json").write_text("{}")
        (folder / "muscles.csv").write_text("study\n")
        if overlays and one["state"] in ("graded", "partly_graded"):
            overlay_page().save(folder / "overlay_01_medius.png")
            overlay_page().save(folder / "overlay_summary.png")
    return out


def overlay_page(width: int = 200, height: int = 120) -> Image.Image:
    """A page like a level's overlay: text above, grey image and fat map side by side, text below."""
    page = np.full((height + 120, 2 * width + 60, 3), 255, np.uint8)
    page[10:20, 20:90:2] = 0
    source, fat = page[40 : 40 + height, 20 : 20 + width], page[40 : 40 + height, 26 + width : 26 + 2 * width]
    source[:] = 90
    source[:, :3] = 255  # skin at the edge of a small field of view
    fat[:] = 40
    for picture in (source, fat):
        picture[50:80, 60:61] = (230, 159, 0)
        picture[50:80, 140:141] = (230, 159, 0)
        picture[50, 60:141] = picture[79, 60:141] = (230, 159, 0)
    page[-30:-20, 20:300:2] = 90
    return Image.fromarray(page)
