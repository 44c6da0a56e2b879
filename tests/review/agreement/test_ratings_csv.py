"""What is read, and what is refused with the line it stands on and without what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.review.agreement.ratings import Rater
from gluteal_grade.review.agreement.ratings_csv import read_ratings
from gluteal_grade.review.agreement.scales import Kind, known
from tests.review.agreement.tables import HEADER, written

GOOD = ("A,1,s1,gluteus_medius,right,quartile,2", "B,1,s1,gluteus_medius,right,quartile,3")


def file(folder: Path, *lines: str, header: str = HEADER) -> Path:
    return written(folder / "ratings.csv", lines, header)


def refusal(path: Path) -> str:
    with pytest.raises(RefusedInput) as caught:
        read_ratings(path)
    assert caught.value.reason is Reason.BAD_RATINGS
    return caught.value.detail


def test_values_and_missing(tmp_path: Path) -> None:
    lines = (
        *GOOD,
        "A,1,s2,gluteus_medius,left,quartile,",
        "B,1,s2,gluteus_medius,left,quartile,Not_Assessable",
        "A,2,s1,Gluteus Medius,Right,Quartile,4.0",
        "PROGRAM,1,s1,gluteus_medius,R,quartile,1",
        GOOD[0],
    )
    found = read_ratings(file(tmp_path, *lines))
    (scale,) = found.scales
    assert scale.raters == (Rater("A", 1), Rater("A", 2), Rater("B", 1), Rater("program", 1))
    np.testing.assert_array_equal(scale.values, [[2, 4, 3, 1], [np.nan] * 4])
    assert (found.rows, found.empty, found.not_assessable, found.repeated, found.studies) == (7, 1, 1, 1, 2)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_ways_to_write_a_table(tmp_path: Path, delimiter: str, end: str, start: bytes) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(start + end.join((HEADER, *GOOD, "")).replace(",", delimiter).encode())
    np.testing.assert_array_equal(read_ratings(path).scales[0].values, [[2, 3]])


def test_columns_in_any_order_and_others_beside_them(tmp_path: Path) -> None:
    header = "Grade,comment,scale,side,muscle,study,read,Reader"
    lines = ('2,"seen, twice",quartile,left,gluteus_medius,x,,A', "1,,quartile,left,gluteus_medius,x,1.0,B")
    np.testing.assert_array_equal(read_ratings(file(tmp_path, *lines, header=header)).scales[0].values, [[2, 1]])


def test_items_of_the_review(tmp_path: Path) -> None:
    lines = (
        "A,1,s,gluteus_medius,right,quality,good", "B,1,s,gluteus_medius,right,quality,wrong", "A,1,s,,right,bursa,none",
        "B,1,s,,right,bursa,Fluid", "A,1,s,,left,tendon_medius_posterior,defect", "B,1,s,,left,tendon_medius_posterior,intact",
    )  # fmt: skip
    found = {s.scale.name: (s.scale.kind, s.values.tolist()) for s in read_ratings(file(tmp_path, *lines)).scales}
    assert found == {
        "quality": (Kind.ORDINAL, [[2, 0]]),
        "tendon_medius_posterior": (Kind.NOMINAL, [[1, 0]]),
        "bursa": (Kind.NOMINAL, [[0, 1]]),
    }
    assert known()["bal_lowe"].categories == ("0", "1", "2", "3")


def test_a_scale_of_ones_own(tmp_path: Path) -> None:
    (scale,) = read_ratings(file(tmp_path, "A,1,s,,,My Scale,3", "B,1,s,,,my_scale,6")).scales
    assert scale.scale.categories == ("3", "4", "5", "6")
    assert scale.values.tolist() == [[0, 3]]
    assert "not known" in scale.scale.note


def test_decimal_comma_where_it_does_not_divide(tmp_path: Path) -> None:
    path = file(tmp_path, "A;1;s;;;fat_fraction;0,25", "B;1;s;;;fat_fraction;1", header=HEADER.replace(",", ";"))
    assert read_ratings(path).scales[0].values.tolist() == [[0.25, 1]]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("A,1,s2,glut med,right,quartile,2", "muscle is none of gluteus_maximus, gluteus_medius, gluteus_minimus"),
        ("A,1,s2,gluteus_medius,both,quartile,2", "side is none of right, left"),
        ("A,1,s2,gluteus_medius,right,quartile,5", "whole number from 0 to 4"),
        ("A,1,s2,gluteus_medius,right,bal_lowe,4", "whole number from 0 to 3"),
        ("A,1,s2,gluteus_medius,right,quartile,1.5", "whole number from 0 to 4"),
        ("A,1,s2,gluteus_medius,right,quartile,1_0", "whole number from 0 to 4"),
        ("A,1,s2,gluteus_medius,right,quartile,nonsense", "whole number from 0 to 4"),
        ("A,1,s2,gluteus_medius,right,fat_fraction,25.5", "percent"),
        ("A,1,s2,gluteus_medius,right,fat_fraction,-0.1", "from 0 to 1"),
        ("A,1,s2,gluteus_medius,right,fat_fraction,inf", "from 0 to 1"),
        ("A,1,s2,,right,bursa,much", "none of none, fluid"),
        ("A,1,s2,,right,other,good", "not known"),
        ("A,0,s2,,right,bursa,none", "read is not 1, 2"),
        ("A,first,s2,,right,bursa,none", "read is not 1, 2"),
        (",1,s2,,right,bursa,none", "reader is empty"),
        ("A vs B,1,s2,,right,bursa,none", "' vs '"),
        ("A,1,,,right,bursa,none", "study is empty"),
        ("A,1,s2,,right,,none", "scale is empty"),
        ("A,1,s2,,right,bursa", "6 cells where the header has 7"),
    ],
)  # fmt: skip
def test_a_line_that_is_no_rating(tmp_path: Path, line: str, told: str) -> None:
    detail = refusal(file(tmp_path, *GOOD, line))
    assert "line 4: " in detail
    assert told in detail
    for cell in ("glut med", "nonsense", "much", "first"):
        assert cell not in detail.replace(told, "")


def test_two_grades_for_one_thing(tmp_path: Path) -> None:
    assert "lines 2 and 4" in refusal(file(tmp_path, *GOOD, "A,1,s1,gluteus_medius,right,quartile,0"))
    assert "lines 2 and 4" in refusal(file(tmp_path, *GOOD, "A,1,s1,gluteus_medius,right,quartile,"))


def test_nothing_to_compare(tmp_path: Path) -> None:
    assert "alone" in refusal(file(tmp_path, GOOD[0], "A,1,s2,gluteus_medius,right,quartile,3"))
    assert "nothing was graded twice" in refusal(file(tmp_path, GOOD[0], "B,1,s2,gluteus_medius,right,quartile,3"))
    assert "nothing was graded twice" in refusal(file(tmp_path, GOOD[0], "B,1,s1,gluteus_medius,right,quartile,"))
    assert "no rating below" in refusal(file(tmp_path))


def test_no_table(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    for content, told in (
        (b"", "empty"), (b"\n \n", "empty"), (b"\xff\xfe\x00r", "UTF-8"), (b'reader,"read\nA', "quote"),
        (b"reader,read,study,muscle,side,scale\nA,1,s,,,bursa\n", "no column grade"),
        (b"reader|read|study|muscle|side|scale|grade\n", "no column reader, read"),
        ((HEADER + ",grade\n").encode(), "twice"),
    ):  # fmt: skip
        path.write_bytes(content)
        assert told in refusal(path)
    assert "folder" in refusal(tmp_path)
    with pytest.raises(RefusedInput) as caught:
        read_ratings(tmp_path / "none.csv")
    assert caught.value.reason is Reason.INPUT_NOT_FOUND


def test_a_scale_too_wide(tmp_path: Path) -> None:
    assert "21" in refusal(file(tmp_path, "A,1,s,,,age,3", "B,1,s,,,age,80"))
