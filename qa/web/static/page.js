// The page's behaviour beyond Gradio's: citations light up their sentence, chips ask, quotes and links are copied, and the
// address always reopens what is shown. Listeners sit on the document, because Gradio makes and remakes the elements.
(() => {
  "use strict";

  const narrow = matchMedia("(max-width: 879px)");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const touch = matchMedia("(pointer: coarse)");
  const seen = new Set(); // ids of the answers that have arrived
  const told = new WeakMap(); // Gradio's error toasts that were passed on, and their words
  let origin = null; // the citation that sent the reader to the article, on a narrow screen
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
    addressOf(link.closest(".qa-turn"), link.hash.slice(2));
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

  /** Lets the address reopen this turn; what cannot be asked again leaves the article's own address. */
  function addressOf(turn, s) {
    const link = $(".qa-link", turn);
    if (link) {
      const query = new URLSearchParams(link.getAttribute("href"));
      address({ article: query.get("article"), q: query.get("q"), s: s ?? query.get("s") });
    } else {
      const q = turn.matches(".qa-help") ? ($(".qa-question", questionOf(turn))?.textContent ?? null) : null;
      address({ article: shown(), q, s: null });
    }
  }

  const shown = () => $(".qa-article")?.dataset.article;
  const questionOf = (turn) => turn.closest(".message-row")?.previousElementSibling ?? turn;
  const absolute = (link) => new URL(link.getAttribute("href"), location.origin + location.pathname).href;

  // --- asking ------------------------------------------------------------------------------------------------------

  // Questions are asked one at a time, in turn: two at once would each overwrite the other's answer. None is ever dropped:
  // each is on its way, or waits, or is in the question box.
  let onItsWay = new URLSearchParams(location.search).get("q")?.trim() || null; // which the server asks by itself
  let waiting = [];
  let lost = false; // no connection: Gradio reloads the page once the server is back, and what waits is asked then
  const UNASKED = "article-qa-unasked";

  const box = () => $("#qa-question textarea");

  function write(text) {
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(box(), text);
    box().dispatchEvent(new Event("input", { bubbles: true }));
  }

  function ask(question) {
    waiting.push(question);
    askNext();
  }

  function askNext() {
    if (!lost && onItsWay === null && waiting.length) {
      onItsWay = waiting.shift();
      $("#qa-question .submit-button").click(); // Gradio then takes the question from `asking`
    }
    showWaiting();
  }

  globalThis.articleQA = { asking: () => onItsWay };

  function showWaiting() {
    const items = waiting.map((question) => {
      const item = document.createElement("li");
      item.dir = "auto";
      item.textContent = question;
      return item;
    });
    $(".qa-waiting")?.replaceChildren(...items);
    if (lost) keep();
  }

  /** What was not asked goes back into the box, before what stands there by now. */
  function handBack() {
    const unasked = [onItsWay, ...waiting, box().value].filter(Boolean);
    onItsWay = null;
    waiting = [];
    write(unasked.join("\n"));
    showWaiting();
  }

  function loseConnection() {
    lost = true;
    if (onItsWay !== null) waiting.unshift(onItsWay);
    onItsWay = null;
    address({ article: shown(), q: null, s: null });
    showWaiting();
  }

  function keep() {
    sessionStorage.setItem(UNASKED, JSON.stringify({ waiting, typed: box().value }));
  }

  /** After the reload that ends a lost connection: asks what waited, once the page shows the article that it was asked of. */
  function takeUp() {
    if (!sessionStorage.getItem(UNASKED) || !box() || !$(".qa-welcome")) return;
    const right = (new URLSearchParams(location.search).get("article") ?? shown()) === shown();
    if (!right && !$(".qa-unasked")) return;
    const kept = JSON.parse(sessionStorage.getItem(UNASKED));
    sessionStorage.removeItem(UNASKED);
    if (performance.getEntriesByType("navigation")[0]?.type !== "reload") return;
    write(right ? kept.typed : [...kept.waiting, kept.typed].filter(Boolean).join("\n"));
    if (right) waiting = kept.waiting;
    askNext();
  }

  /** Whoever presses a chip that then vanishes goes on in the question box; a finger gets no keyboard in its way. */
  function goToBox() {
    if (!touch.matches) box().focus({ preventScroll: true });
  }

  // --- copying -----------------------------------------------------------------------------------------------------

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
    addressOf(turn);
    if (turn.matches(".qa-error") && onItsWay && !box().value) write(onItsWay); // to be mended, or asked again
    onItsWay = null;
    askNext();
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
    requestAnimationFrame(() => {
      if (turn.matches(".qa-error")) turn.scrollIntoView({ block: "nearest", behavior: motion() });
      else questionOf(turn).scrollIntoView({ block: "start", behavior: motion() });
    });
  }

  /** An address may name a sentence without a question. */
  function openSentence() {
    const query = new URLSearchParams(location.search);
    if (!wanted || query.has("q") || !shown() || (query.get("article") ?? shown()) !== shown()) return;
    const sentence = lightSentence(`s${wanted}`);
    wanted = null;
    if (sentence) scrollTo(sentence);
  }

  function notice(words) {
    const place = $(".qa-notice");
    if (place && place.textContent !== words) place.textContent = words;
  }

  /** Gradio says in a passing toast that a question did not get through; here it is said where the reader looks. */
  function passOnToasts() {
    for (const toast of $$(`.toast-body.error [data-testid="toast-text"]`)) {
      const words = toast.textContent;
      if (!words || told.get(toast) === words) continue;
      told.set(toast, words);
      if (/connection/i.test(words)) {
        loseConnection();
        notice("The server cannot be reached. Your question is kept, and asked by itself once the server is back.");
      } else {
        const busy = "The server is busy. Your question is kept; please ask again in a moment.";
        notice(/busy|full/i.test(words) ? busy : words);
        handBack();
      }
    }
  }

  /** The server tells of an article that there is not: the question stays to be asked of the one shown. */
  function passOnRefusal() {
    const refusal = $(".qa-unasked");
    refusal?.classList.remove("qa-unasked");
    if (refusal && onItsWay !== null) handBack();
  }

  function nameTab() {
    const title = `${$(".qa-article")?.dataset.title ?? ""} · Article QA`.replace(/[\t\n\f\r ]+/g, " ").trim();
    if (shown() && document.title !== title) document.title = title;
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
    nameTab();
    nameMessages();
    passOnToasts();
    passOnRefusal();
    takeUp();
    openSentence();
    const turn = $$(".qa-turn").at(-1);
    if (turn && !seen.has(turn.id)) {
      seen.add(turn.id);
      arrived(turn);
    } else if (!turn && seen.size && $(".qa-welcome")) {
      seen.clear(); // the conversation was cleared, by a button that went with it
      dim();
      if (document.activeElement === document.body) goToBox();
      address({ q: null, s: null });
    }
  }

  // --- events ------------------------------------------------------------------------------------------------------

  document.addEventListener(
    "click",
    (event) => {
      const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
      const control = event.target.closest?.("a.qa-cite, a.qa-near, .qa-ask, .qa-copy, .qa-link, .qa-back, a[href^='#qa-']");
      if (event.isTrusted && event.target.closest?.("#qa-question .submit-button")) send(event);
      if (!control || !plain) return;
      event.preventDefault();
      if (control.matches(".qa-cite, .qa-near")) visit(control);
      else if (control.matches(".qa-ask")) {
        ask(control.textContent);
        goToBox();
      }
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

  function send(event) {
    event.preventDefault();
    event.stopPropagation();
    const question = box().value;
    write("");
    ask(question);
  }

  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Enter" && event.target === box() && !event.shiftKey && !event.isComposing) send(event);
    },
    true,
  );

  document.addEventListener("input", (event) => {
    if (lost && event.target === box()) keep();
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
