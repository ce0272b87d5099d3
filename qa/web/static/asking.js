// Questions are asked one at a time, in turn: two at once would each overwrite the other's answer. None is ever dropped:
// each is on its way, or waits, or is in the question box.
(() => {
  "use strict";

  const { $, box, write, address, query, shown, hush } = articleQA;
  const UNASKED = "article-qa-unasked";
  let onItsWay = query().get("q")?.trim() || null; // which the server asks by itself
  let waiting = [];
  let lost = false; // no connection: Gradio reloads the page once the server is back, and what waits is asked then

  /** The question that the server is asked now; Gradio takes it from here, in place of what stands in the box. */
  const asking = () => onItsWay;

  function ask(question) {
    waiting.push(question);
    askNext();
  }

  function askNext() {
    if (!lost && onItsWay === null && waiting.length) {
      onItsWay = waiting.shift();
      hush();
      $("#qa-question .submit-button").click(); // Gradio then takes the question from `asking`
    }
    showWaiting();
  }

  /** The question on its way has its answer; the next goes off. */
  function answered() {
    onItsWay = null;
    askNext();
  }

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
    const right = articleQA.isShown(query().get("article"));
    if (!right && !$(".qa-unasked")) return;
    const kept = JSON.parse(sessionStorage.getItem(UNASKED));
    sessionStorage.removeItem(UNASKED);
    if (performance.getEntriesByType("navigation")[0]?.type !== "reload") return;
    write(right ? kept.typed : [...kept.waiting, kept.typed].filter(Boolean).join("\n"));
    if (right) waiting = kept.waiting;
    askNext();
  }

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

  document.addEventListener(
    "click",
    (event) => {
      if (event.isTrusted && event.target.closest?.("#qa-question .submit-button")) send(event);
    },
    true,
  );

  document.addEventListener("input", (event) => {
    if (lost && event.target === box()) keep();
  });

  Object.assign(articleQA, { asking, ask, answered, handBack, loseConnection, takeUp });
})();
