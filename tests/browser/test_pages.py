"""Every page in every language: for a small phone, for a screen reader, for the keyboard alone.

The list of pages is complete by construction: every address that answers to GET is either met on
the walk or stands in `NOT_WALKED` with a reason; a new one without either fails.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from live import DOORS, SERVICES, Live, started
from playwright.sync_api import Page, Request, expect
from visitor import Page as Found
from visitor import Visitor, shape_of

import demo
from web.languages import catalogue, language_direction, languages

LANGUAGES = languages()
ROOT = Path(__file__).resolve().parents[2]
PHONE, DESK = (360, 740), (1280, 800)
FIRST_PAGE_BYTES = 100_000  # the limit for wallet and verifier, over the wire
WHO = list(DOORS)
NewPage = Callable[..., Page]
# Pages that no link leads to: letters and other services do, or a mistake.
UNLINKED = {
    "issuer": ["/enter", "/nowhere", "/me/"],
    "issuer as Omar": ["/accounts/code"],
    "wallet": ["/closed", "/locked", "/nowhere", "/badges", "/receive"],
    "verifier": ["/nowhere", "/check", "/vouched"],
}
_FOR_MACHINES = "JSON or text for machines"
_A_FILE = "a picture, a sound or another file, not a page"
NOT_WALKED = {
    "issuer": {
        "health": _FOR_MACHINES,
        "oid4vci.authorization_server": _FOR_MACHINES,
        "oid4vci.metadata": _FOR_MACHINES,
        "oid4vci.offer": _FOR_MACHINES,
        "public.image": _A_FILE,
        "candidate.picture": _A_FILE,
        "editor.picture": _A_FILE,
        "evidence.own": _A_FILE,
        "evidence.for_examiner": _A_FILE,
        "offline.worker": _A_FILE,
        "coordinator.kept_report": _FOR_MACHINES,
        "becoming.conduct": "after an invitation: tests/issuer/test_appointment_pages.py",
        "becoming.file": "after an invitation: tests/issuer/test_appointment_pages.py",
        "becoming.result": "after five files are marked: tests/issuer/test_calibration.py",
        "after_sending.pieces": "while a file is sent back: tests/issuer/test_returns.py",
        "after_sending.piece": "while a file is sent back: tests/issuer/test_returns.py",
        "after_sending.ask_again": "in the days after a decision: tests/issuer/test_appeals.py",
        "appointment_pages.picture": _A_FILE,
        "batches.show": "when two badges wait: tests/issuer/test_batches.py",
        "oid4vp.request_object": _FOR_MACHINES,
        "counting.ask": "for members of a group: tests/issuer/test_cohorts.py",
        "observations.watch": "while a practical waits: tests/browser/test_evidence.py",
        "stolen_keys.show": "after a theft is told: tests/issuer/test_stolen_keys.py",
        "presenting.show": "while a wallet is asked: tests/issuer/test_presenting.py",
        "presenting.done": "while a wallet is asked: tests/issuer/test_presenting.py",
        "second_looks.show": "after a suspension: tests/issuer/test_two_centres.py",
        "data_officer.one": "for a data officer: tests/issuer/test_my_data.py",
        "my_data.erased": "after everything is gone: tests/issuer/test_erasure.py",
        "kept_badges.show": "for a badge of an erased person: tests/issuer/test_kept_badges.py",
        "staff.join": "by a link that works once: tests/issuer/test_staff.py",
        "public.examiners_profile": _FOR_MACHINES,
        "public.standards_profile": _FOR_MACHINES,
    },
    "wallet": {
        "health": _FOR_MACHINES,
        "shares.presentation": _FOR_MACHINES,
        "receive.wait": "while a badge is on its way: tests/wallet/test_receiving.py",
        "waiting.show": "while a badge is decided: tests/journeys/test_badges_on_the_way.py",
    },
    "verifier": {"health": _FOR_MACHINES},
}
# What stays as it is in an Arabic sentence: the product, lists, formats, units.
_NAMES = re.compile(
    r"\b(MyCred4Home|ESCO|ROME|ISCO|CEFR|EQF|JSON|JSON-LD|CSV|PDF|PDF/UA|UTF-8|SVG|PNG|UTC|CASE|"
    r"XLSX|TOML|WP|Zip|ZIP|URL|QR|A6|USB|Zenodo)\b"
)
_LATIN = re.compile(r"[A-Za-zÀ-ÿ]{2,}")
_ISOLATED = re.compile("\u2068.*?\u2069", re.DOTALL)

# What one look at a page finds: how far it is too wide, and its texts; of each text, whether it
# stands free in a sentence of the page's own language.
_LOOK = """() => {
  const root = document.documentElement;
  const over = root.scrollWidth - innerWidth;
  const wide = over > 0 ? [...document.querySelectorAll("body *")]
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1
              || e.getBoundingClientRect().left < -1)
    .map(e => e.tagName + "." + e.className).slice(0, 5) : [];
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const parent = node.parentElement;
    const words = node.data.trim().replace(/\\s+/g, " ");
    if (!words || parent.closest("script, style, template")) continue;
    if (parent.closest("[lang]").lang !== root.lang) continue;
    const apart = parent.closest("bdi, code, pre, .code, kbd, textarea, select, [dir=auto], .demo");
    texts.push([words, !apart]);
  }
  const bar = document.querySelector("nav.languages").getBoundingClientRect();
  return { lang: root.lang, dir: root.dir, over, wide, texts, bar: [bar.x, bar.y] };
}"""


@dataclass
class Walk:
    """What all visitors found together."""

    pages: dict[str, list[Found]] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    visitors: dict[str, Visitor] = field(default_factory=dict)

    def of(self, live: Live, who: str) -> list[Found]:
        """Walk as somebody, once; what others saw already is not opened again."""
        if who not in self.pages:
            self.visitors[who], start = come_in(live, who)
            found = list(prepare(live, who, self.visitors[who]))
            found += list(
                self.visitors[who].walk(
                    start, alike=2, shape=lambda url: _whose(url, who), seen=self.seen
                )
            )
            address = live.door(who)[0]
            found += [self.visitors[who].open(f"{address}{path}") for path in UNLINKED.get(who, [])]
            self.pages[who] = found
        return self.pages[who]

    def urls_of(self, live: Live, who: str) -> list[str]:
        """List the addresses of the pages that somebody finds."""
        return [page.url for page in self.of(live, who) if page.ids]


def _whose(url: str, who: str) -> str:
    """Tell pages of one kind: public ones by their address, personal ones by who sees them too."""
    shape = re.sub(r"/(scenarios|preview/achievements|preview)/[^?]+", r"/\1/*", shape_of(url))
    return f"{shape} {who}" if re.search(r"/(me|check|work|show)/|/me/|/check", shape) else shape


def come_in(live: Live, who: str) -> tuple[Visitor, Found]:
    address, button = live.door(who)
    visitor = Visitor(*live.origins)
    page = visitor.open(address)
    return visitor, visitor.press(page, button) if button else page


def prepare(live: Live, who: str, visitor: Visitor) -> Iterator[Found]:
    """Begin what lies behind a form, so that its pages are met too; give what no link leads to."""
    if who == "issuer as Lucía":
        choice = visitor.open(f"{live.issuer}/me/start/simple-phrases?language=fr")
        task = visitor.press(choice, "Try Beginner")
        yield visitor.open(re.sub(r"/tasks/.*", "/check", task.url))
    elif who == "issuer as Sara":
        page = visitor.open(f"{live.issuer}/standards/")
        form = next(form for form in page.forms if "Open a draft" in form.buttons)
        visitor.submit(page, form, version="2.0")
    elif who == "issuer as Omar":  # only the badge that waits has a page to print
        listed = visitor.open(f"{live.issuer}/officer/badges").links
        badges = [visitor.open(live.issuer + to) for to in listed if "/officer/badges/" in to]
        printed = next(to for page in badges for to in page.links if to.endswith("/print"))
        yield visitor.open(live.issuer + printed)
    elif who == "issuer as Clara":
        page = visitor.open(f"{live.issuer}/coordinator/groups/")
        form = next(form for form in page.forms if "Set it up" in form.buttons)
        places = [name for name in form.fields if name.startswith("places-")]
        visitor.submit(page, form, name="Spring", **{places[0]: "3"})


@pytest.fixture(scope="session")
def live_services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Give services of the walk's own: what other tests do must not change what it finds."""
    with started(tmp_path_factory.mktemp("walk") / "demo") as live:
        yield live


@pytest.fixture(scope="session")
def walk() -> Walk:
    return Walk()


def enter(live: Live, page: Page, who: str) -> None:
    """Come in as somebody: by the cookies of a visitor who came in before, where there is one."""
    address, button = live.door(who)
    page.goto(f"{address}/?lang=en")
    if button:
        page.get_by_role("button", name=button, exact=True).click()
        page.wait_for_url(lambda url: url != f"{address}/?lang=en")


def in_language(url: str, language: str) -> str:
    parts = urlsplit(url)
    kept = [one for one in parts.query.split("&") if one and not one.startswith("lang=")]
    return parts._replace(query="&".join([*kept, urlencode({"lang": language})])).geturl()


def untranslated(
    texts: list[tuple[str, bool]], language: str, *, workshop: bool = False
) -> Iterator[str]:
    """Find msgids that stand as they are, and Latin words that stand free in Arabic sentences.

    In the `workshop` of those who write frameworks the keys of files stand as they are.
    """
    known, english = catalogue(language), _english()
    for text, is_free in texts:
        if workshop and re.fullmatch(r"[a-z0-9._ -]+", text):
            continue
        # One word alone may be a word of that language, too: "Note".
        if language != "en" and " " in text and text in english and known.ugettext(text) != text:
            yield f"not translated: {text}"
        if language == "ar" and is_free and not workshop and "(CSV)" not in text:
            left = _NAMES.sub("", _ISOLATED.sub("", text))
            if _LATIN.search(left):
                yield f"neither Arabic nor marked as another language: {text}"


def _english() -> set[str]:
    """Give the msgids of everything that can be translated."""
    catalog: Any = catalogue("fr")
    return {key if isinstance(key, str) else key[0] for key in catalog._catalog}


def looked_at(page: Page, language: str, size: tuple[int, int]) -> Iterator[str]:
    """Look at an open page as it is at a size: its width and, on a phone, its words."""
    found = page.evaluate(_LOOK)
    if found["over"] > 0:
        yield f"{page.url}: {found['over']}px too wide at {size[0]}: {found['wide']}"
    if size == DESK:
        return
    if (found["lang"], found["dir"]) != (language, language_direction(language)):
        yield f"{page.url}: {found['lang']} {found['dir']}"
    for one in untranslated(found["texts"], language, workshop="/standards/" in page.url):
        yield f"{page.url}: {one}"


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_fit_a_phone_and_a_desk_and_every_reader(
    live_services: Live,
    new_page: NewPage,
    walk: Walk,
    axe: Callable[[Page], list[str]],
    screenshot: Callable[[Page, str], None],
    who: str,
    language: str,
) -> None:
    urls = walk.urls_of(live_services, who)
    page = new_page(size=PHONE, language=language)
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(_origin(request)))
    enter(live_services, page, who)
    wrong: list[str] = []
    sizes = [(PHONE, "phone"), (DESK, "desk")]
    for number, url in enumerate(urls):
        answer = page.goto(in_language(url, language))
        assert answer is not None
        assert answer.status != 429, "a page that asks to wait is not the page that was meant"
        for size, name in sizes:
            page.set_viewport_size({"width": size[0], "height": size[1]})
            screenshot(page, f"{who} {number:02} {language} {name}")
            if size == PHONE:
                wrong += axe(page)
            wrong += looked_at(page, language, size)
        sizes.reverse()  # the next page opens at the size that the window has
    assert not wrong, "\n".join(wrong)
    assert asked <= {*live_services.origins, "data:"}, "somebody else was asked"


def test_every_address_is_walked_or_has_a_reason(live_services: Live, walk: Walk) -> None:
    ports = [urlsplit(origin).port or 0 for origin in live_services.origins]
    built = demo.build(live_services.folder, (ports[0], ports[1], ports[2]))
    met: dict[str, set[str]] = {name: set() for name in SERVICES}
    apps = dict(zip(SERVICES, (built.issuer, built.wallet, built.verifier), strict=True))
    for who in WHO:
        for page in walk.of(live_services, who):
            parts = urlsplit(page.url)
            name = SERVICES[live_services.origins.index(f"{parts.scheme}://{parts.netloc}")]
            routes = apps[name].url_map.bind("localhost")
            if page.status == 200 and routes.test(parts.path, "GET"):
                met[name].add(routes.match(parts.path, "GET")[0])
    for name, app in apps.items():
        known = {
            rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())
        }
        assert known - met[name] == set(NOT_WALKED[name]) - met[name], name
        assert set(NOT_WALKED[name]) <= known, name
        for reason in NOT_WALKED[name].values():
            assert all((ROOT / file).exists() for file in re.findall(r"tests/\S+", reason)), reason


def _origin(request: Request) -> str:
    parts = urlsplit(request.url)
    return f"{parts.scheme}:" if not parts.netloc else f"{parts.scheme}://{parts.netloc}"


@pytest.mark.parametrize("service", ["wallet", "verifier"])
def test_first_page_is_light(live_services: Live, new_page: NewPage, service: str) -> None:
    page = new_page()
    requests: list[Request] = []
    page.on("requestfinished", lambda request: requests.append(request))
    page.goto(live_services.door(service)[0])
    page.wait_for_load_state("networkidle")
    sizes = [request.sizes() for request in requests]
    weight = sum(one["responseHeadersSize"] + one["responseBodySize"] for one in sizes)
    assert len(requests) >= 3, "page, styles, script"
    assert 0 < weight < FIRST_PAGE_BYTES


@pytest.mark.parametrize("who", WHO)
def test_everything_can_be_reached_by_keyboard(
    live_services: Live, new_page: NewPage, who: str
) -> None:
    page = new_page()
    enter(live_services, page, who)
    things = page.evaluate(
        "() => { const all = [...document.querySelectorAll('*')];"
        " return all.filter(e => e.matches('a[href], button, input, select, textarea, summary'))"
        ".filter(e => e.checkVisibility() && !e.disabled && !['hidden', 'radio'].includes(e.type))"
        ".map(e => all.indexOf(e)) }"
    )
    reached = set()
    for _ in range(len(things) + 20):
        page.keyboard.press("Tab")
        place, seen = page.evaluate(
            "() => { const e = document.activeElement; const s = getComputedStyle(e);"
            " return [e === document.body ? -1 : [...document.querySelectorAll('*')].indexOf(e),"
            " s.outlineStyle !== 'none' || s.boxShadow !== 'none'] }"
        )
        reached.add(place)
        assert seen or place < 0, page.evaluate("document.activeElement.outerHTML")
    assert set(things) <= reached


@pytest.mark.parametrize("service", SERVICES)
def test_the_first_tab_leads_past_the_header(
    live_services: Live, new_page: NewPage, service: str
) -> None:
    page = new_page()
    page.goto(live_services.door(service)[0])
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


@pytest.mark.parametrize("who", WHO)
def test_without_javascript_no_button_is_dead(
    live_services: Live, new_page: NewPage, walk: Walk, who: str
) -> None:
    page = new_page(javascript=False)
    enter(live_services, page, who)
    for url in walk.urls_of(live_services, who):
        page.goto(url)
        dead = page.locator("button[type=button]:visible").all_inner_texts()
        assert not dead, f"{url}: {dead}"


@pytest.mark.parametrize("service", SERVICES)
def test_language_switch_stays_where_it_is(
    live_services: Live, new_page: NewPage, walk: Walk, service: str
) -> None:
    page = new_page()
    places = set()
    for url in walk.urls_of(live_services, service):
        page.goto(in_language(url, "fr"))
        box = page.locator("nav.languages").bounding_box()
        assert box is not None
        places.add((box["x"], box["y"]))
        expect(page.locator("nav.languages a[aria-current=true]")).to_have_text("Français")
    assert len(places) == 1


@pytest.mark.parametrize("service", SERVICES)
def test_choosing_a_language_lasts(live_services: Live, new_page: NewPage, service: str) -> None:
    page = new_page(language="fr")
    page.goto(live_services.door(service)[0])
    page.get_by_role("link", name="Español").click()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    page.locator("header a.home").click()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    page.locator("main a[href]").first.click()
    expect(page.locator("html")).to_have_attribute("lang", "es")
