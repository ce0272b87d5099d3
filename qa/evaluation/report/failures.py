"""The failures that teach most, each with what was shown, what should have been, and the scores behind it."""

from collections import Counter, deque
from collections.abc import Sequence
from itertools import pairwise

from qa.evaluation.attribution import STAGES, Stage
from qa.evaluation.outcome import GoldSentence, Outcome
from qa.evaluation.report.markup import Html, el, join

Stretch = tuple[int, int]

SHOWN = 20
_GOLD_SENTENCES = 2

HOW_CHOSEN = (
    "Taken from each stage in turn, the most confident first, from the articles that have been shown least. Gold words are "
    "marked; the words given as the answer are underlined, unless they are the whole sentence."
)


def instructive(outcomes: Sequence[Outcome], most: int = SHOWN) -> list[Outcome]:
    """At most `most` questions that did not end well, chosen as `HOW_CHOSEN` says; the same every time."""
    waiting: dict[Stage, deque[Outcome]] = {}
    for stage in STAGES:
        failed = [outcome for outcome in outcomes if outcome.scores.stage == stage]
        waiting[stage] = deque(sorted(failed, key=lambda outcome: -outcome.confidence))
    chosen: list[Outcome] = []
    seen: Counter[str] = Counter()
    while len(chosen) < most and any(waiting.values()):
        for queue in waiting.values():
            if queue and len(chosen) < most:
                fewest = min(seen[outcome.question.article_id] for outcome in queue)
                one = next(outcome for outcome in queue if seen[outcome.question.article_id] == fewest)
                queue.remove(one)
                seen[one.question.article_id] += 1
                chosen.append(one)
    return chosen


def failure_cards(outcomes: Sequence[Outcome]) -> Html | None:
    """A card a failure; None when there is none."""
    chosen = instructive(outcomes)
    return el("ol", [_card(outcome) for outcome in chosen], class_="failures") if chosen else None


def _card(outcome: Outcome) -> Html:
    question = outcome.question
    stage = outcome.scores.stage
    return el(
        "li",
        el("p", STAGES[stage] if stage else "", class_="stage"),
        el("h3", question.text.strip(), dir="auto"),
        _shown(outcome),
        _gold(outcome),
        el("p", _numbers(outcome), class_="numbers"),
        el("p", join(question.article_id.replace("_", " "), " · ", el("code", question.id)), class_="source"),
        class_="failure",
    )


def _shown(outcome: Outcome) -> Html:
    answer = outcome.answer
    shown = (answer["citations"] or answer["nearest"] or [None])[0]
    if shown is None:
        return _quote("Refused", join("nothing near"))
    begin, text = shown["start"], shown["quote"]
    given = [(span["start"] - begin, span["end"] - begin) for span in shown["spans"]]
    given = [span for span in given if span != (0, len(text))]
    label = "Shown" if answer["citations"] else "Refused; nearest"
    if shown["article_id"] != outcome.question.article_id:
        elsewhere = el("em", f" ({shown['article_id'].replace('_', ' ')})")
        return _quote(label, join(marked(text, [], given), elsewhere))
    return _quote(label, marked(text, _gold_spans(outcome, begin, text), given))


def _gold(outcome: Outcome) -> Html | None:
    """The gold sentences, but for the one that was shown and has its gold words marked there."""
    if not outcome.question.answerable:
        return _quote("Gold", el("em", "The article does not say."))
    if not outcome.gold_sentences:
        answers = " / ".join(dict.fromkeys(answer.text for answer in outcome.question.answers))
        return _quote("Gold", join(answers, el("em", " (in no sentence of the index)")))
    first = (outcome.answer["citations"] or outcome.answer["nearest"])[:1]
    shown = {(one["article_id"], one["start"]) for one in first}
    home = outcome.question.article_id
    others = [sentence for sentence in outcome.gold_sentences if (home, sentence.start) not in shown]
    if len(others) < len(outcome.gold_sentences):
        return None
    return join(*(_quote("Gold", _marked_gold(outcome, sentence)) for sentence in others[:_GOLD_SENTENCES]))


def _marked_gold(outcome: Outcome, sentence: GoldSentence) -> Html:
    return marked(sentence.text, _gold_spans(outcome, sentence.start, sentence.text), [])


def _gold_spans(outcome: Outcome, begin: int, text: str) -> list[Stretch]:
    """Where gold answers that start in `text` stand in it; `begin` is its offset in the article."""
    spans = []
    for answer in outcome.question.answers:
        start = answer.start + len(answer.text) - len(answer.text.lstrip()) - begin
        if 0 <= start < len(text):
            spans.append((start, min(answer.start + len(answer.text.rstrip()) - begin, len(text))))
    return spans


def marked(text: str, gold: Sequence[Stretch], given: Sequence[Stretch]) -> Html:
    """`text` with the stretches of `gold` marked and those of `given` underlined, whether or not they overlap.

    >>> marked("a < b", [(0, 1), (0, 3)], [(2, 5)])
    '<mark>a <u>&lt;</u></mark><u> b</u>'
    """
    cuts = sorted({0, len(text), *(end for stretch in (*gold, *given) for end in stretch)})
    pieces = []
    for start, end in pairwise(cuts):
        piece: str = text[start:end]
        if any(low <= start and end <= high for low, high in given):
            piece = el("u", piece)
        if any(low <= start and end <= high for low, high in gold):
            piece = el("mark", piece)
        pieces.append(piece)
    # Where one gold answer lies inside another, the cut between them is not seen.
    return Html(join(*pieces).replace("</mark><mark>", ""))


def _quote(label: str, content: Html) -> Html:
    return el("div", el("span", label, class_="tag"), el("blockquote", content, dir="auto"), class_="quoted")


def _numbers(outcome: Outcome) -> Html:
    rank = outcome.gold_rank
    facts = [
        ("confidence", _share(outcome.confidence)),
        ("p(no answer)", _share(outcome.p_no_answer)),
        ("F1", _share(outcome.scores.f1)),
    ]
    if outcome.question.answerable:
        facts.append(("gold ranked", f"{rank}" if rank else "below 10"))
    return join(*(el("span", f"{name} ", el("b", value)) for name, value in facts))


def _share(value: float) -> str:
    return f"{value:.2f}"
