"""Asking a wallet for a badge, and the wallet that answers; for tests."""

import re
from dataclasses import dataclass
from typing import Any

from appointment_world import Holder
from award_world import BASE_URL, Service
from flask.testing import FlaskClient
from werkzeug.test import TestResponse
from world import Network

from credentials.exchange import oid4vp


@dataclass
class Asked:
    """A browser that began to sign in, and the request that a wallet reads."""

    service: Service
    browser: FlaskClient
    path: str

    @property
    def wallet(self) -> FlaskClient:
        return self.service.app.test_client(use_cookies=False)

    def read(self) -> oid4vp.Request:
        """Read the request as a wallet does, over the network."""
        page = self.browser.get(self.path).text
        found = re.search(r'href="http://localhost:8002/present\?([^"]+)"', page)
        assert found is not None
        link = oid4vp.read_request_link(f"openid4vp://?{found[1].replace('&amp;', '&')}")
        answer = self.wallet.get(link.request_uri.removeprefix(BASE_URL))
        assert answer.mimetype == oid4vp.REQUEST_MEDIA_TYPE
        network = Network()
        network.join(BASE_URL, self.service.app)
        return oid4vp.read_request(
            answer.text, client_id=link.client_id, fetch=network, now=self.service.clock()
        )

    def post(self, form: dict[str, str]) -> TestResponse:
        return self.wallet.post(f"{self.path}/answer", data=form)

    def shows(self, holder: Holder, /, *texts: str, **changes: Any) -> TestResponse:
        """Let a wallet answer with badges; `changes` to what it is bound to."""
        asked = self.read()
        state = changes.pop("state", asked.state)
        bound = {"domain": asked.client_id, "challenge": asked.nonce, **changes}
        shown = holder.presents(*texts, **bound)
        return self.post(oid4vp.response_form({asked.queries[0].id: shown}, state=state))

    def answered(self, holder: Holder, text: str) -> str:
        """Let a wallet answer well; give where the browser goes on."""
        answer = self.shows(holder, text)
        assert answer.status_code == 200, answer.text
        return str(answer.get_json()["redirect_uri"]).removeprefix(BASE_URL)
