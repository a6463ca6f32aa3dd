"""Issuing: what a badge says, that it is signed once, and that nothing else is ever signed."""

import inspect
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from award_world import BASE_URL, NOW, Centre, network, open_centre
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from credentials.badges import check_before_signing
from credentials.proofs import add_proof, verify_proof
from credentials.report import Headline
from credentials.trust import Trust, TrustedParty
from credentials.verify import verify_credential
from issuer import awards, changes, endorsements, issuing, offers
from issuer.award_tables import Award, Credential, Offer, StatusEntry
from issuer.issuing import deliver, prepare
from issuer.tables import Role
from keys.did import did_key
from keys.material import PrivateKey
from web.errors import Refused

HOLDER = did_key(PrivateKey.from_seed("Ed25519", b"h" * 32).public)
OTHER = did_key(PrivateKey.from_seed("Ed25519", b"o" * 32).public)


@pytest.fixture
def centre(tmp_path: Path) -> Centre:
    return open_centre(tmp_path)


def release(centre: Centre, **what: Any) -> Any:
    return awards.release(
        centre.database,
        centre.decided(**what),
        officer_id=centre.person("olga", Role.OFFICER),
        body=centre.body,
        now=NOW,
    )


def collect(centre: Centre, award_id: Any, holder: str = HOLDER) -> dict[str, Any]:
    text = deliver(centre.database, award_id, holder=holder, body=centre.body, now=NOW)
    document: dict[str, Any] = json.loads(text)
    return document


# --- the signature is made once, for one holder ----------------------------------------------


def test_same_holder_gets_the_same_bytes_and_nobody_else_any(centre: Centre) -> None:
    award_id = release(centre)
    first = deliver(centre.database, award_id, holder=HOLDER, body=centre.body, now=NOW)
    later = NOW + timedelta(hours=1)
    assert first == deliver(centre.database, award_id, holder=HOLDER, body=centre.body, now=later)
    with pytest.raises(Refused) as refused:
        deliver(centre.database, award_id, holder=OTHER, body=centre.body, now=later)
    assert refused.value.code == "other-holder"
    with centre.database.reading() as session:
        assert session.exec(select(Credential)).one().signed_text == first


def test_the_database_refuses_to_change_what_was_signed(centre: Centre) -> None:
    award_id = release(centre)
    collect(centre, award_id)
    for name, value in (("signed_text", "{}"), ("holder", OTHER), ("position", 1)):
        with pytest.raises(IntegrityError):
            centre.change(Credential, **{name: value})


def test_cancelled_badges_are_not_handed_out(centre: Centre) -> None:
    award_id = release(centre)
    officer = centre.person("olga")
    with centre.database.transaction() as session:
        changes.ask(
            session,
            award_id,
            action="revoke",
            reason="holder_request",
            officer_id=officer,
            body=centre.body,
            now=NOW,
        )
    with pytest.raises(Refused):
        collect(centre, award_id)


def test_signing_takes_award_ids_and_no_document() -> None:
    for function in (deliver, awards.release):
        annotations = {
            name: parameter.annotation
            for name, parameter in inspect.signature(function).parameters.items()
        }
        assert not any(
            "dict" in str(kind) or "Mapping" in str(kind) for kind in annotations.values()
        )


def test_an_award_without_intention_is_never_signed(centre: Centre) -> None:
    award_id = _approved_only(centre)
    with pytest.raises(Refused):
        collect(centre, award_id)


def test_badges_after_the_first_are_signed_from_a_template_to_the_same_bytes(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    awards_ = [release(centre, candidate=name) for name in ("maria", "juan", "ana", "luis")]
    for award_id in awards_[:2]:
        collect(centre, award_id)

    def whole_way(_document: Any) -> str:
        raise AssertionError("the whole way was taken")

    with monkeypatch.context() as patched:
        patched.setattr("contexts.template.canonical_rdfc", whole_way)
        texts = [
            deliver(centre.database, award_id, holder=holder, body=centre.body, now=NOW)
            for award_id, holder in zip(awards_[2:], (HOLDER, OTHER), strict=True)
        ]
    for text in texts:
        badge = json.loads(text)
        proof = badge.pop("proof")
        name, signer = centre.body.keyring.current()
        slowly = add_proof(
            badge,
            signer,
            verification_method=centre.body.keyring.method_id(name),
            created=NOW.replace(microsecond=0),
        )
        assert slowly["proof"] == proof
        assert json.dumps(slowly, ensure_ascii=False, separators=(",", ":")) == text


# --- what a badge says -----------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr", "es"])
@pytest.mark.parametrize("skill", ["technical-cleaning", "simple-phrases"])
def test_every_kind_of_badge_verifies_as_its_reader_will(
    centre: Centre, language: str, skill: str
) -> None:
    award_id = release(centre, skill=skill, language=language)
    badge = collect(centre, award_id)
    trust = Trust((TrustedParty(centre.body.did, "Centre", frozenset({"issuer"})),))
    report = verify_credential(badge, trust=trust, fetch=network(centre), now=NOW, holder=HOLDER)
    assert report.headline is Headline.GENUINE, report.checks
    assert badge["credentialSubject"]["achievement"]["inLanguage"] == language


def test_badge_says_what_was_decided(centre: Centre) -> None:
    award_id = release(
        centre, level=2, marks=(2, 3, 3, 2), examiners=("eva", "ernesto"), language="en"
    )
    badge = collect(centre, award_id)
    assert badge["validFrom"] == badge["awardedDate"] == "2026-11-24T00:00:00Z"
    assert badge["id"].startswith("urn:uuid:")
    subject = badge["credentialSubject"]
    assert subject["id"] == HOLDER
    level, *scores = subject["result"]
    assert level["achievedLevel"].endswith("#level-confirmed")
    assert [score["value"] for score in scores] == ["2", "3", "3", "2"]
    assert subject["achievement"]["humanCode"] == "M4H-TEC-2"
    assert "examiners who did not know" in badge["evidence"][0]["narrative"]
    assert len(badge["relatedResource"]) == 2
    assert all(one["digestSRI"].startswith("sha384-") for one in badge["relatedResource"])


_TOP = {
    "@context",
    "id",
    "type",
    "name",
    "description",
    "image",
    "issuer",
    "validFrom",
    "awardedDate",
    "credentialSubject",
    "evidence",
    "relatedResource",
    "credentialSchema",
    "credentialStatus",
    "proof",
}


def test_badge_holds_nothing_but_the_white_list(centre: Centre) -> None:
    # Invariant 11: no nationality, birth date, address, contact, mother tongue, employer, name.
    badge = collect(centre, release(centre, candidate="maria"))
    assert set(badge) == _TOP
    assert set(badge["credentialSubject"]) == {"id", "type", "source", "achievement", "result"}
    assert all(
        set(result) <= {"type", "resultDescription", "achievedLevel", "value"}
        for result in badge["credentialSubject"]["result"]
    )
    text = json.dumps(badge)
    for personal in ("maria", "X-maria", "X-eva", "eva", "2026-11-23"):
        assert not re.search(rf"\b{personal}\b", text)  # "devant" is nobody's name
    people = {str(one) for one in centre.people.values()}
    assert not any(one in text for one in people)
    assert badge["credentialSubject"]["source"]["id"] == f"{BASE_URL}/profiles/examiners"


def test_places_are_random_and_no_two_badges_share_one(centre: Centre) -> None:
    for name in ("ana", "bea", "carla", "dora", "emma", "fatima"):
        release(centre, candidate=name, level=1)
    with centre.database.reading() as session:
        places = [badge.position for badge in session.exec(select(Credential))]
    assert len(set(places)) == len(places) == 6
    assert max(places) - min(places) > 6
    assert places != sorted(places) or places != list(range(places[0], places[0] + 6))


def test_a_decision_that_cannot_become_a_badge_is_not_released(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_values: object, **_names: object) -> dict[str, Any]:
        return {"id": "not a url", "type": ["Profile"], "name": "x"}

    monkeypatch.setattr(type(centre.body), "badge_profile", broken)
    with pytest.raises(Refused) as refused:
        release(centre)
    assert refused.value.status == 409
    with centre.database.reading() as session:
        assert session.exec(select(Award)).all() == []


def test_prepared_badge_is_complete_before_anything_is_signed(centre: Centre) -> None:
    centre.decided(level=1, language="es")
    with centre.database.reading() as session:
        (waiting,) = awards.pending(session)
    document = prepare(centre.body, waiting.content)
    check_before_signing(document)
    assert "proof" not in document


# --- keys ------------------------------------------------------------------------------------


def test_old_badges_verify_after_a_rotation_and_new_ones_use_the_new_key(centre: Centre) -> None:
    old = collect(centre, release(centre, candidate="maria"))
    centre.body.keyring.rotate(now=NOW)
    new = collect(centre, release(centre, candidate="juan"))
    methods = {badge["proof"]["verificationMethod"] for badge in (old, new)}
    assert methods == {f"{centre.body.did}#key-1", f"{centre.body.did}#key-2"}
    for badge in (old, new):
        verify_proof(
            badge,
            purpose="assertionMethod",
            controller=centre.body.did,
            fetch=network(centre),
            now=NOW,
        )


# --- after a stop ----------------------------------------------------------------------------


def _approved_only(centre: Centre) -> Any:
    """Leave an award as a process does that stops right after the approval."""

    class Stopped(Exception):
        pass

    def stop(step: str) -> None:
        if step == "approved":
            raise Stopped(step)

    with pytest.raises(Stopped, match="approved"):
        awards.release(
            centre.database,
            centre.decided(),
            officer_id=centre.person("olga", Role.OFFICER),
            body=centre.body,
            now=NOW,
            pause=stop,
        )
    with centre.database.reading() as session:
        return session.exec(select(Award.id)).one()


def test_recovery_finishes_each_award_once_however_often_it_runs(centre: Centre) -> None:
    award_id = _approved_only(centre)
    first = issuing.recover(centre.database, body=centre.body, now=NOW)
    assert (first.intended, first.offered, first.left) == (1, 1, 0)
    again = issuing.recover(centre.database, body=centre.body, now=NOW)
    assert (again.intended, again.offered, again.lists) == (0, 0, 0)
    with centre.database.reading() as session:
        assert len(session.exec(select(Credential)).all()) == 1
        assert len(session.exec(select(StatusEntry)).all()) == 1
        assert len(session.exec(select(Offer)).all()) == 1
    assert collect(centre, award_id)["credentialSubject"]["id"] == HOLDER


def test_a_stop_between_signing_and_recording_leaves_no_half_badge(centre: Centre) -> None:
    award_id = release(centre)

    class Stopped(Exception):
        pass

    def stop(_step: str) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        deliver(centre.database, award_id, holder=HOLDER, body=centre.body, now=NOW, pause=stop)
    with centre.database.reading() as session:
        assert session.exec(select(Credential)).one().signed_text is None
    assert collect(centre, award_id)["id"].startswith("urn:uuid:")


def test_an_award_that_cannot_be_built_is_left_for_next_time(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    _approved_only(centre)

    def lost(*_values: object) -> Any:
        raise KeyError("the framework lost it")

    monkeypatch.setattr(type(centre.body.framework), "achievement", lost)
    done = issuing.recover(centre.database, body=centre.body, now=NOW)
    assert (done.intended, done.offered, done.left) == (0, 0, 1)


# --- endorsements travel in new badges -------------------------------------------------------


def test_badge_carries_the_endorsements_we_hold(centre: Centre) -> None:
    from credentials.endorsements import endorsement_credential
    from credentials.proofs import add_proof

    key = PrivateKey.generate()
    did = did_key(key.public)
    definition = centre.body.framework.achievement("technical-cleaning", 2)
    for place, subject in enumerate((centre.body.did, centre.body.achievement_id(definition))):
        document = endorsement_credential(
            credential_id=f"urn:uuid:00000000-0000-4000-8000-00000000000{place}",
            issuer={"id": did, "type": ["Profile"], "name": "Example federation"},
            subject_id=subject,
            comment="We know them.",
            valid_from=NOW - timedelta(days=1),
        )
        signed = add_proof(
            document, key, verification_method=f"{did}#{key.public.multibase}", created=NOW
        )
        endorsements.receive(
            centre.database,
            json.dumps(signed),
            body=centre.body,
            fetch=network(centre),
            now=NOW,
        )
    badge = collect(centre, release(centre))
    trust = Trust((TrustedParty(did, "The federation", frozenset({"endorser"})),))
    report = verify_credential(badge, trust=trust, fetch=network(centre), now=NOW, holder=HOLDER)
    assert report.headline is Headline.GENUINE, report.checks
    assert {one.subject for one in report.endorsements if one.counted} == {"issuer", "achievement"}


def test_offer_of_an_unknown_award_is_refused(centre: Centre) -> None:
    from uuid import uuid4

    with pytest.raises(Refused), centre.database.transaction() as session:
        offers.make_offer(session, uuid4(), secret=b"s" * 32, now=NOW)
