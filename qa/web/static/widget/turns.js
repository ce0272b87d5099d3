// What the conversation shows, as elements: text goes in as text, never as markup.

const METER = { high: 3, medium: 2, low: 1 };

/** Everything under a question that was answered, refused or greeted. */
function answerParts(panel, answer, page) {
  const quoted = (citation) => quote(panel, answer, citation, page);
  const [first, ...others] = answer.citations;
  const says = answer.confidence_label === "low" ? "may_say" : "says";
  const parts = {
    answer: () => [
      verdict(panel, answer, says),
      quoted(first),
      others.length && label(panel, "also"),
      ...others.map(quoted),
    ],
    overview: () => [verdict(panel, answer, "overview"), ...answer.citations.map(quoted)],
    no_answer: () => [verdict(panel, answer, answer.message ? "" : "none"), nearest(panel, answer, page)],
    help: () => [],
  };
  return [
    answer.interpreted_as && interpreted(panel, answer.interpreted_as),
    answer.message && make("p", "message", { dir: "auto", textContent: answer.message }),
    ...parts[answer.kind](),
    suggestions(panel, "next", answer.suggestions),
  ].filter(Boolean);
}

const label = (panel, key) => make("p", "label", { textContent: panel.t(key) });

/** The line above an answer: what it is, and how sure, in words and in a meter of three bars. */
function verdict(panel, answer, key) {
  const sure = answer.confidence_label;
  const bars = [1, 2, 3].map((bar) => make("i", bar <= METER[sure] ? "bar on" : "bar", {}));
  const meter = sure && make("span", "confidence", {}, make("span", "meter", {}, ...bars), panel.t(sure));
  return make("p", "verdict", {}, make("span", "", { textContent: key && panel.t(key) }), meter);
}

/** A sentence word for word, the words that answer marked, its link behind it. */
function quote(panel, answer, citation, page) {
  const spans = stretches(citation);
  const block = make("span", "said");
  let done = 0;
  for (const [from, to] of spans) {
    const whole = from === 0 && to === citation.quote.length;
    const words = make("mark", whole ? "words whole" : "words", { textContent: citation.quote.slice(from, to) });
    block.append(citation.quote.slice(done, from), words);
    done = to;
  }
  block.append(citation.quote.slice(done) + closing(citation.quote));
  return make("blockquote", "quote", { dir: "auto" }, block, "\u00a0", link(panel, answer, citation, page), whence(panel, citation));
}

/** Where a sentence is from, if all articles were asked: title, which is a link, and date. */
function whence({ article }, { title, url, published }) {
  return !article && make("cite", "source", {}, make("a", "", url && { href: url, target: "_blank" }, title), published && ` · ${published}`);
}

/** The marks that close whatever directions the text opens, so that nothing turns what stands behind it; more do no harm. */
function closing(text) {
  const marks = text.match(/[\u202a-\u202e\u2066-\u2069]/g) ?? [];
  return marks.reverse().map((mark) => (mark < "\u2066" ? "\u202c" : "\u2069")).join("");
}

/** Shows the sentence where it stands in the page; from a page without it, opens the article that has it. */
function link(panel, answer, citation, page) {
  const n = citation.number;
  const away = panel.find(citation, page) ? "" : "_page";
  const words = (n ? panel.t("cite", { n }) : "") + panel.t(`show${away}`);
  return make("a", `citation${away && " away"}`, {
    href: panel.permalink(answer, citation),
    target: "_blank",
    rel: "noopener",
    textContent: n ? `[${n}]` : words,
    title: n ? words : "",
    ariaLabel: n ? words : null,
    onclick: (event) => panel.follow(event, answer, citation),
  });
}

function nearest(panel, answer, page) {
  if (!answer.nearest.length) return null;
  const sentences = answer.nearest.map((one) =>
    make("li", "near", { dir: "auto" }, make("span", "said", {}, one.quote + closing(one.quote)), " ", link(panel, answer, one, page), whence(panel, one)),
  );
  return make("div", "nearest", {}, label(panel, "nearest"), make("ul", "", {}, ...sentences));
}

function interpreted(panel, question) {
  const edit = button("edit", panel.t("edit"), () => panel.edit(question));
  return make("p", "interpreted", {}, panel.t("interpreted", { q: question }), edit);
}

/** Questions to press, under a label; null without any. */
function suggestions(panel, key, questions) {
  if (!questions.length) return null;
  const items = questions.map((question) => {
    const chip = button("suggestion", question, () => panel.ask(question, true));
    chip.dir = "auto";
    return make("li", "", {}, chip);
  });
  return make("div", "suggestions", {}, label(panel, key), make("ul", "", {}, ...items));
}

/** Asks again; where the server named a time to wait, once that has passed. */
function retryButton(panel, seconds, again) {
  let left = seconds;
  const control = button("retry", "", again);
  control.ariaLive = "off"; // or each second would be read out
  const tell = () => {
    control.disabled = left > 0;
    control.textContent = left > 0 ? panel.t("retry_in", { n: left }) : panel.t("retry");
    if (left-- > 0) setTimeout(tell, 1_000);
  };
  tell();
  return control;
}
