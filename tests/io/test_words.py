import pytest

from gluteal_grade.io.words import find, plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("T1_TSE (Fettsättigung)", "t1 tse fettsattigung"),
        ("  Supresión-de/GRASA ", "supresion de grasa"),
        ("t1+C", "t1+c"),
        ("Übersicht", "ubersicht"),
        ("", ""),
    ],
)
def test_plain(text: str, expected: str) -> None:
    assert plain(text) == expected


def test_only_whole_words_are_found_and_only_they_are_told() -> None:
    assert find(("vat",), ["PRIVATE protocol"]) is None
    assert find(("vat",), ["t1_VAT_Doe^Jane"]) == "vat"
    assert find(("fs",), ["offset"]) is None
