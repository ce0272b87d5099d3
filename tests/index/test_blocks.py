"""What each stretch of an article is; above all, that nothing said in it is taken for boilerplate."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from index.article import load_article
from index.blocks import find_blocks
from index.boilerplate import is_boilerplate

SEED = Path(__file__).parents[2] / "seeds" / "article.md"
SENTENCE = "Mars is the fourth planet from the Sun, and it has two small moons that few people could name."


def kinds(text: str, title: str | None = None) -> list[tuple[str, str]]:
    return [(block.kind, text[block.start : block.end]) for block in find_blocks(text, title)]


def test_every_block_of_the_seed_article():
    article = load_article(SEED)
    found = [(b.kind, b.start, b.end, article.text[b.start : b.end].split("\n")[0][:24]) for b in article.blocks]
    assert found == [
        ("title", 0, 88, "Putin envoy says Russia "),
        ("standfirst", 90, 264, '"Russia can offer a smal'),
        ("caption", 266, 483, "SpaceX's next-generation"),
        ("boilerplate", 484, 701, "SpaceX's next-generation"),
        ("paragraph", 703, 911, "Russia could supply a sm"),
        ("paragraph", 913, 1097, "The envoy, Kirill Dmitri"),
        ("paragraph", 1099, 1297, "The proposal comes after"),
        ("paragraph", 1299, 1436, "Moscow is seeking to dev"),
        ("paragraph", 1438, 1677, "Musk, a close Trump asso"),
        ("paragraph", 1679, 1918, "In a post on X, Musk sai"),
        ("subheading", 1920, 1951, "Russia 'could contribute"),
        ("paragraph", 1953, 2152, "Speaking in Murmansk on "),
        ("paragraph", 2154, 2322, '"Russia can offer a smal'),
        ("paragraph", 2324, 2581, '"We believe that Russia '),
        ("boilerplate", 2584, 2618, "Stay updated with the la"),
        ("boilerplate", 2620, 2662, "Subscribe to The Jerusal"),
        ("paragraph", 2665, 2907, "Yuri Borisov, the then h"),
        ("paragraph", 2909, 3064, "Russia said in 2022 it w"),
    ]


def test_the_seed_article_has_the_same_blocks_without_its_front_matter_and_with_windows_line_ends():
    text = load_article(SEED).text
    crlf = text.replace("\n", "\r\n")
    plain = [(kind, words.replace("\r\n", "\n")) for kind, words in kinds(crlf)]
    assert plain == kinds(text) == kinds(text, load_article(SEED).title)


@pytest.mark.parametrize(
    "line",
    [
        "Subscribe to The Jerusalem Post Newsletter",
        "Sign up for our newsletter.",
        "SUBSCRIBE NOW",
        "Stay updated with the latest news!",
        "Advertisement",
        "- Advertisement -",
        "Story continues below advertisement",
        "Read more",
        "Continue reading →",
        "Read more: Ten things to know about Mars",
        "[Read more](https://example.org/mars)",
        "**Related articles**",
        "Share this article on Facebook",
        "Follow us on X",
        "© 2025 The Jerusalem Post. All rights reserved.",
    ],
)
def test_a_set_phrase_alone_in_its_line_is_boilerplate(line):
    assert is_boilerplate(line)
    assert kinds(f"{SENTENCE}\n\n{line}\n\n{SENTENCE}")[1][0] == "boilerplate"


@pytest.mark.parametrize(
    "line",
    [
        "Netflix asked users to subscribe to its newsletter.",
        "Subscribe to the theory, as Musk does, and Mars is a newsletter away from being home.",
        '"Subscribe to our newsletter!"',
        '"Stay tuned," Musk said.',
        "Advertisement revenue fell by 3%.",
        "Read more books, he said.",
        "Related costs rose as well.",
        "Share prices fell on Monday",
        "Follow us, he wrote on X.",
        "Join NASA now and then fly to Mars.",
        "(c) The tenant shall pay the rent.",
        "Sign up for the mission, NASA told its pilots; 4,000 did, and a newsletter was founded.",
    ],
)
def test_a_line_that_says_something_is_never_boilerplate(line):
    assert kinds(f"{SENTENCE}\n\n{line}\n\n{SENTENCE}")[1][0] in ("paragraph", "subheading")


def test_a_set_phrase_inside_a_hard_wrapped_paragraph_is_part_of_it():
    text = "The button said\nSubscribe\nand nobody pressed it."
    assert kinds(text) == [("paragraph", text)]


def test_a_given_title_is_the_title_even_when_it_reads_like_boilerplate():
    assert kinds(f"Advertisement\n\nStay tuned\n\n{SENTENCE}", "Stay  Tuned")[:2] == [
        ("boilerplate", "Advertisement"),
        ("title", "Stay tuned"),
    ]


def test_a_paragraph_given_twice_is_a_paragraph_twice():
    assert [kind for kind, _ in kinds(f"{SENTENCE}\n\n{SENTENCE}\n\n{SENTENCE}")] == ["paragraph"] * 3


CAPTION = "A rocket on its pad in Texas."
CREDIT = "(photo credit: REUTERS)"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(
            f"{CAPTION} {CREDIT}\n{CAPTION}\n{CREDIT}", ["caption", "boilerplate"], id="short lines, as in the seed"
        ),
        pytest.param(f"{CAPTION}\n{CREDIT}", ["caption"], id="credit on its own line"),
        pytest.param(f"{CAPTION} {CREDIT}\n\n{CAPTION}", ["caption", "boilerplate"], id="copy without credit, next"),
        pytest.param(f"{CAPTION}\n\n{CAPTION} {CREDIT}", ["caption", "boilerplate"], id="first without credit"),
        pytest.param(
            f"{CAPTION} {CREDIT}\n\n{SENTENCE}\n\n{CAPTION}", ["caption", "paragraph", "paragraph"], id="far, bare"
        ),
        pytest.param(
            f"{CAPTION} {CREDIT}\n\n{SENTENCE}\n\n{CAPTION} {CREDIT}",
            ["caption", "paragraph", "boilerplate"],
            id="far, credited",
        ),
        pytest.param(
            f"{CAPTION} {CREDIT}\n\n{CAPTION[:-1]}!", ["caption", "paragraph"], id="nearly the same is not the same"
        ),
        pytest.param("A rocket. (Photo by AP)", ["caption"], id="photo by"),
        pytest.param("A rocket. [Image: NASA/JPL]", ["caption"], id="image"),
        pytest.param("He earned credit (credits were given), said NASA.", ["paragraph"], id="the word credit"),
        pytest.param("She kept a (photo) of it (photographed by day).", ["paragraph"], id="the word photo"),
    ],
)
def test_captions_and_their_copies(lines, expected):
    found = kinds(f"{SENTENCE}\n\n{lines}\n\n{SENTENCE}")
    assert [kind for kind, _ in found] == ["paragraph", *expected, "paragraph"]


def test_markdown_marks_lie_outside_the_blocks():
    text = (
        "# The plan #\n\n![A rocket](rocket.png)\n![](x.png)\n\n## Power\nIt needs power.\n\n"
        "- one thing\n- another,\n  at length\n\n> A quotation.\n\n* * *\n\nUnderlined\n----------\nEnd."
    )
    assert kinds(text) == [
        ("title", "The plan"),
        ("caption", "A rocket"),
        ("subheading", "Power"),
        ("paragraph", "It needs power."),
        ("paragraph", "one thing"),
        ("paragraph", "another,\n  at length"),
        ("paragraph", "A quotation."),
        ("subheading", "Underlined"),
        ("paragraph", "End."),
    ]


def test_hard_wrapped_lines_are_one_paragraph_and_unwrapped_ones_are_several():
    wrapped = "Mars is the fourth planet\nfrom the Sun. It has\r\ntwo moons."
    assert kinds(wrapped) == [("paragraph", wrapped)]
    long = "Mars is red. " * 20
    assert [words for _, words in kinds(f"{long}\n{SENTENCE}\n{long}")] == [long.strip(), SENTENCE, long.strip()]


def test_an_underline_has_three_marks_at_least():
    """Two are no heading's, nor a rule; and thousands of them are no trouble."""
    text = "Two moons\n--\n" * 3000
    assert kinds(text) == [("paragraph", text.strip())]


def test_a_hash_that_is_no_heading_stays_a_paragraph():
    assert kinds(f"{SENTENCE}\n\n#1 reason to go.\n\n{SENTENCE}")[1] == ("paragraph", "#1 reason to go.")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(f"Two moons\n\n{SENTENCE}", ["title", "paragraph"], id="a headline"),
        pytest.param(f"Mars has two moons.\n\n{SENTENCE}", ["paragraph", "paragraph"], id="a sentence is no title"),
        pytest.param("Mars has two moons", ["paragraph"], id="a single line is the article"),
        pytest.param(
            f"Subscribe now\n\nTwo moons\n\n{SENTENCE}", ["boilerplate", "title", "paragraph"], id="after boilerplate"
        ),
        pytest.param(f"Two\nlines\n\n{SENTENCE}", ["paragraph", "paragraph"], id="two lines"),
        pytest.param(f"- Two moons\n\n{SENTENCE}", ["paragraph", "paragraph"], id="a list item"),
        pytest.param(
            f"Two moons\n\nWhat nobody ever told you about their names\n\n{SENTENCE}",
            ["title", "standfirst", "paragraph"],
            id="subtitle",
        ),
        pytest.param(
            f"Two moons\n\nBy Jane Doe of The Jerusalem Post in Murmansk\n\n{SENTENCE}",
            ["title", "paragraph", "paragraph"],
            id="byline",
        ),
        pytest.param(f"Two moons\n\n{SENTENCE}\n\n{SENTENCE}", ["title", "paragraph", "paragraph"], id="no standfirst"),
        pytest.param("שני ירחים\n\nלמאדים יש שני ירחים קטנים. הם סובבים אותו.", ["title", "paragraph"], id="Hebrew"),
        pytest.param("两个月亮\n\n火星有两个小月亮。它们围绕火星运行。", ["title", "paragraph"], id="Chinese"),
    ],
)
def test_titles_and_standfirsts(text, expected):
    assert [kind for kind, _ in kinds(text)] == expected


def test_a_title_that_the_text_does_not_hold_makes_no_block():
    assert kinds(f"Two moons\n\n{SENTENCE}", "Another title")[0] == ("paragraph", "Two moons")


TEXT = (
    st.text()
    | st.text(alphabet=st.sampled_from("ab.#- \n\r\t=*>![]()1:\u2028\x0c\x1c\u00a0é🙂א"))
    | st.lists(
        st.sampled_from(
            ["\n", "\n\n", "Subscribe now", CAPTION, CREDIT, SENTENCE, "# A", "---", "- b", "![x](y)", "![](y)"]
        )
    ).map("".join)
)


@given(TEXT, st.none() | st.text(max_size=5))
@example("# \n#\n===", None)
def test_blocks_of_any_text_are_in_order_and_without_white_space_around(text, title):
    blocks = find_blocks(text, title)
    end = 0
    for block in blocks:
        assert end <= block.start < block.end <= len(text)
        words = text[block.start : block.end]
        assert words == words.strip()
        end = block.end
    assert sum(block.kind == "title" for block in blocks) <= 1


@given(TEXT)
def test_every_letter_of_any_text_lies_in_a_block_unless_it_is_an_address(text):
    covered = {position for block in find_blocks(text, None) for position in range(block.start, block.end)}
    for position, character in enumerate(text):
        if character.isalpha() and position not in covered:
            assert "![" in text and "](" in text
