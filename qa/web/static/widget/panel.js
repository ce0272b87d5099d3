// One widget's inside as a whole: launcher and panel, built from the element's attributes, opened and closed.

const SUGGESTED = 3;

const BUBBLES = new Map(); // the panels of bubbles, oldest first, and whether each is on the left

class Panel extends Conversation {
  isOpen = false;

  /** Builds everything from the element's attributes; the conversation stays unless it is now another article's. */
  build() {
    const code = (this.host.closest("[lang]") ?? document.documentElement).lang.toLowerCase().split("-")[0];
    this.language = Object.hasOwn(STRINGS, code) ? code : "en";
    this.inline = this.option("mode") === "inline";
    const about = [this.option("article"), this.option("api")].join();
    if (this.about !== about) this.forget();
    this.about = about;
    const named = this.option("article");
    // "." is the page itself: its canonical address, else the one it is at
    this.article = named === "." ? (document.querySelector("link[rel=canonical]") ?? location).href : named || null;
    this.api = new URL(this.option("api") || HOME, location.href).href.replace(/\/+$/, "");
    this.prepared = false;
    this.widget = this.shell(this.option("title") || this.t("title"), this.input?.value ?? "");
    this.root.replaceChildren(this.widget);
    this.paint();
    this.toggle(this.isOpen);
    if (this.inline || this.isOpen) this.prepare();
  }

  shell(name, typed) {
    const { dir } = STRINGS[this.language];
    this.launcher = button("launcher", name, () => this.open(true));
    this.launcher.ariaHasPopup = "dialog";
    this.backer = button("back", this.t("back"), () => this.back());
    const close = button("close", "×", () => this.close());
    close.ariaLabel = this.t("close");
    const title = make("div", "title", {}, name, make("span", "tagline", { textContent: this.t("tagline") }));
    const header = make("div", "header", {}, title, this.backer, !this.inline && close);
    this.log.ariaLabel = this.t("log");
    this.welcome?.remove();
    this.welcome = make("div", "welcome", {}, make("p", "", { textContent: this.t("welcome") }));
    if (!this.log.firstChild) this.log.append(this.welcome);
    const panel = make("div", "panel", { tabIndex: -1 }, header, this.log, this.form(typed));
    if (!this.inline) Object.assign(panel, { role: "dialog", ariaLabel: name });
    this.panel = panel;
    const widget = make("section", `widget ${this.inline ? "inline" : "bubble"}`, { title: "", lang: this.language });
    widget.dir = this.host.dir || dir;
    const place = [...document.querySelectorAll(NAME)].indexOf(this.host);
    widget.ariaLabel = place > 0 ? `${name} (${place + 1})` : name; // landmarks of one name are told apart
    widget.onkeydown = (event) => this.onKey(event);
    widget.onkeypress = widget.onkeyup = (event) => event.stopPropagation(); // the host's short cuts are not meant
    widget.append(this.inline ? "" : this.launcher, panel);
    return widget;
  }

  form(typed) {
    this.input = make("textarea", "input", { rows: 1, maxLength: 1_000, value: typed, dir: "auto" });
    this.input.placeholder = this.option("placeholder") || this.t("placeholder");
    this.input.ariaLabel = this.t("input");
    this.input.autocomplete = "off";
    this.sender = make("button", "send", { type: "submit", textContent: this.t("send") });
    const form = make("form", "form", {}, this.input, this.sender);
    form.onsubmit = (event) => {
      event.preventDefault();
      const question = this.input.value;
      this.input.value = "";
      this.ask(question);
    };
    return form;
  }

  /** The theme, and for what is written on the accent whichever of black and white contrasts more. */
  paint() {
    const { style } = this.widget;
    const theme = this.option("theme");
    this.widget.classList.toggle("dark", theme === "dark" || (theme !== "light" && isDark(this.host.parentElement ?? document.body)));
    style.removeProperty("--pen");
    const accent = this.option("accent");
    if (CSS.supports("color", accent)) style.setProperty("--pen", accent);
    style.setProperty("--on", luminance(getComputedStyle(this.sender).backgroundColor) > 0.179 ? "#000" : "#fff");
  }

  /** Bubbles on one side stand above each other, but none over an open panel or under it. */
  stack() {
    const side = this.option("position") || (this.widget.dir === "rtl" ? "left" : "");
    if (this.inline || !this.host.isConnected) BUBBLES.delete(this);
    else BUBBLES.set(this, side === "left");
    const open = [...BUBBLES.keys()].some((panel) => panel.isOpen);
    const count = [0, 0];
    for (const [{ launcher, widget }, left] of BUBBLES) {
      launcher.hidden = open;
      widget.classList.toggle("left", left);
      widget.style.setProperty("--stack", count[+left]++);
    }
  }

  // --- opening and closing -----------------------------------------------------------------------------------------

  /** Focus is moved only for somebody who asked for it; a finger gets no keyboard in its way. */
  focus() {
    (matchMedia("(pointer: coarse)").matches ? this.panel : this.input).focus({ preventScroll: true });
  }

  toggle(open) {
    this.isOpen = open;
    this.panel.hidden = !this.inline && !open;
    this.stack();
    this.panel.classList.remove("collapsed");
  }

  open(focus) {
    if (!this.inline && !this.isOpen) {
      for (const other of BUBBLES.keys()) other.close();
      const { activeElement } = document;
      this.origin = activeElement === document.body || activeElement === this.host ? this.launcher : activeElement;
      this.toggle(true);
      this.paint();
      this.emit("open");
      this.prepare();
    }
    this.panel.classList.remove("collapsed");
    if (focus) this.focus();
  }

  close() {
    if (this.inline || !this.isOpen) return;
    const focused = this.root.activeElement;
    this.toggle(false);
    dim(this);
    if (focused) (this.origin.isConnected ? this.origin : this.launcher).focus({ preventScroll: true });
    this.emit("close");
  }

  onKey(event) {
    const { key, target } = event;
    event.stopPropagation();
    if (key === "Enter" && target === this.input && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.input.form.requestSubmit();
    } else if (key === "Escape" && this.panel.classList.contains("collapsed")) this.back();
    else if (key === "Escape" && !event.isComposing) this.close();
  }

  /** On first being seen: questions worth asking, and word of what is not set up right. */
  async prepare() {
    const given = this.option("suggestions");
    if (this.prepared || given === "off") return;
    this.prepared = true;
    const { welcome, article } = this;
    let questions = given.split("|").map((question) => question.trim());
    if (!given) {
      try {
        const told = await request(this.api, `/api/v1/articles${article ? "/" : ""}${encodeURIComponent(article ?? "")}`);
        questions = (told.articles ?? [told]).flatMap((one) => one.suggestions ?? []).slice(0, SUGGESTED);
      } catch (fault) {
        this.prepared = SET_UP.includes(fault.kind); // others may pass
        const words = this.tell(fault);
        if (this.prepared) welcome.append(make("p", "error", { textContent: words }));
        return;
      }
    }
    const chips = suggestions(this, "try", questions.filter(Boolean));
    if (chips) welcome.append(chips);
  }
}
