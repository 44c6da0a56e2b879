"""Hypothesis strategies shared by the tests: random grids in patient space."""

import numpy as np
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from gluteal_grade.geometry import Grid

spacings = st.tuples(*[st.floats(0.4, 6.0)] * 3)
origins = st.tuples(*[st.floats(-400, 400)] * 3)
shapes = st.tuples(*[st.integers(2, 9)] * 3)


@st.composite
def grids(draw: st.DrawFn, shape: tuple[int, int, int] | None = None) -> Grid:
    """Oblique, permuted, flipped (left-handed too), anisotropic grids."""
    rotation = Rotation.from_euler("xyz", draw(st.tuples(*[st.floats(-180, 180)] * 3)), degrees=True).as_matrix()
    permutation = np.eye(3)[list(draw(st.permutations(range(3))))]
    signs = np.diag(draw(st.tuples(*[st.sampled_from([-1.0, 1.0])] * 3)))
    affine = np.eye(4)
    affine[:3, :3] = rotation @ permutation @ signs @ np.diag(draw(spacings))
    affine[:3, 3] = draw(origins)
    return Grid(shape or draw(shapes), affine)
