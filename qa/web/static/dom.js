// What every script of the page shares, under one name. The scripts are loaded in the order that `qa/web/head.py` gives;
// each adds its own functions to `articleQA`, and uses those of the scripts before it.
(() => {
  "use strict";

  const narrow = matchMedia("(max-width: 879px)");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const touch = matchMedia("(pointer: coarse)");

  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];

  /** Tells those who do not see the page. */
  function say(words) {
    const live = $("#qa-live");
    if (live) live.textContent = words;
  }

  const motion = () => (calm.matches ? "auto" : "smooth");
  const box = () => $("#qa-question textarea");

  /** Writes into the question box, so that Gradio knows it as typed. */
  function write(text) {
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(box(), text);
    box().dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** Whoever presses a control that then vanishes goes on in the question box; a finger gets no keyboard in its way. */
  function goToBox() {
    if (!touch.matches) box().focus({ preventScroll: true });
  }

  globalThis.articleQA = { $, $$, say, motion, narrow, box, write, goToBox };
})();
