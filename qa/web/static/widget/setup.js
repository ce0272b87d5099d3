// What every part uses. The parts are joined, in the order that qa/web/widget.py lists, into one function: its constants
// STRINGS (by language), STYLE and MARKS (style sheets) stand before this.

const NAME = "article-qa";
const SCRIPT = document.currentScript ?? document.querySelector('script[src*="widget.js"]');
const HOME = new URL(".", SCRIPT?.src || location.href).href;
const MOST_TURNS = 6; // of the conversation, sent along with a question

const dark = matchMedia("(prefers-color-scheme: dark)");
const CALM = matchMedia("(prefers-reduced-motion: reduce)");

/** A style sheet that needs no element, so that no page's policy can refuse it. */
function sheet(rules) {
  const made = new CSSStyleSheet();
  made.replaceSync(rules);
  return made;
}

/** An element whose classes are its `::part()` names too. */
function make(tag, names, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.className = names;
  element.setAttribute("part", names);
  element.append(...children.filter(Boolean));
  return element;
}

const button = (names, textContent, onclick) => make("button", names, { type: "button", textContent, onclick });

const BRUSH = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

/** Relative luminance (WCAG 2.2) of a computed colour, 0 to 1; null where it is transparent. */
function luminance(colour) {
  let parts = /^rgb/.test(colour) && colour.match(/[\d.]+/g);
  if (!parts) {
    // oklch() and the like: only paint tells
    BRUSH.clearRect(0, 0, 1, 1);
    BRUSH.fillStyle = colour;
    BRUSH.fillRect(0, 0, 1, 1);
    const painted = BRUSH.getImageData(0, 0, 1, 1).data;
    parts = [...painted.slice(0, 3), painted[3] / 255];
  }
  const [red, green, blue, alpha = 1] = parts.map(Number);
  const linear = (part) => (part > 10 ? ((part / 255 + 0.055) / 1.055) ** 2.4 : part / 3294.6);
  return alpha < 0.5 ? null : 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

/** Whether what is behind an element is dark: the nearest colour behind it tells, else its text's colour. */
function isDark(element) {
  for (let behind = element; behind; behind = behind.parentElement) {
    const light = luminance(getComputedStyle(behind).backgroundColor);
    if (light !== null) return light < 0.18;
  }
  return luminance(getComputedStyle(element).color) > 0.4;
}
