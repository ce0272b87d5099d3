"""The pipeline of a running server: renewed by what a build publishes, and by nothing that cannot be answered from."""

import json
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from index.article import article_from_text
from index.generations import DECISION, SUGGESTIONS, write_beside
from index.manifest import MANIFEST_NAME
from index.store import Index, build_index, load_index, save_index
from qa.answer import Answer
from qa.decision import load_decision
from qa.live import LONGEST_STOP, LivePipeline, live_pipeline, look
from qa.pipeline import QAPipeline
from qa.settings import load_settings
from tests.toy import ToyEncoder, ToyReader

SOUTH = "Ice on the Moon\n\nIce was found near the south pole of the Moon. It is older than the oceans are.\n"
NORTH = SOUTH.replace("south", "north")
ASKED = "Where near the pole was ice found?"
PATIENCE = 60
FILES = ("articles.jsonl", "passages.jsonl", "sentences.faiss", "passages.bm25/vocab.index.json")


def built(text: str, encoder: ToyEncoder | None = None) -> Index:
    return build_index([article_from_text(text, id="moon")], encoder or ToyEncoder())


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    save_index(built(SOUTH), tmp_path / "index")
    return tmp_path / "index"


@pytest.fixture
def live(directory: Path) -> LivePipeline:
    encoder = ToyEncoder()
    index = load_index(directory, encoder.fingerprint)
    return LivePipeline(QAPipeline.over(directory, index, encoder, load_settings(), ToyReader()), directory)


def text_of(live: LivePipeline) -> str:
    return live.current.index.articles[0].text


def quotes(answer: Answer) -> list[str]:
    return [one.quote for one in (*answer.citations, *answer.nearest)]


def until(true: Callable[[], bool]) -> None:
    waited = threading.Event()
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it has not come about"
        waited.wait(0.01)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_what_a_build_publishes_is_answered_from_and_who_began_before_goes_on_with_the_old(directory, live):
    before = live.current
    save_index(built(NORTH), directory)
    live.renew(directory)
    assert text_of(live) == NORTH and "north" in quotes(live.current.answer(ASKED))[0]
    assert "south" in quotes(before.answer(ASKED))[0]
    assert (live.taken, live.refused) == (1, 0)


def test_the_models_are_not_loaded_again(directory, live):
    models = live.current.encoder, live.current.reader
    save_index(built(NORTH), directory)
    live.renew(directory)
    assert (live.current.encoder, live.current.reader) == models
    assert live.current.encoder is models[0] and live.current.reader is models[1]


def test_a_question_is_put_to_the_new_index_before_a_reader_is(directory, live):
    read = []

    class Noting(ToyReader):
        def read(self, question, texts):
            read.append((text_of(live), texts))
            return super().read(question, texts)

    live.current.reader = Noting()
    save_index(built(NORTH), directory)
    live.renew(directory)
    ((answering_then, texts),) = read
    assert answering_then == SOUTH and "north" in " ".join(texts)


def test_the_watching_thread_finds_it_by_itself_again_and_again_until_it_is_told_to_end(directory, live):
    with live.watching(directory, look(directory)):
        for round_, text in enumerate((NORTH, SOUTH, NORTH), start=1):
            save_index(built(text), directory)
            until(lambda text=text: text_of(live) == text)
            until(lambda round_=round_: live.taken == round_)
    assert "index" not in {thread.name for thread in threading.enumerate()}
    save_index(built(SOUTH), directory)
    assert text_of(live) == NORTH


def test_what_was_published_while_the_pipeline_was_being_loaded_is_not_missed(directory, live):
    seen = look(directory)
    save_index(built(NORTH), directory)
    with live.watching(directory, seen):
        until(lambda: text_of(live) == NORTH)


def test_an_index_that_is_built_anew_of_the_same_text_changes_nothing(directory, live):
    index = live.current.index
    save_index(built(SOUTH), directory)
    live.renew(directory)
    assert live.current.index is index and (live.taken, live.refused) == (0, 0)


def test_an_index_that_this_process_has_saved_itself_is_no_other(tmp_path):
    index = built(SOUTH)
    live = LivePipeline(QAPipeline(index, ToyEncoder(), reader=ToyReader()), tmp_path / "index")
    assert live.built is None
    save_index(index, tmp_path / "index")
    live.renew(tmp_path / "index")
    assert live.current.index.manifest.generation and live.built is not None
    assert (live.taken, live.refused) == (0, 0)


def damaged(name: str) -> Callable[[Path], None]:
    def damage(directory: Path) -> None:
        save_index(built(NORTH), directory)
        (path,) = directory.glob(f"data-*/{name}")
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)

    return damage


def cut(directory: Path) -> None:
    save_index(built(NORTH), directory)
    os.truncate(directory / MANIFEST_NAME, 100)


def gone(directory: Path) -> None:
    shutil.rmtree(directory)


def of_another_encoder(directory: Path) -> None:
    other = ToyEncoder()
    other.fingerprint = "0" * 64
    save_index(built(NORTH, other), directory)


def of_another_schema(directory: Path) -> None:
    save_index(built(NORTH), directory)
    path = directory / MANIFEST_NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema_version": 99}))


def of_another_segmenter(directory: Path) -> None:
    index = built(NORTH)
    save_index(replace(index, manifest=replace(index.manifest, segmenter="by hand")), directory)


@pytest.mark.parametrize(
    "spoil",
    [*map(damaged, FILES), cut, gone, of_another_encoder, of_another_schema, of_another_segmenter],
    ids=[*FILES, "cut", "gone", "encoder", "schema", "segmenter"],
)
def test_what_cannot_be_answered_from_is_told_once_and_the_old_goes_on(directory, live, caplog, spoil):
    old = live.current
    spoil(directory)
    for _ in range(2):
        live.renew(directory)
        assert live.current is old and "south" in quotes(live.current.answer(ASKED))[0]
        (told,) = warnings(caplog)
    assert "\n" not in told and "still come from the index of before" in told and "python -m qa build" in told
    with live.watching(directory, look(directory)):
        save_index(built(NORTH), directory)
        until(lambda: text_of(live) == NORTH)
        until(lambda: (live.taken, live.refused) == (1, 1))


def test_an_index_that_is_copied_manifest_first_is_taken_once_it_is_whole(directory, live, caplog, tmp_path):
    save_index(built(NORTH), tmp_path / "elsewhere")
    manifest = (tmp_path / "elsewhere" / MANIFEST_NAME).read_bytes()
    (generation,) = (tmp_path / "elsewhere").glob("data-*")
    with live.watching(directory, look(directory)):
        (directory / MANIFEST_NAME).write_bytes(manifest)
        until(lambda: live.refused == 1)
        shutil.copytree(generation, directory / generation.name)
        until(lambda: text_of(live) == NORTH)
    assert live.refused == 1 and len(warnings(caplog)) == 1


def test_a_decision_and_suggestions_beside_the_index_are_renewed_by_themselves(directory, live):
    index = live.current.index
    with live.watching(directory, look(directory)):
        (article,) = index.articles
        asked = {"sha256": article.sha256, "questions": [{"question": "Where is ice?", "sentence_id": None}]}
        write_beside(directory, SUGGESTIONS, json.dumps({"moon": asked}).encode())
        until(lambda: live.current.suggestions() == ("Where is ice?",))
        own = replace(
            load_decision(), encoder_fingerprint=ToyEncoder.fingerprint, reader_fingerprint=ToyReader.fingerprint
        )
        (directory / DECISION).write_bytes(own.to_bytes())
        until(lambda: live.current.decision == own)
    assert live.current.index is index and live.taken == 0


@pytest.mark.parametrize("damaged", [b"{", None])
def test_suggestions_that_are_lost_under_a_server_are_still_suggested(directory, live, damaged):
    (article,) = live.current.index.articles
    asked = {"sha256": article.sha256, "questions": [{"question": "Where is ice?", "sentence_id": None}]}
    write_beside(directory, SUGGESTIONS, json.dumps({"moon": asked}).encode())
    live.renew(directory)
    (directory / SUGGESTIONS).unlink()
    if damaged is not None:
        (directory / SUGGESTIONS).write_bytes(damaged)
    live.renew(directory)
    assert live.current.suggestions() == ("Where is ice?",)


def test_a_decision_that_cannot_be_used_changes_nothing(directory, live, caplog):
    old = live.current
    (directory / DECISION).write_text("{")
    live.renew(directory)
    assert live.current is old and live.refused == 1
    assert "no-answer decision" in warnings(caplog)[0]


def test_a_fault_that_nobody_foresaw_is_logged_whole_and_ends_nothing(directory, live, caplog):
    class Failing(ToyReader):
        def read(self, question, texts):
            raise RuntimeError("broken by the test")

    good = live.current.reader
    live.current.reader = Failing()
    with live.watching(directory, look(directory)):
        save_index(built(NORTH), directory)
        until(lambda: live.refused == 1)
        assert "broken by the test" in caplog.text and "Traceback" in caplog.text
        live.current.reader = good
        save_index(built(SOUTH + "More.\n"), directory)
        until(lambda: text_of(live).endswith("More.\n"))


def test_files_that_are_mapped_are_kept_when_their_generation_is_removed(directory, live, monkeypatch):
    monkeypatch.setattr("index.mapping.MAPPED_FROM", 0)
    encoder = ToyEncoder()
    index = load_index(directory, encoder.fingerprint)
    generation = directory / index.manifest.generation
    mapped = QAPipeline.over(directory, index, encoder, load_settings(), ToyReader())
    expected = quotes(live.current.answer(ASKED))
    for text in (NORTH, SOUTH + "More.\n"):
        save_index(built(text), directory)
    assert not generation.exists()
    maps = Path("/proc/self/maps")
    assert not maps.exists() or f"{generation}/" in maps.read_text()
    assert quotes(mapped.answer(ASKED)) == expected
    in_memory = live.current.index
    assert [index.text(one) for one in index.sentences] == [in_memory.text(one) for one in in_memory.sentences]


def test_looking_reads_nothing_and_sees_a_file_that_was_replaced_by_one_of_the_same_size(directory):
    before = look(directory)
    assert look(directory) == before
    stamp = (directory / MANIFEST_NAME).stat()
    twin = directory / ".tmp-twin"
    twin.write_bytes((directory / MANIFEST_NAME).read_bytes())
    os.utime(twin, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    twin.replace(directory / MANIFEST_NAME)
    assert look(directory) != before
    assert look(directory / "nowhere", whole=True) == ((),) * len(before)


def test_an_end_in_the_middle_of_loading_waits_no_longer_than_it_says(directory, live):
    """A pipe in a file's place: who reads it waits for a writer."""
    (directory / SUGGESTIONS).unlink(missing_ok=True)
    with live.watching(directory, look(directory)):
        os.mkfifo(directory / SUGGESTIONS)
        save_index(built(NORTH), directory)
        with (directory / SUGGESTIONS).open("w") as pipe:  # opens once the thread reads
            began = time.monotonic()
            live._ending.set()
            assert text_of(live) == SOUTH
            pipe.write("{}")
    assert time.monotonic() - began < LONGEST_STOP + PATIENCE


def test_the_server_s_pipeline_is_renewed_until_it_is_left(tmp_path, real_index_dir, seed_article):
    """The whole of it once, with the real models: what `serve` uses."""
    directory = shutil.copytree(real_index_dir, tmp_path / "index")
    article = tmp_path / "article.md"
    article.write_text(seed_article.text)
    with live_pipeline(load_settings(index=directory, articles=(article,)), progress=False) as live:
        assert text_of(live) == seed_article.text
        changed = article_from_text(seed_article.text.replace("2029", "2031"), id="article")
        save_index(build_index([changed], live.current.encoder), directory)
        until(lambda: text_of(live) == changed.text)
        assert "2031" in quotes(live.current.answer("When could humans first land on Mars?"))[0]
