"""The verify flow: one headline, each check for itself, unknown never taken for an answer."""

import copy
import json
from datetime import timedelta
from typing import Any

import pytest
from parties import ACHIEVEMENT, NOW, VERIFIER, Party, Web, WebParty, trusting

from credentials.report import CODES, Check, Headline, Outcome, Report
from credentials.status import status_list_credential
from credentials.trust import Trust
from credentials.verify import (
    Expected,
    verify_anything,
    verify_credential,
    verify_presentation,
)


@pytest.fixture
def centre() -> WebParty:
    return WebParty("Centre")


BODY, HOLDER, STRANGER = Party("Body"), Party("Worker"), Party("Stranger")


def verify(document: Any, web: Web | None, trust: Trust | None = None, **more: Any) -> Report:
    trust = trusting(BODY) if trust is None else trust
    return verify_credential(document, trust=trust, fetch=web, now=NOW, **more)


def good(centre: WebParty, **changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "status": centre.entry(),
        "issuer_endorsements": [BODY.endorse(centre.did)],
    }
    return centre.badge(HOLDER.did, **{**values, **changes})


def code(report: Report, step: str) -> str:
    found = report.check(step)
    assert found is not None, step
    return found.code


def test_genuine_badge_of_a_recognised_signer(centre: WebParty) -> None:
    web = Web(centre)
    report = verify(json.dumps(good(centre)), web)
    assert report.headline is Headline.GENUINE
    assert report.check("recognition").values["by"] == "Body (recognised)"  # type: ignore[union-attr]
    assert [check.step for check in report.checks] == [
        "parse", "format", "shape", "proof", "dates", "status", "recognition", "holder",
        "endorsements",
    ]  # fmt: skip
    # Nothing is asked for that belongs to one badge or one person (rule 17).
    assert set(web.asked) == {"https://issuer.example/.well-known/did.json", centre.list_url}


def test_unknown_signer_is_never_genuine(centre: WebParty) -> None:
    report = verify(centre.badge(HOLDER.did, status=centre.entry()), Web(centre))
    assert report.headline is Headline.UNKNOWN_SIGNER
    report = verify(good(centre), Web(centre), Trust())
    assert report.headline is Headline.UNKNOWN_SIGNER


def test_claimed_creator_recognises_nobody(centre: WebParty) -> None:
    document = centre.unsigned_badge(HOLDER.did)
    document["credentialSubject"]["achievement"]["creator"] = BODY.profile
    report = verify(centre.sign(document), Web(centre))
    assert report.headline is Headline.UNKNOWN_SIGNER


def test_listed_issuer_is_recognised_by_the_lists_name(centre: WebParty) -> None:
    report = verify(centre.badge(HOLDER.did), Web(centre), trusting(centre, role="issuer"))
    assert report.headline is Headline.GENUINE
    assert report.check("recognition").values["issuer"] == "Centre (recognised)"  # type: ignore[union-attr]


def test_revoked_badge_is_shown_as_revoked(centre: WebParty) -> None:
    document = good(centre)
    centre.revoked.add(4711)
    report = verify(document, Web(centre))
    assert report.headline is Headline.NO_LONGER_VALID
    assert code(report, "status") == "status.revoked"


def test_tampered_badge_is_false(centre: WebParty) -> None:
    document = good(centre)
    document["credentialSubject"]["achievement"]["name"] = "Home cleaning - Master"
    report = verify(document, Web(centre))
    assert report.headline is Headline.FALSE
    assert code(report, "proof") == "proof.signature"
    assert report.check("dates") is None, "a bad proof stops the run"


def test_expired_and_not_yet_valid_badges(centre: WebParty) -> None:
    past = good(centre, valid_until=NOW - timedelta(days=1))
    assert verify(past, Web(centre)).headline is Headline.NO_LONGER_VALID
    future = good(centre, awarded=NOW + timedelta(days=1))
    assert code(verify(future, Web(centre)), "dates") == "dates.not-yet"
    skewed = good(centre, awarded=NOW + timedelta(minutes=4))
    assert code(verify(skewed, Web(centre)), "dates") == "dates.ok"


def test_unreachable_list_is_unknown_never_passed(centre: WebParty) -> None:
    web = Web(centre)
    web.pages[centre.list_url] = b"<html>maintenance</html>"
    report = verify(good(centre), web)
    assert report.headline is Headline.NOT_CHECKED
    assert report.check("status").outcome is Outcome.UNKNOWN  # type: ignore[union-attr]
    report = verify(good(centre), None)
    assert report.headline is Headline.NOT_CHECKED
    assert code(report, "proof") == "proof.unreachable"


@pytest.mark.parametrize(
    "index", ["8.5", " 8 ", "+8", "0x8", "1_0", "٨", "-1", "08", "", "131072", 8, None]
)
def test_odd_status_index_is_refused(centre: WebParty, index: Any) -> None:
    document = centre.unsigned_badge(HOLDER.did, status=centre.entry())
    document["credentialStatus"]["statusListIndex"] = index
    if index is None:
        del document["credentialStatus"]["statusListIndex"]
    report = verify(centre.sign(document), Web(centre), trusting(centre, role="issuer"))
    assert report.headline in (Headline.NO_LONGER_VALID, Headline.FALSE)
    assert code(report, "status" if report.check("status") else "shape") != "status.ok"


def bad_list(centre: WebParty, name: str) -> Any:
    other = Party("Other")
    good_list = centre.status_list()
    values: dict[str, Any] = {
        "list_url": centre.list_url,
        "issuer": other.did,
        "purpose": "revocation",
        "revoked": [],
        "valid_from": NOW,
        "valid_until": NOW + timedelta(days=1),
        "ttl_ms": 1,
    }
    bomb = copy.deepcopy(good_list)
    made = {
        "unsigned": lambda: {k: v for k, v in good_list.items() if k != "proof"},
        "of another signer": lambda: other.sign(status_list_credential(**values)),
        "signed by a thief": lambda: other.sign(
            status_list_credential(**{**values, "issuer": centre.did})
        ),
        "for suspension": lambda: centre.status_list(purpose="suspension"),
        "of another address": lambda: centre.status_list(
            list_url="https://issuer.example/status/2"
        ),
        "too short": lambda: centre.status_list(length=1024),
        "too large": lambda: centre.status_list(length=8 * 1_300_000),
        "not gzip": lambda: bomb,
        "empty": dict,
    }[name]()
    if name == "not gzip":
        unsigned = {k: v for k, v in good_list.items() if k != "proof"}
        unsigned["credentialSubject"]["encodedList"] = "uAAAA"
        made = centre.sign(unsigned)
    return made


@pytest.mark.parametrize(
    "name",
    [
        "unsigned", "of another signer", "signed by a thief", "for suspension",
        "of another address", "too short", "too large", "not gzip", "empty",
    ],
)  # fmt: skip
def test_bad_list_never_says_not_cancelled(centre: WebParty, name: str) -> None:
    web = Web(centre)
    web.pages[centre.list_url] = json.dumps(bad_list(centre, name)).encode()
    report = verify(good(centre), web)
    assert report.check("status").outcome is not Outcome.PASSED  # type: ignore[union-attr]
    assert report.headline is not Headline.GENUINE


def test_old_list_leaves_the_question_open(centre: WebParty) -> None:
    centre.list_valid_until = NOW - timedelta(hours=1)
    report = verify(good(centre), Web(centre))
    assert code(report, "status") == "status.unreachable"
    assert report.headline is Headline.NOT_CHECKED


# --- shape --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"credentialSubject": []},
        {"credentialSubject": {}},
        {"credentialSubject": "x"},
        {"type": "VerifiableCredential"},
        {"type": ["OpenBadgeCredential"]},
        {"type": ["VerifiableCredential", "OpenBadgeCredential", "EndorsementCredential"]},
        {"issuer": None},
        {"issuer": {"id": "not a url", "type": ["Profile"]}},
        {"id": 7},
        {"validFrom": "2026-01-01"},
        {"validFrom": "2026-01-01T00:00:00"},
        {"validFrom": "2026-13-01T00:00:00Z"},
        {"validUntil": "2020-01-01T00:00:00Z"},
        {"credentialStatus": {"id": "https://x.example/1"}},
        {"@context": ["https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"]},
    ],
)
def test_broken_data_model_is_never_genuine(centre: WebParty, change: dict[str, Any]) -> None:
    document = {**good(centre), **change}
    report = verify(document, Web(centre))
    assert report.headline in (Headline.FALSE, Headline.NOT_CHECKED)
    assert report.check("proof") is None


def test_several_subjects_are_refused_not_the_first_taken(centre: WebParty) -> None:
    document = good(centre)
    document["credentialSubject"] = [document["credentialSubject"], {"id": HOLDER.did}]
    assert verify(document, Web(centre)).headline is Headline.FALSE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "parse.malformed"),
        ("not json", "parse.malformed"),
        ("[]", "parse.malformed"),
        ('{"a":1,"a":2}', "parse.malformed"),
        ('{"type": "Assertion", "@context": "https://w3id.org/openbadges/v2"}', "format.older"),
        ('{"type": "Person"}', "format.unsupported"),
    ],
)
def test_what_is_no_badge_could_not_be_checked(text: str, expected: str) -> None:
    report = verify(text, None)
    assert report.headline is Headline.NOT_CHECKED
    assert report.checks[-1].code == expected


def test_unknown_vocabulary_could_not_be_checked(centre: WebParty) -> None:
    document = good(centre)
    document["@context"].append("https://other.example/context")
    report = verify(document, Web(centre))
    assert code(report, "shape") == "shape.unknown-context"
    assert report.headline is Headline.NOT_CHECKED


# --- endorsements -------------------------------------------------------------------------------


def endorsed(centre: WebParty, endorsement: Any, *, beside: bool = False) -> Any:
    document = centre.unsigned_badge(HOLDER.did)
    if not beside:
        document["endorsement"] = [endorsement]
    report = verify(
        centre.sign(document), Web(centre), endorsements=[endorsement] if beside else []
    )
    return report.endorsements[-1]


def test_endorsement_of_achievement_and_issuer_count(centre: WebParty) -> None:
    for subject, what in ((ACHIEVEMENT, "achievement"), (centre.did, "issuer")):
        found = endorsed(centre, BODY.endorse(subject))
        assert (found.counted, found.subject, found.said_by) == (True, what, "recognised")
        assert found.issuer_name == "Body (recognised)", "names come from the trust list"


def test_endorsement_that_travels_beside_counts_for_its_badge(centre: WebParty) -> None:
    badge = centre.badge(HOLDER.did)
    report = verify(badge, Web(centre), endorsements=[STRANGER.endorse(badge["id"])])
    (found,) = report.endorsements
    assert (found.counted, found.subject, found.said_by) == (True, "badge", "unknown")
    assert report.headline is Headline.UNKNOWN_SIGNER, "strangers give no recognition"


def other_endorsement(name: str, centre: WebParty) -> Any:
    unsigned = BODY.endorse(ACHIEVEMENT)
    changed = copy.deepcopy(unsigned)
    changed["credentialSubject"]["endorsementComment"] = "The very best."
    return {
        "stapled": lambda: BODY.endorse("urn:uuid:00000000-0000-4000-8000-000000000000"),
        "another achievement": lambda: BODY.endorse(ACHIEVEMENT + "/"),
        "expired": lambda: BODY.endorse(ACHIEVEMENT, valid_until=NOW - timedelta(days=1)),
        "not yet": lambda: BODY.endorse(ACHIEVEMENT, valid_from=NOW + timedelta(days=1)),
        "by holder": lambda: HOLDER.endorse(ACHIEVEMENT),
        "by issuer": lambda: centre.endorse(ACHIEVEMENT),
        "unsigned": lambda: {k: v for k, v in unsigned.items() if k != "proof"},
        "changed": lambda: changed,
        "signed by a thief": lambda: {**unsigned, "proof": STRANGER.endorse(ACHIEVEMENT)["proof"]},
        "revoked": lambda: _withdrawn(centre),
    }[name]()


def _withdrawn(centre: WebParty) -> Any:
    body = WebParty("Body on the web", host="body.example", revoked={7})
    return body.endorse(ACHIEVEMENT, status=body.entry(7)), body


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("stapled", "endorsement.other-subject"),
        ("another achievement", "endorsement.other-subject"),
        ("expired", "endorsement.expired"),
        ("not yet", "endorsement.not-yet"),
        ("by holder", "endorsement.by-holder"),
        ("by issuer", "endorsement.by-issuer"),
        ("unsigned", "endorsement.unsigned"),
        ("changed", "endorsement.bad-proof"),
        ("signed by a thief", "endorsement.bad-proof"),
    ],
)
def test_endorsement_that_does_not_count_says_why(centre: WebParty, name: str, reason: str) -> None:
    found = endorsed(centre, other_endorsement(name, centre), beside=True)
    assert (found.counted, found.reason_code) == (False, reason)
    if reason in ("endorsement.bad-proof", "endorsement.unsigned"):
        assert found.said_by == "unknown", "an unproved name is not lent the list's name"


def test_withdrawn_endorsement_does_not_count(centre: WebParty) -> None:
    endorsement, body = _withdrawn(centre)
    badge = centre.badge(HOLDER.did)
    report = verify(badge, Web(centre, body), endorsements=[endorsement])
    assert report.endorsements[0].reason_code == "endorsement.revoked"


def test_bad_endorsement_does_not_touch_the_badge(centre: WebParty) -> None:
    report = verify(good(centre), Web(centre), endorsements=["x", None, 7, {"a": 1}])
    assert report.headline is Headline.GENUINE
    assert [one.counted for one in report.endorsements] == [True, False, False, False, False]


def test_thousands_of_endorsements_are_not_all_judged(centre: WebParty) -> None:
    report = verify(good(centre), Web(centre), endorsements=[{}] * 5000)
    assert len(report.endorsements) == 21
    assert report.endorsements[-1].reason_code == "endorsement.too-many"


def test_endorser_recognises_only_with_a_current_proof(centre: WebParty) -> None:
    for endorsement in (
        BODY.endorse(centre.did, valid_until=NOW - timedelta(days=1)),
        BODY.endorse("did:web:issuer.example:other"),
        BODY.endorse(ACHIEVEMENT),
        STRANGER.endorse(centre.did),
    ):
        report = verify(good(centre, issuer_endorsements=[endorsement]), Web(centre))
        assert report.headline is Headline.UNKNOWN_SIGNER


# --- presentations ------------------------------------------------------------------------------


def show(document: Any, centre: WebParty, **expected: Any) -> Any:
    return verify_presentation(
        document,
        Expected(**{"domain": VERIFIER, **expected}),
        trust=trusting(BODY),
        fetch=Web(centre),
        now=NOW,
    )


def test_shown_badge_belongs_to_who_shows_it(centre: WebParty) -> None:
    report = show(json.dumps(HOLDER.show([good(centre)])), centre)
    assert report.headline is Headline.GENUINE
    assert report.badges[0].check("holder") == Check("holder", Outcome.PASSED, "holder.ok")


def test_badge_of_somebody_else_is_refused(centre: WebParty) -> None:
    report = show(STRANGER.show([good(centre)]), centre)
    assert report.headline is Headline.FALSE
    assert code(report.badges[0], "holder") == "holder.other-person"


@pytest.mark.parametrize(
    ("changes", "expected", "reason"),
    [
        ({"domain": "https://other.example"}, {}, "proof.domain"),
        ({}, {"challenge": "d" * 22}, "proof.challenge"),
        ({"expires": NOW - timedelta(minutes=1)}, {}, "proof.expired"),
        ({"created": NOW - timedelta(days=2)}, {"max_age": timedelta(days=1)}, "proof.expired"),
        ({"created": NOW + timedelta(days=2), "expires": None}, {}, "proof.not-yet"),
    ],
)
def test_presentation_for_another_occasion_is_refused(
    centre: WebParty, changes: dict[str, Any], expected: dict[str, Any], reason: str
) -> None:
    report = show(HOLDER.show([good(centre)], **changes), centre, **expected)
    assert report.headline is Headline.FALSE
    assert report.check("proof").code == reason


def test_presentation_without_proof_or_with_more_badges_is_refused(centre: WebParty) -> None:
    shown = HOLDER.show([good(centre)])
    unsigned = {k: v for k, v in shown.items() if k != "proof"}
    assert show(unsigned, centre).check("proof").code == "proof.missing"
    more = copy.deepcopy(shown)
    more["verifiableCredential"].append(good(centre))
    assert show(more, centre).headline is Headline.FALSE
    claimed = {**shown, "holder": STRANGER.did}
    assert show(claimed, centre).check("proof").code == "proof.other-signer"


def test_endorsement_shown_beside_the_badge_is_judged(centre: WebParty) -> None:
    badge = good(centre)
    report = show(HOLDER.show([badge, STRANGER.endorse(badge["id"])]), centre)
    assert [one.subject for one in report.badges[0].endorsements] == ["issuer", "badge"]


def test_bare_badge_is_judged_without_a_holder(centre: WebParty) -> None:
    report = verify_anything(
        json.dumps(good(centre)),
        Expected(VERIFIER),
        trust=trusting(BODY),
        fetch=Web(centre),
        now=NOW,
    )
    assert code(report.badges[0], "holder") == "holder.not-shown"
    assert report.headline is Headline.GENUINE


def test_every_code_is_listed(centre: WebParty) -> None:
    report = show(HOLDER.show([good(centre)]), centre)
    checks = [*report.checks, *(check for badge in report.badges for check in badge.checks)]
    checks += [c for badge in report.badges for one in badge.endorsements for c in one.checks]
    assert {check.code for check in checks} <= set(CODES)
