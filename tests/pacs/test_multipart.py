from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gluteal_grade.pacs.multipart import BrokenMultipart, boundary_of, read_parts, written


class Kept:
    def __init__(self, kept: list["Kept"]) -> None:
        self.data, self.state = b"", "open"
        kept.append(self)

    def write(self, data: bytes) -> None:
        self.data += data

    def done(self) -> None:
        self.state = "done"

    def drop(self) -> None:
        self.state = "dropped"


def sinks(kept: list[Kept]) -> Iterator[Kept]:
    while True:
        yield Kept(kept)


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[i : i + size] for i in range(0, len(data), size)]


# bytes that look like boundaries are the hard ones
PART = st.lists(st.sampled_from([b"\r\n", b"--", b"\r\n--b", b"--bo", b"\n", b"x", b"\0", b"\r\n\r\n"]), max_size=12).map(b"".join)


@given(st.lists(PART, min_size=1, max_size=4), st.integers(1, 40))
def test_what_was_written_is_read_whatever_the_chunks(parts: list[bytes], size: int) -> None:
    boundary = "boundary7"
    kept: list[Kept] = []
    assert read_parts(cut(written(parts, boundary), size), boundary, sinks(kept)) == len(parts)
    assert [one.data for one in kept] == parts
    assert {one.state for one in kept} == {"done"}


@given(st.lists(PART, min_size=1, max_size=3), st.data())
def test_a_stream_that_ends_early_is_told_and_its_last_part_dropped(parts: list[bytes], data: st.DataObject) -> None:
    whole = written(parts, "b0")
    end = data.draw(st.integers(0, len(whole) - 5))  # before the closing --
    kept: list[Kept] = []
    with pytest.raises(BrokenMultipart):
        read_parts(cut(whole[:end], 7), "b0", sinks(kept))
    assert all(one.state == "done" and one.data == part for one, part in zip(kept[:-1], parts, strict=False))
    assert all(one.state != "open" for one in kept)


def test_preamble_and_padding_are_left_out() -> None:
    body = b"hello\r\n--b  \r\nContent-Type: application/dicom\r\n\r\nDATA\r\n--b--\r\nbye"
    kept: list[Kept] = []
    assert read_parts([body], "b", sinks(kept)) == 1
    assert kept[0].data == b"DATA"


@pytest.mark.parametrize(
    ("header", "boundary"),
    [
        ('multipart/related; type="application/dicom"; boundary="a b"', "a b"),
        ("Multipart/Related; boundary=abc; type=x", "abc"),
        ("application/dicom", None),
        ("multipart/related", None),
        ("", None),
    ],
)
def test_boundary(header: str, boundary: str | None) -> None:
    assert boundary_of(header) == boundary
