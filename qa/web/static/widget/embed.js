// Inside a frame: looks and words come from the address (?theme=dark&lang=he), and the page around the frame is told how high
// the widget is. That page listens for {type: "article-qa:height", height}, in CSS pixels; the message holds nothing else.
(() => {
  "use strict";

  const SETTABLE = ["theme", "accent", "lang", "dir", "title", "placeholder", "suggestions"];
  const widget = document.querySelector("article-qa");
  for (const [name, value] of new URLSearchParams(location.search)) {
    if (SETTABLE.includes(name)) widget.setAttribute(name, value);
    if (name === "theme") document.documentElement.style.colorScheme = value; // what shows behind the corners
  }
  const tell = () => {
    const height = Math.ceil(widget.getBoundingClientRect().height);
    parent.postMessage({ type: "article-qa:height", height }, "*");
  };
  if (parent !== window) new ResizeObserver(tell).observe(widget);
})();
