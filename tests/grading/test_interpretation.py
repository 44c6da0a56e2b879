import pytest

from gluteal_grade.grading.interpretation import Finding, interpret, load_rules
from gluteal_grade.vocabulary import Muscle, Part, Region, Side

RULES = load_rules()
POSTERIOR = Part(Muscle.GLUTEUS_MINIMUS, Region.POSTERIOR, Side.LEFT)
ANTERIOR = Part(Muscle.GLUTEUS_MINIMUS, Region.ANTERIOR, Side.LEFT)
MEDIUS = Part(Muscle.GLUTEUS_MEDIUS, Region.WHOLE, Side.LEFT)
MEDIUS_RIGHT = Part(Muscle.GLUTEUS_MEDIUS, Region.WHOLE, Side.RIGHT)


def ids(findings, metal=()):
    return {s.id for s in interpret(RULES, findings, frozenset(metal))}


@pytest.mark.parametrize(
    ("part", "rule"), [(POSTERIOR, "posterior_minimus_after_tha"), (MEDIUS, "medius_after_tha")], ids=["minimus", "medius"]
)
def test_atrophy_after_replacement_only_on_the_metal_side_and_from_the_grade_on(part, rule):
    assert rule in ids([Finding(part, {"quartile": 2})], {Side.LEFT})
    assert rule not in ids([Finding(part, {"quartile": 2})], {Side.RIGHT})
    assert rule not in ids([Finding(part, {"quartile": 2})])
    assert rule not in ids([Finding(part, {"quartile": 1})], {Side.LEFT})
    assert rule not in ids([Finding(part, {"quartile": None})], {Side.LEFT})


def test_anterior_minimus_has_its_caution_with_and_without_metal():
    fatty = [Finding(ANTERIOR, {"quartile": 3})]
    assert "anterior_minimus" in ids(fatty) & ids(fatty, {Side.LEFT})
    assert "anterior_minimus" not in ids([Finding(POSTERIOR, {"quartile": 3})])


def test_metal_cautions():
    assert ids([]) == set()
    assert ids([], {Side.LEFT}) == {"metal_debris_or_bursitis"}
    assert ids([], set(Side)) == {"metal_debris_or_bursitis", "no_healthy_side"}


def test_asymmetry_only_where_intervals_do_not_meet_and_both_are_whole():
    left, right = Finding(MEDIUS, low=0.20, high=0.24), Finding(MEDIUS_RIGHT, low=0.10, high=0.19)
    assert "asymmetry" in ids([left, right])
    assert "asymmetry" not in ids([left, Finding(MEDIUS_RIGHT, low=0.10, high=0.21)])
    assert "asymmetry" not in ids([left])
    assert "asymmetry" not in ids([left, Finding(MEDIUS_RIGHT, cut=True, low=0.10, high=0.19)])
    assert "asymmetry" not in ids([Finding(MEDIUS), Finding(MEDIUS_RIGHT)])


def test_texts_name_the_parts_once():
    made = interpret(RULES, [Finding(MEDIUS, low=0.20, high=0.24), Finding(MEDIUS_RIGHT, low=0.10, high=0.19)])
    assert made[0].text.startswith("Gluteus medius: left and right differ")
    cut = interpret(RULES, [Finding(MEDIUS, cut=True)])
    assert cut[0].text.startswith("Left gluteus medius: not wholly in view")
    assert cut[0].parts == (MEDIUS,)


def test_every_statement_has_a_source_and_none_diagnoses():
    for rule in RULES.statements.values():
        assert rule.source
        assert not any(word in rule.text.lower() for word in ("diagnos", "tear", "needs intervention", "treat"))


def test_a_bad_file_is_refused_with_the_place(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text("statements: {x: {text: t, source: s, when: {muscle: biceps}}}")
    with pytest.raises(ValueError, match=r"statements\.x\.when\.muscle"):
        load_rules(path)
