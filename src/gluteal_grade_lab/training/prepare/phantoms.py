"""Training bodies from the project's own procedural phantom: clean, whole, of any size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from gluteal_grade.vocabulary import Muscle, Side
from gluteal_grade_lab.phantom.body import BodyParameters, build_body
from gluteal_grade_lab.phantom.structures import Structure
from gluteal_grade_lab.training import tissues
from gluteal_grade_lab.training.bodies import SPACING_MM, Body
from gluteal_grade_lab.training.prepare.finish import assemble
from gluteal_grade_lab.training.prepare.names import U8
from gluteal_grade_lab.training.prepare.skin import slice_hulls

_S = Structure
_LOW_MM, _HIGH_MM = -140.0, 195.0  # of the femoral heads, at size 1
_CAVITY_FROM_MM = 10.0
_THIN_FAT_MM = 6.0  # the generator draws its own

# Structure: tissue on the right, tissue on the left.
_SIDED: dict[Structure, tuple[int, int]] = {
    _S.GLUTEUS_MAXIMUS: (11, 14),
    _S.GLUTEUS_MEDIUS: (12, 15),
    _S.GLUTEUS_MINIMUS_ANTERIOR: (13, 16),
    _S.GLUTEUS_MINIMUS_POSTERIOR: (13, 16),
    _S.TENSOR_FASCIAE_LATAE: (20, 21),
    _S.PIRIFORMIS: (22, 23),
    _S.OBTURATOR_INTERNUS: (24, 25),
    _S.OBTURATOR_EXTERNUS: (26, 27),
    _S.QUADRATUS_FEMORIS: (28, 29),
    _S.ILIACUS: (30, 31),
    _S.PSOAS: (30, 31),
    _S.SARTORIUS: (32, 33),
    _S.RECTUS_FEMORIS: (34, 35),
    _S.VASTUS: (36, 37),
    _S.ADDUCTORS: (40, 41),
    _S.PECTINEUS: (44, 45),
    _S.GRACILIS: (46, 47),
    _S.HAMSTRINGS: (48, 49),
    _S.ERECTOR_SPINAE: (54, 55),
    _S.ABDOMINAL_WALL: (56, 57),
}
_PLAIN: dict[Structure, int] = {
    _S.SKIN: tissues.SKIN,
    _S.SUBCUTANEOUS_FAT: tissues.FAT,
    _S.DEEP_FAT: tissues.FAT,
    _S.FASCIA: tissues.FAT,
    _S.SHEATH: tissues.FAT,
    _S.CORTEX: tissues.CORTICAL_BONE,
    _S.FEMUR_MARROW: tissues.MARROW_FEMUR,
    _S.HIP_MARROW: tissues.MARROW_PELVIS,
    _S.SACRUM_MARROW: tissues.MARROW_SPINE,
    _S.JOINT: tissues.CARTILAGE,
    _S.DISC: tissues.CARTILAGE,
    _S.IMPLANT: tissues.METAL,
    _S.BLADDER: tissues.BLADDER,
    _S.BOWEL: tissues.BOWEL,
    _S.RECTUM: tissues.BOWEL,
    _S.UTERUS_OR_PROSTATE: tissues.PROSTATE,
    _S.VESSEL: tissues.ARTERY,
    _S.NERVE: tissues.TENDON,
}


def _factors(maximus: float, medius: float, minimus: float, left: float = 1.0) -> tuple[tuple[Side, Muscle, float], ...]:
    each = ((Muscle.GLUTEUS_MAXIMUS, maximus), (Muscle.GLUTEUS_MEDIUS, medius), (Muscle.GLUTEUS_MINIMUS, minimus))
    return tuple((side, muscle, f * (left if side is Side.LEFT else 1.0)) for side in (Side.RIGHT, Side.LEFT) for muscle, f in each)


@dataclass(frozen=True)
class Wanted:
    """A phantom body by name."""

    name: str
    parameters: BodyParameters


def _wanted(name: str, sex: str, size: float, seed: int, factors: tuple[tuple[Side, Muscle, float], ...] = ()) -> Wanted:
    return Wanted(name, BodyParameters(sex, size, _THIN_FAT_MM, factors, None, seed))


PHANTOMS = (
    _wanted("phantom_m_mid", "M", 1.0, 101),
    _wanted("phantom_m_tall", "M", 1.1, 102, _factors(1.1, 1.05, 1.1)),
    _wanted("phantom_m_lean", "M", 0.95, 103, _factors(0.6, 0.7, 0.6)),
    _wanted("phantom_m_onesided", "M", 1.02, 104, _factors(0.9, 0.9, 0.9, left=0.65)),
    _wanted("phantom_f_mid", "F", 1.0, 105),
    _wanted("phantom_f_small", "F", 0.9, 106, _factors(0.8, 0.75, 0.75)),
    _wanted("phantom_f_frail", "F", 0.95, 107, _factors(0.5, 0.6, 0.5, left=0.9)),
    _wanted("phantom_f_strong", "F", 1.06, 108, _factors(1.15, 1.15, 1.2)),
)


def phantom_body(wanted: Wanted) -> Body:
    """Sample one phantom at 1.5 mm.

    Raises:
        ValueError: the parameters' volumes cannot be reached.
    """
    body = build_body(wanted.parameters)
    scale = np.array(wanted.parameters.scale)
    low = np.array([-205.0, -165.0, _LOW_MM]) * scale
    high = np.array([205.0, 125.0, _HIGH_MM]) * scale
    axes = [np.arange(a, b, SPACING_MM) for a, b in zip(low, high, strict=True)]
    tissue = np.zeros([len(a) for a in axes], dtype=np.uint8)
    core = np.zeros(tissue.shape, dtype=bool)
    table = _table()
    for k, z in enumerate(axes[2]):
        points = np.stack(np.meshgrid(axes[0], axes[1], [z], indexing="ij"), axis=-1).reshape(-1, 3)
        lat, ant, sup, right = body.canonical(points)
        ids = body.structures_at(lat, ant, sup, right)
        tissue[:, :, k] = np.where(right, table[0, ids], table[1, ids]).reshape(tissue.shape[:2])
        within = ~np.isin(ids, (_S.AIR, _S.SKIN, _S.SUBCUTANEOUS_FAT, _S.FASCIA, _S.SHEATH))
        core[:, :, k] = ndimage.binary_fill_holes(ndimage.binary_closing(within.reshape(tissue.shape[:2]), iterations=2))
    tissue[~core] = tissues.AIR
    tissue[core & (tissue == tissues.AIR)] = tissues.FAT
    _drop_specks(tissue)
    belly = np.isin(tissue, (*_SIDED[_S.PSOAS], tissues.BLADDER, tissues.BOWEL, tissues.PROSTATE, tissues.MARROW_SPINE))
    belly &= axes[2] > _CAVITY_FROM_MM * scale[2]
    tissue[slice_hulls(belly) & (tissue == tissues.FAT)] = tissues.VISCERAL_FAT
    heads = np.array([[90.0, 0, 0], [-90.0, 0, 0]]) * scale
    return assemble(tissue, core, (heads - low) / SPACING_MM, wanted.name, "gluteal_grade.phantom", (0, tissue.shape[2] - 1))


def _drop_specks(tissue: U8) -> None:
    """Single voxels of a gluteus beyond a fat plane become fat, in place."""
    for value in tissues.GLUTEI:
        parts, _ = ndimage.label(tissue == value)
        sizes = np.bincount(parts.ravel())
        sizes[0] = sizes.max()
        tissue[(sizes < 50)[parts]] = tissues.FAT


def _table() -> U8:
    table = np.zeros((2, 256), dtype=np.uint8)
    for structure, pair in _SIDED.items():
        table[:, structure] = pair
    for structure, tissue in _PLAIN.items():
        table[:, structure] = tissue
    return table
