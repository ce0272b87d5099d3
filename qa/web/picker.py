"""What the chat page shows of an archive: the strip at the top with its choice of articles, and the list of them.

The choice is a combobox (WAI-ARIA's pattern, with a list that completes what is typed); `static/picker.js` searches the API
as somebody types, so that a page over fifty thousand articles is as light as one over two.
"""

from html import escape
from urllib.parse import urlencode

from index.article import Particulars
from index.store import Index
from qa.web.article_html import readable_date
from qa.web.bidi import closing

ALL = "All articles"
"""The first choice: a question is then asked of every article."""

LISTED = 50
"""Articles that the list shows before anything is searched for."""


def masthead_html(index: Index, scope: Particulars | None, asked: str = "") -> str:
    """The strip at the top: name, skip link, and, of several articles, the choice among them.

    :param scope: the article that is asked; None asks all.
    :param asked: what the address calls that article, its id or URL, so that the page's script knows it again.
    """
    choice = _choice(scope) if len(index.heads) > 1 else ""
    read = "Read the articles" if choice and scope is None else "Read the article"
    return (
        f'<div class="qa-masthead" data-asked="{escape(asked)}">'
        '<a class="qa-skip" href="#qa-reading">Skip to the article</a>'
        '<p class="qa-wordmark">Article <span>QA</span></p>'
        '<p class="qa-tagline">Answers in the article’s own words</p>'
        f'{choice}<a class="qa-to-article" href="#qa-reading">{read}</a></div>'
        '<div class="qa-sr" id="qa-live" role="status" aria-live="polite"></div>'
    )


def _choice(scope: Particulars | None) -> str:
    chosen, name = ("", ALL) if scope is None else (scope.id, scope.title)
    return (
        f'<div class="qa-picker" data-scope="{escape(chosen)}" data-name="{escape(name)}" data-all="{ALL}">'
        '<label for="qa-pick">Article</label>'
        f'<input id="qa-pick" class="qa-pick" type="text" role="combobox" value="{escape(name)}" dir="auto"'
        ' aria-autocomplete="list" aria-expanded="false" aria-controls="qa-picks" aria-haspopup="listbox"'
        ' autocomplete="off" autocapitalize="off" spellcheck="false">'
        '<div class="qa-picks" hidden><ul id="qa-picks" role="listbox" aria-label="Articles"></ul>'
        '<p class="qa-picks-more"></p></div></div>'
    )


def library_html(index: Index) -> str:
    """The articles, the first of them at least, in place of one: what a page over an archive opens with."""
    first, total = index.heads[:LISTED], len(index.heads)
    more = f'<p class="qa-library-more">{total - LISTED:,} more: search for them above.</p>' if total > LISTED else ""
    return (
        '<article class="qa-library" aria-labelledby="qa-title">'
        f'<h1 id="qa-title" class="qa-headline">{total:,} articles</h1>'
        '<p class="qa-library-lead">A question is asked of all of them, and its answer opens the article that it is from. '
        "Or choose one to read and ask.</p>"
        f'<ol class="qa-library-list">{"".join(map(_entry, first))}</ol>{more}</article>'
    )


def about_html(article: Particulars) -> str:
    """Where an article is from and when, as `The Post · 27 March 2025`; "" where neither is known."""
    return escape(" · ".join(filter(None, (article.source, readable_date(article.published)))))


def _entry(article: Particulars) -> str:
    about = about_html(article)
    return (
        f'<li><a href="?{escape(urlencode({"article": article.id}))}" dir="auto">{escape(article.title)}'
        f"{closing(article.title)}</a>"
        f"{f'<span>{about}{closing(about)}</span>' if about else ''}</li>"
    )
