"""All tables and plots of a cohort."""

from gluteal_grade_lab.validation.plots import bland_altman, interval_reliability
from gluteal_grade_lab.validation.tables import every_table
from tests.lab.validation.records import COHORT


def test_everything_is_written_and_nothing_of_nothing(tmp_path):
    text = every_table(COHORT[:4])
    assert "### Fat fraction against truth, true labels" in text
    assert "auto labels" not in text
    for draw in (bland_altman, interval_reliability):
        path = draw(COHORT[:4], "true", tmp_path / "a.png")
        assert path is not None
        assert path.stat().st_size > 5000
        assert draw([], "true", tmp_path / "b.png") is None
