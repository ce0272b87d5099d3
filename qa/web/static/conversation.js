// What was said before, as it stands on the page: it goes along with each question, so that "And China?" is understood. The
// server keeps no conversation, and the browser stores none.
(() => {
  "use strict";

  const { $, $$, box, write, say, questionOf } = articleQA;
  const TURNS = 6;

  const words = (selector, turn) => $(selector, turn)?.textContent ?? null;

  /** The last turns that asked the article something, oldest first, as `QAPipeline.answer(history=)` takes them. */
  function turns() {
    return $$("#qa-chat .qa-turn:is(.qa-answer, .qa-no_answer, .qa-overview)")
      .slice(-TURNS)
      .map((turn) => ({
        question: words(".qa-question", questionOf(turn)) ?? "",
        answer: words(".qa-said", turn),
        interpreted_as: words(".qa-understood", turn),
      }));
  }

  /** Puts what was understood into the question box, to be mended there and sent as a question of its own. */
  function edit(button) {
    const draft = box().value.trim();
    const understood = words(".qa-understood", button.closest(".qa-turn"));
    write(draft ? `${understood}\n${draft}` : understood);
    box().focus();
    box().setSelectionRange(understood.length, understood.length);
    say("The question is in the question box, to be changed.");
  }

  Object.assign(articleQA, { turns, edit });
})();
