"""What our own public pages answer, without going over the network to ourselves.

Whoever verifies a badge of ours here gets the same DID document and the same signed status lists
that everybody else gets, and nothing else: there is no way out.
"""

import json
from datetime import datetime

from sqlmodel import Session

from issuer import status_lists
from issuer.profile import IssuingBody
from keys.fetching import CannotFetch, Fetch, HttpRequest, HttpResponse


def own_pages(
    session: Session, body: IssuingBody, now: datetime, *, may_sign: bool = True
) -> Fetch:
    """Give what our public pages would answer, without going over the network to ourselves.

    `may_sign`: a list that is not fresh is signed here. A session that only reads cannot; such a
    list then is not there, and its caller sees to it before.
    """

    def fetch(request: HttpRequest) -> HttpResponse:
        text = None
        start = status_lists.list_url(body.base_url, 0)[:-1]
        if request.url == f"{body.base_url}/.well-known/did.json":
            text = json.dumps(body.keyring.document())
        elif request.url.startswith(start) and request.url.removeprefix(start).isdigit():
            number = int(request.url.removeprefix(start))
            found = status_lists.current_list(session, number, body.keyring, now=now)
            if found is None and may_sign:
                found = status_lists.publish(
                    session, number, body.keyring, base_url=body.base_url, now=now
                )
            text = found.text if found else None
        if text is None:
            raise CannotFetch(f"{request.url} is not ours")
        return HttpResponse(200, {"content-type": "application/json"}, text.encode(), request.url)

    return fetch
