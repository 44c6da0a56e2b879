"""Orders: by need, or a reader's own."""

from __future__ import annotations

import math
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gluteal_grade.report.layout import Place
from gluteal_grade.review.listed import Listed
from gluteal_grade.review.model import Session
from gluteal_grade.review.order import Filters, Order, filtered, next_study, ordered, previous_study
from gluteal_grade.review.store import Progress

ANNA, BLIND = Session("anna"), Session("anna", blinded=True)
PLAIN = Listed("", Place(""), "graded", False, (), 1, "", math.nan, (), "dixon", True, 0, "", None, "", "")


def one(number: int, **facts: object) -> Listed:
    return replace(PLAIN, study=f"{number:012x}", **facts)  # type: ignore[arg-type]


MIXED = [
    one(1),
    one(2, status="refused"),
    one(3, status="partly_graded"),
    one(4, needs_review=True, status="partly_graded", metal=("left",), patient="Pab"),
    one(5, needs_review=True),
    one(6, metal=("right",)),
]
HASHES = st.sets(st.integers(0, 10_000), min_size=2, max_size=40)


def numbers(studies: tuple[Listed, ...]) -> list[int]:
    return [int(study.study, 16) for study in studies]


def test_what_needs_review_comes_first_and_the_refused_last() -> None:
    assert numbers(ordered(MIXED, ANNA)) == [4, 5, 3, 1, 6, 2]
    assert numbers(ordered(MIXED[::-1], ANNA)) == [4, 5, 3, 1, 6, 2]


def test_by_trust_the_least_trusted_comes_first_and_those_without_last_as_they_were() -> None:
    some = [replace(x, least_trust=trust) for x, trust in zip(MIXED, (0.9, math.nan, 0.2, math.nan, 0.5, 0.2), strict=True)]
    assert numbers(ordered(some, ANNA, Order.TRUST)) == [3, 6, 5, 1, 4, 2]
    assert numbers(ordered(some[::-1], ANNA, Order.TRUST)) == [3, 6, 5, 1, 4, 2]
    assert ordered(some, BLIND, Order.TRUST) == ordered(some, BLIND)  # it would tell what the program found


@given(HASHES, st.data())
def test_a_blinded_order_is_the_reader_s_own_and_stays_when_studies_come_or_go(some: set[int], data: st.DataObject) -> None:
    everything = [one(n, needs_review=n % 3 == 0, status="refused" if n % 7 == 0 else "graded") for n in some]
    order = ordered(everything, BLIND)
    assert sorted(numbers(order)) == sorted(n for n in some if n % 7)
    fewer = data.draw(st.sets(st.sampled_from(sorted(some))))
    assert ordered([x for x in everything if int(x.study, 16) in fewer], BLIND) == tuple(x for x in order if int(x.study, 16) in fewer)
    # what the program found does not shape it
    assert numbers(ordered([replace(x, needs_review=False, worst_grade=4) for x in everything], BLIND)) == numbers(order)


def test_readers_and_reads_have_different_orders() -> None:
    some = [one(n) for n in range(30)]
    orders = {tuple(numbers(ordered(some, Session(reader, read, blinded=True)))) for reader in ("anna", "ben") for read in (1, 2)}
    assert len(orders) == 4


def test_filters() -> None:
    order = ordered(MIXED, ANNA)
    progress = {f"{5:012x}": Progress(6, finished=True), f"{1:012x}": Progress(3)}

    def left(session: Session = ANNA, **filters: object) -> list[int]:
        return numbers(filtered(order, session, progress, Filters(**filters)))  # type: ignore[arg-type]

    assert left() == [4, 5, 3, 1, 6, 2]
    assert left(needs_review=True) == [4, 5]
    assert left(BLIND, needs_review=True) == [4, 5, 3, 1, 6, 2]
    assert left(unread=True) == [4, 3, 1, 6, 2]
    assert left(finished=True) == [5]
    assert left(refused=True) == [2]
    assert left(metal=True) == [4, 6]
    assert left(text=" PAB ") == [4]
    assert left(text="00000006") == [6]
    assert left(metal=True, needs_review=True) == [4]


def test_the_next_and_the_one_before() -> None:
    order = ordered(MIXED, ANNA)
    done = {f"{n:012x}": Progress(finished=True) for n in (5, 2)}

    def number(found: Listed | None) -> int | None:
        return None if found is None else int(found.study, 16)

    assert number(next_study(order, f"{4:012x}")) == 5
    assert number(next_study(order, f"{2:012x}")) is None
    assert number(next_study(order, f"{4:012x}", done)) == 3
    assert number(next_study(order, f"{6:012x}", done)) == 4  # from the top again
    assert number(next_study(order, f"{6:012x}", {x.study: Progress(finished=True) for x in MIXED})) is None
    assert number(next_study(order, "nothing")) == 4
    assert number(previous_study(order, f"{5:012x}")) == 4
    assert number(previous_study(order, f"{4:012x}")) is None
    assert number(previous_study(order, "nothing")) is None
