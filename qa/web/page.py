"""The chat page: the conversation on the left, the article on the right, in Gradio Blocks.

There is no `gr.State`: it would hold a connection open for every tab, and a browser opens six to a server. What a
visitor's conversation needs is in what the visitor's page sends: the messages, to be shown again, and the turns, for
understanding a follow-up. Both are taken as untrusted, and what cannot be used of them is left out. Handlers take their
inputs unprocessed (`preprocess=False`), so nothing that a client sends is turned into files or components.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.events import api

from index.article import Article, Particulars
from index.errors import ArticleError, ArticleQAError, IndexFault
from index.store import Index
from index.units import Sentence
from qa.answer import Answer
from qa.live import Pipelines
from qa.pipeline import QAPipeline
from qa.web import answer_html as html
from qa.web.article_html import article_html, edition
from qa.web.asking import answered
from qa.web.clients import resume_client
from qa.web.head import page_title
from qa.web.listeners import Listeners
from qa.web.picker import library_html, masthead_html
from qa.web.problems import ARTICLES_GONE
from qa.web.request_ids import resume_request
from qa.web.sent import kept_history, kept_messages
from qa.web.workers import Busy, Gone, Workers

log = logging.getLogger(__name__)

MOST_SUGGESTIONS = 4
"""Questions that an empty chat suggests."""

NEXT_QUESTION = """(typed, article, before, ...rest) => [
  window.articleQA?.asking() ?? typed, article, JSON.stringify(window.articleQA?.turns() ?? []), ...rest]"""
"""Run in the browser when a question is sent: the page's script keeps what is to be asked, asks one at a time, and finds
the turns before it on the page.
"""

_SPARE_EVENTS = 16
"""Events that Gradio runs at a time besides those that the workers hold: refusals and openings of pages, which are quick."""

ALL_ASKED = html.OF_ALL["of"]

Whole = tuple[Article, Sequence[Sentence]]

THEME = gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]).set(
    body_background_fill="#f6f3ec",
    body_background_fill_dark="#131210",  # before the style sheets are there
)


class Page:
    """What the page's events do. Each takes the pipeline in use once, and hands it on. An article may have to come from a
    store: it is never asked for in the thread that serves everyone.
    """

    def __init__(
        self, pipelines: Pipelines, workers: Workers, listeners: Listeners | None = None, *, votes: bool = False
    ) -> None:
        """:param votes: whether readers may say that an answer or a refusal is right or not."""
        self.pipelines = pipelines
        self.workers = workers
        self.listeners = listeners or Listeners()
        self.votes = votes

    def reading(self, pipeline: QAPipeline, whole: Whole | None) -> str:
        """The article's pane; without an article, the list of all."""
        if whole is None:
            name, text = "The articles", library_html(pipeline.index)
        else:
            name, text = "The article", article_html(*whole)
        return (
            f'<section id="qa-reading" tabindex="0" aria-label="{name}">{text}</section>'
            '<button class="qa-back" type="button" hidden>Back to the answer</button>'
        )

    def welcome(self, pipeline: QAPipeline, scope: Particulars | None) -> str:
        """What an empty chat shows. :param scope: the article that is asked; None asks all."""
        if scope is None:
            return html.welcome_html(_different(pipeline.suggestions()), articles=len(pipeline.index.heads))
        return html.welcome_html(pipeline.suggestions(scope.id)[:MOST_SUGGESTIONS])

    async def ask(
        self,
        question: Any,
        article_id: Any,
        before: Any,
        conversation: Any,
        shown: Any,
        request: gr.Request | None = None,
    ) -> AsyncIterator[tuple[Any, ...]]:
        """The conversation with the question, at once, then with its answer; with that the article's pane and edition, where
        the page shows an earlier one: an answer and the article beside it are of the same text. Where all articles were
        asked, the page's script fetches the one that the answer is from.

        :param article_id: of the article that is asked; empty asks all. None: `open` has not told yet, and the page's address
            says it.
        :param before: the turns before, as JSON; see `kept_history`.
        :param shown: the edition of the article that the page shows.
        :param request: whose session is given up when its page is closed.
        """
        pipeline = self.pipelines.current
        question = question if isinstance(question, str) else ""
        article_id = addressed(request) if article_id is None else article_id
        so_far = kept_messages(conversation)
        if question.strip():
            so_far.append({"role": "user", "content": html.question_html(question.strip())})
            yield (
                [*so_far, {"role": "assistant", "content": html.busy_html(archive=not article_id)}],
                gr.skip(),
                gr.skip(),
            )
        answered = self.listeners.answer(
            session_of(request), self._answer(pipeline, question, article_id, before, request)
        )
        with suppress(Gone):
            message, whole = await answered
            pane = (gr.skip(), gr.skip())
            if whole is not None and edition(whole[0]) != shown:
                pane = (await asyncio.to_thread(self.reading, pipeline, whole), edition(whole[0]))
            yield [*so_far, {"role": "assistant", "content": message}], *pane

    async def open(self, shown: Any, request: gr.Request) -> AsyncIterator[tuple[Any, ...]]:
        """The page as its address asks for it: `?article=` chooses the article, by its id or URL; `?q=` asks a question, with
        `?of=all` of all articles, whichever is shown.

        :param shown: the edition of the article that the page's document came with.
        """
        pipeline = self.pipelines.current
        first = opening(pipeline.index)
        asked, question = request.query_params.get("article", ""), request.query_params.get("q", "")
        notice: Any = gr.skip()
        try:
            whole = await asyncio.to_thread(read, pipeline.index, asked)
        except ArticleQAError as error:
            whole, question = await asyncio.to_thread(read, pipeline.index, ""), ""
            instead = f"Shown is “{first.title}”." if first else "Shown are all."
            notice = html.notice_html(f"{_why(error, asked)} {instead}")
        scope = first if whole is None or not addressed(request) else whole[0]
        chosen, of = scope.id if scope else "", _edition(whole)
        # The conversation's value is left alone: a quick reader may have asked before this arrives.
        if of == shown and asked in ("", chosen):
            yield (gr.skip(), gr.skip(), chosen, gr.skip(), notice, gr.skip())
        else:
            welcome = gr.update(placeholder=self.welcome(pipeline, scope))
            pane = await asyncio.to_thread(self.reading, pipeline, whole)  # it may be a book
            top = masthead_html(pipeline.index, scope, asked)
            yield (top, pane, chosen, welcome, notice, of)
        if question.strip():
            async for conversation, pane, now in self.ask(question, chosen, "[]", [], of, request):
                yield (gr.skip(), pane, gr.skip(), conversation, gr.skip(), now)

    async def _answer(
        self, pipeline: QAPipeline, question: str, article_id: Any, before: Any, request: gr.Request | None
    ) -> tuple[str, Whole | None]:
        """The message that answers, and the article that was asked, if there is an answer, one was, and it is of its text."""
        resume(request)
        first = opening(pipeline.index)
        asked = article_id or (first.id if first else None)
        try:
            answer = await answered(self.workers, "page", pipeline, question, article=asked, history=kept_history(before))
            return await asyncio.to_thread(self._message, pipeline.index, answer, asked)
        except (ArticleQAError, Busy) as error:
            return self._refusal(error, question, article_id), None
        except Exception:
            # The reader gets words, the log the traceback: raised, it would cover the whole conversation with "Error".
            log.exception("A question from the page failed")
            return html.error_html("The server failed to answer; its log says why. Asking again may work."), None

    def _message(self, index: Index, answer: Answer, asked: str | None) -> tuple[str, Whole | None]:
        if asked is None:
            return html.archive_answer_html(answer, index, votes=self.votes), None
        whole = index.whole(asked)
        cited = {one.article_sha256 for one in (*answer.citations, *answer.nearest)}
        return html.answer_html(answer, *whole, votes=self.votes), whole if cited <= {whole[0].sha256} else None

    def _refusal(self, error: Exception, question: str, article_id: Any) -> str:
        """The message that says why there is no answer."""
        if isinstance(error, ArticleError):
            return html.error_html(f"{_why(error, article_id)} Reload the page to see what there is.")
        again = question.strip() if isinstance(error, Busy | IndexFault) else ""
        return html.error_html(_why(error, article_id), again=again)


def opening(index: Index) -> Particulars | None:
    """The article that is asked where none is chosen: the only one; None of several, as then all are."""
    return index.heads[0] if len(index.heads) == 1 else None


def read(index: Index, key: str) -> Whole | None:
    """The article with this id or URL, and its sentences; without any, those that the page opens with; None is the list."""
    if key:
        return index.whole(key)
    return index.whole() if opening(index) else None


def addressed(request: gr.Request | None) -> str:
    """The id or URL of the article that the page's address asks; empty where it names none, or asks all."""
    query = request.query_params if request else {}
    return "" if query.get("of") == ALL_ASKED else str(query.get("article", ""))


def _different(questions: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(questions))[:MOST_SUGGESTIONS]


def _edition(whole: Whole | None) -> str:
    return "" if whole is None else edition(whole[0])


def session_of(request: gr.Request | None) -> str:
    """What the question and the stream of its answer have in common."""
    return (request and request.session_hash) or ""


def resume(request: gr.Request | None) -> None:
    """Let what this task does be told in the log as what `request` asked: Gradio answers in tasks that it begins itself."""
    scope = request.request.scope if request and request.request else {}
    resume_request(scope)
    resume_client(scope)


def _why(error: Exception, article_id: Any) -> str:
    """What is wrong, in a reader's words."""
    if isinstance(error, ArticleError):
        return f"There is no article called “{str(article_id)[:80]}” here."
    return ARTICLES_GONE if isinstance(error, IndexFault) else str(error)  # whose own words may say where it is


@dataclass(frozen=True)
class BuiltPage:
    """The page, ready to be mounted.

    :ivar renew: has its document hold the article, or the list, of the index in use, where that is another by now.
    """

    blocks: gr.Blocks
    renew: Callable[[], None]


def build_page(
    pipelines: Pipelines, workers: Workers, listeners: Listeners | None = None, *, votes: bool = False
) -> BuiltPage:
    """The page over the pipeline in use; it also names the Gradio endpoint `/ask`.

    :param listeners: told of the streams that are broken off, so that their places are freed.
    :param votes: whether the server keeps feedback, so that readers are asked for it.
    """
    page = Page(pipelines, workers, listeners, votes=votes)
    held: QAPipeline | None = None  # whose first article the components below hold
    with gr.Blocks() as blocks:
        masthead = gr.HTML(elem_id="qa-top", apply_default_css=False)
        with gr.Row(elem_id="qa-page"):
            with gr.Column(elem_id="qa-desk"):
                chat = _conversation()
                notices = gr.HTML(html.notice_html(), elem_id="qa-notices", apply_default_css=False)
                question = _question_box()
            with gr.Column(elem_id="qa-side"):
                reading = gr.HTML(elem_id="qa-article", apply_default_css=False)
        article_id = gr.Textbox(None, visible=False)  # None until `open` has told
        shown = gr.Textbox(visible=False)
        before = gr.Textbox("[]", visible=False)  # filled by NEXT_QUESTION
        gr.on(
            [question.submit],
            page.ask,
            [question, article_id, before, chat, shown],
            [chat, reading, shown],
            js=NEXT_QUESTION,
            trigger_mode="multiple",  # "once" would drop, without a word, a question sent too soon after another
            preprocess=False,
            show_progress="hidden",
            api_name="converse",
            api_visibility="private",
        )
        blocks.load(
            page.open,
            [shown],
            [masthead, reading, article_id, chat, notices, shown],
            preprocess=False,
            show_progress="hidden",
            api_name="open",
            api_visibility="private",
        )
        _add_endpoint(page)

    def renew() -> None:
        nonlocal held
        pipeline = pipelines.current
        if pipeline is held:
            return
        first, whole = opening(pipeline.index), read(pipeline.index, "")
        blocks.title = page_title(pipeline)
        masthead.value = masthead_html(pipeline.index, first)
        reading.value = page.reading(pipeline, whole)
        article_id.value, shown.value = first.id if first else None, _edition(whole)
        question.placeholder = "Ask the article a question …" if first else "Ask a question …"
        chat.placeholder = page.welcome(pipeline, first)
        blocks.config = blocks.get_config_file()  # what Gradio sends with the document
        held = pipeline

    renew()
    # The workers say how many are answered at a time, how many wait, and who is refused in words. Gradio would let as many
    # events run as Starlette has threads, which these need none of, and the others pile up before them without limit.
    blocks.max_threads = workers.room + _SPARE_EVENTS
    blocks.queue(default_concurrency_limit=None, max_size=workers.room)
    return BuiltPage(blocks, renew)


def _question_box() -> gr.Textbox:
    return gr.Textbox(
        elem_id="qa-question",
        label="Your question",
        lines=1,
        max_lines=6,
        submit_btn="Ask",
    )


def _conversation() -> gr.Chatbot:
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
        pipeline = page.pipelines.current

        async def answer() -> Answer:
            resume(request)
            given = {"article": article or None, "history": history or ()}
            return await answered(page.workers, "gradio", pipeline, question, **given)

        try:
            return (await page.listeners.answer(session_of(request), answer())).as_dict()
        except (ArticleQAError, Busy, Gone) as error:
            raise gr.Error(str(error), print_exception=False) from error

    api(ask, api_name="ask")
