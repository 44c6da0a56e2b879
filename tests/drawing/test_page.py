"""PNG files that any reader reads back."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from gluteal_grade.drawing.page import Page, write_png


def test_a_page_has_the_pixels_that_were_asked_for():
    """Whatever a division by the resolution makes of them."""
    for width, height in ((1640, 900), (1234, 2201), (7, 1913), (1377, 33)):
        assert Page(width, height).pixels().shape == (height, width, 3)


@given(rgb=arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3))))
def test_what_is_written_is_read_back(tmp_path_factory, rgb):
    path = write_png(rgb, tmp_path_factory.mktemp("png") / "a.png", 100)
    with Image.open(path) as image:
        assert image.mode == "RGB"
        assert np.array_equal(np.asarray(image), rgb)
        assert tuple(round(d) for d in image.info["dpi"]) == (100, 100)
        assert image.info.keys() <= {"dpi"}
    first = path.read_bytes()
    assert write_png(rgb, path, 100).read_bytes() == first
