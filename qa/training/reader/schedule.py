"""Where a run stands, and the rate there: constant, then linear to 0 over the last DECAY_SHARE of it.

By epochs a run is a function of its position, so that one taken up again is the uninterrupted one; by the clock it uses
the time that it is given. The decay begins with a new epoch, since whole contexts need other batches than cropped ones.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from index.errors import SettingsError
from index.model_folder import PACKAGED_NAME
from qa.training.reader import recipe


@dataclass(frozen=True, slots=True)
class Position:
    """Where training stands: `batch` batches of `epoch` are done, and `step` steps over `tokens` tokens in all.

    :param scale: share of the peak rate at the last step.
    :param whole: the decay has begun: contexts are no longer cropped.
    :param seed: of the examples and batches.
    :param examples: name of the examples, as `examples_name` gives it; "" in older checkpoints, whose batches were others.
    :param start: what the run began with.
    :param seconds: spent in steps so far, whenever that was; 0 in older checkpoints.
    """

    step: int = 0
    epoch: int = 0
    batch: int = 0
    tokens: int = 0
    scale: float = 1.0
    whole: bool = False
    seed: int = 0
    examples: str = ""
    seconds: float = 0.0
    start: str = PACKAGED_NAME


@dataclass(frozen=True, slots=True)
class Schedule:
    """Share of the peak rate over a run's progress: epochs done, or, by the clock, seconds since 1970.

    :param decay_at: progress at which the constant part is over.
    :param decay_from: progress at which the rate leaves `scale`, to be 0 at `end`.
    :param clock: None for a run by epochs.
    """

    decay_at: float
    decay_from: float
    end: float
    scale: float = 1.0
    clock: Callable[[], float] | None = None

    @classmethod
    def by_epochs(cls, epochs: float) -> "Schedule":
        """(1 - DECAY_SHARE) of the epochs cropped, then, from the next epoch's beginning, DECAY_SHARE of them whole."""
        constant = round(epochs * (1 - recipe.DECAY_SHARE), 9)
        return cls(constant, math.ceil(constant), math.ceil(constant) + epochs - constant)

    @classmethod
    def by_clock(cls, begin: float, end: float, at: Position, clock: Callable[[], float] = time.time) -> "Schedule":
        """From `begin` to `end`: the decay is DECAY_SHARE of all the time that the run gets, what it had before included.

        A run taken up in its decay decays at once, from the share that it had.
        """
        if at.whole:
            return cls(begin, begin, end if at.scale >= recipe.DECAYED else begin, at.scale, clock)
        decay_at = max(begin, end - recipe.DECAY_SHARE * (at.seconds + end - begin))
        return cls(decay_at, decay_at, end, 1.0, clock)

    def decay_due(self, at: Position, batches: int) -> bool:
        """Whether the constant part is over.

        :param batches: how many the position's epoch has.
        """
        return self._progress(at, batches) >= self.decay_at

    def share(self, at: Position, batches: int) -> float:
        """Share of the peak rate, in [0, 1]."""
        if not at.whole:
            return 1.0
        left = (self.end - self._progress(at, batches)) / (self.end - self.decay_from)
        return self.scale * min(1.0, max(0.0, left))

    def over(self, at: Position, batches: int) -> bool:
        """Whether there is nothing left to train."""
        return self._progress(at, batches) >= self.end - 1e-9

    def _progress(self, at: Position, batches: int) -> float:
        return self.clock() if self.clock else at.epoch + at.batch / batches


def schedule_from(at: Position, *, epochs: float, until: float | None) -> Schedule:
    """The schedule of a run that stands at a position: by the clock when `until` is given, else by epochs.

    :param until: seconds since 1970; CLOSING_SECONDS of it are kept back.
    :raises SettingsError: there is no time left, or a run of so many epochs does not pass through the position.
    """
    if until is not None:
        now, end = time.time(), until - recipe.CLOSING_SECONDS
        if end <= now:
            left = f"{until - now:.0f} s are left, {recipe.CLOSING_SECONDS:.0f} s of which the last probe takes"
            raise SettingsError(f"no time to train: {left}; give a later --until")
        return Schedule.by_clock(now, end, at)
    schedule = Schedule.by_epochs(epochs)
    if at.whole and at.epoch < schedule.decay_from:
        raise SettingsError(
            f"the rate decays already, in epoch {at.epoch}, and with --epochs {epochs:g} it would not yet; to train on, "
            "start a run in another folder with --resume-from stable.safetensors"
        )
    if not at.whole and at.epoch + (at.batch > 0) > schedule.decay_from:
        raise SettingsError(
            f"the rate does not decay yet, in epoch {at.epoch}, and with --epochs {epochs:g} it would; give more epochs"
        )
    return schedule


def parse_until(text: str, now: datetime | None = None) -> float:
    """The next HH:MM on this machine's clock, in seconds since 1970.

    :raises SettingsError: the text is not HH:MM, or that is more than LONGEST_HOURS ahead, that is, past.
    """
    now = now or datetime.now().astimezone()
    try:
        clock = datetime.strptime(text, "%H:%M")
    except ValueError as error:
        raise SettingsError(f"--until {text}: expected HH:MM on a 24-hour clock, as 23:30") from error
    end = now.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)
    end = end if end > now else end + timedelta(days=1)
    if end - now > timedelta(hours=recipe.LONGEST_HOURS):
        raise SettingsError(
            f"--until {text} is past (it is {now:%H:%M}); give a time in the next {recipe.LONGEST_HOURS} hours, or --epochs"
        )
    return end.timestamp()
