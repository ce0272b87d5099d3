// A citation, followed: its sentence lights up in the article, and the reader finds back to the answer.
(() => {
  "use strict";

  const { $, $$, say, motion, narrow, addressOf, anchor, bring, tellSince } = articleQA;
  let origin = null; // the citation that sent the reader to the article, on a narrow screen

  function dim() {
    $$(".qa-lit").forEach((element) => element.classList.remove("qa-lit", "qa-no-answer"));
    $$(".qa-current").forEach((element) => element.classList.remove("qa-current"));
    globalThis.CSS?.highlights?.delete("qa-words");
  }

  /** Lights up one sentence. */
  function lightSentence(sentence) {
    dim();
    sentence.classList.add("qa-lit");
  }

  /**
   * Lights up the sentence that `link` points at, wherever it stands by now; marks in it the words that its quote marks. Null
   * where the text has changed and it is gone, which is told.
   */
  function light(link) {
    const words = $(".qa-words", link.closest("blockquote, li"));
    const found = anchor({ s: link.hash.slice(2), quote: words.textContent });
    if (!found) {
      dim();
      tellSince("past");
      return null;
    }
    const { sentence } = found;
    lightSentence(sentence);
    sentence.classList.toggle("qa-no-answer", link.matches(".qa-near"));
    link.classList.add("qa-current");
    const quote = link.closest("blockquote");
    if (quote && !$(".qa-whole", quote) && sentence.textContent === words.textContent) markWords(sentence, quote);
    return sentence;
  }

  /** The quote's marks, found in the sentence by their offset: quote and sentence are the same text. */
  function markWords(sentence, quote) {
    if (!globalThis.Highlight || !sentence.firstChild) return;
    const ranges = $$("mark", quote).map((mark) => {
      const before = document.createRange();
      before.setStart(quote, 0);
      before.setEndBefore(mark);
      const start = before.toString().length;
      const range = document.createRange();
      range.setStart(sentence.firstChild, start);
      range.setEnd(sentence.firstChild, Math.min(start + mark.textContent.length, sentence.firstChild.length));
      return range;
    });
    CSS.highlights.set("qa-words", new Highlight(...ranges));
  }

  /** Scrolls the article's pane only, so that the page itself stays where it is. */
  function scrollPane(sentence) {
    const pane = $("#qa-reading");
    const offset = sentence.getBoundingClientRect().top - pane.getBoundingClientRect().top;
    pane.scrollTo({ top: pane.scrollTop + offset - pane.clientHeight / 3, behavior: motion() });
  }

  function scrollTo(sentence) {
    if (narrow.matches) sentence.scrollIntoView({ block: "center", behavior: motion() });
    else scrollPane(sentence);
  }

  async function visit(link) {
    const sentence = (await bring(link)) && light(link);
    if (!sentence) return;
    addressOf(link.closest(".qa-turn"), sentence);
    origin = link;
    scrollTo(sentence);
    if (narrow.matches) {
      const back = $(".qa-back");
      back.hidden = false;
      back.focus({ preventScroll: true });
    }
    say(`In the article: ${sentence.textContent}`);
  }

  function goBack() {
    $(".qa-back").hidden = true;
    if (!origin?.isConnected) return;
    origin.scrollIntoView({ block: "center", behavior: motion() });
    origin.focus({ preventScroll: true });
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && origin && !event.target.matches("textarea")) goBack();
  });

  Object.assign(articleQA, { dim, lightSentence, light, scrollPane, scrollTo, visit, goBack });
})();
