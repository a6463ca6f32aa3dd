"""The W3C VC API for programs: model, proof, dates and status; not whom we recognise.

Checks are counted with those of the pages: `web.vc_api` says what is answered.
"""

from datetime import datetime

from keys.fetching import HttpRequest, HttpResponse
from verifier.caching import CachedFetch
from verifier.views.check import count_check
from verifier.views.process import in_process
from web.app import services
from web.vc_api import Instance, vc_api


def _fetch(request: HttpRequest) -> HttpResponse:
    known = services()
    copies = in_process().copies
    return CachedFetch(known.database, known.fetch, known.now(), copies=copies)(request)


def _now() -> datetime:
    return services().now()


blueprint = vc_api({"": Instance("strict")}, fetch=_fetch, clock=_now)
blueprint.before_request(count_check)
