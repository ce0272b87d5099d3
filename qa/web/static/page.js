// What the page does as Gradio makes and remakes its elements: hence listeners on the document, and an observer that looks
// around after every change.
(() => {
  "use strict";

  const qa = articleQA;
  const { $, $$, narrow, motion, box, address, query, shown, questionOf } = qa;
  const CONTROLS =
    "a.qa-cite, a.qa-near, a[href^='#qa-'], .qa-link, .qa-ask, .qa-copy, .qa-edit, .qa-vote, .qa-back";
  const seen = new Set(); // ids of the answers that have arrived
  const told = new WeakMap(); // Gradio's error toasts that were passed on, and their words
  const wantedOf = query().get("article");
  let wanted = qa.pointer(); // the sentence, of that article, that the address asks for, once
  let settling = null; // the answer whose citation waits for the article to be shown as it was read
  let shownLast = {}; // the article in the pane, and its text's SHA-256

  function arrived(turn) {
    notice("");
    if (!wanted) qa.addressOf(turn);
    const again = $(".qa-ask", turn); // asks it once more; else it is to be mended
    if (turn.matches(".qa-error") && !again && qa.asking() && !box().value) qa.write(qa.asking());
    qa.answered();
    qa.dim();
    settling = { turn, target: wanted };
    wanted = null;
    requestAnimationFrame(() => {
      if (turn.matches(".qa-error")) turn.scrollIntoView({ block: "nearest", behavior: motion() });
      else questionOf(turn).scrollIntoView({ block: "start", behavior: motion() });
    });
  }

  /** Once the pane shows the text that the answer quotes: shows what it cites first, or what the address asks for. */
  function settle() {
    const linked = settling && qa.linkOf(settling.turn);
    if (!settling || (linked && !linked.has("of") && !qa.isEdition(linked.get("v")))) return;
    const { turn, target } = settling;
    settling = null;
    const found = target && qa.isShown(wantedOf) ? sought(target) : null;
    const ours = (chip) => chip.hash === `#${found.sentence.id}` && [null, shown()].includes(qa.homeOf(chip));
    const chosen = found && $$("a.qa-cite, a.qa-near", turn).find(ours);
    if (found && !chosen && target.quote) {
      qa.lightSentence(found.sentence);
      address(qa.place(found.sentence));
      if (!narrow.matches) qa.scrollPane(found.sentence);
      return;
    }
    const first = chosen || $("a.qa-cite", turn);
    if (target && (chosen || !target.quote)) qa.addressOf(turn, chosen && found.sentence);
    if (first) lightUp(first);
  }

  /** Shows a citation's sentence; its article is fetched where that is not the one shown. */
  async function lightUp(link) {
    const sentence = (await qa.bring(link)) && qa.light(link);
    if (sentence && !narrow.matches) qa.scrollPane(sentence);
  }

  /** The sentence that an address points at; what has become of it since is told. */
  function sought(target) {
    const found = qa.anchor(target);
    const changed = !qa.isEdition(target.v);
    if (!found && target.quote) qa.tellSince(changed ? "gone" : "foreign", target.quote);
    else if (found?.how === "edited") qa.tellSince("edited", target.quote);
    else if (found?.how === "moved" && changed) qa.tellSince("moved");
    return found;
  }

  /** An address may name a sentence without a question. */
  function openSentence() {
    if (!wanted || query().has("q") || !shown() || !qa.isShown(query().get("article"))) return;
    const found = sought(wanted);
    wanted = null;
    if (!found) return;
    qa.lightSentence(found.sentence);
    qa.scrollTo(found.sentence);
  }

  /** The article in the pane has become another edition of itself: an answer, or a citation, came of a newer text. */
  function noticeRenewal() {
    const [article, sha256] = [shown(), qa.edition()];
    if (!article) return;
    if (shownLast.article === article && shownLast.sha256 !== sha256) qa.tellSince("renewed");
    shownLast = { article, sha256 };
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
        qa.loseConnection();
        notice("The server cannot be reached. Your question is kept, and asked by itself once the server is back.");
      } else {
        const busy = "The server is busy. Your question is kept; please ask again in a moment.";
        const kept = qa.asking() === null ? "" : " Your question is kept.";
        notice(/busy|full/i.test(words) ? busy : words + kept);
        qa.handBack();
      }
    }
  }

  /** The server tells of an article that there is not: the question stays to be asked of the one shown. */
  function passOnRefusal() {
    const refusal = $(".qa-unasked");
    refusal?.classList.remove("qa-unasked");
    if (refusal && qa.asking() !== null) qa.handBack();
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
    qa.showVotes();
    passOnToasts();
    passOnRefusal();
    qa.takeUp();
    qa.showSince();
    noticeRenewal();
    openSentence();
    const turn = $$(".qa-turn").at(-1);
    if (turn && !seen.has(turn.id)) {
      seen.add(turn.id);
      arrived(turn);
    } else if (!turn && seen.size && $(".qa-welcome")) {
      seen.clear(); // the conversation was cleared, by a button that went with it
      qa.dim();
      if (document.activeElement === document.body) qa.goToBox();
      address({ q: null, s: null });
    }
    settle();
  }

  document.addEventListener(
    "click",
    (event) => {
      const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
      const control = event.target.closest?.(CONTROLS);
      if (!control || !plain) return;
      event.preventDefault();
      if (control.matches(".qa-cite, .qa-near")) qa.visit(control);
      else if (control.matches(".qa-ask")) {
        qa.ask(control.textContent);
        qa.goToBox();
      } else if (control.matches(".qa-copy")) qa.copyQuote(control);
      else if (control.matches(".qa-link")) qa.copy(qa.absolute(control), control);
      else if (control.matches(".qa-edit")) qa.edit(control);
      else if (control.matches(".qa-vote")) qa.vote(control);
      else if (control.matches(".qa-back")) qa.goBack();
      else {
        const target = $(control.hash);
        target.scrollIntoView({ block: "start", behavior: motion() });
        target.focus({ preventScroll: true });
      }
    },
    true,
  );

  new MutationObserver(lookAround).observe(document.documentElement, {
    childList: true,
    subtree: true,
    attributes: true,
    attributeFilter: ["aria-label"],
  });
})();
