"""Asking a server what is known, and holding every quote against the article that it gives."""

import json
import time
from types import TracebackType
from typing import Any, Final, Self

import httpx

from qa.evaluation.metrics import token_f1
from qa.evaluation.outcome import RIGHT_F1
from tests.stress.archived import Asked
from tests.stress.corpus import Gold
from tests.stress.documents import Library

PATIENCE: Final = 120.0
"""Seconds that a reply may take on a busy machine."""

TRIES: Final = 10
"""How often a question is asked again of a server that is too busy."""


class Questioner:
    """A client of one server.

    :ivar false: what was cited and is not so, in words: a quote that is no slice of its article, a PDF's without its page.
    """

    def __init__(self, address: str, library: Library) -> None:
        self._client = httpx.Client(base_url=address, timeout=PATIENCE)
        self._library = library
        self._texts: dict[str, str] = {}
        self.false: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._client.close()

    def ask(self, gold: Gold, *, own: bool = False) -> Asked:
        """Ask a question of all documents, or of its own."""
        body = {"question": gold.question, **({"article": gold.story} if own else {})}
        reply = self._client.post("/api/v1/ask", json=body)
        for _ in range(TRIES):
            if reply.status_code != 503:
                break
            time.sleep(float(reply.headers["retry-after"]))  # a busy server names a time, and is asked again then
            reply = self._client.post("/api/v1/ask", json=body)
        if reply.status_code != 200:
            self.false.append(f"{gold.question!r} got {reply.status_code}: {reply.text[:200]}")
            return Asked(gold, self._library.forms[gold.story], reply.elapsed.total_seconds(), "", None, 0, right=False)
        told = reply.json()
        shown = [*told["citations"], *told["nearest"]]
        for citation in shown:
            self._check(citation)
        text = told["answer"]["text"] if told["answer"] else ""
        answered = bool(text) and bool(gold.answers) and token_f1(list(gold.answers), text) >= RIGHT_F1
        cited = told["citations"][0]["article_id"] if told["citations"] else None
        return Asked(
            gold=gold,
            form=self._library.forms[gold.story],
            seconds=reply.elapsed.total_seconds(),
            text=text,
            cited=cited,
            quotes=len(shown),
            # Of many documents another may have the answer too: what counts is the document that was meant.
            right=(answered and cited == gold.story) if gold.answers else not text,
        )

    def there(self, story: str) -> bool:
        """Whether the server has this document."""
        return self._client.get(f"/api/v1/articles/{story}").status_code != 404

    def _check(self, citation: dict[str, Any]) -> None:
        text = self._text(citation["article_id"], citation["article_sha256"])
        if text[citation["start"] : citation["end"]] != citation["quote"]:
            self.false.append(f"no slice of {citation['article_id']}: {json.dumps(citation['quote'])[:100]}")
        if (self._library.forms[citation["article_id"]] == "pdf") != (citation["page"] is not None):
            self.false.append(f"{citation['article_id']} is cited with page {citation['page']}")

    def _text(self, article: str, sha256: str) -> str:
        if sha256 not in self._texts:
            told = self._client.get(f"/api/v1/articles/{article}").json()
            self._texts[told["sha256"]] = told["text"]
        return self._texts.get(sha256, "")
