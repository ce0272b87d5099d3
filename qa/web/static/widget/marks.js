// Lights up sentences in the host's page with the CSS Custom Highlight API. One widget's light replaces another's.

const marks = sheet(MARKS);
let lighter = null; // the widget whose sentences are lit

function dim(widget) {
  if (lighter !== widget) return;
  for (const kind of ["", "-words"]) for (const tone of ["", "-dark"]) CSS.highlights?.delete(NAME + kind + tone);
}

/** Lights up what was found, an empty list nothing; the words that answer stand out in their sentences. */
function light(widget, found) {
  dim(lighter);
  lighter = widget;
  if (!globalThis.Highlight || !found.length) return;
  if (!document.adoptedStyleSheets.includes(marks)) document.adoptedStyleSheets = [...document.adoptedStyleSheets, marks];
  const tone = isDark(found[0].sentence.startContainer.parentElement) ? "-dark" : "";
  const words = new Highlight(...found.flatMap((one) => one.words));
  words.priority = 1;
  CSS.highlights.set(NAME + tone, new Highlight(...found.map((one) => one.sentence)));
  CSS.highlights.set(NAME + "-words" + tone, words);
}

/** Scrolls the page, and whatever in it scrolls, until the range is in the middle of it, or of the page's upper `room`
 * pixels. Returns how many pixels up that moves it. */
function scrollTo(range, room) {
  const behavior = CALM.matches ? "auto" : "smooth";
  const { top: start, height } = range.getBoundingClientRect();
  let top = start;
  for (let box = range.startContainer.parentElement; box; box = box.parentElement) {
    const whole = box === document.scrollingElement;
    if (!whole && !/auto|scroll/.test(getComputedStyle(box).overflowY)) continue;
    const seen = whole ? 0 : box.getBoundingClientRect().top;
    const wanted = box.scrollTop + top - seen - ((whole ? room : box.clientHeight) - height) / 2;
    const reached = Math.max(0, Math.min(wanted, box.scrollHeight - box.clientHeight));
    top -= reached - box.scrollTop; // a smooth scroll has not moved it yet
    box.scrollTo({ top: reached, behavior });
  }
  return start - top;
}
