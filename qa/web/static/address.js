// The page's address always reopens what is shown: the article, the question as it was understood, the sentence.
(() => {
  "use strict";

  const { $, selectorOf } = articleQA;
  const SENTENCE = ["s", "v", "quote", "prefix", "suffix"]; // its number; the text's SHA-256, its first digits; its words
  const LONGEST = { s: 9, v: 64, quote: 200, prefix: 64, suffix: 64 }; // code points that are looked at: anybody writes addresses

  /** Changes names in the address. Who names a sentence names all of it: what else the address said of one is dropped. */
  function address(changes) {
    const url = new URL(location.href);
    if ("s" in changes) SENTENCE.forEach((name) => url.searchParams.delete(name));
    for (const [name, value] of Object.entries(changes)) {
      if (value == null) url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    }
    history.replaceState(history.state, "", url);
  }

  /**
   * Lets the address reopen this turn, or, of its citations, the sentence that is shown; what cannot be asked again leaves the
   * article's own address.
   */
  function addressOf(turn, sentence) {
    const linked = linkOf(turn);
    if (linked) {
      const named = ["article", "q", "of", ...SENTENCE].map((name) => [name, linked.get(name)]);
      address({ ...Object.fromEntries(named), ...(sentence && place(sentence)) });
    } else {
      const q = turn.matches(".qa-help") ? ($(".qa-question", questionOf(turn))?.textContent ?? null) : null;
      address({ article: shown(), q, s: null });
    }
  }

  /** What the address says of a sentence that is shown. */
  function place(sentence) {
    const { quote, ...rest } = selectorOf(sentence);
    return { article: shown(), ...rest, quote: cut(quote, LONGEST.quote), v: edition().slice(0, 12) };
  }

  /** The sentence that the address points at; null where it names none. */
  function pointer() {
    const given = query();
    const found = Object.fromEntries(SENTENCE.map((name) => [name, cut(given.get(name) ?? "", LONGEST[name])]));
    return found.s || found.quote.trim() ? found : null;
  }

  /** What the link of a turn carries; null where it has none. */
  function linkOf(turn) {
    const link = $(".qa-link", turn);
    return link && new URLSearchParams(link.getAttribute("href"));
  }

  const cut = (text, most) => [...text].slice(0, most).join("");
  const edition = () => $(".qa-article")?.dataset.sha256 ?? "";
  const isEdition = (v) => !v || edition().startsWith(v);
  const query = () => new URLSearchParams(location.search);
  const shown = () => $(".qa-article")?.dataset.article;
  const questionOf = (turn) => turn.closest(".message-row")?.previousElementSibling ?? turn;
  const here = (relative) => new URL(relative, location.origin + location.pathname).href;
  const absolute = (link) => here(link.getAttribute("href"));

  Object.assign(articleQA, { address, addressOf, place, pointer, linkOf, edition, isEdition });
  Object.assign(articleQA, { query, shown, questionOf, here, absolute });
})();
