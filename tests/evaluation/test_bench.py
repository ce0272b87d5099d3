"""The bench: every figure beside its floor, as text and as JSON and nothing else."""

import json
from pathlib import Path

import pytest

from index.errors import ArticleQAError
from index.store import Index
from qa.cli import main
from qa.evaluation import bench
from qa.evaluation.bench import Measure
from qa.pipeline import QAPipeline
from qa.reader import Reader
from tests.conftest import ROOT
from tests.toy import ToyEncoder, ToyReader

NAMES = [
    "answer, p50",
    "answer, p95",
    "  retrieve, p50",
    "  retrieve, p95",
    "  read, p50",
    "  read, p95",
    "answers, 1 asking",
    "answers, 4 asking",
    "answers, 16 asking",
    "build, a sentence",
    "start, to the first answer",
    "peak memory",
    "server, to the page",
    "server, to the first answer",
    "server, memory at rest",
    "server, memory under load",
    "installed",
]


@pytest.fixture
def _brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """As few repetitions as still run everything."""
    for name, value in (("ASKED", 4), ("_STARTS", 1), ("_BUILDS", 1), ("_ASKED_TOGETHER", 16), ("_ASKED_SERVED", 8)):
        monkeypatch.setattr(bench, name, value)


@pytest.mark.timeout(1_200)  # it starts six processes that import Gradio or PyTorch
@pytest.mark.usefixtures("_brief")
def test_the_command_writes_every_figure_and_its_floor_as_json(
    real_index_dir: Path, real_reader: Reader, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "--json", "--index", str(real_index_dir)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["articles"], told["reader"]) == (1, real_reader.name)
    assert [one["name"] for one in told["measures"]] == NAMES
    for one in told["measures"]:
        assert one["ours"] > 0
        if one["name"].startswith("  "):
            assert one["floor"] is one["ratio"] is None
        else:
            assert one["ratio"] == pytest.approx(one["ours"] / one["floor"])
    by_name = {one["name"]: one for one in told["measures"]}
    assert by_name["peak memory"]["ratio"] < 0.8  # PyTorch is the floor's alone
    assert by_name["answer, p50"]["ours"] <= by_name["answer, p95"]["ours"]
    assert by_name["peak memory"]["ours"] > 100
    assert by_name["server, to the first answer"]["ours"] > by_name["server, to the page"]["ours"]
    assert by_name["server, memory under load"]["ours"] >= by_name["server, memory at rest"]["ours"] > 100
    assert by_name["installed"]["ratio"] > 1  # ours are the floor's packages, and more


def test_lines_put_the_ratio_first() -> None:
    measures = [Measure("answer, p50", "ms", 12.0, 8.0), Measure("  read, p50", "ms", 0.25, None)]
    assert list(bench.lines(measures)) == [
        " × floor        ours       floor",
        "    1.50     12.0 ms     8.00 ms  answer, p50",
        "             0.25 ms                read, p50",
    ]


def test_questions_are_the_article_s_own_where_there_is_a_file(toy_index: Index, tmp_path: Path) -> None:
    pipeline = QAPipeline(toy_index, ToyEncoder(), reader=ToyReader())
    asked = bench.questions_of(pipeline, [ROOT / "seeds", ROOT / "seeds"])
    assert len(asked) == bench.ASKED
    assert asked[0] == "When could humans first land on Mars?"
    assert len(set(asked)) == 60
    openings = bench.questions_of(pipeline, [tmp_path])
    assert len(openings) == bench.ASKED
    assert all(len(opening.split()) <= 10 for opening in openings)


def test_a_process_that_cannot_answer_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(ArticleQAError, match=r"could not answer from .*IndexMissing"):
        bench._child(bench._OURS, tmp_path / "none", "Who?", None)


@pytest.mark.parametrize("work", [bench._OURS, bench._FLOOR])
def test_a_process_loads_the_encoder_that_is_asked_for(real_index_dir: Path, tmp_path: Path, work: str) -> None:
    (tmp_path / "hollow").mkdir()
    with pytest.raises(ArticleQAError, match=r"EncoderError: .*hollow"):
        bench._child(work, real_index_dir, "Who?", str(tmp_path / "hollow"))


@pytest.mark.parametrize(("work", "expected"), [(bench._OURS, "False"), (bench._FLOOR, "True")])
def test_the_floor_is_pytorch_and_an_answer_does_without(real_index_dir: Path, work: str, expected: str) -> None:
    check = f"{work}\nassert ('torch' in sys.modules) is {expected}, 'torch'"
    bench._child(check, real_index_dir, "When could humans first land on Mars?", None)
