// The page that shows the widget live: every choice changes the widget beside it, and the tag to copy.
(() => {
  "use strict";

  const MOST_EVENTS = 8;
  const live = document.getElementById("live");
  const options = document.getElementById("options");
  const events = document.getElementById("events");
  const home = new URL(".", location.href);
  let heard = 0;

  const escaped = (text) => text.replace(/&/g, "&amp;").replace(/"/g, "&quot;").replace(/</g, "&lt;");

  /** The attributes that the form asks for; what is as it would be anyway is left out. */
  function chosen() {
    const plain = (field) => (field.type === "color" ? field.defaultValue : "");
    return [...options.elements]
      .filter((field) => field.name && field.value.trim() && field.value !== plain(field))
      .map((field) => [field.name, field.value.trim()]);
  }

  function build() {
    const attributes = chosen();
    const written = attributes.map(([name, value]) => ` data-${name}="${escaped(value)}"`).join("");
    document.getElementById("tag").textContent = `<script src="${new URL("widget.js", home)}"${written} async></` + "script>";
    const query = new URLSearchParams(attributes.filter(([name]) => !["article", "mode", "target"].includes(name)));
    const address = new URL(`embed/${options.elements.article.value}`, home);
    address.search = query;
    document.getElementById("frame").textContent =
      `<iframe src="${escaped(address.href)}" title="Ask this article" width="100%" height="420"></iframe>`;
    const wanted = new Map(attributes);
    for (const { name } of options.elements) {
      if (!name) continue;
      if (!wanted.has(name)) live.removeAttribute(name);
      else if (live.getAttribute(name) !== wanted.get(name)) live.setAttribute(name, wanted.get(name));
    }
  }

  async function copy(button) {
    const code = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
      document.getElementById("said").textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code); // no clipboard outside https and localhost
    }
    setTimeout(() => (button.textContent = "Copy"), 1_600);
  }

  function note(event) {
    const item = document.createElement("li");
    const { answer, citation, message, question } = event.detail;
    const about = citation ? `[${citation.number ?? "–"}]` : (message ?? answer?.answer?.text ?? answer?.kind ?? question ?? "");
    const name = document.createElement("code");
    name.textContent = event.type;
    item.append(name, ` ${about}`);
    if (!heard++) events.replaceChildren();
    events.prepend(item);
    if (events.childElementCount > MOST_EVENTS) events.lastElementChild.remove();
  }

  options.addEventListener("input", (event) => {
    if (event.target.name === "article") location.search = new URLSearchParams({ article: event.target.value });
    else build();
  });
  options.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("click", (event) => {
    if (event.target.matches?.(".copy")) copy(event.target);
  });
  for (const name of ["ready", "open", "close", "ask", "answer", "no-answer", "citation", "error"]) {
    document.addEventListener(`article-qa:${name}`, note);
  }
  build();
})();
