// A citation's place in the page: its TextQuoteSelector (quote, prefix, suffix), found in the text whatever the tags, the
// white space, the quotation marks, dashes and hyphenation. The page itself is only read.

const UNREAD =
  "script,style,noscript,template,textarea,select,iframe,svg,article-qa,details:not([open])>:not(summary)";

const FOLDS = new Map();

/** A character as it is compared: "" for white space and what is invisible, one kind of quotation mark and of dash. */
function fold(char) {
  if (!FOLDS.has(char)) {
    const kept = /[\s\p{Cf}]/u.test(char) ? "" : char.normalize("NFKD").toLowerCase();
    const mark = /["'`´‚„′″״׳\p{Pi}\p{Pf}]/u.test(char) ? "'" : /[\p{Pd}−]/u.test(char) ? "-" : kept;
    FOLDS.set(char, mark);
  }
  return FOLDS.get(char);
}

/** `texts` folded into one, and for each unit of that the text it comes from and the stretch [from, to) there. */
function foldAll(texts) {
  const all = { text: "", source: [], from: [], to: [] };
  texts.forEach((text, number) => {
    let from = 0;
    for (const char of text) {
      const to = from + char.length;
      const folded = fold(char);
      for (let unit = 0; unit < folded.length; unit++) {
        all.source.push(number);
        all.from.push(from);
        all.to.push(to);
      }
      all.text += folded;
      from = to;
    }
  });
  return all;
}

/** The text shown inside `root`, folded, with its nodes. */
function readPage(root) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT, (node) => {
    if (node.nodeType === Node.TEXT_NODE) return NodeFilter.FILTER_ACCEPT;
    const unread = node.matches(UNREAD) || getComputedStyle(node).display === "none";
    return unread ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_SKIP;
  });
  const nodes = [];
  while (walker.nextNode()) nodes.push(walker.currentNode);
  return { nodes, ...foldAll(nodes.map((node) => node.data)) };
}

function rangeOf(page, start, end) {
  const range = document.createRange();
  range.setStart(page.nodes[page.source[start]], page.from[start]);
  range.setEnd(page.nodes[page.source[end - 1]], page.to[end - 1]);
  return range;
}

/** Whether no word runs across this place: a quote is never found inside longer words. */
function isEdge(page, place) {
  const inWord = (at) => /[\p{L}\p{N}]/u.test(page.text[at] ?? "");
  const together = page.source[place] === page.source[place - 1] && page.from[place] <= page.to[place - 1];
  return !(together && inWord(place - 1) && inWord(place));
}

/** How many units agree, one after the other, at most `length`. */
function agreement(length, agrees) {
  let count = 0;
  while (count < length && agrees(count)) count += 1;
  return count;
}

/** The citation's sentence in the page, and the words in it that answer, as ranges; null when it is not there. */
function find(page, citation) {
  const quote = foldAll([citation.quote]);
  const length = quote.text.length;
  const [before, after] = [citation.prefix, citation.suffix].map((text) => foldAll([text]).text);
  let [best, most] = [-1, -1];
  for (let at = page.text.indexOf(quote.text); length && at >= 0; at = page.text.indexOf(quote.text, at + 1)) {
    const end = at + length;
    const score =
      agreement(before.length, (step) => before.at(-1 - step) === page.text[at - 1 - step]) +
      agreement(after.length, (step) => after[step] === page.text[end + step]);
    const fits = score > most && isEdge(page, at) && isEdge(page, end);
    if (fits && rangeOf(page, at, end).getClientRects().length) [best, most] = [at, score];
  }
  if (best < 0) return null;
  const words = stretches(citation).map(([from, to]) => {
    const first = quote.from.findIndex((unit) => unit >= from);
    const end = quote.to.findLastIndex((unit) => unit <= to) + 1;
    return first >= 0 && end > first ? rangeOf(page, best + first, best + end) : null;
  });
  return { sentence: rangeOf(page, best, best + length), words: words.filter(Boolean) };
}

/** The spans of a citation as [from, to) in UTF-16 units of its quote; the Answer counts code points of the article. */
function stretches(citation) {
  const points = [...citation.quote];
  const units = (end) => points.slice(0, end - citation.start).join("").length;
  return citation.spans.map((span) => [units(span.start), units(span.end)]).sort(([one], [other]) => one - other);
}
