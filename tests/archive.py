"""An archive of many short articles by chance, the same each time, and questions to it."""

import numpy as np

from index.article import Article, article_from_paragraphs

_SYLLABLES = ("ba", "den", "for", "gul", "hin", "ker", "lom", "mat", "nis", "per", "rud", "sol", "tav", "wex")


def words(count: int, seed: int = 0) -> list[str]:
    """Different words, the first the most common by Zipf's law where they are drawn by `archive`."""
    chance = np.random.default_rng(seed)
    found = {"".join(chance.choice(_SYLLABLES, 3)) for _ in range(3 * count)}
    return sorted(found)[:count]


def archive(articles: int, sentences: int = 12, seed: int = 0) -> list[Article]:
    """Articles of two paragraphs, whose words are drawn as those of a language are: few often, many seldom."""
    chance, known = np.random.default_rng(seed), words(600)
    odds = 1 / np.arange(1, len(known) + 1)
    odds /= odds.sum()

    def sentence() -> str:
        drawn = " ".join(chance.choice(known, int(chance.integers(5, 14)), p=odds))
        return f"{drawn.capitalize()} in {int(chance.integers(1500, 2030))}."

    def paragraph() -> str:
        return " ".join(sentence() for _ in range(sentences // 2))

    return [
        article_from_paragraphs(f"a{number}", f"Article {number}", [paragraph(), paragraph()])
        for number in range(articles)
    ]


def questions(articles: list[Article], count: int, seed: int = 1) -> list[str]:
    """Some words of a sentence each, asked for."""
    chance = np.random.default_rng(seed)
    chosen = chance.choice(len(articles), count, replace=False).tolist()
    found = []
    for number in chosen:
        drawn = articles[number].text.split(". ")[int(chance.integers(0, 4))].split()
        found.append(f"When was {' '.join(drawn[1:6])}?")
    return found
