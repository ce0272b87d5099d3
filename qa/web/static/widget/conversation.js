// What is asked and answered in one widget. It lives in memory only, and goes with the page.

const SOON = 300; // milliseconds that an answer may take without a word about it
const SLOW = 5_000; // and after which it is said that it takes long
const HEADROOM = 300; // pixels above the panel that are enough for a sentence, and for a header of the page's own
const PAUSE = 5; // seconds before asking a busy server again that did not say how long

class Conversation {
  history = [];
  queue = Promise.resolve();

  constructor(host, root) {
    Object.assign(this, { host, root });
    this.log = make("div", "log", { role: "log", tabIndex: 0, ariaLive: "polite" });
  }

  /** The words of the interface's language for a key. */
  t(key, values = {}) {
    return STRINGS[this.language][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  }

  option(name) {
    return this.host.getAttribute(name) ?? "";
  }

  emit(name, detail = {}) {
    const options = { bubbles: true, composed: true, detail: { article: this.article, ...detail } };
    this.host.dispatchEvent(new CustomEvent(NAME + ":" + name, options));
  }

  forget() {
    this.log.replaceChildren();
    this.history = [];
    dim(this);
  }

  // --- asking ------------------------------------------------------------------------------------------------------

  /** Asks in its turn, after what was asked before. Resolves to the Answer, to null where there is none. */
  ask(question, pressed) {
    question = question.trim();
    if (!question) return Promise.resolve(null);
    this.welcome.remove();
    this.log.querySelectorAll(".suggestions").forEach((old) => old.remove());
    dim(this);
    const asked = make("span", "hint", { textContent: this.t("asked") });
    const bubble = make("p", "question", {}, asked, make("bdi", "", { textContent: question }));
    const slot = make("div", "answer", {});
    this.log.append(make("div", "turn", {}, bubble, slot));
    if (pressed) this.focus(); // what was pressed is gone
    return this.enqueue(question, slot);
  }

  enqueue(question, slot) {
    this.reveal(slot.parentElement);
    this.emit("ask", { question });
    this.queue = this.queue.then(() => this.answer(question, slot));
    return this.queue;
  }

  async answer(question, slot) {
    const waiting = [
      setTimeout(() => slot.replaceChildren(make("p", "busy", { textContent: this.t("reading") })), SOON),
      setTimeout(() => slot.append(make("p", "note", { textContent: this.t("slow") })), SLOW),
    ];
    try {
      const body = { question, article: this.article, history: this.history.slice(-MOST_TURNS) };
      const answer = await request(this.api, "/api/v1/ask", body);
      if (slot.isConnected) this.show(answer, slot);
      return answer;
    } catch (error) {
      const known = error instanceof Fault;
      if (!known) console.error(error); // what came is no Answer; the next question must get its turn all the same
      this.fail(question, slot, known ? error : new Fault("server", { status: 200 }));
      return null;
    } finally {
      waiting.forEach(clearTimeout);
    }
  }

  show(answer, slot) {
    slot.classList.add(answer.kind);
    const page = this.readPage();
    slot.replaceChildren(...answerParts(this, answer, page));
    this.reveal(slot.parentElement);
    if (answer.kind !== "help") this.remember(answer);
    if ((this.inline || this.isOpen) && this.option("highlight") !== "click") {
      const cited = answer.kind === "overview" ? answer.citations : answer.citations.slice(0, 1);
      light(this, cited.map((citation) => this.find(citation, page)).filter(Boolean));
    }
    this.emit(answer.kind === "no_answer" ? "no-answer" : "answer", { question: answer.question, answer });
  }

  remember({ question, answer, interpreted_as }) {
    const turn = { question, answer: answer?.text ?? null };
    this.history.push(interpreted_as ? { ...turn, interpreted_as } : turn);
  }

  fail(question, slot, fault) {
    const { kind, status } = fault;
    const message = this.tell(fault);
    const again = () => {
      slot.replaceChildren();
      this.focus();
      this.enqueue(question, slot);
    };
    const wait = fault.retry || (kind === "busy" ? PAUSE : 0);
    slot.replaceChildren(make("p", "error", { textContent: message }));
    if (kind === "question") this.input.value ||= question; // to be mended
    else if (!SET_UP.includes(kind)) slot.append(retryButton(this, wait, again));
    this.reveal(slot.parentElement);
    this.emit("error", { question, kind, status, message });
  }

  /** A fault in words, for the reader; for the page's owner in the console. */
  tell(fault) {
    const { api, article } = this;
    const values = { ...fault, api, article, host: new URL(api).origin, origin: globalThis.origin };
    const words = this.t(fault.kind, values);
    console.error(`Article QA: ${words}`);
    return words;
  }

  /** Scrolls the conversation, never the page. */
  reveal(turn) {
    this.log.scrollTo({ top: turn.offsetTop - 12, behavior: CALM.matches ? "auto" : "smooth" });
  }

  edit(question) {
    this.input.value = question;
    this.input.focus({ preventScroll: true });
  }

  // --- citations ---------------------------------------------------------------------------------------------------

  /** The page's text, or its article's where `target` names that. */
  readPage() {
    const target = this.option("target");
    return readPage((target && document.querySelector(target)) || document.body);
  }

  find(citation, page) {
    return this.option("highlight") === "off" ? null : find(page, citation);
  }

  /** The chat page's address that asks this again and shows the sentence: by its words, should the text change meanwhile. */
  permalink({ question, interpreted_as }, { article_id: article, sentence_id: s, quote, prefix, suffix }) {
    const q = interpreted_as ?? question;
    const query = new URLSearchParams({ article, q, s, quote: quote.slice(0, 200), prefix, suffix });
    return `${this.api}/?${query}`;
  }

  /** A citation's link was pressed: shows the sentence in this page; where it is not, the link goes its own way. */
  follow(event, answer, citation) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const found = this.find(citation, this.readPage());
    this.emit("citation", { answer, citation, onPage: Boolean(found) });
    if (!found) return;
    event.preventDefault();
    light(this, [found]);
    this.log.querySelector(".current")?.classList.remove("current");
    event.currentTarget.classList.add("current");
    const { sentence } = found;
    const cover = this.inline ? new DOMRect(-1) : this.panel.getBoundingClientRect(); // an inline panel covers nothing
    const phone = !cover.left; // there the panel is as wide as the page
    const lines = [...sentence.getClientRects()].filter((line) => line.right > cover.left && line.left < cover.right);
    const moved = scrollTo(sentence, lines[0] && !phone && cover.top > HEADROOM ? cover.top : innerHeight);
    const covered = lines.some((line) => line.bottom - moved > cover.top && line.top - moved < cover.bottom);
    if (phone || covered) this.collapse(event.currentTarget);
  }

  /** Gets out of the way of what is lit, leaving a way back. */
  collapse(from) {
    this.followed = from;
    this.panel.classList.add("collapsed");
    this.backer.focus({ preventScroll: true });
  }

  back() {
    this.panel.classList.remove("collapsed");
    this.followed.focus({ preventScroll: true });
  }
}
