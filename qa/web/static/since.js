// Words above the question box for when the text has changed: since the page was opened, a link was made, an answer given.
// What a link quotes is anybody's: it is shown as text, and as the link's.
(() => {
  "use strict";

  const { $, box } = articleQA;
  const LINKS = "In the link’s words, which are not the article’s:";
  const SAYS = {
    renewed:
      "The article has changed since you opened it, and is now shown as it is. Answers above may quote what it said before.",
    moved: "The text has changed since this link was made. The sentence that it points to has moved, and is marked.",
    edited: `The text has changed since this link was made. What it says now is marked. ${LINKS}`,
    gone: `The text has changed since this link was made, and the sentence that it points to is no longer in it. ${LINKS}`,
    foreign: `The sentence that this link points to is not in the article. ${LINKS}`,
    past: "The text has changed since this answer was given, and the sentence is no longer in it.",
    altered: "The text has changed since this answer was given. What it says now is marked.",
  };
  let told = null; // what is said, and the link's quote

  function tell(what, quote = "") {
    told = { words: SAYS[what], quote };
    $(".qa-since")?.replaceChildren();
    show();
  }

  /** Nothing more to say. */
  function hush() {
    told = null;
    show();
  }

  /** Says it, again whenever Gradio has made the place for it anew. */
  function show() {
    const place = $(".qa-since");
    if (!place || Boolean(told) === place.hasChildNodes()) return;
    place.replaceChildren(...(told ? parts() : []));
  }

  function parts() {
    const made = (tag, properties) => Object.assign(document.createElement(tag), properties);
    const close = made("button", { type: "button", textContent: "×", className: "qa-since-close", ariaLabel: "Dismiss" });
    close.addEventListener("click", () => {
      hush();
      box().focus({ preventScroll: true });
    });
    const quote = made("blockquote", { textContent: told.quote, className: "qa-since-quote", dir: "auto" });
    return [made("p", { textContent: told.words }), ...(told.quote ? [quote] : []), close];
  }

  Object.assign(articleQA, { tellSince: tell, hush, showSince: show });
})();
