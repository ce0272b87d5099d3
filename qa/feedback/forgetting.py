"""Forgets what is past its days, by a clock that has shown that it goes on.

A clock that leaps ahead by a fault, or stands at 1970 until the network tells the time, would make everything past its days,
or make it so once it is set right. So the file notes what the clock says at each look, once a day at least. A clock that is
further from the last note than half the days, ahead or behind, is believed again once it has gone on from there for a day;
until then nothing is forgotten for its age, and no time in the file is touched. What a smaller leap can cost is only what was
not asked for half the days. A server that was off for so long forgets a day late.
"""

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Final

from qa.feedback.store import TO_THE_MINUTE, transaction

MOST_ROWS: Final = 20_000
"""Rows that are kept, about 10 MB. Beyond it the longest unasked go first, those without a vote before those with one."""

TRIAL: Final = 86_400
"""Seconds for which a clock has to go on after a leap, over restarts too, until it is believed."""

LEAP: Final = 2 * 86_400
"""Seconds that are never a leap: the looks are a day apart, where few days are kept as well."""


def purge(connection: sqlite3.Connection, days: int, now: datetime, most: int = MOST_ROWS) -> int:
    """Forget what was last asked more than `days` ago, where the clock is believed, and what exceeds `most` rows; how many
    rows that were.

    What seems to have been asked later than `now` counts as asked now.
    """
    with transaction(connection):
        forgotten = _forget_past(connection, days, now) if _believed(connection, days, now) else 0
        forgotten += connection.execute(
            "DELETE FROM asked WHERE rowid IN"
            " (SELECT rowid FROM asked ORDER BY up + down > 0 DESC, last_asked DESC, rowid DESC LIMIT -1 OFFSET ?)",
            (most,),
        ).rowcount
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # else what was deleted stays readable in the log beside it
    return forgotten


def _believed(connection: sqlite3.Connection, days: int, now: datetime) -> bool:
    """Note what the clock says; whether it has gone on for long enough since it leapt, or was first looked at."""
    told = {"now": int(now.timestamp()), "leap": max(LEAP, days * 86_400 // 2), "trial": TRIAL}
    connection.execute("CREATE TABLE IF NOT EXISTS clock (seen INTEGER NOT NULL, since INTEGER NOT NULL)")
    connection.execute("INSERT INTO clock SELECT :now, :now WHERE NOT EXISTS (SELECT * FROM clock)", told)
    connection.execute(
        "UPDATE clock SET since = CASE WHEN abs(:now - seen) > :leap THEN :now ELSE since END, seen = :now", told
    )
    return bool(connection.execute("SELECT :now - max(since) >= :trial FROM clock", told).fetchone()[0])


def _forget_past(connection: sqlite3.Connection, days: int, now: datetime) -> int:
    oldest, minute = (moment.astimezone(UTC).strftime(TO_THE_MINUTE) for moment in (now - timedelta(days=days), now))
    # Asked while the clock stood in the future: its days count from now, or it would be kept for years.
    connection.execute("UPDATE asked SET last_asked = ? WHERE last_asked > ?", (minute, minute))
    return connection.execute("DELETE FROM asked WHERE last_asked < ?", (oldest,)).rowcount
