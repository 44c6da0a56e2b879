import pytest

from gluteal_grade.errors import Reason, RefusedInput, TransientFailure
from gluteal_grade.pacs.config import RetrySettings
from gluteal_grade.pacs.retry import with_retries

RETRY = RetrySettings(attempts=4, first_s=4.0, factor=3.0, longest_s=20.0)


class Flaky:
    def __init__(self, *ends: Exception | None) -> None:
        self.ends, self.calls = list(ends), 0

    def __call__(self) -> str:
        self.calls += 1
        end = self.ends.pop(0)
        if end is not None:
            raise end
        return "done"


def lost() -> TransientFailure:
    return TransientFailure(Reason.PEER_UNREACHABLE)


def test_succeeds_at_last_and_tells_each_pause() -> None:
    slept: list[float] = []
    told: list[tuple[int, float, Reason]] = []
    what = Flaky(lost(), lost(), lost(), None)
    assert with_retries(RETRY, what, slept.append, lambda n, wait, why: told.append((n, wait, why.reason)), seed=1) == "done"
    assert what.calls == 4
    assert [wait for _, wait, _ in told] == slept
    assert [n for n, _, _ in told] == [1, 2, 3]
    for wait, longest in zip(slept, (4.0, 12.0, 20.0), strict=True):
        assert 0.75 * longest <= wait <= longest


def test_jitter_follows_from_the_seed() -> None:
    def pauses(seed: int) -> list[float]:
        slept: list[float] = []
        with_retries(RETRY, Flaky(lost(), lost(), None), slept.append, seed=seed)
        return slept

    assert pauses(5) == pauses(5)
    assert pauses(5) != pauses(6)


def test_gives_up_with_the_last_failure() -> None:
    last = TransientFailure(Reason.NOT_STORED)
    what = Flaky(lost(), lost(), lost(), last)
    with pytest.raises(TransientFailure) as caught:
        with_retries(RETRY, what, lambda _: None)
    assert caught.value is last
    assert what.calls == 4


@pytest.mark.parametrize("error", [RefusedInput(Reason.NO_IMAGES), ValueError("settings")])
def test_what_cannot_pass_is_not_tried_again(error: Exception) -> None:
    what = Flaky(error)
    with pytest.raises(type(error)):
        with_retries(RETRY, what, lambda _: pytest.fail("slept"))
    assert what.calls == 1


def test_one_attempt_means_one() -> None:
    what = Flaky(lost())
    with pytest.raises(TransientFailure):
        with_retries(RetrySettings(attempts=1), what, lambda _: pytest.fail("slept"))
