// An archive: all articles may be asked at once, and a citation may lead to another article than the one shown.
(() => {
  "use strict";

  const { $, here, say, shown, isEdition } = articleQA;
  let latest = 0; // of several articles on their way the last one asked for is shown

  /** Whether an article that the address names, by its id or URL, is the one shown; none is named where all are asked. */
  const isShown = (asked) => asked === null || asked === shown() || asked === $(".qa-masthead")?.dataset.asked;

  /** The article that a citation leads to; null where it is of the one that was asked. */
  const homeOf = (link) => named(link)?.get("article") ?? null;

  function named(link) {
    const href = link.getAttribute("href");
    return href.startsWith("?") ? new URL(href, location.href).searchParams : null;
  }

  /** Whether what a citation quotes is not shown: another article is, or an earlier text of the same. */
  const elsewhere = (link) => ![null, shown()].includes(homeOf(link)) || !isEdition(named(link)?.get("v"));

  /** Brings the article that a citation leads to into the pane. Resolves to whether it is there. */
  async function bring(link) {
    if (!elsewhere(link)) return true;
    const mine = ++latest;
    let html = null;
    try {
      const response = await fetch(here(`reading/${encodeURIComponent(homeOf(link))}`));
      if (response.ok) html = await response.text();
    } catch {
      // no connection
    }
    if (mine !== latest || !link.isConnected) return false;
    if (html === null) {
      say("The article cannot be loaded; try again.");
      return false;
    }
    const pane = $("#qa-reading");
    pane.innerHTML = html; // the server's own, escaped as the page is
    pane.setAttribute("aria-label", "The article");
    pane.scrollTop = 0;
    return true;
  }

  Object.assign(articleQA, { isShown, homeOf, bring });
})();
