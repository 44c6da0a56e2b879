"""Is a label map in the numbering it is said to be in? Asked of its values, its own label table, and where things lie."""

from __future__ import annotations

import numpy as np

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Array, Volume
from gluteal_grade.imaging import glutei_of
from gluteal_grade.segmentation.misplaced import centre_mm, misplaced
from gluteal_grade.segmentation.numbering import Numbering, Structure, load_numbering, shipped_numberings
from gluteal_grade.segmentation.segfile import Segment
from gluteal_grade.segmentation.segparts import part_of
from gluteal_grade.vocabulary import GLUTEI, LABEL_VALUES, Muscle, Part, Region

_BEFORE_MM = 10.0  # the hip bone lies some 40 mm before gluteus maximus


def check_numbering(volume: Volume, numbering: Numbering, name: str, names: dict[int, str]) -> None:
    """Refuse a label map that is certainly in another numbering.

    Args:
        volume: whole numbers as stored, RAS+.
        numbering: the one it is said to be in.
        name: of that numbering, for the message.
        names: the file's own label table, empty without one.

    Raises:
        RefusedInput: `labels_numbering`, naming the shipped numbering that fits, where one does.
    """
    held = np.unique(volume.array)
    if not (why := _contradiction(volume, held, numbering, names)):
        return
    raise RefusedInput(Reason.LABELS_NUMBERING, f"not in {name!r}: {why}{fitting(volume, name, names)}")


def fitting(volume: Volume, name: str, names: dict[int, str]) -> str:
    """A clause that names the shipped numberings, other than `name`, that a label map fits; empty where none does."""
    held = np.unique(volume.array)
    found = [other for other in shipped_numberings() if other != name and _fits(volume, held, load_numbering(other), names)]
    return f"; it fits {' or '.join(found)}" if found else ""


def parts_named(names: dict[int, str]) -> dict[int, Part]:
    """The gluteal muscles of a label table; empty where it names none whole.

    Raises:
        RefusedInput: `labels_numbering` where a gluteal name tells no side, or two.
    """
    parts = {value: part_of(Segment(value, label, (), ())) for value, label in names.items()}
    return {value: part for value, part in parts.items() if part is not None}


def _fits(volume: Volume, held: Array, numbering: Numbering, names: dict[int, str]) -> bool:
    there = {part.muscle for value, part in numbering.parts().items() if value in held}
    return there >= set(GLUTEI) and not _contradiction(volume, held, numbering, names)


def _contradiction(volume: Volume, held: Array, numbering: Numbering, names: dict[int, str]) -> str:
    """In words, empty where there is none."""
    if numbering.highest is not None and held.size and int(held.max()) > numbering.highest:
        return f"it holds the value {int(held.max())}, the highest there is {numbering.highest}"
    parts = numbering.parts()
    for value, part in parts_named(names).items():
        said = parts.get(value)
        if said is None and part.muscle.optional:  # the numbering leaves it out
            continue
        if value in held and (said is None or (said.muscle, said.side) != (part.muscle, part.side)):
            return f"its own table calls {value} {part.side} {part.muscle.words}"
    ours = volume.with_array(numbering.translate(volume.array))
    return misplaced(ours) or _others(volume, held, numbering, glutei_of(ours))


def _others(volume: Volume, held: Array, numbering: Numbering, ours: Volume) -> str:
    """Structures beside the muscles that lie where they cannot."""
    values = [v for v in np.unique(ours.array).tolist() if v]
    maximus = [v for v in values if LABEL_VALUES[v].muscle is Muscle.GLUTEUS_MAXIMUS]
    for value, structure in numbering.others.items():
        centre = centre_mm(volume, value) if value in held else None
        among = centre_mm(ours, *(values if structure is Structure.BRAIN else maximus))
        if centre is None or among is None:
            continue
        if structure is Structure.BRAIN and centre[2] < among[2]:
            return f"{value} would be brain, below the gluteal muscles"
        if structure is Structure.HIP_BONE and centre[1] < among[1] + _BEFORE_MM:
            return f"{value} would be a hip bone, and lies no further forwards than gluteus maximus"
    return ""


def numbering_of(names: dict[int, str]) -> Numbering | None:
    """The numbering that a file's own label table gives; None where it names no gluteal muscle.

    Raises:
        RefusedInput: `labels_numbering`, see `parts_named`.
    """
    parts = parts_named(names)
    if all(part.muscle.optional for part in parts.values()):
        return None
    labels = {v: {"muscle": p.muscle, "side": p.side, "region": p.region or Region.WHOLE} for v, p in parts.items()}
    return Numbering.model_validate({"title": "the file's own label table", "source": "header extension", "labels": labels})
