// The element and what a page may do with it. The script's tag makes one by itself.

const ATTRIBUTES = [
  "article", "mode", "target", "theme", "accent", "position", "lang", "dir",
  "title", "placeholder", "suggestions", "highlight", "api",
];

const style = sheet(STYLE);

class ArticleQA extends HTMLElement {
  static observedAttributes = ATTRIBUTES;

  #panel;
  #watch;
  #changed = false;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [style];
    this.#panel = new Panel(this, root);
    const paint = () => this.isConnected && this.#panel.paint();
    this.#watch = new MutationObserver(paint);
    dark.addEventListener("change", paint);
  }

  connectedCallback() {
    this.#panel.build();
    for (const page of [document.documentElement, document.body]) this.#watch.observe(page, { attributes: true });
    this.#panel.emit("ready");
  }

  disconnectedCallback() {
    this.#watch.disconnect();
    this.#panel.stack();
    dim(this.#panel);
  }

  /** Several changes at once build once. */
  attributeChangedCallback() {
    if (!this.isConnected || this.#changed) return;
    this.#changed = true;
    queueMicrotask(() => {
      this.#changed = false;
      if (this.isConnected) this.#panel.build();
    });
  }

  /** Opens the bubble's panel; focus moves there only with `{ focus: true }`. */
  open({ focus = false } = {}) {
    this.#panel.open(focus);
  }

  /** Closes it; focus goes back to where it was, if it was inside. */
  close() {
    this.#panel.close();
  }

  /** Opens the panel and asks. Resolves to the Answer, or to null where the question got none. */
  ask(question) {
    this.#panel.open(false);
    return this.#panel.ask(String(question));
  }
}

/** The widget that the script's tag asks for: none where the page has its own elements and the tag names no article. */
function place() {
  const { dataset } = SCRIPT;
  if (dataset.article === undefined && document.querySelector(NAME)) return;
  const element = document.createElement(NAME);
  element.setAttribute("api", HOME);
  for (const name of ATTRIBUTES) if (name in dataset) element.setAttribute(name, dataset[name]);
  const target = dataset.target && document.querySelector(dataset.target);
  const spot = target || (document.body.contains(SCRIPT) && SCRIPT);
  if (dataset.mode === "inline" && spot) spot.after(element);
  else document.body.append(element);
}

if (!customElements.get(NAME)) customElements.define(NAME, ArticleQA);
if (SCRIPT) {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", place, { once: true });
  else place();
}
