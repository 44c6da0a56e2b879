"""Is what the networks labelled a hip at all? A network finds something in noise and in a brain, too."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gluteal_grade.config import ChecksSettings
from gluteal_grade.geometry import Volume
from gluteal_grade.segmentation.doubts import Labelled, not_located
from gluteal_grade.vocabulary import Muscle


def why_no_hip(labels: Volume, uncertainty: Volume, located: Volume, settings: ChecksSettings, bones_ml: Sequence[float] = ()) -> str:
    """In words why no label can be believed; empty where some can.

    Two networks that learnt apart agree on a hip and seldom on anything else, and are less sure there. Either alone happens on a hip too:
    a muscle cut by the field of view, a very fatty one. A thigh or a calf has neither hip bone nor the muscles that arise from its wing.

    Args:
        labels: uint8, values of `anatomy.LABEL_VALUES`.
        uncertainty: 0 (sure) to 1, same grid.
        located: labels of the coarse look, any grid of the same space.
        settings: `min_total_ml`, `min_hip_bone_ml`, `min_located_share`, `max_unlocated_muscles`, `max_mean_uncertainty`.
        bones_ml: hip bone seen in each hip; NaN or none where the network does not tell it.
    """
    given = Labelled(labels, {}, settings)
    total_ml = sum(given.volume_ml(key) for key in given.voxels)
    if total_ml < settings.min_total_ml:
        return f"no more than {total_ml:.0f} ml look like gluteal muscle, {settings.min_total_ml:g} needed"
    wing_ml = total_ml - sum(given.volume_ml(key) for key in given.voxels if key[0] is Muscle.GLUTEUS_MAXIMUS)
    bone_ml = sum(bones_ml) if bones_ml else math.nan
    if bone_ml + wing_ml < settings.min_hip_bone_ml:
        return f"{bone_ml:.0f} ml of hip bone and {wing_ml:.0f} ml of medius and minimus: no hip, perhaps a thigh"
    apart = len(list(not_located(given, located)))
    doubt = float(uncertainty.array[labels.array > 0].mean())
    if apart < settings.max_unlocated_muscles * len(given.voxels) or doubt <= settings.max_mean_uncertainty:
        return ""
    return f"coarse and fine look see {apart} of {len(given.voxels)} muscles in different places, with a mean doubt of {doubt:.2f}"
