// A sentence of the article, found again by its words when the text has changed since somebody pointed at it: a W3C
// TextQuoteSelector (quote, prefix, suffix), as citations and addresses carry it. The words are only ever compared.
(() => {
  "use strict";

  const { $, $$ } = articleQA;
  const CONTEXT = 32; // units around a quote, as citations have them
  const LEAST = 8; // folded units that each side must have for a sentence to be found by what surrounds it
  const WHOLE = 16; // folded units from which on a quote may stand inside a longer sentence
  const SPARE = 120; // by which the place of an edited sentence may be longer than twice the quote
  const NOT_TEXT = ".qa-kicker, .qa-dateline, .qa-colophon, summary"; // what the pane shows that the article does not say

  /** As texts are compared: without white space and what is invisible, one kind of quotation mark and of dash, no case. */
  const fold = (text) =>
    text
      .normalize("NFKD")
      .replace(/[\s\p{Cf}]/gu, "")
      .replace(/["'`´‚„′″״׳\p{Pi}\p{Pf}]/gu, "'")
      .replace(/[\p{Pd}−]/gu, "-")
      .toLowerCase();

  /** The article in the pane, folded, with its sentences as stretches [from, to) of that. */
  function read() {
    const sentences = [];
    let text = "";
    const walker = document.createTreeWalker($(".qa-article"), NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const { data, parentElement } = walker.currentNode;
      if (parentElement.closest(NOT_TEXT)) continue;
      const from = text.length;
      text += fold(data);
      if (parentElement.matches(".qa-sentence")) sentences.push({ element: parentElement, from, to: text.length });
    }
    return { text, sentences, at: (place) => sentences.find(({ from, to }) => from <= place && place < to) };
  }

  function* places(text, words) {
    for (let at = text.indexOf(words); words && at >= 0; at = text.indexOf(words, at + 1)) yield at;
  }

  /** How many units agree, one after the other. */
  function agreement(length, agrees) {
    let count = 0;
    while (count < length && agrees(count)) count += 1;
    return count;
  }

  /** Where the words stand, and of several places the one in the same surroundings; then the sentence of that number. */
  function verbatim(article, words, before, after, id) {
    const { text } = article;
    let best = null;
    for (const at of places(text, words)) {
      const home = article.at(at);
      if (!home || (at !== home.from && words.length < WHOLE)) continue;
      const end = at + words.length;
      const score =
        agreement(before.length, (step) => before.at(-1 - step) === text[at - 1 - step]) +
        agreement(after.length, (step) => after[step] === text[end + step]) +
        (home.element.id === id ? 0.5 : 0);
      if (!best || score > best.score) best = { score, element: home.element };
    }
    return best?.element;
  }

  /** What now stands between what stood before the words and what stood after them. */
  function between(article, words, before, after) {
    if (before.length < LEAST || after.length < LEAST) return null;
    for (const at of places(article.text, before)) {
      const from = at + before.length;
      const to = article.text.indexOf(after, from);
      if (to > from && to - from <= 2 * words.length + SPARE) return article.at(from)?.element;
    }
    return null;
  }

  /**
   * The sentence that is meant, and how it was found: "same" (number and words), "moved" (the same words elsewhere), "edited"
   * (other words in its place); null where it is gone. Without a quote the number alone counts.
   */
  function anchor({ s = "", quote = "", prefix = "", suffix = "" }) {
    const id = `s${s}`;
    const [words, before, after] = [quote, prefix, suffix].map(fold);
    const numbered = $$(".qa-sentence").find((sentence) => sentence.id === id);
    if (!words) return numbered ? { sentence: numbered, how: "same" } : null;
    const article = read();
    const sentence = verbatim(article, words, before, after, id);
    if (sentence) return { sentence, how: sentence.id === id ? "same" : "moved" };
    const other = between(article, words, before, after);
    return other ? { sentence: other, how: "edited" } : null;
  }

  /** What an address carries of a sentence, so that it is found again. */
  function selectorOf(sentence) {
    const article = $(".qa-article");
    const around = document.createRange();
    around.selectNodeContents(article);
    around.setEndBefore(sentence);
    const prefix = around.toString().slice(-CONTEXT);
    around.selectNodeContents(article);
    around.setStartAfter(sentence);
    const suffix = around.toString().slice(0, CONTEXT);
    return { s: sentence.id.slice(1), quote: sentence.textContent, prefix, suffix };
  }

  Object.assign(articleQA, { anchor, selectorOf });
})();
