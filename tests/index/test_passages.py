"""Passages: what is retrieved and read as one; checked on the seed article, by example, and for any article."""

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.article import Article, article_from_paragraphs, article_from_text, load_article
from index.blocks import Block
from index.passages import SHORT, segment
from index.units import Passage, Sentence

SEED = Path(__file__).parents[2] / "seeds" / "article.md"


def count_tokens(texts: Sequence[str]) -> list[int]:
    """Words and marks, as a WordPiece tokenizer parts them, without its cutting of rare words."""
    return [len(re.findall(r"\w+|[^\w\s]", text)) for text in texts]


def texts(article: Article, units: Sequence[Passage] | Sequence[Sentence]) -> list[str]:
    return [article.text[unit.start : unit.end] for unit in units]


def words(number: int, first: str = "Mars") -> str:
    """A sentence of `number` tokens."""
    return " ".join([first, *["is"] * (number - 2)]) + "."


def passages_of(*paragraphs: str, limit: int = 256) -> list[str]:
    article = article_from_paragraphs("x", "T", paragraphs)
    return texts(article, segment(article, count_tokens, limit)[0])


def test_the_seed_article_in_full():
    article = load_article(SEED)
    passages, sentences = segment(article, count_tokens, 256)
    assert [(p.start, p.end) for p in passages] == [
        (0, 264),  # title and standfirst
        (266, 483),  # caption
        (703, 911),
        (913, 1097),
        (1099, 1297),
        (1299, 1436),
        (1438, 1677),
        (1679, 1918),
        (1920, 2152),  # subheading and its paragraph
        (2154, 2322),
        (2324, 2581),
        (2665, 2907),
        (2909, 3064),
    ]
    assert [(s.id, s.passage_id, article.text[s.start : s.end]) for s in sentences] == [
        (0, 0, "Putin envoy says Russia could supply a small nuclear power plant for Musk's Mars mission"),
        (
            1,
            0,
            '"Russia can offer a small-sized nuclear power plant for a mission to Mars and other advanced technological '
            'capabilities," the state RIA news agency cited the envoy as saying.',
        ),
        (
            2,
            1,
            "SpaceX's next-generation Starship spacecraft atop its Super Heavy booster is launched on its eighth test at "
            "the company's Boca Chica launch pad in Brownsville, Texas, March 6, 2025. (photo credit: REUTERS/JOE SKIPPER)",
        ),
        (
            3,
            2,
            "Russia could supply a small nuclear power plant for a mission to Mars planned by billionaire entrepreneur and "
            "SpaceX CEO Elon Musk, President Vladimir Putin's international cooperation envoy said on Thursday.",
        ),
        (
            4,
            3,
            "The envoy, Kirill Dmitriev, said Moscow could discuss the offer with Musk by video conference.",
        ),
        (5, 3, "It was the second time Dmitriev has spoken of potential cooperation with Musk this month."),
        (
            6,
            4,
            "The proposal comes after US President Donald Trump launched talks with Russia aimed at reviving bilateral ties "
            "which were languishing at their lowest level in decades due to Russia's war in Ukraine.",
        ),
        (
            7,
            5,
            "Moscow is seeking to develop economic cooperation with Washington, even as US sanctions against Russia over "
            "the conflict remain in place.",
        ),
        (
            8,
            6,
            "Musk, a close Trump associate, said earlier this month that his Starship rocket would blast off for Mars by "
            "the end of next year despite various failures in tests and amid skepticism from some space experts about "
            "Musk's projected timeline.",
        ),
        (
            9,
            7,
            "In a post on X, Musk said human landings could take place as early as 2029, but that "
            '"2031 was more likely."',
        ),
        (
            10,
            7,
            'He spoke last year of plans to build a "self-sustaining city in about 20 years" on Mars, something that would '
            "need a power source.",
        ),
        (11, 8, "Russia 'could contribute a lot'"),
        (
            12,
            8,
            "Speaking in Murmansk on the sidelines of an Arctic Forum, Dmitriev, who is also head of a fund that works to "
            "attract foreign investors, said Russia could contribute a lot to a potential Mars mission.",
        ),
        (
            13,
            9,
            '"Russia can offer a small-sized nuclear power plant for a mission to Mars and other advanced technological '
            'capabilities," the state RIA news agency cited him as saying.',
        ),
        (
            14,
            10,
            '"We believe that Russia has a lot to offer for a mission to Mars, because we have some nuclear technologies '
            'that I think could be applicable," he added, saying Russia regarded cooperation with Musk, whom Dmitriev hailed '
            'as a "great visionary," as important.',
        ),
        (
            15,
            11,
            "Yuri Borisov, the then head of Russia's Roscosmos space agency, said last year that Russia and China were "
            "considering putting a nuclear power plant on the moon from 2033-35, something he said could one day allow "
            "lunar settlements to be built.",
        ),
        (
            16,
            12,
            "Russia said in 2022 it would start work on its own Mars mission after the European Space Agency (ESA) suspended "
            "a joint project after the start of the war.",
        ),
    ]


def test_paragraphs_of_the_usual_length_stay_apart():
    paragraphs = [words(SHORT), words(SHORT), words(60)]
    assert passages_of(*paragraphs) == paragraphs


def test_a_short_paragraph_goes_with_the_one_after_it_and_the_last_with_the_one_before():
    long, short = words(40), words(SHORT - 1)
    assert passages_of(long, short, long) == [long, f"{short}\n\n{long}"]
    assert passages_of(long, short) == [f"{long}\n\n{short}"]
    assert passages_of(words(8), words(8), words(8), long, long) == [
        "\n\n".join([words(8), words(8), words(8)]),
        long,
        long,
    ]


def test_nothing_is_joined_that_would_not_fit():
    short, full = words(10), " ".join([words(62)] * 4)
    assert passages_of(short, full) == [short, full]
    assert passages_of(full, short) == [full, short]


def test_a_subheading_leads_its_paragraph_and_never_trails_the_one_before():
    text = f"{words(30)}\n\n# One\n\n{words(30)}\n\n{words(5)}\n\n## Two\n\n{words(5)}"
    article = article_from_text(text, id="x")
    assert texts(article, segment(article, count_tokens, 256)[0]) == [
        words(30),
        f"One\n\n{words(30)}\n\n{words(5)}",
        f"Two\n\n{words(5)}",
    ]


def test_a_long_paragraph_is_windowed_with_a_sentence_of_overlap_and_its_subheading_in_front():
    sentences = [words(50, name) for name in ("Ares", "Mars", "Moon", "Luna", "Gaia", "Juno")]
    assert passages_of(" ".join(sentences)) == [" ".join(sentences[:3]), " ".join(sentences[2:])]
    article = article_from_text(f"{words(30)}\n\n## Gods\n\n" + " ".join(sentences), id="x")
    passages, found = segment(article, count_tokens, 256)
    assert texts(article, passages)[1].startswith("Gods\n\nAres")
    by_passage = {
        text.split()[0]: sentence.passage_id for text, sentence in zip(texts(article, found), found, strict=True)
    }
    assert by_passage == {"Mars": 1, "Gods": 1, "Ares": 1, "Moon": 1, "Luna": 2, "Gaia": 2, "Juno": 2}


def test_a_sentence_longer_than_the_encoder_is_cut_so_that_all_of_it_is_seen():
    article = article_from_text("Mars " * 100, id="x")
    passages, sentences = segment(article, count_tokens, 22)
    assert all(tokens <= 20 for tokens in count_tokens(texts(article, passages)))
    assert " ".join(texts(article, sentences)) == article.text.strip()


def test_passages_hold_no_boilerplate_and_do_not_reach_over_it():
    article = article_from_text(f"{words(5)}\n\nSubscribe now\n\n{words(5)}\n\nAdvertisement", id="x")
    passages, sentences = segment(article, count_tokens, 256)
    assert texts(article, passages) == texts(article, sentences) == [words(5), words(5)]


def test_a_caption_stays_by_itself():
    article = article_from_text(f"{words(5)}\n\nA pad. (photo credit: AP)\n\n{words(5)}", id="x")
    assert [len(text.split("\n")) for text in texts(article, segment(article, count_tokens, 256)[0])] == [1, 1, 1]


def test_two_captions_stay_apart():
    article = article_from_text("A pad. (photo credit: AP)\n\nA crew. (photo credit: AP)", id="x")
    assert len(segment(article, count_tokens, 256)[0]) == 2


def test_tokens_are_counted_in_one_call():
    calls: list[int] = []

    def counted(batch: Sequence[str]) -> list[int]:
        calls.append(len(batch))
        return count_tokens(batch)

    _, sentences = segment(load_article(SEED), counted, 256)
    assert calls == [len(sentences)]


def test_an_encoder_without_room_for_text_is_refused():
    with pytest.raises(ValueError, match="expected at least 3"):
        segment(load_article(SEED), count_tokens, 2)


def test_an_article_of_two_thousand_headings_is_no_trouble():
    article = article_from_text("# Mars\n" * 2000, id="x")
    passages, sentences = segment(article, count_tokens, 256)
    assert len(sentences) == 2000
    assert max(count_tokens(texts(article, passages))) <= 254


PIECES = st.sampled_from(
    (
        *(words(4), words(12), words(25), words(45), words(300), "Subscribe now", "# Mars", "- one", "Short line"),
        *("A pad. (photo credit: AP)", "火星。" * 30, "x" * 80, "![a](b)", "e\u0301 . ! \u00a0B. c", '"Open. Quote.'),
        *("---", "\u200b"),
    )
)


@given(st.lists(PIECES, min_size=1).map("\n\n".join), st.sampled_from([3, 8, 40, 64, 256]), st.booleans())
def test_any_article_is_segmented_soundly(text, limit, by_character):
    def count(batch: Sequence[str]) -> list[int]:
        return [len(piece) for piece in batch] if by_character else count_tokens(batch)

    blocks = (Block("paragraph", 0, len(text)),)
    for article in (Article("x", text, blocks, "T"), article_from_text(text + "\n\nEnd of it.", id="x")):
        passages, sentences = segment(article, count, limit)
        boilerplate = [block for block in article.blocks if block.kind == "boilerplate"]
        assert [p.id for p in passages] == list(range(len(passages)))
        assert [s.id for s in sentences] == list(range(len(sentences)))
        assert {s.passage_id for s in sentences} == {p.id for p in passages}
        for one, other in pairwise(sentences):
            assert one.end <= other.start
            assert one.passage_id <= other.passage_id
        for sentence in sentences:
            passage = passages[sentence.passage_id]
            assert passage.start <= sentence.start < sentence.end <= passage.end
        for passage, tokens in zip(passages, count(texts(article, passages)), strict=True):
            assert not any(block.start < passage.end and passage.start < block.end for block in boilerplate)
            if not by_character:
                assert tokens <= limit - 2
        said = {position for s in sentences for position in range(s.start, s.end)}
        for block in article.blocks:
            for position in range(block.start, block.end):
                assert (position in said) == (block.kind != "boilerplate") or article.text[position].isspace()
