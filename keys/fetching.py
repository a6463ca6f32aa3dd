"""How the core asks the outside: it is handed a function and never opens a connection itself."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

_NONE: Mapping[str, str] = MappingProxyType({})


class HttpRequest(NamedTuple):
    """One request, to be made by whoever owns connections."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = _NONE
    body: bytes | None = None


class HttpResponse(NamedTuple):
    """What came back; header names are lower-case, the body is within the fetcher's limit."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


Fetch = Callable[[HttpRequest], HttpResponse]


class CannotFetch(Exception):
    """There was no answer: network, limits, or an address that is not fetched."""
