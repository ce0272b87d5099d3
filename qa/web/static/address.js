// The page's address always reopens what is shown: the article, the question as it was understood, the sentence.
(() => {
  "use strict";

  const { $ } = articleQA;

  function address(changes) {
    const url = new URL(location.href);
    for (const [name, value] of Object.entries(changes)) {
      if (value == null) url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    }
    history.replaceState(history.state, "", url);
  }

  /** Lets the address reopen this turn; what cannot be asked again leaves the article's own address. */
  function addressOf(turn, s, article) {
    const link = $(".qa-link", turn);
    if (link) {
      const query = new URLSearchParams(link.getAttribute("href"));
      const home = article ?? query.get("article");
      address({ article: home, q: query.get("q"), s: s ?? query.get("s"), of: query.get("of") });
    } else {
      const q = turn.matches(".qa-help") ? ($(".qa-question", questionOf(turn))?.textContent ?? null) : null;
      address({ article: shown(), q, s: null });
    }
  }

  const query = () => new URLSearchParams(location.search);
  const shown = () => $(".qa-article")?.dataset.article;
  const questionOf = (turn) => turn.closest(".message-row")?.previousElementSibling ?? turn;
  const here = (relative) => new URL(relative, location.origin + location.pathname).href;
  const absolute = (link) => here(link.getAttribute("href"));

  Object.assign(articleQA, { address, addressOf, query, shown, questionOf, here, absolute });
})();
