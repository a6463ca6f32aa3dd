"""Which answers may be used again without asking, and for how long."""

from datetime import timedelta

import pytest
from parties import NOW

from keys.fetching import CannotFetch, HttpRequest, HttpResponse
from keys.freshness import fresh_for
from keys.resolution import ResolutionCache

DID = "did:web:issuer.example"


@pytest.mark.parametrize(
    ("cache_control", "age", "seconds"),
    [
        ("", "0", 300),
        ("public", "0", 300),
        ("s-maxage=9", "0", 300),
        ("max-age=60", "0", 60),
        ("Public, MAX-AGE=60", "0", 60),
        ('max-age="60"', "0", 60),
        ("max-age=60", "59", 1),
        ("max-age=60", "61", 0),
        ("max-age=60", "soon", 0),
        ("max-age=60, max-age=6000", "0", 0),
        ("max-age=-1", "0", 0),
        ("max-age=", "0", 0),
        ("max-age=9999999999999", "0", 0),
        ("no-cache, max-age=60", "0", 0),
        ('no-cache="set-cookie", max-age=60', "0", 0),
        ("max-age=60, No-Store", "0", None),
    ],
)
def test_answer_is_fresh_for_as_long_as_it_says(
    cache_control: str, age: str, seconds: int | None
) -> None:
    wanted = None if seconds is None else timedelta(seconds=seconds)
    assert fresh_for({"cache-control": cache_control, "age": age}) == wanted


class Site:
    """A did:web host that counts, and can be out of reach."""

    def __init__(self, cache_control: str) -> None:
        self.headers = {"cache-control": cache_control}
        self.asked = 0
        self.up = True

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.asked += 1
        if not self.up:
            raise CannotFetch("no answer")
        return HttpResponse(200, self.headers, b'{"id": "%s"}' % DID.encode(), request.url)


def test_document_older_than_its_limit_is_not_used_though_its_host_is_silent() -> None:
    site, cache = Site("max-age=60"), ResolutionCache()
    cache.resolve(DID, fetch=site, now=NOW)
    site.up = False
    assert cache.resolve(DID, fetch=site, now=NOW + timedelta(seconds=59)).retrieved == NOW
    late = NOW + timedelta(seconds=60)
    for _again in range(2):
        with pytest.raises(CannotFetch):
            cache.resolve(DID, fetch=site, now=late)
    site.up = True  # the silence was no verdict: the next answer counts
    assert cache.resolve(DID, fetch=site, now=late).retrieved == late


@pytest.mark.parametrize("cache_control", ["no-store", "no-cache", "max-age=0"])
def test_document_that_must_not_be_kept_is_asked_for_each_time(cache_control: str) -> None:
    site, cache = Site(cache_control), ResolutionCache()
    for _again in range(2):
        cache.resolve(DID, fetch=site, now=NOW)
    assert site.asked == 2
