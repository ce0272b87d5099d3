"""The chat page: the conversation on the left, the article on the right, in Gradio Blocks.

There is no `gr.State`: it would hold a connection open for every tab, and a browser opens six to a server. What a
visitor's conversation needs is in what the visitor's page sends: the messages, to be shown again, and the turns, for
understanding a follow-up. Both are taken as untrusted, and what cannot be used of them is left out. Handlers take their
inputs unprocessed (`preprocess=False`), so nothing that a client sends is turned into files or components.
"""

import json
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from html import escape
from typing import Any

import gradio as gr
from gradio.events import api

from index.article import Article
from index.errors import ArticleError, ArticleQAError
from qa.answer import Answer
from qa.pipeline import QAPipeline
from qa.question import askable
from qa.web import answer_html as html
from qa.web.article_html import article_html
from qa.web.asking import answered
from qa.web.clients import resume_client
from qa.web.head import page_title
from qa.web.listeners import Listeners
from qa.web.request_ids import resume_request
from qa.web.workers import Busy, Gone, Workers

log = logging.getLogger(__name__)

MOST_MESSAGES = 60
"""Messages of a conversation that are kept; older ones leave the page."""

MOST_SUGGESTIONS = 4
"""Questions that an empty chat suggests."""

NEXT_QUESTION = """(typed, article, before, ...rest) => [
  window.articleQA?.asking() ?? typed, article, JSON.stringify(window.articleQA?.turns() ?? []), ...rest]"""
"""Run in the browser when a question is sent: the page's script keeps what is to be asked, asks one at a time, and finds
the turns before it on the page.
"""

MOST_TURNS = 6
"""Turns before a question that it is understood with."""

MOST_HISTORY = 60_000
"""Most characters of the turns that a client sends; more are not looked at. The longest six fit."""

_SPARE_EVENTS = 16
"""Events that Gradio runs at a time besides those that the workers hold: refusals and openings of pages, which are quick."""

Message = dict[str, str]

THEME = gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]).set(
    body_background_fill="#f6f3ec",
    body_background_fill_dark="#131210",  # before the style sheets are there
)


class Page:
    """What the page's events do, over one pipeline."""

    def __init__(
        self, pipeline: QAPipeline, workers: Workers, listeners: Listeners | None = None, *, votes: bool = False
    ) -> None:
        """:param votes: whether readers may say that an answer or a refusal is right or not."""
        self.pipeline = pipeline
        self.workers = workers
        self.listeners = listeners or Listeners()
        self.votes = votes
        self.first: Article = pipeline.index.articles[0]

    def masthead(self, chosen: str) -> str:
        """The strip at the top: name, skip link, and a choice of articles when there are several."""
        articles = self.pipeline.index.articles
        choice = ""
        if len(articles) > 1:
            options = "".join(
                f'<option value="{escape(a.id)}"{" selected" if a.id == chosen else ""}>{escape(a.title)}</option>'
                for a in articles
            )
            choice = f'<label class="qa-choice"><span>Article</span><select class="qa-select">{options}</select></label>'
        return (
            '<div class="qa-masthead"><a class="qa-skip" href="#qa-reading">Skip to the article</a>'
            '<p class="qa-wordmark">Article <span>QA</span></p>'
            '<p class="qa-tagline">Answers in the article’s own words</p>'
            f'{choice}<a class="qa-to-article" href="#qa-reading">Read the article</a></div>'
            '<div class="qa-sr" id="qa-live" role="status" aria-live="polite"></div>'
        )

    def reading(self, article: Article) -> str:
        """The article's pane."""
        low, high = self.pipeline.index.sentence_rows(article.id)
        text = article_html(article, self.pipeline.index.sentences[low:high])
        return (
            f'<section id="qa-reading" tabindex="0" aria-label="The article">{text}</section>'
            '<button class="qa-back" type="button" hidden>Back to the answer</button>'
        )

    def welcome(self, article: Article) -> str:
        """What an empty chat shows."""
        return html.welcome_html(self.pipeline.suggestions(article.id)[:MOST_SUGGESTIONS])

    async def ask(
        self, question: Any, article_id: Any, before: Any, conversation: Any, request: gr.Request | None = None
    ) -> AsyncIterator[list[Message]]:
        """The conversation with the question, at once, then with its answer.

        :param before: the turns before, as JSON; see `kept_history`.
        :param request: whose session is given up when its page is closed.
        """
        question = question if isinstance(question, str) else ""
        so_far = kept_messages(conversation)
        if question.strip():
            so_far.append({"role": "user", "content": html.question_html(question.strip())})
            yield [*so_far, {"role": "assistant", "content": html.busy_html()}]
        answered = self.listeners.answer(session_of(request), self._answer(question, article_id, before, request))
        with suppress(Gone):
            yield [*so_far, {"role": "assistant", "content": await answered}]

    async def open(self, request: gr.Request) -> AsyncIterator[tuple[Any, ...]]:
        """The page as its address asks for it: `?article=` chooses the article, `?q=` asks a question."""
        asked, question = request.query_params.get("article"), request.query_params.get("q", "")
        try:
            article = self.pipeline.index.article(asked) if asked else self.first
        except ArticleError:
            yield (*(gr.skip(),) * 4, html.notice_html(f"{_unknown(asked)} Shown is “{self.first.title}”."))
            return
        # The conversation's value is left alone: a quick reader may have asked before this arrives.
        if article.id == self.first.id:
            yield (gr.skip(),) * 5  # yielding nothing would empty all five
        else:
            welcome = gr.update(placeholder=self.welcome(article))
            yield (self.masthead(article.id), self.reading(article), article.id, welcome, gr.skip())
        if question.strip():
            async for conversation in self.ask(question, article.id, "[]", [], request):
                yield (gr.skip(), gr.skip(), gr.skip(), conversation, gr.skip())

    async def _answer(self, question: str, article_id: Any, before: Any, request: gr.Request | None) -> str:
        """The message that answers."""
        resume(request)
        try:
            article = self.pipeline.index.article(article_id or self.first.id)
            low, high = self.pipeline.index.sentence_rows(article.id)
            history = kept_history(before)
            answer = await answered(self.workers, "page", self.pipeline, question, article=article.id, history=history)
            return html.answer_html(answer, article, self.pipeline.index.sentences[low:high], votes=self.votes)
        except ArticleError:
            return html.error_html(f"{_unknown(article_id)} Reload the page to see what there is.")
        except Busy as error:
            return html.error_html(str(error), again=question.strip())
        except ArticleQAError as error:
            return html.error_html(str(error))
        except Exception:
            # The reader gets words, the log the traceback: raised, it would cover the whole conversation with "Error".
            log.exception("A question from the page failed")
            return html.error_html("The server failed to answer; its log says why. Asking again may work.")


def session_of(request: gr.Request | None) -> str:
    """What the question and the stream of its answer have in common."""
    return (request and request.session_hash) or ""


def resume(request: gr.Request | None) -> None:
    """Let what this task does be told in the log as what `request` asked: Gradio answers in tasks that it begins itself."""
    scope = request.request.scope if request and request.request else {}
    resume_request(scope)
    resume_client(scope)


def _unknown(article_id: Any) -> str:
    return f"There is no article called “{str(article_id)[:80]}” here."


def kept_messages(conversation: Any) -> list[Message]:
    """The text messages in what a client sent as its conversation, the last `MOST_MESSAGES`; anything else is dropped.

    What is kept goes back to the same client only, through the sanitiser.
    """
    kept: list[Message] = []
    for message in conversation if isinstance(conversation, list) else []:
        match message:
            case {"role": "user" | "assistant" as role, "content": [{"type": "text", "text": str(text)}]}:
                kept.append({"role": role, "content": html.sendable(text)})
            case _:
                continue
    return kept[-MOST_MESSAGES:]


def kept_history(before: Any) -> list[dict[str, str | None]]:
    """The turns in what a client sent as those before its question, the last `MOST_TURNS`; anything else is dropped.

    :param before: JSON, a list of `{"question": text, "answer": text or null, "interpreted_as": text or null}`.
    """
    if not isinstance(before, str) or len(before) > MOST_HISTORY:
        return []
    try:
        turns = json.loads(before)
    except (ValueError, RecursionError):
        return []
    kept: list[dict[str, str | None]] = []
    for turn in turns if isinstance(turns, list) else []:
        match turn:
            case {"question": str(question), "answer": str() | None as answer, "interpreted_as": str() | None as meant}:
                pass
            case _:
                continue
        if askable(question) and (meant is None or askable(meant)):
            kept.append({"question": question, "answer": answer, "interpreted_as": meant})
    return kept[-MOST_TURNS:]


def build_page(
    pipeline: QAPipeline, workers: Workers, listeners: Listeners | None = None, *, votes: bool = False
) -> gr.Blocks:
    """The page over `pipeline`, ready to be mounted; it also names the Gradio endpoint `/ask`.

    :param listeners: told of the streams that are broken off, so that their places are freed.
    :param votes: whether the server keeps feedback, so that readers are asked for it.
    """
    page = Page(pipeline, workers, listeners, votes=votes)
    blocks = gr.Blocks(title=page_title(pipeline))
    with blocks:
        masthead = gr.HTML(page.masthead(page.first.id), elem_id="qa-top", apply_default_css=False)
        with gr.Row(elem_id="qa-page"):
            with gr.Column(elem_id="qa-desk"):
                chat = _conversation(page)
                notices = gr.HTML(html.notice_html(), elem_id="qa-notices", apply_default_css=False)
                question = gr.Textbox(
                    elem_id="qa-question",
                    label="Your question",
                    placeholder="Ask the article a question …",
                    lines=1,
                    max_lines=6,
                    submit_btn="Ask",
                )
            with gr.Column(elem_id="qa-side"):
                reading = gr.HTML(page.reading(page.first), elem_id="qa-article", apply_default_css=False)
        article_id = gr.Textbox(page.first.id, visible=False)
        before = gr.Textbox("[]", visible=False)  # filled by NEXT_QUESTION
        gr.on(
            [question.submit],
            page.ask,
            [question, article_id, before, chat],
            [chat],
            js=NEXT_QUESTION,
            trigger_mode="multiple",  # "once" would drop, without a word, a question sent too soon after another
            preprocess=False,
            show_progress="hidden",
            api_name="converse",
            api_visibility="private",
        )
        blocks.load(
            page.open,
            None,
            [masthead, reading, article_id, chat, notices],
            show_progress="hidden",
            api_name="open",
            api_visibility="private",
        )
        _add_endpoint(page)
    # The workers say how many are answered at a time, how many wait, and who is refused in words. Gradio would let as many
    # events run as Starlette has threads, which these need none of, and the others pile up before them without limit.
    blocks.max_threads = workers.room + _SPARE_EVENTS
    blocks.queue(default_concurrency_limit=None, max_size=workers.room)
    return blocks


def _conversation(page: Page) -> gr.Chatbot:
    return gr.Chatbot(
        elem_id="qa-chat",
        label="Conversation",
        show_label=False,
        container=False,
        height=None,
        autoscroll=False,
        buttons=[],
        feedback_options=None,
        group_consecutive_messages=False,
        latex_delimiters=[],
        allow_tags=False,
        placeholder=page.welcome(page.first),
    )


def _add_endpoint(page: Page) -> None:
    async def ask(
        question: str,
        article: str = "",
        history: list[dict[str, Any]] | None = None,
        request: gr.Request | None = None,
    ) -> dict[str, Any]:
        """The Answer, as POST /api/v1/ask gives it; an empty `article` asks every one.

        `history` is the turns before, oldest first, `{"question": text, "answer": text or None}` each.
        """

        async def answer() -> Answer:
            resume(request)
            given = {"article": article or None, "history": history or ()}
            return await answered(page.workers, "gradio", page.pipeline, question, **given)

        try:
            return (await page.listeners.answer(session_of(request), answer())).as_dict()
        except (ArticleQAError, Busy, Gone) as error:
            raise gr.Error(str(error), print_exception=False) from error

    api(ask, api_name="ask")
