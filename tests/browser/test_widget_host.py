"""The widget holds up in any page: hostile styles, strict policies, several at once, every way of reading and pressing."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.hosting import FILLER, PROSE, Reply
from tests.browser.widgets import HEAD, ask, lit, tag

HOSTILE = """<style>
* { all: unset !important; color: red !important; font: 40px cursive !important; letter-spacing: 9px !important; }
html { font-size: 62.5% !important; }
article-qa { display: none !important; transform: rotate(9deg) !important; opacity: 0.1 !important; }
button, textarea, .panel, .input, .launcher { background: red !important; display: none !important; }
</style>"""


def look(page: Page, selector: str, *names: str) -> list[str]:
    script = "(element, names) => names.map(name => getComputedStyle(element)[name])"
    return page.locator(selector).first.evaluate(script, list(names))


def test_hostile_styles_change_nothing_of_it(open_host, host, embedded):
    looks = []
    for head in ("", HOSTILE):
        page = open_host(host.page(PROSE + tag(embedded, article="article"), head=head))
        ask(page, "words")
        boxes = [page.locator(name).bounding_box() for name in (".panel", ".input", ".send", ".quote", ".citation")]
        styles = look(page, ".quote", "color", "fontSize", "fontFamily", "letterSpacing", "opacity")
        looks.append((boxes, styles, look(page, "article-qa", "transform", "opacity", "display")))
    assert looks[0] == looks[1]


def test_a_strict_policy_and_trusted_types_take_nothing_from_it(open_host, host, embedded):
    origin = embedded.address
    policy = (
        f"default-src 'none'; script-src {origin}; connect-src {origin}; style-src 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    page = open_host(host.page(PROSE + tag(embedded, article="article"), Content_Security_Policy=policy))
    blocked: list[str] = []
    page.on("console", lambda message: blocked.append(message.text))
    ask(page, "words")
    assert look(page, ".panel", "position", "borderRadius") == ["fixed", "14px"]
    assert look(page, ".send", "color") == ["rgb(255, 255, 255)"]
    assert {name: len(ranges) for name, ranges in lit(page).items()} == {"article-qa": 1, "article-qa-words": 1}
    page.locator(".citation").click()
    assert blocked == []


def test_three_at_once_keep_apart(open_host, host, embedded):
    tags = tag(embedded, article="article") + tag(embedded, article="moon", title="The Moon")
    by_hand = '<article-qa article="article" mode="inline" title="Here"></article-qa>'
    page = open_host(host.page(f"<main><h1>Host</h1>{PROSE}{by_hand}</main>{tags}"))
    expect(page.locator("article-qa")).to_have_count(3)
    first, second = (page.locator(".launcher", has_text=name) for name in ("Ask this article", "The Moon"))
    expect(second).to_be_visible()
    boxes = sorted(box["y"] for box in (first.bounding_box(), second.bounding_box()))
    assert boxes[1] - boxes[0] > first.bounding_box()["height"]
    first.click()
    expect(page.get_by_role("dialog", name="Ask this article")).to_be_visible()
    expect(second).to_be_hidden()  # or it would lie over the open panel, or under it, by which script came first
    page.evaluate("document.querySelector('article-qa[article=moon]').open({ focus: true })")
    expect(page.get_by_role("dialog", name="The Moon")).to_be_visible()
    expect(page.get_by_role("dialog", name="Ask this article")).to_be_hidden()
    moon = page.get_by_role("dialog", name="The Moon")
    moon.locator(".input").fill("nothing of this")
    moon.locator(".input").press("Enter")
    expect(moon.locator(".near").first).to_be_visible()
    expect(page.locator("article-qa[mode=inline] .turn")).to_have_count(0)
    assert embedded.pipeline.sent[-1] == []
    page.keyboard.press("Escape")
    for launcher in (first, second):
        expect(launcher).to_be_visible()
    second.click()
    page.evaluate("document.querySelector('article-qa[article=moon]').remove()")
    expect(first).to_be_visible()
    assert violations(page) == ""


def test_everything_can_be_done_by_keyboard_alone(open_host, host, embedded):
    page = open_host(host.page(FILLER + PROSE + FILLER + tag(embedded, article="article")))
    keys = page.evaluate_handle(
        "(() => { const keys = []; for (const kind of ['keydown', 'keypress', 'keyup'])"
        " addEventListener(kind, e => keys.push(e.key)); return keys; })()"
    )
    deepest = "let e = document.activeElement; while (e.shadowRoot) e = e.shadowRoot.activeElement;"
    focused = f"(() => {{ {deepest} return e.className; }})()"
    outlined = focused.replace("return e.className", "return getComputedStyle(e).outlineStyle")
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "launcher" and page.evaluate(outlined) == "solid"
    page.keyboard.press("Enter")
    expect(page.locator(".input")).to_be_focused()
    page.keyboard.type("words")
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    expect(page.locator(".quote")).to_be_visible()
    reached = []
    while "citation" not in reached:
        page.keyboard.press("Shift+Tab")
        reached.append(page.evaluate(focused))
        assert page.evaluate(outlined) == "solid"
        assert len(reached) < 5, reached
    page.keyboard.press("Enter")
    expect(page.locator("body > p > b")).to_be_in_viewport()
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(focused) == "log"
    page.keyboard.press("Escape")
    expect(page.locator(".launcher")).to_be_focused()
    assert keys.json_value() == ["Tab"]  # the host's short cuts hear only what was pressed outside of it


def violations(page: Page) -> str:
    results = Axe().run(page)
    return "" if results.violations_count == 0 else results.generate_report()


@pytest.mark.parametrize(
    ("how", "data"),
    [
        ({}, {}),
        ({"phone": True}, {"theme": "dark"}),
        ({}, {"lang": "he", "accent": "#ffcc00"}),
        ({}, {"mode": "inline", "accent": "#888"}),
    ],
    ids=["light", "dark phone", "hebrew", "inline"],
)
def test_axe_finds_nothing_in_any_state(open_host, host, embedded, how, data):
    body = f"<main><h1>Host</h1>{PROSE}{tag(embedded, article='article', **data)}</main>"
    page = open_host(host.page(body, head=HEAD), **how)
    assert violations(page) == "", "closed"
    ask(page, "words")
    ask(page, "And there?")
    ask(page, "nothing of this")
    ask(page, "broken")
    assert violations(page) == "", "asked"
    page.locator(".citation").first.click()
    assert violations(page) == "", "followed"


def test_what_is_pressed_is_large_enough_and_the_log_is_announced(open_host, host, embedded):
    page = open_host(host.page(PROSE + tag(embedded, article="article")))
    page.locator(".launcher").click()
    expect(page.locator(".suggestion").first).to_be_visible()
    chips = [page.locator(".suggestion").nth(place).bounding_box() for place in (0, 1)]
    for question in ("words", "And there?", "nothing of this", "broken"):
        ask(page, question)
    shown = page.locator("article-qa :is(button, a, textarea):visible")
    boxes = [shown.nth(place).bounding_box() for place in range(shown.count())]
    assert min(min(box["width"], box["height"]) for box in (*boxes, *chips)) >= 24
    expect(page.get_by_role("log", name="Conversation")).to_have_attribute("aria-live", "polite")
    expect(page.get_by_role("textbox", name="Your question")).to_be_visible()


def test_forced_colours_keep_marks_meter_and_edges(open_host, host, embedded):
    page = open_host(host.page(PROSE + tag(embedded, article="article")), forced_colors="active")
    assert look(page, ".launcher", "borderTopStyle") == ["solid"]
    ask(page, "words")
    desk = look(page, ".panel", "backgroundColor")
    assert look(page, ".words", "backgroundColor") != desk != look(page, ".on", "backgroundColor")
    assert look(page, ".question", "borderTopStyle") == look(page, ".citation", "borderTopStyle") == ["solid"]


def test_custom_properties_and_parts_reach_in(open_host, host, embedded):
    head = """<style>
        article-qa { --article-qa-accent: rgb(0, 90, 40); --article-qa-radius: 3px; --article-qa-width: 300px;
            --article-qa-font: "Liberation Mono"; --article-qa-z-index: 7; --article-qa-background: rgb(250, 250, 250); }
        article-qa::part(header) { padding-top: 33px; }
        article-qa::part(quote) { font-style: italic; }
    </style>"""
    page = open_host(host.page(PROSE + tag(embedded, article="article"), head=head))
    ask(page, "words")
    assert look(page, ".send", "backgroundColor") == ["rgb(0, 90, 40)"]
    assert look(page, ".panel", "borderRadius", "width", "zIndex", "backgroundColor") == [
        *("3px", "300px", "7", "rgb(250, 250, 250)")
    ]
    assert look(page, ".input", "fontFamily") == ['"Liberation Mono"']
    assert look(page, ".header", "paddingTop") + look(page, ".quote", "fontStyle") == ["33px", "italic"]


def test_a_frame_shows_it_inline_and_tells_its_height(open_host, host, embedded):
    script = """<script>
        addEventListener("message", (event) => {
            const { type, height } = event.data;
            if (type === "article-qa:height") document.querySelector("iframe").style.height = `${height}px`;
        });
    </script>"""
    frame = f'<iframe src="{embedded.address}/embed/article?theme=dark&lang=he" height="50"></iframe>'
    page = open_host(host.page(script + frame + tag(embedded, article="article")))
    inside = page.frame_locator("iframe")
    assert inside.locator("html").evaluate("root => getComputedStyle(root).colorScheme") == "dark"  # behind its corners
    expect(inside.locator(".title")).to_contain_text("שאלו את הכתבה")
    expect(inside.locator(".widget.dark")).to_be_attached()
    inside.locator(".input").fill("words")
    inside.locator(".input").press("Enter")
    expect(inside.locator(".quote")).to_be_visible()
    page.wait_for_function("document.querySelector('iframe').clientHeight > 250")
    expect(inside.locator(".citation.away")).to_have_attribute("target", "_blank")


def test_the_widgets_page_shows_it_live_and_builds_the_tag(open_host, host, embedded):
    page = open_host(f"{embedded.address}/widget")
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    code = page.locator("#tag")
    expect(code).to_have_text(f'<script src="{embedded.address}/widget.js" data-article="article" async></script>')
    page.get_by_label("Title").fill('"Ask" <me>')
    page.get_by_label("Theme").select_option("dark")
    expect(code).to_contain_text('data-theme="dark"')
    expect(code).to_contain_text('data-title="&quot;Ask&quot; &lt;me>"')
    expect(page.locator(".launcher")).to_have_text('"Ask" <me>')
    expect(page.locator(".widget.dark")).to_be_attached()
    ask(page, "words")
    assert set(lit(page)) == {"article-qa", "article-qa-words"}
    expect(page.locator("#events")).to_contain_text("article-qa:answer as early as 2029")
    page.get_by_label("Mode").select_option("inline")
    expect(page.locator(".stage .panel .quote")).to_be_visible()
    page.locator(".copy").first.click()
    expect(page.locator(".copy").first).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == code.inner_text()
    page.locator("details", has_text="Events").click()
    assert violations(page) == ""
    assert problems == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_copied_tag_works_as_it_stands(open_host, host, embedded, scheme):
    page = open_host(f"{embedded.address}/widget?article=moon", color_scheme=scheme)
    expect(page.locator("#tag")).to_contain_text('data-article="moon"')
    assert violations(page) == ""
    copied = open_host(host.page(PROSE + page.locator("#tag").inner_text()))
    ask(copied, "several")
    expect(copied.locator(".quote").first).to_be_visible()


CANONICAL = '<link rel="canonical" href="https://blog.example.org/the-moon">'


@pytest.mark.parametrize("named", ["https://blog.example.org/mars?p=1", "."])
def test_the_tag_may_name_an_article_by_its_address_or_the_page_it_is_on(open_host, host, embedded, named):
    body = PROSE + tag(embedded, article=named, api=host.api)
    for head in ("", CANONICAL):
        address = host.page(body, head=head)
        page = open_host(f"{address}#top")
        host.replies[:] = [Reply(404, {"detail": "no"})]
        ask(page, "Why?")
        own = "https://blog.example.org/the-moon" if head else f"{address}#top"  # the server leaves the fragment off
        assert host.asked[-1]["article"] == (own if named == "." else named)
