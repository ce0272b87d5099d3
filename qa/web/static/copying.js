// Quotes and links, copied.
(() => {
  "use strict";

  const { $, say, absolute } = articleQA;

  async function copy(text, control) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      copyOldWay(text); // no clipboard outside https and localhost
    }
    const label = control.dataset.label ?? control.textContent;
    control.dataset.label = label;
    control.textContent = "Copied";
    say("Copied");
    setTimeout(() => (control.textContent = label), 1600);
  }

  function copyOldWay(text) {
    const box = document.createElement("textarea");
    box.value = text;
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  }

  function copyQuote(button) {
    const turn = button.closest(".qa-turn");
    copy(`${$(".qa-copytext", turn).textContent}, ${absolute($(".qa-link", turn))}`, button);
  }

  Object.assign(articleQA, { copy, copyQuote });
})();
