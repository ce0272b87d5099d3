"""What a server does at start: use an index that is right, build one that is not, leave alone what is no index."""

import io
import logging
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index.encoder import Progress
from index.errors import ArticleError, IndexDamaged, IndexForeign, IndexMissing, IndexStale
from index.generations import MANIFEST_NAME, read_manifest
from index.store import build_index, save_index
from qa.cli import main
from qa.decision import load_decision
from qa.feedback.store import Asked, count_asked, open_to_write
from qa.pipeline import QAPipeline
from qa.settings import Settings, load_settings
from qa.startup import article_paths, build_at, ensure_index, load_articles, refuse_changed
from qa.suggestions import Suggestion, load_suggestions
from tests.toy import ToyEncoder, ToyReader

TEXT = "Ice was found near the south pole. It is older than the oceans.\n\nA crater holds ten tons of it.\n"


@pytest.fixture(autouse=True)
def encoder(monkeypatch: pytest.MonkeyPatch) -> ToyEncoder:
    """Any encoder will do here; the toy one is loaded at once."""
    toy = ToyEncoder()
    monkeypatch.setattr("index.encoder.load_encoder", lambda name=None: toy)
    return toy


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with an article in the default place and another one."""
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "article.md").write_text(TEXT, encoding="utf-8")
    (tmp_path / "mine.md").write_text(TEXT.replace("Ice", "Gold"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def start(caplog: pytest.LogCaptureFixture, **settings: object) -> tuple[QAPipeline, str]:
    """A started pipeline, and the warnings of its start."""
    caplog.clear()
    pipeline = ensure_index(load_settings(**settings))
    return pipeline, "\n".join(record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING)


def held(pipeline: QAPipeline) -> list[str]:
    return [article.id for article in pipeline.index.articles]


@pytest.mark.usefixtures("home")
def test_a_missing_index_is_built_and_then_used(caplog: pytest.LogCaptureFixture) -> None:
    pipeline, said = start(caplog)
    assert held(pipeline) == ["article"]
    assert said == "There is no index in index/built yet. Building it from seeds/article.md."
    stored = (Path("index/built") / MANIFEST_NAME).read_bytes()
    pipeline, said = start(caplog)
    assert said == ""
    assert (Path("index/built") / MANIFEST_NAME).read_bytes() == stored


def test_a_changed_article_is_indexed_anew(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    start(caplog)
    (home / "seeds" / "article.md").write_text(TEXT.replace("ten", "nine"), encoding="utf-8")
    pipeline, said = start(caplog)
    assert "nine tons" in pipeline.index.articles[0].text
    assert "is stale: the text of article 'article' has changed. Building it from seeds/article.md." in said
    assert "python -m qa build" not in said  # it is being done


@pytest.mark.usefixtures("home")
def test_a_damaged_index_is_built_anew(caplog: pytest.LogCaptureFixture) -> None:
    start(caplog)
    vectors = next(Path("index/built").glob("data-*/sentences.faiss"))
    vectors.write_bytes(vectors.read_bytes()[:-1])
    assert "is damaged: sentences.faiss" in start(caplog)[1]
    assert start(caplog)[1] == ""


@pytest.mark.usefixtures("home")
def test_an_index_of_another_schema_is_built_anew(caplog: pytest.LogCaptureFixture) -> None:
    start(caplog)
    manifest = Path("index/built") / MANIFEST_NAME
    manifest.write_text(manifest.read_text().replace('"schema_version": 1', '"schema_version": 0'))
    assert "has schema version 0" in start(caplog)[1]
    assert start(caplog)[1] == ""


@pytest.mark.usefixtures("home")
def test_another_encoder_has_it_built_anew(
    caplog: pytest.LogCaptureFixture, encoder: ToyEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(caplog)
    monkeypatch.setattr(encoder, "fingerprint", "0" * 64)
    assert "built with encoder" in start(caplog)[1]
    assert start(caplog)[1] == ""


@pytest.mark.usefixtures("home")
def test_a_folder_with_something_else_in_it_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("index.encoder.load_encoder")  # it is refused before seconds are spent on loading
    folder = Path("index/built")
    folder.mkdir(parents=True)
    (folder / "thesis.doc").write_text("three years of work")
    with pytest.raises(IndexForeign, match=r"thesis\.doc"):
        ensure_index(load_settings())
    assert [path.name for path in folder.iterdir()] == ["thesis.doc"]


@pytest.mark.usefixtures("home")
def test_without_a_choice_the_articles_of_the_index_are_served(caplog: pytest.LogCaptureFixture) -> None:
    start(caplog, articles=["mine.md"])
    pipeline, said = start(caplog)
    assert (held(pipeline), said) == (["mine"], "")


@pytest.mark.usefixtures("home")
def test_a_chosen_article_is_served_whatever_the_index_holds(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(caplog, articles=["mine.md"])
    monkeypatch.setenv("ARTICLE_QA_ARTICLES", '["seeds/article.md"]')
    pipeline, said = start(caplog)
    assert held(pipeline) == ["article"]
    assert "it holds mine, but the articles are article" in said


def test_an_index_whose_articles_are_gone_is_served_as_it_was_built(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    (home / "other.md").write_text(TEXT.replace("Ice", "Salt"), encoding="utf-8")
    start(caplog, articles=["mine.md", "other.md"])
    stored = (Path("index/built") / MANIFEST_NAME).read_bytes()
    for name, told in (("mine.md", "mine.md"), ("other.md", "mine.md, other.md")):
        (home / name).unlink()
        pipeline, said = start(caplog)
        assert held(pipeline) == ["mine", "other"]
        assert said == f"The index in index/built is served as it was built: it was built from {told}, which is gone."
        assert (Path("index/built") / MANIFEST_NAME).read_bytes() == stored
        assert main(["build"]) == 2  # nor is it built again from what is left, or from the default
        assert (Path("index/built") / MANIFEST_NAME).read_bytes() == stored


def test_an_index_of_a_folder_that_is_empty_now_is_served_as_it_was_built(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (home / "mounted").mkdir()
    (home / "mine.md").rename(home / "mounted" / "mine.md")
    start(caplog, articles=["mounted", "seeds"])
    (home / "mounted" / "mine.md").unlink()
    for chosen in ({}, {"articles": ["seeds", "mounted"]}):
        pipeline, said = start(caplog, **chosen)
        assert held(pipeline) == ["mine", "article"]
        assert said.endswith("is served as it was built: it was built from mounted, which is gone.")
    assert main(["build", "mounted", "seeds"]) == 0  # whoever names it now means it
    assert held(start(caplog)[0]) == ["article"]


def test_a_source_that_is_gone_takes_nothing_with_it_though_it_is_named(
    home: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    both = ["mine.md", "seeds/article.md"]
    start(caplog, articles=both)
    (home / "mine.md").unlink()
    pipeline, said = start(caplog, articles=both)
    assert held(pipeline) == ["mine", "article"]
    assert "served as it was built" in said
    assert main(["build", *both]) == 2
    assert "is left as it is: it was built from mine.md, which is gone" in capsys.readouterr().err
    assert main(["build", "seeds/article.md", "nothing.md"]) == 0  # one that the index never held is only told
    assert "Not read: nothing.md" in capsys.readouterr().err
    assert held(start(caplog)[0]) == ["article"]


def test_an_index_that_cannot_be_answered_from_nor_built_again_is_refused(
    home: Path, caplog: pytest.LogCaptureFixture, encoder: ToyEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(caplog, articles=["mine.md"])
    (home / "mine.md").unlink()
    name_them = (
        r"cannot be built again, for it was built from mine\.md, which is gone; name its articles: python -m qa build"
    )
    with monkeypatch.context() as patched:
        patched.setattr(encoder, "fingerprint", "0" * 64)
        with pytest.raises(IndexStale, match=name_them):
            start(caplog)
    vectors = next(Path("index/built").glob("data-*/sentences.faiss"))
    vectors.write_bytes(vectors.read_bytes()[:-1])
    with pytest.raises(IndexDamaged, match=name_them):
        start(caplog)


def test_an_index_that_was_not_built_from_files_is_served_as_it_is(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    built = build_index(load_articles([Path("mine.md")]).articles, ToyEncoder())
    save_index(built, Path("index/built"))
    pipeline, said = start(caplog)
    assert held(pipeline) == ["mine"]
    assert said.endswith("is served as it was built: it does not say what it was built from.")
    assert main(["build"]) == 2
    assert held(start(caplog)[0]) == ["mine"]


def test_an_index_of_other_rules_is_built_anew_of_its_own_vectors(
    home: Path, caplog: pytest.LogCaptureFixture, encoder: ToyEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("index.store.SEGMENTER", "another segmenter")
        start(caplog, articles=["mine.md"])
    encoded: list[str] = []
    encode = ToyEncoder.encode

    def told(self: ToyEncoder, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        encoded.extend(texts)
        return encode(self, texts, progress=progress)

    monkeypatch.setattr(ToyEncoder, "encode", told)
    pipeline, said = start(caplog)
    assert "was built with segmenter 'another segmenter'" in said
    assert held(pipeline) == ["mine"]
    assert not set(encoded).intersection(map(pipeline.index.text, pipeline.index.sentences))
    assert start(caplog)[1] == ""


def test_a_project_moved_as_a_whole_still_finds_its_articles(
    home: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(caplog, articles=[str(home / "mine.md")])
    assert read_manifest(Path("index/built")).sources == ("../../mine.md",)
    moved = home.rename(home.with_name("moved"))
    monkeypatch.chdir(moved)
    assert article_paths(load_settings()) == (Path("mine.md"),)
    monkeypatch.chdir(moved / "seeds")
    assert article_paths(load_settings(index=moved / "index/built")) == (moved / "mine.md",)


def test_a_question_is_not_asked_of_an_article_that_has_changed(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    directory = Path("index/built")
    with pytest.raises(IndexMissing):
        refuse_changed(directory)
    start(caplog)
    refuse_changed(directory)
    article = home / "seeds" / "article.md"
    article.write_text(f"---\ntitle: Another title\n---\n{TEXT}", encoding="utf-8")
    with pytest.raises(IndexStale, match=r"seeds/article\.md has changed since; rebuild it: python -m qa build"):
        refuse_changed(directory)
    article.unlink()
    refuse_changed(directory)  # the index holds the text


def test_every_article_that_cannot_be_read_is_named(home: Path) -> None:
    (home / "empty.txt").touch()
    with pytest.raises(ArticleError, match=r"empty\.txt: .*; none\.md: there is no such file"):
        load_articles([Path("mine.md"), Path("empty.txt"), Path("none.md")])


class SlowEncoder(ToyEncoder):
    """Takes its time between two reports of progress."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> "object":  # type: ignore[override]
        if progress is not None:
            for done in (1, 2, 3):
                progress(done, 3)
                time.sleep(self.seconds)
        return super().encode(texts)


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("seconds", "stream", "progress", "bar"),
    [(0.6, Tty, True, True), (0.0, Tty, True, False), (0.6, io.StringIO, True, False), (0.6, Tty, False, False)],
    ids=["slow", "quick", "not a terminal", "not wanted"],
)
def test_a_bar_appears_on_a_terminal_when_building_takes_more_than_a_second(
    seconds: float, stream: type[io.StringIO], progress: bool, bar: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.encoder.load_encoder", lambda name=None: SlowEncoder(seconds))
    monkeypatch.setattr("sys.stderr", stream())
    settings: Settings = load_settings()
    ensure_index(settings, progress=progress)
    import sys

    assert ("Building" in sys.stderr.getvalue()) == bar  # type: ignore[attr-defined]


@pytest.mark.usefixtures("home")
def test_what_readers_asked_and_got_answered_is_suggested_after_the_next_build(
    home: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.reader.load_reader", lambda name=None: ToyReader())
    packaged = load_decision()
    always = replace(packaged, weights=tuple((0.0,) * len(row) for row in packaged.weights), bias=(0.0, 2.0, 0.0))
    monkeypatch.setattr("qa.decision.decision_for", lambda *_: always)
    asked, kept = "Where is the pole that ice was found near?", home / "feedback.db"
    path = home / "seeds" / "article.md"
    sha256 = load_articles([path]).articles[0].sha256
    with closing(open_to_write(kept)) as connection:
        for _ in range(2):
            count_asked(connection, Asked("article", sha256, asked, "answer", "south", 23), datetime.now(UTC))
    assert start(caplog)[0].suggestions("article") == ()
    rebuilt = build_at(load_settings(feedback=kept), [path], load_articles([path]), ToyEncoder())
    assert load_suggestions(load_settings().index, rebuilt)["article"] == (Suggestion(asked, 0),)
