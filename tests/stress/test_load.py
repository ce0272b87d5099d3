"""The run under load itself: a short one over the real server, and that nothing that goes wrong passes it unnoticed."""

import random
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from typing import Any

import pytest

from tests.stress.askers import Reply, Tally
from tests.stress.charts import chart, svg, table
from tests.stress.figures import Report, Stretch, stretch
from tests.stress.load import Plan, measure
from tests.stress.served import Served

ANSWERS = {"one?": {"question": "one?", "answer": 1}, "two?": {"question": "two?", "answer": 2}}


def reply(status: int = 200, body: Any = None, retry_after: str | None = None, *, echoed: bool = True) -> Reply:
    return Reply(status, body, 5.0, retry_after, echoed)


@pytest.mark.parametrize(
    ("got", "fault"),
    [
        (reply(body=ANSWERS["one?"] | {"timings_ms": {"total": 9}}), None),
        (reply(503, {}, "3"), None),
        (reply(503, {}), "failed: 'one?' got 503"),
        (reply(500, {}, "3"), "failed: 'one?' got 500"),
        (reply(body=ANSWERS["two?"]), "mixed up: 'one?' got the answer to 'two?'"),
        (reply(body=ANSWERS["one?"] | {"answer": 3}), "wrong: 'one?'"),
        (reply(body=ANSWERS["one?"], echoed=False), "mixed up: the reply to 'one?' is to another request"),
    ],
)
def test_every_reply_is_the_one_alone_or_a_refusal_with_a_time_or_a_fault(got, fault):
    tally = Tally()
    tally.take("one?", got, ANSWERS)
    assert (len(tally.answered) + len(tally.refused), len(tally.faults)) == ((1, 0) if fault is None else (0, 1))
    assert fault is None or tally.faults[0].startswith(fault)


def made(per_second: float, *, name: str = "x", refused: int = 0, faults: tuple[str, ...] = ()) -> Stretch:
    draw = random.Random(1)
    tally = Tally([draw.uniform(20, 400) for _ in range(round(10 * per_second))], [2.0] * refused, seconds=10)
    return replace(stretch(name, tally, 300.0, 4), faults=faults)


def report(kept: float = 1.0, *, refused: int = 9, faults: tuple[str, ...] = ()) -> Report:
    steps = tuple(replace(made(20.0 + askers), askers=askers) for askers in (1, 2, 4))
    one = {
        "peak": made(20.0),
        "obeying Retry-After": made(20.0 * kept, refused=refused),
        "not obeying": made(20.0, refused=9, faults=faults),
    }
    return Report(2, 64, 3.0, 250.0, steps, (one,))


def test_what_is_not_as_promised_is_told():
    assert report().missed() == []
    assert report(0.91).missed() == []
    assert report(0.89).missed() == ["obeying Retry-After: 89% of the peak's throughput is left, expected at least 90%"]
    assert report(refused=0).missed() == ["obeying Retry-After: nobody was refused, so it was no overload"]
    assert report(faults=("lost: 'x'",)).missed() == ["x: lost: 'x'"]


def test_it_is_drawn_for_a_terminal_and_as_one_sheet_that_needs_nothing_else():
    lines = [*chart(report())]
    assert [line.split()[0] for line in lines[1:4]] == ["1", "2", "4"]
    assert all(line.index("●") <= line.index("○") <= line.index("·") for line in lines[1:4])
    assert "goodput obeying Retry-After: 95.0% of the peak, median of 1 rounds" in "\n".join(table(report(0.95)))
    sheet = svg(report(0.95))
    ElementTree.fromstring(sheet)
    assert "95% of the peak" in sheet and "prefers-color-scheme: dark" in sheet
    assert set(re.findall(r"https?://[^\"'\s]+", sheet)) == {"http://www.w3.org/2000/svg"}


@pytest.mark.timeout(1_200)
def test_a_rush_of_seconds_loses_mixes_up_and_alters_no_answer():
    """The real server and models. How much goodput stays is the long run's to say: seconds on a busy machine cannot."""
    plan = Plan((1, 8), seconds=1.5, rounds=1, questions=8, queue=4)
    with Served(environment=plan.environment) as server:
        found = measure(server, plan)
    assert found.faults == []
    assert all(step.answered for step in (*found.steps, *found.rounds[0].values()))
    assert found.rounds[0]["obeying Retry-After"].refused
