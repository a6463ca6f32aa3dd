"""A visitor without a browser: opens pages, presses buttons, follows every link.

It reads pages as they are without JavaScript.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import Cookie
from urllib.parse import parse_qsl, urldefrag, urlencode, urljoin, urlsplit

import requests

_IDS = re.compile(r"/(?:[0-9a-f]{8}-[0-9a-f-]{27}|\d+|[A-Za-z0-9_-]{32})(?=/|$)")
_NAMES = re.compile(r"/(achievements|me/start|scenarios|tasks)/[^?]+")


@dataclass
class Form:
    """A form: where it goes and what it sends."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[str] = field(default_factory=list)


@dataclass
class Page:
    """What came back, and what one can do from there."""

    url: str
    status: int
    links: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)


class Visitor:
    """Somebody with a browser of their own, and so with cookies of their own."""

    def __init__(self, *origins: str) -> None:
        self.origins = origins
        self._session = requests.Session()
        self._session.headers["Accept"] = "text/html"

    def open(self, url: str) -> Page:
        """Open an address and follow where it leads."""
        return _read(self._session.get(url, timeout=60))

    def press(self, page: Page, button: str) -> Page:
        """Press the button of that name and give the next page."""
        form = next(form for form in page.forms if button in form.buttons)
        return self.submit(page, form)

    def submit(self, page: Page, form: Form, **typed: str) -> Page:
        """Send a form as it stands, with what was typed into it."""
        url = urljoin(page.url, form.action)
        form.fields |= typed
        return _read(self._session.request(form.method, url, data=form.fields, timeout=60))

    def ask(self, method: str, url: str) -> int:
        """Give the status of a bare request."""
        return self._session.request(method, url, timeout=60, allow_redirects=False).status_code

    @property
    def cookies(self) -> Iterable[Cookie]:
        """Give what the services keep in this visitor's browser."""
        return self._session.cookies

    def walk(
        self,
        start: Page,
        *,
        alike: int = 2,
        shape: Callable[[str], str] | None = None,
        seen: Counter[str] | None = None,
    ) -> Iterator[Page]:
        """Open every page that links lead to, within the origins: `alike` pages of each shape.

        `seen` counts shapes; visitors who share it do not open the same pages again.
        """
        shape = shape or shape_of
        seen = Counter() if seen is None else seen
        waiting = [start.url]
        known = set()
        while waiting:
            url = waiting.pop(0)
            if url in known or not url.startswith(self.origins):
                continue
            known.add(url)
            seen[shape(url)] += 1
            if seen[shape(url)] > alike and url != start.url:
                continue
            page = self.open(url)
            yield page
            waiting += [one for link in page.links if (one := _plain(urljoin(page.url, link)))]


def shape_of(url: str) -> str:
    """Give what pages of one kind have in common: ids and names are left out of the address."""
    parts = urlsplit(url)
    query = ",".join(sorted(name for name, _value in parse_qsl(parts.query) if name != "lang"))
    path = _NAMES.sub(_without_names, _IDS.sub("/*", parts.path))
    return f"{parts.netloc}{path}?{query}"


def _without_names(found: re.Match[str]) -> str:
    return f"/{found[1]}" + "/*" * (found[0].count("/") - found[1].count("/") - 1)


def _plain(url: str) -> str:
    """Leave out fragment and language: the same page, whatever it speaks."""
    parts = urlsplit(urldefrag(url).url)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != "lang"]
    return parts._replace(query=urlencode(query)).geturl()


def _read(response: requests.Response) -> Page:
    page = Page(response.url, response.status_code)
    if response.headers.get("Content-Type", "").startswith("text/html"):
        _Reader(page).feed(response.text)
    return page


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page
        self._form: Form | None = None
        self._in_button = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self._page.ids.add(given["id"])
        if tag == "a" and "href" in given:
            self._page.links.append(given["href"])
        elif tag in ("img", "script", "source", "audio") and "src" in given:
            self._page.parts.append(given["src"])
        elif tag == "link":
            self._page.parts.append(given["href"])
        elif tag == "form":
            method = given.get("method", "get").upper()
            self._form = Form(given.get("action") or self._page.url, method)
            self._page.forms.append(self._form)
        elif tag == "input" and self._form and "name" in given and _is_sent(given):
            self._form.fields[given["name"]] = given.get("value", "on")
        elif tag == "button" and self._form and given.get("type", "submit") == "submit":
            self._in_button = True
            self._form.buttons.append("")
            if "formaction" in given:
                self._page.forms.append(Form(given["formaction"], self._form.method))

    def handle_data(self, data: str) -> None:
        if self._in_button and self._form:
            self._form.buttons[-1] = f"{self._form.buttons[-1]} {data.strip()}".strip()

    def handle_endtag(self, tag: str) -> None:
        if tag == "button":
            self._in_button = False
        elif tag == "form":
            self._form = None


def _is_sent(given: dict[str, str]) -> bool:
    return given.get("type") not in ("radio", "checkbox") or "checked" in given
