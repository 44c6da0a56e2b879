"""The slices that are shown: chosen, turned, cropped and windowed alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gluteal_grade.pipeline import StudyImages
from gluteal_grade.report.levels import Level, choose_levels, with_left_out
from gluteal_grade.report.panel import Cut
from gluteal_grade.report.view import view_of
from gluteal_grade.report.window import Window, body_masks, crop_box, window_of


@dataclass(frozen=True)
class Shown:
    """One level, ready to draw."""

    level: Level
    cut: Cut
    caption: str


def prepare(images: StudyImages) -> tuple[list[Shown], Window]:
    """The levels in order, and the grey values shown black and white."""
    view = view_of(images.labels.grid, images.slice_axis)
    levels = with_left_out(choose_levels(images.labels, images.slice_axis), images.labels, images.excluded, images.slice_axis)
    pictures = [np.nan_to_num(view.picture(images.image.array, level.index).astype(np.float32)) for level in levels]
    labels = [view.picture(images.labels.array, level.index) for level in levels]
    fats = [view.picture(images.fat_fraction.array, level.index).astype(np.float32) for level in levels]
    bodies = body_masks(pictures, fats, is_ct=images.is_ct)
    window = window_of(pictures, labels, bodies, is_ct=images.is_ct)
    box = crop_box(labels, bodies, view.pixel_mm)
    count = images.labels.shape[images.slice_axis]
    shown = []
    for level, picture, label, fat in zip(levels, pictures, labels, fats, strict=True):
        zone = None if images.excluded is None else box.of(view.picture(images.excluded.array, level.index)) > 0
        cut = Cut(window.grey(box.of(picture)), box.of(label), box.of(fat), view, zone)
        where = f"slice {level.index + 1}/{count} · {view.position_text(level.index)}"
        shown.append(Shown(level, cut, f"{level.title}{' (est.)' if level.estimated else ''} · {where}"))
    return shown, window


def panel_size(cut: Cut, width: int, tallest: int) -> tuple[int, int]:
    """The largest picture of the slice's true proportions, pixels."""
    across, down = cut.size_mm
    scale = min(width / across, tallest / down)
    return max(1, round(across * scale)), max(1, round(down * scale))
