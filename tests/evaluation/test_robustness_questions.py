"""The written kinds of seeds/robustness.jsonl: exact gold, as many of each as were promised, of the questions they name."""

import json
import re
from collections import Counter

from index.article import Article
from index.lexical import terms
from index.store import Index
from tests.conftest import ROOT

LANGUAGES = ("german", "spanish", "hebrew", "chinese")


def rows(name: str) -> list[dict]:  # type: ignore[type-arg]
    return [json.loads(line) for line in (ROOT / "seeds" / name).read_text(encoding="utf-8").splitlines()]


WRITTEN = rows("robustness.jsonl")
PLAIN = {row["id"]: row for row in rows("questions.jsonl")}


def test_as_many_of_each_kind_as_were_promised() -> None:
    assert Counter((row["kind"], bool(row["answers"])) for row in WRITTEN) == {
        ("paraphrase", True): 24,
        **{(language, True): 5 for language in LANGUAGES},
        ("yes_no", True): 16,
        ("yes_no", False): 4,
        ("lookalike", False): 16,
    }
    every = [*PLAIN.values(), *WRITTEN]
    assert len({row["id"] for row in every}) == len({row["question"].casefold() for row in every}) == len(every)


def test_gold_answers_are_slices_of_sentences_that_can_answer(seed_article: Article, toy_index: Index) -> None:
    low, high = toy_index.sentence_rows(seed_article.id)
    for row in WRITTEN:
        assert row["article"] == seed_article.id
        for gold in row["answers"]:
            end = gold["start"] + len(gold["text"])
            assert seed_article.text[gold["start"] : end] == gold["text"]
            held = [one for one in toy_index.sentences[low:high] if one.start <= gold["start"] and end <= one.end]
            assert held, row["id"]


def test_rewordings_have_the_answers_of_the_question_they_name() -> None:
    reworded = [row for row in WRITTEN if "of" in row]
    assert {row["kind"] for row in reworded} == {"paraphrase", *LANGUAGES}
    for row in reworded:
        assert row["answers"] == PLAIN[row["of"]]["answers"] != []
    assert set(Counter(row["of"] for row in reworded if row["kind"] == "paraphrase").values()) == {3}
    assert len({tuple(row["of"] for row in reworded if row["kind"] == language) for language in LANGUAGES}) == 1


def test_paraphrases_are_further_from_the_article_s_words_and_lookalikes_near(
    seed_article: Article, toy_index: Index
) -> None:
    low, high = toy_index.sentence_rows(seed_article.id)
    sentences = [set(terms(toy_index.text(one))) for one in toy_index.sentences[low:high]]

    def shared(row: dict) -> float:  # type: ignore[type-arg]
        """The largest share of the question's terms that one sentence holds."""
        asked = set(terms(row["question"]))
        return max(len(asked & held) / len(asked) for held in sentences)

    def average(kind: str) -> float:
        shares = [shared(row) for row in WRITTEN if row["kind"] == kind]
        return sum(shares) / len(shares)

    paraphrased = {row["of"] for row in WRITTEN if row["kind"] == "paraphrase"}
    originals = sum(shared(PLAIN[identity]) for identity in paraphrased) / len(paraphrased)
    assert average("paraphrase") < originals / 2
    assert average("lookalike") > originals


def test_hebrew_and_chinese_are_in_their_scripts() -> None:
    for kind, script in (("hebrew", "[א-ת]"), ("chinese", "[一-鿿]")):
        asked = [row["question"] for row in WRITTEN if row["kind"] == kind]
        assert all(re.search(script, text) and not re.search("[a-zA-Z]", text) for text in asked)
