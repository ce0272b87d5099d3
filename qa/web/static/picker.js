// The choice of an article among thousands: a combobox whose list the server searches as somebody types (the pattern is
// of the ARIA Authoring Practices Guide, with a list that completes what is typed).
(() => {
  "use strict";

  const { $, here, say } = articleQA;
  const LISTED = 50;
  const PAUSE = 150; // milliseconds without a key, after which is searched
  const DAY = { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" };

  let choices = []; // what the list shows, from the top
  let active = -1; // which of them the keys are at
  let timer = 0;
  let stop = new AbortController(); // of the search on its way

  const picker = () => $(".qa-picker");
  const input = () => $(".qa-pick");
  const isOpen = () => input().getAttribute("aria-expanded") === "true";
  const all = () => ({ id: "", title: picker().dataset.all });

  function open() {
    if (isOpen()) return;
    input().setAttribute("aria-expanded", "true");
    $(".qa-picks").hidden = false;
    input().select();
    search("");
  }

  /** Closes the list; the box says again what is chosen. */
  function close() {
    clearTimeout(timer);
    stop.abort();
    input().setAttribute("aria-expanded", "false");
    input().removeAttribute("aria-activedescendant");
    input().value = picker().dataset.name;
    $(".qa-picks").hidden = true;
  }

  async function search(words) {
    stop.abort();
    stop = new AbortController();
    const { signal } = stop;
    try {
      const query = new URLSearchParams({ q: words.slice(0, 200), limit: LISTED });
      const response = await fetch(here(`api/v1/articles?${query}`), { signal });
      if (!response.ok) throw new Error(response.status);
      const { articles, total } = await response.json();
      show(words.trim() ? articles : [all(), ...articles], words.trim() ? 0 : -1);
      const left = total - articles.length;
      tell(left > 0 ? `${left.toLocaleString("en")} more: type to narrow` : total ? "" : "No title has these words.");
      if (words.trim()) say(total === 1 ? "1 article" : `${total.toLocaleString("en")} articles`);
    } catch {
      if (signal.aborted) return; // another search, or none, took its place
      show([all()], -1);
      tell("The list cannot be loaded; try again.");
    }
  }

  const tell = (words) => ($(".qa-picks-more").textContent = words);

  function show(articles, at) {
    choices = articles;
    $("#qa-picks").replaceChildren(...choices.map(option));
    $("#qa-picks").scrollTop = 0;
    move(Math.min(at, choices.length - 1));
  }

  function option({ id, title, source, published }, number) {
    const item = document.createElement("li");
    item.id = `qa-pick-${number}`;
    item.role = "option";
    item.ariaSelected = String(id === picker().dataset.scope);
    const name = document.createElement("span");
    name.dir = "auto";
    name.textContent = title;
    item.append(name);
    const about = [source, published && readable(published)].filter(Boolean).join(" · ");
    if (about) item.append(Object.assign(document.createElement("small"), { textContent: about, dir: "auto" }));
    return item;
  }

  /** An ISO date as the page writes it: 27 March 2025; one without its day as it is. */
  function readable(published) {
    const day = new Date(published.slice(0, 10));
    return published.length < 10 || Number.isNaN(day.valueOf()) ? published : day.toLocaleDateString("en-GB", DAY);
  }

  function move(to) {
    $("#qa-picks .qa-at")?.classList.remove("qa-at");
    active = to;
    const item = $(`#qa-pick-${active}`);
    if (item) input().setAttribute("aria-activedescendant", item.id);
    else input().removeAttribute("aria-activedescendant");
    item?.classList.add("qa-at");
    item?.scrollIntoView({ block: "nearest" });
  }

  /** Opens the page over another article, or over all. */
  function choose({ id }) {
    const same = id === picker().dataset.scope;
    close();
    if (!same) location.href = here(id ? `?${new URLSearchParams({ article: id })}` : "");
  }

  function onKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && !isOpen()) open();
    else if (step) move(active < 0 && step < 0 ? choices.length - 1 : (active + step + choices.length) % choices.length);
    else if (event.key === "Enter" && isOpen() && choices[active]) choose(choices[active]);
    else if (event.key === "Escape" && isOpen()) close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  document.addEventListener(
    "keydown",
    (event) => {
      if (event.target === input() && !event.isComposing) onKey(event);
    },
    true,
  );

  document.addEventListener("input", (event) => {
    if (event.target !== input()) return;
    const words = input().value;
    if (!isOpen()) {
      open();
      input().value = words;
      input().setSelectionRange(words.length, words.length);
    }
    clearTimeout(timer);
    timer = setTimeout(() => search(words), PAUSE);
  });

  document.addEventListener("mousedown", (event) => {
    if (event.target.closest?.(".qa-picks")) event.preventDefault(); // the focus stays in the box
  });

  document.addEventListener("click", (event) => {
    const item = event.target.closest?.("#qa-picks [role='option']");
    if (item) choose(choices[Number(item.id.slice("qa-pick-".length))]);
    else if (event.target === input()) open();
  });

  document.addEventListener("focusout", (event) => {
    if (event.target === input() && isOpen()) close();
  });
})();
