"""The hard cases of the demo: what goes wrong, is taken back, is forged, or comes from elsewhere.

Each is one small function that makes the case with the real functions and says where to look: a
person on the issuer's first page, a wallet, or a text for the verifier.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

from contexts.urls import DATA_INTEGRITY, OB3, VC1
from demo.centre import BODY, EXAMINERS, GUEST, SKILLS, Centre, Look, signed
from demo.people import People
from demo.pilot import Person, Pilot
from issuer import accounts, appeals, assessment, erasure
from issuer.tables import Role, Submission
from keys.did import did_key
from keys.material import PrivateKey
from web.languages import N_

CASES = N_("Hard cases")
VOICES = N_("What others say about a badge")
_FAR = "Evening School of a Far Town (sample)"
_HOUSEHOLDS = (
    ("A household in Getafe", "She worked here for two years. We trust her."),
    ("A household in Lyon", "Always on time, and careful with old things."),
    ("A household in Madrid", "She asks before she uses a strong product."),
    ("A household in Villeurbanne", "Our father liked to have her here."),
    ("A household in Toledo", "The kitchen was never so clean."),
)
_PEERS = (
    ("A colleague (sample)", "We cleaned a large house together. She knows the order of work."),
    ("A colleague with an expert badge (sample)", "I showed her once. She does it well."),
)


def make(centre: Centre, people: People, pilot: Pilot) -> dict[str, list[dict[str, str]]]:
    """Make every case; give the wallets and the texts for the verifier."""
    _withdrawn_consent(centre, pilot)
    _conflict(centre, people)
    _changed_appeal(centre, people, pilot)
    _expired_appointment(centre)
    holders = _with_badges(pilot)
    badges = [
        _superseded(centre, people, holders[0]),
        _suspended(centre, people, holders[1]),
        _erased(centre, people),
        *_spoofed_creator(centre),
        *_stapled(centre),
        *_said_by_holder(centre),
        *_foreign(centre),
        *_older_shape(centre),
    ]
    return {"wallets": _wallets(pilot), "badges": badges}


# --- people on the issuer's page ----------------------------------------------------------------


def _withdrawn_consent(centre: Centre, pilot: Pilot) -> None:
    """Somebody says no to statistics afterwards, and takes back what nobody decided yet."""
    person = pilot.people["P14"]
    file = centre.sent(person.id, SKILLS[3], "en", 1)
    with centre.issuer.database.transaction() as session:
        accounts.give_consent(session, person.id, statistics=False, now=centre.now)
        assessment.withdraw(session, session.get_one(Submission, file), now=centre.now)
    centre.enter(
        person.name, N_("Took back her yes: she is counted nowhere, her answers are gone"),
        person.id, CASES,
    )  # fmt: skip


def _conflict(centre: Centre, people: People) -> None:
    """An examiner knows the person: the file waits for the others."""
    nadia = centre.worker("Nadia", "es", "nadia@sample.example", statistics=False)
    file = centre.sent(nadia, SKILLS[1], "es", 2)
    with centre.issuer.database.transaction() as session:
        assessment.declare_conflict(session, file, examiner_id=people.elena, now=centre.now)
    centre.enter(
        "Nadia", N_("Elena knows her: her file is in the queue of Rosa, not of Elena"),
        nadia, CASES,
    )  # fmt: skip


def _changed_appeal(centre: Centre, people: People, pilot: Pilot) -> None:
    """Not yet; then other examiners look, and she has a level."""
    colette = centre.worker("Colette", "fr", "colette@sample.example", statistics=False)
    file = centre.sent(colette, SKILLS[3], "fr", 2)
    centre.marked(file, [Look(people.marc, 0)])
    with centre.issuer.database.transaction() as session:
        submission = session.get_one(Submission, file)
        appeals.appeal(session, submission, words="Regardez encore, svp.", now=centre.now)
    centre.marked(file, [Look(pilot.hugo, 2)])
    centre.enter(
        "Colette", N_("Asked for a second look, and the level is higher now"), colette, CASES
    )


def _expired_appointment(centre: Centre) -> None:
    """An examiner's time is over: nothing is in the queue any more."""
    paco = centre.staff(
        "Paco", "es", Role.EXAMINER, N_("Examiner whose appointment has run out"), EXAMINERS
    )
    standing, centre.clock.now = centre.now, centre.now - timedelta(days=60)
    centre.appoint(paco, "letter of the centre", languages=("es",), lasts=timedelta(days=30))
    centre.clock.now = standing


# --- badges of the centre -------------------------------------------------------------------------


def _with_badges(pilot: Pilot) -> list[Person]:
    return [one for one in pilot.people.values() if one.badges and one.country == "fr"]


def _superseded(centre: Centre, people: People, person: Person) -> dict[str, str]:
    """A lost phone: the badge is issued again to a new wallet; the copy in the old one ends."""
    skill, badge = next(iter(person.badges.items()))
    assert person.wallet is not None
    old = centre.text(person.wallet, badge)
    award = person.awards[skill]
    centre.change(award, "correct", "new_wallet", people.officers[person.country])
    person.wallet = centre.wallet(person.name, person.pages)
    person.badges = {skill: centre.collected(award, person.wallet, person.country)}
    more = N_("The phone was lost. A new badge took its place: this copy counts no more")
    return _sample(N_("A badge that was superseded"), old, more)


def _suspended(centre: Centre, people: People, person: Person) -> dict[str, str]:
    """Something must be looked into first."""
    skill, badge = next(iter(person.badges.items()))
    assert person.wallet is not None
    link = centre.show(person.wallet, [badge])
    centre.change(person.awards[skill], "suspend", "under_review", people.officers[person.country])
    return _sample(N_("A badge that is suspended"), link, N_("The centre looks into something"))


def _erased(centre: Centre, people: People) -> dict[str, str]:
    """Somebody wanted to be forgotten: the centre knows her no more, her badge still counts."""
    teresa = centre.worker("Teresa", "es", "teresa@sample.example", statistics=False)
    wallet = centre.wallet("Teresa", "es")
    badge = people.badge(teresa, SKILLS[3], "es", 1, wallet)
    link = centre.show(wallet, [badge])
    erasure.erase(
        centre.issuer.database, teresa, keep_badges=True, end_open_work=False,
        by=people.dolores, body=centre.body, now=centre.now,
    )  # fmt: skip
    more = N_("The centre has forgotten her. Her badge is still good")
    return _sample(N_("A badge of somebody who was erased"), link, more)


# --- badges of others ---------------------------------------------------------------------------


def _spoofed_creator(centre: Centre) -> Sequence[dict[str, str]]:
    """A stranger writes a known body into the badge as its creator: that proves nothing."""
    creator = {"id": did_key(centre.key("body").public), "type": ["Profile"], "name": BODY}
    badge = centre.guest_badge(PrivateKey.generate(), "Fine Badges (sample)", creator=creator)
    more = N_("It names a known body as its maker. That body never saw it: amber, not green")
    return [_sample(N_("A badge with a borrowed name"), badge, more)]


def _stapled(centre: Centre) -> Sequence[dict[str, str]]:
    """A true endorsement, but of another badge."""
    other = f"urn:uuid:{uuid4()}"

    def said(_badge_id: str) -> list[dict[str, Any]]:
        return [centre.endorsement(centre.key("body"), BODY, other, "This badge is well earned.")]

    badge = centre.guest_badge(centre.key("guest"), GUEST, said=said)
    more = N_("The words are genuine but about another badge: they do not count")
    return [_sample(N_("A badge with the endorsement of another one"), badge, more)]


def _said_by_holder(centre: Centre) -> Sequence[dict[str, str]]:
    """Its owner praises it: shown as that, and not counted."""
    own = PrivateKey.generate()

    def said(badge_id: str) -> list[dict[str, Any]]:
        return [centre.endorsement(own, "Me", badge_id, "I am the best cleaner in town.")]

    holder = did_key(own.public)
    badge = centre.guest_badge(centre.key("guest"), GUEST, holder=holder, said=said)
    return [_sample(N_("A badge that its owner praises"), badge, N_("Said by me: not counted"))]


def _foreign(centre: Centre) -> Sequence[dict[str, str]]:
    """An Open Badge 3.0 of a school that we never heard of, about something else."""
    key = PrivateKey.generate()
    badge = centre.guest_badge(key, _FAR)
    del badge["proof"]
    badge["name"] = "Ironing shirts"
    badge["description"] = "Irons shirts and folds them."
    badge["credentialSubject"] = {
        "id": badge["credentialSubject"]["id"],
        "type": ["AchievementSubject"],
        "achievement": _ironing(),
    }
    badge = signed(badge, key, centre.now - timedelta(days=400))
    more = N_("It is read and checked like ours; we do not know who signed it")
    return [_sample(N_("An Open Badge 3.0 from elsewhere"), badge, more)]


def _older_shape(centre: Centre) -> Sequence[dict[str, str]]:
    """A badge in the data model 1.1 that came before, with other names for its dates."""
    key = PrivateKey.generate()
    document = {
        "@context": [VC1, OB3, DATA_INTEGRITY],
        "id": f"urn:uuid:{uuid4()}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": "Ironing shirts",
        "issuer": {"id": did_key(key.public), "type": ["Profile"], "name": _FAR},
        "issuanceDate": "2023-05-04T10:00:00Z",
        "credentialSubject": {
            "id": did_key(PrivateKey.generate().public),
            "type": ["AchievementSubject"],
            "achievement": _ironing(),
        },
    }
    badge = signed(document, key, centre.now)
    return [_sample(N_("A badge in the older form (VC 1.1)"), badge, N_("It is read as well"))]


def _ironing() -> dict[str, Any]:
    return {
        "id": "https://far.sample.example/ironing",
        "type": ["Achievement"],
        "name": "Ironing shirts",
        "description": "Irons shirts and folds them.",
        "criteria": {"narrative": "Five shirts, seen by a teacher."},
    }


def voices(centre: Centre) -> list[dict[str, str]]:
    """Households and colleagues speak for badges, each with a key of their own."""
    several = [N_("A badge that households vouch for"), N_("A badge that colleagues vouch for")]
    return [
        {**_sample(name, _with_voices(centre, who), more), "group": VOICES}
        for name, who, more in (
            (several[0], _HOUSEHOLDS, N_("Five of them; each signed with a key of their own")),
            (several[1], _PEERS, N_("Two of them; we do not know who they are")),
        )
    ]


def _with_voices(centre: Centre, who: Sequence[tuple[str, str]]) -> Mapping[str, Any]:
    def said(badge_id: str) -> list[dict[str, Any]]:
        return [
            centre.endorsement(PrivateKey.generate(), name, badge_id, words) for name, words in who
        ]

    return centre.guest_badge(centre.key("guest"), GUEST, said=said)


def _wallets(pilot: Pilot) -> list[dict[str, str]]:
    """Give the wallets of the thirty; the one that speaks Arabic first."""
    found = []
    for one in sorted(pilot.people.values(), key=lambda one: (one.pages != "ar", one.number)):
        if one.wallet is not None:
            in_arabic = one.pages == "ar"
            note = N_("Reads in Arabic, from right to left") if in_arabic else ""
            group = CASES if in_arabic else N_("Wallets of the thirty people")
            name = f"{one.number} {one.name}"
            found.append({"name": name, "note": note, "card": one.wallet.card, "group": group})
    return found


def _sample(note: str, text: str | Mapping[str, Any], more: str) -> dict[str, str]:
    written = text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)
    return {"note": note, "text": written, "more": more, "group": CASES}
