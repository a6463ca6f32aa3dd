"""The VC API at the verifier: the same cryptography, the same limits, problem details."""

from typing import Any

import pytest
from verifier_world import Employer


@pytest.fixture
def employer() -> Employer:
    return Employer()


def asks(employer: Employer, body: Any, path: str = "/credentials/verify") -> Any:
    return employer.phone.post(path, json=body)


def test_badge_is_judged_and_every_change_is_named(employer: Employer) -> None:
    badge = employer.badge()
    good = asks(employer, {"verifiableCredential": badge, "options": {}})
    assert (good.status_code, good.json["verified"]) == (200, True)
    bad = asks(employer, {"verifiableCredential": {**badge, "name": "Another"}})
    assert bad.status_code == 400
    assert bad.content_type == "application/problem+json"
    assert "PROOF_VERIFICATION_ERROR" in bad.json["type"]
    employer.centre.revoked.add(4711)
    revoked = asks(employer, {"verifiableCredential": badge})
    assert revoked.status_code == 400
    assert "STATUS" in revoked.json["type"]


@pytest.mark.parametrize("body", [{}, [], None, {"verifiableCredential": "text"}])
def test_what_is_no_request_is_a_problem(employer: Employer, body: Any) -> None:
    answer = asks(employer, body)
    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"


def test_presentation_must_answer_the_challenge(employer: Employer) -> None:
    shown = employer.shown(employer.badge())
    options = {"domain": shown["proof"]["domain"], "challenge": shown["proof"]["challenge"]}
    body = {"verifiablePresentation": shown, "options": options}
    assert asks(employer, body, "/presentations/verify").status_code == 200
    body["options"] = {**options, "challenge": "another"}
    assert asks(employer, body, "/presentations/verify").status_code == 400


def test_programs_share_the_limit_of_checks(employer: Employer) -> None:
    for _ in range(120):
        asks(employer, {})
    assert asks(employer, {}).status_code == 429


def test_nobody_issues_at_the_verifier(employer: Employer) -> None:
    assert asks(employer, {"credential": {}}, "/credentials/issue").status_code in (404, 405)
