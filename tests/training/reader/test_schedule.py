"""The rate over a run, and what a run cannot be."""

from datetime import UTC, datetime

import pytest

from index.errors import SettingsError
from qa.training.reader import recipe
from qa.training.reader.schedule import Position, Schedule, parse_until, schedule_from

NOON = datetime(2031, 2, 3, 12, 0, tzinfo=UTC)


def test_by_epochs_the_decay_is_a_new_epoch_and_ends_at_nothing() -> None:
    schedule = Schedule.by_epochs(2.0)  # 1.4 cropped, then .6 whole from the beginning of the third
    assert not schedule.decay_due(Position(epoch=1, batch=39), 100)
    assert schedule.decay_due(Position(epoch=1, batch=40), 100)
    assert schedule.share(Position(epoch=1, batch=39), 100) == 1.0
    shares = [schedule.share(Position(epoch=2, batch=batch, whole=True), 100) for batch in (0, 15, 30, 60, 70)]
    assert shares == pytest.approx([1.0, 0.75, 0.5, 0.0, 0.0])
    assert not schedule.over(Position(epoch=2, batch=59, whole=True), 100)
    assert schedule.over(Position(epoch=2, batch=60, whole=True), 100)


def test_by_epochs_a_constant_part_of_whole_epochs_leaves_none_out() -> None:
    schedule = Schedule.by_epochs(10.0)
    assert not schedule.decay_due(Position(epoch=6, batch=99), 100)
    assert schedule.decay_due(Position(epoch=7), 100)
    assert schedule.share(Position(epoch=7, whole=True), 100) == 1.0
    assert schedule.over(Position(epoch=9, batch=100, whole=True), 100)


class Clock:
    """A clock that stands at `now`."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def shares_at(schedule: Schedule, clock: Clock, at: Position, *times: float) -> list[float]:
    found = []
    for clock.now in times:
        found.append(schedule.share(at, 9))
    return found


def test_by_the_clock_it_is_constant_then_falls_to_nothing() -> None:
    clock = Clock()
    schedule = Schedule.by_clock(0.0, 100.0, Position(), clock)
    fresh, decaying = Position(epoch=3, batch=7), Position(epoch=4, whole=True)
    assert shares_at(schedule, clock, fresh, 0.0, 69.0, 80.0) == [1.0, 1.0, 1.0]
    assert shares_at(schedule, clock, decaying, 70.0, 85.0, 99.0, 120.0) == pytest.approx([1.0, 0.5, 1 / 30, 0.0])
    for time, due, over in ((69.9, False, False), (70.0, True, False), (99.9, True, False), (100.0, True, True)):
        clock.now = time
        assert schedule.decay_due(fresh, 9) == due
        assert schedule.over(fresh, 9) == schedule.over(decaying, 9) == over


def test_by_the_clock_the_decay_is_a_share_of_what_the_run_had_before_too() -> None:
    clock = Clock()
    taken_up = Position(step=50, epoch=1, seconds=40.0)
    schedule = Schedule.by_clock(0.0, 60.0, taken_up, clock)
    clock.now = 29.9
    assert not schedule.decay_due(taken_up, 9)
    clock.now = 30.0
    assert schedule.decay_due(taken_up, 9)
    short = Schedule.by_clock(0.0, 10.0, taken_up, clock)
    assert shares_at(short, clock, Position(epoch=1, whole=True), 0.0, 5.0, 10.0) == [1.0, 0.5, 0.0]


def test_a_decay_taken_up_again_goes_on_from_its_share_at_once() -> None:
    clock = Clock()
    cut = Position(epoch=4, batch=2, whole=True, scale=0.6)
    schedule = Schedule.by_clock(0.0, 40.0, cut, clock)
    assert shares_at(schedule, clock, cut, 0.0, 20.0, 40.0) == pytest.approx([0.6, 0.3, 0.0])


def test_a_decay_that_is_all_but_over_is_not_dragged_out_by_the_clock() -> None:
    cut = Position(epoch=4, batch=2, whole=True, scale=0.005)
    assert schedule_from(cut, epochs=2, until=datetime.now().timestamp() + 3600).over(cut, 9)


def test_a_run_cut_off_in_its_decay_is_where_the_uninterrupted_one_was() -> None:
    at = Position(epoch=2, batch=30, whole=True, scale=0.52)
    assert schedule_from(at, epochs=2.0, until=None).share(at, 100) == pytest.approx(0.5)
    done = Position(epoch=2, batch=60, whole=True, scale=0.02)
    assert schedule_from(done, epochs=2.0, until=None).over(done, 100)


@pytest.mark.parametrize(
    ("at", "epochs", "said"),
    [
        (Position(epoch=2, batch=3, whole=True, scale=0.9), 9.0, "--resume-from stable.safetensors"),
        (Position(epoch=3, batch=3), 2.0, "give more epochs"),
        (Position(epoch=2, batch=1), 2.0, "give more epochs"),
    ],
)
def test_a_run_does_not_pass_through_every_position(at: Position, epochs: float, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        schedule_from(at, epochs=epochs, until=None)


def test_a_longer_run_goes_on_from_before_the_decay() -> None:
    stable = Position(epoch=1, batch=40)
    assert schedule_from(stable, epochs=2.0, until=None).decay_due(stable, 100)
    assert not schedule_from(stable, epochs=4.0, until=None).decay_due(stable, 100)


def test_no_time_left_is_refused() -> None:
    until = datetime.now().timestamp() + recipe.CLOSING_SECONDS - 1
    with pytest.raises(SettingsError, match="no time to train"):
        schedule_from(Position(), epochs=2.0, until=until)


def test_until_is_the_next_such_time() -> None:
    assert parse_until("12:01", NOON) == NOON.timestamp() + 60
    assert parse_until("00:00", NOON) == NOON.timestamp() + 12 * 3600
    assert parse_until("05:30", NOON.replace(hour=22)) == NOON.timestamp() + 17.5 * 3600


@pytest.mark.parametrize(
    ("text", "said"), [("11:59", "is past"), ("12:00", "is past"), ("24:10", "HH:MM"), ("noon", "HH:MM")]
)
def test_a_time_that_is_past_or_none_is_refused(text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        parse_until(text, NOON)
