"""What was decided is what the tables hold; nothing in them is a formula."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

from gluteal_grade.errors import Reason, TransientFailure
from gluteal_grade.review.agreement.ratings_csv import read_ratings
from gluteal_grade.review.catalogue import Catalogue
from gluteal_grade.review.correction import CorrectionState, Remeasurement, Table
from gluteal_grade.review.database import Database
from gluteal_grade.review.exports import export
from gluteal_grade.review.model import Item, Key, Session
from gluteal_grade.review.remeasure import remeasure
from gluteal_grade.review.store import Store
from gluteal_grade.review.uploads import accept_upload
from tests.review.conftest import Graded
from tests.review.deciding import decision, grade_key

EVIL = '=HYPERLINK("http://evil.example";"x")\r\nnext, \'line\''


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def catalogue(graded: Graded) -> Catalogue:
    found = Catalogue(graded.out)
    found.refresh()
    return found


def corrected(graded: Graded, study: str) -> str:
    """The id of a correction that is measured."""
    correction = accept_upload(graded.out, study, graded.out / study / "labels.nii.gz")
    table = Table(Database(graded.out))
    assert table.take() is not None
    upload = graded.out / "review" / "uploads" / f"{correction.id}.nii.gz"
    assert remeasure(Remeasurement(str(graded.out), study, correction.id, str(upload))).state is CorrectionState.DONE
    table.finish(correction, CorrectionState.DONE, "", "", 1.0)
    return correction.id


def test_three_tables(graded: Graded, catalogue: Catalogue, tmp_path: Path) -> None:
    anna, ben, again = Session("anna"), Session("ben", blinded=True), Session("anna", 2)
    store, study = Store(graded.out), graded.dicom
    correction = corrected(graded, study)
    quartile, other = grade_key(), grade_key("gluteus_minimus", "right", "goutallier")

    def at(item: Item, side: str = "", part: str = "", muscle: str = "") -> Key:
        return Key(item, muscle, side, part)

    store.add(anna, [decision("1", quartile, study=study, program="2"), decision("3", other, study=study)], "r")
    store.add(anna, [decision("2", quartile, study=study, program="2"), decision("", other, study=study)], "r")
    store.add(anna, [decision("usable", at(Item.QUALITY, "left", muscle="gluteus_medius"), study=study)], "r")
    store.add(anna, [decision("defect", at(Item.TENDON, "left", "minimus"), study=study)], "r")
    store.add(anna, [decision("not_assessable", at(Item.BURSA, "right"), study=study)], "r")
    store.add(anna, [decision(EVIL, at(Item.NOTE), study=study), decision(correction, at(Item.LABELS), study=study)], "r")
    store.add(ben, [decision("4", quartile, study=study, program="2", seen=False)], "r")
    store.add(again, [decision("0", quartile, study=study, program="2")], "r")
    folder = tmp_path / "new" / "tables"
    ratings, decisions, final = export(graded.out, folder, catalogue, store)
    assert {p.name for p in folder.iterdir()} == {"ratings.csv", "decisions.csv", "final.csv"}

    rows = [tuple(row.values()) for row in table(ratings)]
    assert list(table(ratings)[0]) == ["reader", "read", "study", "muscle", "side", "scale", "grade"]
    whole = {(m.muscle.value, m.side.value): m for m in catalogue.load(study).muscles if m.region == "whole"}
    fractions = {
        (muscle, side, name, f"{getattr(m, name):.6f}".rstrip("0"))
        for (muscle, side), m in whole.items()
        for name in ("fat_fraction", "fat_fraction_core")
        if not math.isnan(getattr(m, name))
    }
    assert {row for row in rows if row[0] == "anna"} == {
        ("anna", "1", study, "gluteus_medius", "left", "quartile", "2"),
        ("anna", "1", study, "gluteus_medius", "left", "quality", "usable"),
        ("anna", "1", study, "", "left", "tendon_minimus", "defect"),
        ("anna", "1", study, "", "right", "bursa", "not_assessable"),
        ("anna", "2", study, "gluteus_medius", "left", "quartile", "0"),
        *(("anna", "1", study, *one) for one in fractions),  # measured on the same labels
    }
    assert [row for row in rows if row[0] == "ben"] == [("ben", "1", study, "gluteus_medius", "left", "quartile", "4")]
    grades = {(*place, g.scale, str(g.grade)) for place, m in whole.items() for g in m.grades if g.grade is not None}
    assert {row for row in rows if row[0] == "program"} == {("program", "1", study, *one) for one in (*grades, *fractions)}
    assert len(rows) == len(set(rows))
    read = read_ratings(ratings)  # `gluteal-grade agreement` takes it
    assert read.readers == ("anna", "ben", "program")
    assert read.rows == len(rows)

    told = table(decisions)
    assert [row["id"] for row in told] == [row.decision.id for row in store.rows()]
    note = next(row for row in told if row["item"] == "note")
    assert note["value"] == "'" + EVIL
    assert note["value"][1:] == EVIL  # quotes and line ends are as they were
    assert [row["verdict"] for row in told if row["part"] == "quartile"] == ["overruled", "accepted", "", "overruled"]

    last = table(final)
    assert [row["study"] for row in last] == sorted([graded.dicom, graded.nifti] * 6)
    medius = next(row for row in last if (row["study"], row["muscle"], row["side"]) == (study, "gluteus_medius", "left"))
    assert (medius["anna:quartile"], medius["anna:quartile_read"], medius["anna:quartile_verdict"]) == ("0", "2", "overruled")
    assert (medius["ben:quartile"], medius["ben:quartile_verdict"], medius["anna:quality"]) == ("4", "", "usable")
    m = whole["gluteus_medius", "left"]
    assert medius["quartile"] == str(m.grade("quartile"))
    assert float(medius["fat_fraction"]) == round(m.fat_fraction, 6)
    assert medius["anna:corrected_fat_fraction"] == medius["fat_fraction"]
    assert float(medius["anna:corrected_volume_ml"]) == round(m.volume_ml, 6)
    unread = next(row for row in last if row["study"] == graded.nifti)
    assert {value for name, value in unread.items() if ":" in name} == {""}
    store.close()


def test_a_study_that_is_gone_keeps_its_readers_rows(graded: Graded, catalogue: Catalogue, tmp_path: Path) -> None:
    store = Store(graded.out)
    store.add(Session("anna"), [decision("1", study="cd" * 6), decision("", Key(Item.NOTE), study="ef" * 6)], "r")
    ratings, _, final = export(graded.out, tmp_path, catalogue, store)
    assert [row["reader"] for row in table(ratings)] == ["anna"]
    gone = [row for row in table(final) if row["study"] == "cd" * 6]
    assert len(gone) == 6
    assert sum(row["anna:quartile"] == "1" for row in gone) == 1
    assert {row["status"] for row in gone} == {""}


def test_nothing_decided_gives_tables_with_a_header(graded: Graded, catalogue: Catalogue, tmp_path: Path) -> None:
    ratings, decisions, final = export(graded.out, tmp_path, catalogue, Store(graded.out))
    assert (table(ratings), table(decisions)) == ([], [])
    assert len(table(final)) == 12
    assert all(math.isfinite(float(row["fat_fraction"])) for row in table(final) if row["status"] == "graded")


def test_a_folder_that_cannot_be_written(graded: Graded, catalogue: Catalogue, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(TransientFailure, match=Reason.OUTPUT_NOT_WRITABLE):
        export(graded.out, tmp_path / "file", catalogue, Store(graded.out))
