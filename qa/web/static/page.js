// The page's behaviour beyond Gradio's: citations light up their sentence, chips ask, quotes and links are copied, and the
// address always reopens what is shown. Listeners sit on the document, because Gradio makes and remakes the elements.
(() => {
  "use strict";

  const narrow = matchMedia("(max-width: 879px)");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const seen = new Set(); // ids of the answers that have arrived
  let origin = null; // the citation that sent the reader to the article, on a narrow screen
  let passedOn = null; // the last of Gradio's error toasts that was passed on
  let wanted = new URLSearchParams(location.search).get("s"); // the sentence that the address asks for, once

  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const say = (words) => {
    const live = $("#qa-live");
    if (live) live.textContent = words;
  };
  const motion = () => (calm.matches ? "auto" : "smooth");

  // --- citations ---------------------------------------------------------------------------------------------------

  function dim() {
    $$(".qa-lit").forEach((element) => element.classList.remove("qa-lit", "qa-no-answer"));
    $$(".qa-current").forEach((element) => element.classList.remove("qa-current"));
    globalThis.CSS?.highlights?.delete("qa-words");
  }

  /** Lights up the sentence with this id. */
  function lightSentence(id) {
    const sentence = document.getElementById(id);
    if (!sentence) return null;
    dim();
    sentence.classList.add("qa-lit");
    return sentence;
  }

  /** Lights up the sentence that `link` points at; marks in it the words that its quote marks. */
  function light(link) {
    const sentence = lightSentence(link.hash.slice(1));
    if (!sentence) return null;
    sentence.classList.toggle("qa-no-answer", link.matches(".qa-near"));
    link.classList.add("qa-current");
    const quote = link.closest("blockquote");
    if (quote && !$(".qa-whole", quote)) markWords(sentence, quote);
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

  function visit(link) {
    const sentence = light(link);
    if (!sentence) return;
    address({ s: link.hash.slice(2) });
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

  // --- the address -------------------------------------------------------------------------------------------------

  function address(changes) {
    const url = new URL(location.href);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    }
    history.replaceState(history.state, "", url);
  }

  const absolute = (link) => new URL(link.getAttribute("href"), location.origin + location.pathname).href;

  // --- asking and copying ------------------------------------------------------------------------------------------

  function ask(question) {
    const box = $("#qa-question textarea");
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(box, question);
    box.dispatchEvent(new Event("input", { bubbles: true }));
    // Gradio reads the box after its own update of the page
    requestAnimationFrame(() => $("#qa-question .submit-button").click());
  }

  async function copy(text, control) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      copyOldWay(text); // no clipboard outside https and localhost
    }
    const label = control.dataset.label ?? control.textContent;
    control.dataset.label = label;
    control.textContent = "Copied";
    say("Copied");
    setTimeout(() => (control.textContent = label), 1600);
  }

  function copyOldWay(text) {
    const box = document.createElement("textarea");
    box.value = text;
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  }

  function copyQuote(button) {
    const turn = button.closest(".qa-turn");
    copy(`${$(".qa-copytext", turn).textContent}, ${absolute($(".qa-link", turn))}`, button);
  }

  // --- answers arriving --------------------------------------------------------------------------------------------

  function arrived(turn) {
    notice("");
    const link = $(".qa-link", turn);
    if (link) {
      const query = new URLSearchParams(link.getAttribute("href"));
      address({ article: query.get("article"), q: query.get("q"), s: query.get("s") });
    }
    dim();
    const chips = $$("a.qa-cite, a.qa-near", turn);
    const chosen = wanted && chips.find((chip) => chip.hash === `#s${wanted}`);
    const first = chosen || $("a.qa-cite", turn);
    wanted = null;
    if (first) {
      const sentence = light(first);
      if (sentence && chosen) address({ s: chosen.hash.slice(2) });
      if (sentence && !narrow.matches) scrollPane(sentence);
    }
    const question = turn.closest(".message-row")?.previousElementSibling ?? turn;
    requestAnimationFrame(() => {
      if (turn.matches(".qa-error")) turn.scrollIntoView({ block: "nearest", behavior: motion() });
      else question.scrollIntoView({ block: "start", behavior: motion() });
    });
  }

  /** An address may name a sentence without a question. */
  function openSentence() {
    const query = new URLSearchParams(location.search);
    const shown = $(".qa-article")?.dataset.article;
    if (!wanted || query.has("q") || !shown || (query.get("article") ?? shown) !== shown) return;
    const sentence = lightSentence(`s${wanted}`);
    wanted = null;
    if (sentence) scrollTo(sentence);
  }

  function notice(words) {
    const place = $(".qa-notice");
    if (place && place.textContent !== words) place.textContent = words;
  }

  /** Gradio says in a passing toast that a question did not get through; here it is said where the reader looks. */
  function passOnToast() {
    const words = $('.toast-body.error [data-testid="toast-text"]')?.textContent;
    if (words === passedOn) return;
    passedOn = words;
    if (!words) return;
    if (/connection/i.test(words)) notice("The server cannot be reached. Your question is kept; trying again by itself …");
    else if (/busy|full/i.test(words)) notice("The server is busy. Your question is kept; please ask again in a moment.");
    else notice(words);
  }

  /** Gradio names each message by its source, tags and all; a reader of screens should hear who speaks. */
  function nameMessages() {
    for (const message of $$('#qa-chat [data-testid="user"], #qa-chat [data-testid="bot"]')) {
      const name = message.dataset.testid === "user" ? "Your question" : "Answer";
      if (message.getAttribute("aria-label") !== name) {
        message.setAttribute("aria-label", name);
        message.setAttribute("role", "group");
      }
    }
    $("#qa-chat .placeholder-content")?.removeAttribute("role");
  }

  function lookAround() {
    nameMessages();
    passOnToast();
    openSentence();
    const turn = $$(".qa-turn").at(-1);
    if (turn && !seen.has(turn.id)) {
      seen.add(turn.id);
      arrived(turn);
    } else if (!turn && seen.size && $(".qa-welcome")) {
      seen.clear(); // the conversation was cleared
      dim();
      address({ q: null, s: null });
    }
  }

  // --- events ------------------------------------------------------------------------------------------------------

  document.addEventListener(
    "click",
    (event) => {
      const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
      const control = event.target.closest?.("a.qa-cite, a.qa-near, .qa-ask, .qa-copy, .qa-link, .qa-back, a[href^='#qa-']");
      if (!control || !plain) return;
      event.preventDefault();
      if (control.matches(".qa-cite, .qa-near")) visit(control);
      else if (control.matches(".qa-ask")) ask(control.textContent);
      else if (control.matches(".qa-copy")) copyQuote(control);
      else if (control.matches(".qa-link")) copy(absolute(control), control);
      else if (control.matches(".qa-back")) goBack();
      else {
        const target = $(control.hash);
        target.scrollIntoView({ block: "start", behavior: motion() });
        target.focus({ preventScroll: true });
      }
    },
    true,
  );

  document.addEventListener("change", (event) => {
    if (event.target.matches?.(".qa-select")) location.search = new URLSearchParams({ article: event.target.value });
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && origin && !event.target.matches("textarea")) goBack();
  });

  new MutationObserver(lookAround).observe(document.documentElement, {
    childList: true,
    subtree: true,
    attributes: true,
    attributeFilter: ["aria-label"],
  });
})();
