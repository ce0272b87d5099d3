"""The long runs' own parts, and a soak of seconds over a real server."""

import json
import random
import sys
from pathlib import Path

import numpy as np
import pytest

from index.cores import available_cores
from tests.stress import __main__ as runner
from tests.stress import ending, layouts, promises, soak, together
from tests.stress.soaked import GROWTH, Rebuilds, Report, chart, figures, svg, table
from tests.stress.traffic import WEIGHTS, Kind, Mixed, Seen
from tests.stress.watch import Sample, trend

BEFORE = Sample(0, 500, 30, 20)


def samples(per_hour: float, *, hours: float = 0.5, noise: float = 1.0, climb: float = 0.0) -> list[Sample]:
    """A look a second; at first it `climb`s, as caches do."""
    draw, count = random.Random(4), int(hours * 3_600)
    return [
        Sample(at, 500 + per_hour * at / 3_600 + min(climb, climb * 5 * at / count) + draw.gauss(0, noise), 30, 20)
        for at in range(count)
    ]


def report(found: list[Sample], *, faults: tuple[str, ...] = (), after: Sample = BEFORE) -> Report:
    mixed = Mixed({name: Kind([1.0, 2.0, 30.0], refused=1) for name in WEIGHTS}, seconds=found[-1].at)
    return Report(20.0, 16.0, mixed, list(faults), Rebuilds([20.0, 45.0]), True, found, BEFORE, after)


@pytest.mark.parametrize("per_hour", [-5.0, 0.0, 60.0])
def test_growth_is_found_within_its_interval_and_the_first_third_does_not_count(per_hour: float) -> None:
    found = trend(samples(per_hour, climb=200.0))
    assert found is not None and found.low < per_hour < found.high
    assert found.high - found.low < 3


def test_a_flat_soak_is_as_promised_and_a_growing_one_is_not() -> None:
    assert report(samples(2.0)).missed() == []
    (told,) = report(samples(GROWTH + 1)).missed()
    assert "memory grew by up to" in told


def test_growth_of_a_short_run_is_stated_and_not_judged() -> None:
    short = report(samples(400.0, hours=0.1))
    assert short.growth is not None and short.growth.low > GROWTH and short.missed() == []
    assert "too short" in "\n".join(table(short))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"faults": ("question, wrong: x",)}, "wrong: x"),
        ({"after": Sample(0, 510, 80, 20)}, "80 files are open"),
        ({"after": Sample(0, 510, 30, 90)}, "90 threads are left"),
    ],
)
def test_what_is_wrong_lost_or_left_open_is_told(wrong: dict, words: str) -> None:
    (told,) = report(samples(0.0), **wrong).missed()
    assert words in told
    assert figures(report(samples(0.0), **wrong))["missed"] == [told]


@pytest.mark.parametrize(
    ("seen", "outcome"),
    [
        (Seen(200, ("a", "b")), "answered"),
        (Seen(200, ("a", None)), "refused"),
        (Seen(503, ("busy",), "2"), "refused"),
        (Seen(429, ("often",), "2"), "refused"),
        (Seen(503, ("busy",)), "got 503, alone 200"),
        (Seen(500, ("broken",), "2"), "got 500, alone 200"),
        (Seen(200, ("a",)), "got 200, alone 200"),
        (Seen(200, ("a", "c")), "got another reply than alone"),
    ],
)
def test_a_reply_is_the_one_alone_or_a_refusal_with_a_time_or_wrong(seen: Seen, outcome: str) -> None:
    assert seen.against(Seen(200, ("a", "b"))).startswith(outcome)


@pytest.mark.timeout(1_200)
@pytest.mark.skipif(sys.platform != "linux", reason="what a process holds is read from /proc")
def test_a_soak_of_seconds_loses_nothing_and_gets_nothing_wrong() -> None:
    """The real server, the real models, builds beside it."""
    found = soak.run(soak.Plan(seconds=8.0, capacity=3.0, clients=4, pause=0.5, every=0.1, questions=4))
    assert found.missed() == []
    assert found.mixed.done and found.rebuilds.ended
    assert min(one.memory for one in found.samples) > 100  # or it was not the server's
    assert len([*chart(found)]) == 2 and svg(found).count('class="line') == 3


@pytest.mark.timeout(1_200)
def test_a_server_told_to_end_with_every_place_taken_answers_them_all() -> None:
    """The real server, the real models; few places, so that it takes seconds."""
    faults = list[str]()
    told = ending.told_to_end(1, faults, lambda _: None, queue=6)
    assert faults == []
    assert (
        told["answered right afterwards"]
        == told["in flight when told"]
        == told["places of each"]
        == 6 + available_cores()
    )
    assert told["seconds until ended, at most"] >= ending.DRAIN


def test_the_kept_figures_make_the_table_and_an_unkept_promise_shows(tmp_path: Path) -> None:
    (tmp_path / "soak.json").write_text(json.dumps(figures(report(samples(GROWTH + 9)))))
    (tmp_path / "faults.json").write_text(json.dumps({"killed": {"builds": 1_040}, "missed": []}))
    run = {"when": "2031-02-03", "machine": "2 cores", "short": False, "seconds": 3_600.0, "programs": []}
    (tmp_path / "summary.json").write_text(json.dumps(run))
    found = promises.headlines(tmp_path, runner.PROGRAMS)
    written = promises.block(json.loads(json.dumps(found)))
    assert "Of the long runs on 2031-02-03, 2 cores; 60 minutes in all." in written
    assert "| faults | killed: builds | 1,040 |" in written
    assert written.count("| not as promised | 0 |") == 1 and "| not as promised | 1 |" in written


def test_every_long_run_that_is_there_has_its_headline() -> None:
    assert set(promises._KNOWN) == set(runner.PROGRAMS)


LAYOUTS = {
    "layouts": {
        f"{workers} x {threads}": {"per_second": 10.0, "processor_ms": 100.0, "alone_ms": 60.0}
        for workers in {1, available_cores()}
        for threads in {1, available_cores()}
    },
    "together": [
        {"questions": 2, "ratio": 1.1, "processor": 1.3, "windows": 40, "same": 0.9, "moved": 0.5, "padding": 0.1}
    ],
    "run": {"fixed_ms": 1.0, "typical_ms": 20.0, "most_saved": 0.05},
}


def test_a_choice_that_no_longer_holds_is_told() -> None:
    used, other = (
        f"{available_cores()} x {available_cores()}",
        {"per_second": 13.0, "processor_ms": 70.0, "alone_ms": 61.0},
    )
    assert layouts.missed(LAYOUTS) == []
    assert layouts.missed(LAYOUTS | {"layouts": {"another": other, used: LAYOUTS["layouts"][used]}}) != []
    (one,) = LAYOUTS["together"]
    assert layouts.missed(LAYOUTS | {"together": [one | {"ratio": 1.5}]}) == []  # it changes answers
    assert layouts.missed(LAYOUTS | {"together": [one | {"ratio": 1.1, "same": 1.0}]}) == []  # it hardly pays
    assert "no answer changed" in layouts.missed(LAYOUTS | {"together": [one | {"ratio": 1.5, "same": 1.0}]})[0]
    assert "2 read together: 1.10 times as fast (1.30 by" in "\n".join(layouts.lines(LAYOUTS))
    assert ["2 questions read together", "1.10 times as fast, another best answer in 10.0% of 40 windows"] in [
        *promises._KNOWN["layouts"](LAYOUTS)
    ]


@pytest.mark.timeout(600)
def test_windows_read_together_are_those_of_the_questions_and_the_network_the_one_that_is_shipped() -> None:
    answering, asked = layouts.pipeline(1), layouts.questions(3)
    windows = together.windows_of(answering, asked[0])
    head, ids = windows[0]
    assert 1 < len(windows) <= answering.settings.depth
    inputs = together._inputs(answering, (head, ids), len(head) + len(ids) + 1)
    (alone,) = together.opened().run(None, inputs)[0]
    whole = np.concatenate((head, ids, answering.reader._tokenizer.after))
    shipped = answering.reader._network.run(whole, inputs["segments"][0])
    assert np.abs(shipped - alone).max() < 0.01
    found = together.measured(answering, asked, rounds=1, places=1)
    assert [one.questions for one in found] == [2, 4, 8]
    assert all(
        one.ratio > 0 and one.windows == one.questions and 0 <= one.same <= 1 and one.padding >= 0 for one in found
    )
    assert found[-1].moved > 0  # one scale for all: what is said of one depends on the others


def test_the_best_span_is_within_the_text_not_too_long_and_none_where_silence_is_likelier() -> None:
    logits = np.full((40, 2), -5.0, dtype=np.float32)
    logits[0] = 0.0
    assert together.best_span(logits, 3) is None
    logits[1] = 9.0  # of the question
    logits[5, 0], logits[7, 1], logits[38, 1] = 4.0, 2.0, 8.0
    assert together.best_span(logits, 3) == (2, 4)  # not (2, 35), which no answer is as long as


def test_the_summary_names_what_was_not_kept() -> None:
    ran = [
        {"name": "load", "status": 0, "seconds": 61.0, "missed": []},
        {"name": "soak", "status": 1, "seconds": 5.0, "missed": ["memory grew"]},
    ]
    lines = "\n".join(runner.summary(ran, 66.0))
    assert "1 min 1 s  as promised" in lines and "1 NOT AS PROMISED" in lines and "memory grew" in lines


def test_what_runs_later_is_added_to_what_ran_before(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    ran = {"when": "2031-02-03", "short": False, "status": 0, "missed": []}
    runner.keep(path, [{"name": "soak", "seconds": 60.0, **ran}, {"name": "load", "seconds": 9.0, **ran}])
    runner.keep(path, [{"name": "load", "seconds": 5.0, **ran, "when": "2031-02-04"}])
    told = json.loads(path.read_text())
    assert [one["name"] for one in told["programs"]] == ["load", "soak"]
    assert (told["seconds"], told["when"], told["short"]) == (65.0, "2031-02-04", False)


def test_a_run_that_writes_nothing_has_not_kept_its_promise(tmp_path: Path) -> None:
    (tmp_path / "none.json").write_text('{"missed": []}')  # left by an earlier run
    told = runner.run("none", tmp_path, short=True)
    assert told["missed"] == ["it wrote no figures and ended with 1"]
