// A reader's vote on what a question got, where the server keeps feedback. It names the question and the article, and
// nothing of the reader.
(() => {
  "use strict";

  const { $, $$, say, here } = articleQA;
  const CHANGED = 409; // the article's text is another than the one that answered
  const REASKED = 404; // the server no longer knows the question, or keeps no feedback any more
  const REFUSED = {
    [CHANGED]: "The text has changed since. Ask again, then vote.",
    [REASKED]: "Not kept. Ask again, then vote.",
  };
  const votes = new Map(); // by a turn's id: what was voted, what the server has, and the words beside the buttons

  const of = (turn) => votes.get(turn.id) ?? { wanted: "none", kept: "none", words: null };

  /** Shows what was voted, again whenever Gradio has made the messages anew. */
  function show() {
    for (const place of $$(".qa-votes")) {
      const { wanted, words } = of(place.closest(".qa-turn"));
      for (const button of $$(".qa-vote", place)) {
        const pressed = String(button.matches(`.qa-${wanted}`));
        if (button.getAttribute("aria-pressed") !== pressed) button.setAttribute("aria-pressed", pressed);
      }
      const asked = $(".qa-votes-asked", place);
      if (words !== null && asked.textContent !== words) asked.textContent = words;
    }
  }

  function vote(button) {
    const turn = button.closest(".qa-turn");
    const chosen = button.matches(".qa-up") ? "up" : "down";
    const mine = of(turn);
    mine.wanted = mine.wanted === chosen ? "none" : chosen;
    mine.words ??= $(".qa-votes-asked", turn).textContent;
    mine.question ??= mine.words;
    votes.set(turn.id, mine);
    show();
    if (!mine.sending) send(turn, mine);
  }

  /** Sends what is wanted until the server has it: a reader may change it while it is on its way. */
  async function send(turn, mine) {
    const query = new URLSearchParams($(".qa-link", turn).getAttribute("href"));
    const asked = { question: query.get("q"), article: query.get("article"), article_sha256: query.get("v") };
    mine.sending = true;
    while (mine.wanted !== mine.kept) {
      const { wanted, kept } = mine;
      const ballot = { ...asked, vote: wanted, replaces: kept };
      const status = await post(ballot);
      if (status !== 204) {
        mine.wanted = kept;
        mine.words = REFUSED[status] ?? "Not kept. Try again later.";
        break;
      }
      mine.kept = wanted;
      mine.words = wanted === "none" ? mine.question : "Thank you.";
    }
    mine.sending = false;
    say(mine.words === mine.question ? "Taken back." : mine.words);
    show();
  }

  async function post(ballot) {
    try {
      const response = await fetch(here("api/v1/feedback"), {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(ballot),
        credentials: "omit",
      });
      return response.status;
    } catch {
      return 0; // no connection
    }
  }

  Object.assign(articleQA, { vote, showVotes: show });
})();
