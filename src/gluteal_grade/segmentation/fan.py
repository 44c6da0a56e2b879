"""A hip's own frame, from its abductors alone: where their fan comes together and which way it opens.

Bones are not segmented, so the frame is read from minimus and medius: minimus is a thin sheet on the iliac blade, whose best-fit
plane gives the blade's; medius and minimus together are longer than wide, and their long axis leans forward of the body's vertical by
`lean_deg`; the lowest end of both, along that vertical, lies at the greater trochanter (6-13 mm from it in twelve hips whose femur is
known; docs/explanation/regions.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gluteal_grade.vocabulary import Side

Points = npt.NDArray[np.float64]

_TIP_SHARE = 0.05  # of the voxels of both muscles: enough of them for a steady mean on slices of 8 mm
_SUPERIOR = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, eq=False)
class Fan:
    """Frame of one hip; all vectors (3,) in RAS+ mm.

    Attributes:
        apex: where the fan comes together, near the trochanter.
        outward: unit normal of the iliac blade, away from the body.
        up: unit vector in the blade's plane: the pelvis's own vertical.
        forward: unit vector in the blade's plane, at right angles to `up`, to the front.
        tip: (n,) indices into the points of minimus followed by those of medius: the voxels that `apex` is the mean of.
        own: `up` was read from the muscles; else it is the vertical of the image's header.
    """

    apex: Points
    outward: Points
    up: Points
    forward: Points
    tip: npt.NDArray[np.intp]
    own: bool

    def angle_deg(self, points: Points) -> Points:
        """(n,) angle of (n, 3) points seen from the apex: 0 up, positive in front."""
        q = points - self.apex
        return np.asarray(np.degrees(np.arctan2(q @ self.forward, q @ self.up)))

    def reach_mm(self, points: Points) -> Points:
        """(n,) distance from the apex, in the blade's plane."""
        q = points - self.apex
        return np.asarray(np.hypot(q @ self.forward, q @ self.up))


def fan_of(minimus: Points, medius: Points, side: Side, *, own: bool, lean_deg: float) -> Fan:
    """The frame of one hip.

    Args:
        minimus: (n, 3) RAS+ mm; may be empty if medius is not.
        medius: (n, 3) RAS+ mm; may be empty if minimus is not.
        side: the patient's.
        own: both muscles are whole, so their long axis may be used; a cut muscle's axis says where it was cut.
        lean_deg: angle between the long axis and the vertical, positive: its upper end lies behind.
    """
    both = np.concatenate([minimus, medius])
    lateral = np.array([1.0 if side is Side.RIGHT else -1.0, 0.0, 0.0])
    outward = _towards(sheet_normal(minimus if len(minimus) else medius), lateral)
    up = in_plane(_SUPERIOR, outward)
    forward = np.cross(up, outward) if side is Side.RIGHT else np.cross(outward, up)
    if own:
        q = both - both.mean(axis=0)
        flat = np.stack([q @ forward, q @ up], axis=1)
        axis = np.linalg.eigh(flat.T @ flat)[1][:, 1]
        axis *= np.sign(axis[1])
        turn = np.arctan2(axis[0], axis[1]) + np.radians(lean_deg)
        up, forward = up * np.cos(turn) + forward * np.sin(turn), forward * np.cos(turn) - up * np.sin(turn)
    count = max(1, int(_TIP_SHARE * len(both)))
    tip = np.argpartition(both @ up, count - 1)[:count]
    return Fan(both[tip].mean(axis=0), outward, up, forward, tip, own)


def sheet_normal(points: Points) -> Points:
    """Unit normal of the best-fit plane of (n, 3) points, of either sign."""
    q = points - points.mean(axis=0)
    return np.asarray(np.linalg.eigh(q.T @ q)[1][:, 0])


def in_plane(vector: Points, normal: Points) -> Points:
    """Unit vector: what is left of `vector` in the plane with this unit normal."""
    flat = vector - normal * (normal @ vector)
    return np.asarray(flat / np.linalg.norm(flat))


def _towards(vector: Points, direction: Points) -> Points:
    return vector if vector @ direction >= 0 else -vector
