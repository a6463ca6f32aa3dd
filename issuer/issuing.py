"""From a released award to the badge: build, check, write down what we intend, then sign once.

The badge is bound to the key that its holder proves when it is collected (invariant 14), so the
signature is made at that moment (docs/adr/0001-sign-at-claim.md). Every step before and after is
one transaction, and `recover` finishes what a stopped process left between two of them::

    released award --intend--> intended badge with its status place --offer--> open offer
                   --deliver--> signed badge, the same bytes for every later request

A batch takes release, intention and offer in one (`issuer.awards_together`).
Signing takes award ids. There is no way in for a document that came from outside (invariant 5).
`pause` is called between the steps with the name of the one just done; it does nothing, and is
where a test stops the process.
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from credentials.badges import achievement_credential, check_before_signing
from credentials.report import CredentialError
from credentials.status import status_entry
from credentials.times import read_time, write_time
from issuer import endorsements, notices, offers, signing, status_lists, superseding, trail
from issuer.audit import record
from issuer.award_tables import Award, AwardState, BadgeState, Credential, Offer
from issuer.notice_tables import News
from issuer.profile import IssuingBody
from issuer.trail import BadgeContent
from keys.did import did_key
from keys.material import PrivateKey
from web.database import Database
from web.errors import Refused
from web.languages import N_, catalogue

_log = logging.getLogger("mycred4home.issuer")

Pause = Callable[[str], None]


def carry_on(_step: str) -> None:
    """Do not pause."""


@dataclass(frozen=True)
class Recovered:
    """What `recover` finished."""

    intended: int
    offered: int
    lists: int
    left: int


# --- the content -----------------------------------------------------------------------------


def prepare(
    body: IssuingBody,
    content: BadgeContent,
    *,
    achievement_endorsements: Sequence[dict[str, Any]] = (),
    issuer_endorsements: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    """Build the badge of a decision and check it as if it were signed (design.md, step 5).

    1. The achievement edition in the holder's language, of the version that the work was done in,
       with the endorsements we hold.
    2. The results, from the marks.
    3. The other editions, bound by their digests.
    4. The check: schema, every term defined, signed with a throwaway key and verified. For it a
       throwaway key stands in for the holder and place 0 for the status; both are set for good
       later, by `intend` and `deliver`.
    """
    common = _common(
        body,
        content,
        achievement_endorsements=achievement_endorsements,
        issuer_endorsements=issuer_endorsements,
    )
    document = _complete(body, content, common)
    check_before_signing(document)  # 4
    return document


@dataclass(frozen=True)
class _Common:
    """What all badges of one achievement say alike, in one language at one moment."""

    issuer: dict[str, Any]
    achievement: dict[str, Any]
    related_resources: list[dict[str, Any]]


def _common(
    body: IssuingBody,
    content: BadgeContent,
    *,
    achievement_endorsements: Sequence[dict[str, Any]],
    issuer_endorsements: Sequence[dict[str, Any]],
) -> _Common:
    framework, language = body.library.version(content.framework_version), content.language
    definition = framework.achievement(content.skill, content.level, content.assessed_language)
    return _Common(
        issuer=body.badge_profile(issuer_endorsements),
        achievement=framework.achievement_json(  # 1
            definition,
            base_url=body.base_url,
            lang=language,
            endorsements=achievement_endorsements,
        ),
        related_resources=framework.related_resources(  # 3
            definition, base_url=body.base_url, lang=language
        ),
    )


def _complete(body: IssuingBody, content: BadgeContent, common: _Common) -> dict[str, Any]:
    achievement = common.achievement
    return achievement_credential(
        credential_id=f"urn:uuid:{uuid4()}",
        issuer=common.issuer,
        subject_id=did_key(PrivateKey.generate().public),
        achievement=achievement,
        results=_results(achievement, content),  # 2
        awarded=_midnight(content.decided_at),
        name=achievement["name"],
        description=achievement["description"],
        image=achievement["image"],
        status=status_entry(status_lists.list_url(body.base_url, 1), 0),
        evidence=[_evidence(content)],
        related_resources=common.related_resources,
        source=body.examiners_profile(),
    )


class Press:
    """Builds and checks badges at one moment, with the endorsements that we hold.

    What badges have in common is looked up once. For one transaction, or one look at the database:
    what came later is not seen.
    """

    def __init__(self, session: Session, body: IssuingBody, *, now: datetime) -> None:
        self._session, self._body, self._now = session, body, now
        self._known: dict[tuple[object, ...], _Common] = {}
        self._endorsed: dict[str, list[dict[str, Any]]] = {}

    def badge(self, content: BadgeContent) -> dict[str, Any]:
        """Build and check one badge, as `prepare` does."""
        document = self._built(content)
        check_before_signing(document)
        return document

    def again(self, content: BadgeContent, before: Credential) -> dict[str, Any]:
        """Build and check the badge that replaces another: with its id, and a newer `validFrom`.

        The day of the award stays (Open Badges 3.0, equality and comparison; invariant 26).
        """
        text = before.signed_text or before.intended_text
        assert text is not None, "a constraint of the database"
        earliest = read_time(json.loads(text)["validFrom"], "validFrom") + timedelta(seconds=1)
        document = {
            **self._built(content),
            "id": before.credential_id,
            "validFrom": write_time(max(earliest, self._now.replace(microsecond=0))),
        }
        check_before_signing(document)
        return document

    def _built(self, content: BadgeContent) -> dict[str, Any]:
        kind = (
            content.framework_version,
            content.skill,
            content.level,
            content.assessed_language,
            content.language,
        )
        if kind not in self._known:
            self._known[kind] = self._look_up(content)
        return _complete(self._body, content, self._known[kind])

    def _look_up(self, content: BadgeContent) -> _Common:
        framework = self._body.library.version(content.framework_version)
        definition = framework.achievement(content.skill, content.level, content.assessed_language)
        achievement_id = framework.achievement_id(definition, self._body.base_url)
        return _common(
            self._body,
            content,
            achievement_endorsements=self._endorsements(achievement_id),
            issuer_endorsements=self._endorsements(self._body.did),
        )

    def _endorsements(self, subject_id: str) -> list[dict[str, Any]]:
        if subject_id not in self._endorsed:
            self._endorsed[subject_id] = endorsements.current(
                self._session, subject_id, now=self._now
            )
        return self._endorsed[subject_id]


def _results(achievement: Mapping[str, Any], content: BadgeContent) -> list[dict[str, Any]]:
    results = []
    for description in achievement["resultDescription"]:
        result: dict[str, Any] = {"type": ["Result"], "resultDescription": description["id"]}
        if description["resultType"] == "RubricCriterionLevel":
            result["achievedLevel"] = description["requiredLevel"]
        else:
            criterion = description["id"].rpartition("#")[2]
            result["value"] = str(content.marks[criterion])
        results.append(result)
    return results


def _evidence(content: BadgeContent) -> dict[str, Any]:
    def say(message: str) -> str:
        return str(catalogue(content.language).ugettext(message))

    sentences = [say(N_("Scenario tasks, marked line by line against the published rubric."))]
    if content.examiners == 1:
        sentences.append(
            say(N_("Decided by an appointed examiner who did not know who the candidate is."))
        )
    else:
        sentences.append(
            say(
                N_(
                    "Decided by appointed examiners who did not know who the candidate is, "
                    "and did not see each other's marks."
                )
            )
        )
    sentences.append(say(N_("The answers themselves are deleted 90 days after the decision.")))
    return {
        "type": ["Evidence"],
        "name": say(N_("Scenario and examiner's decision")),
        "genre": say(N_("assessment record")),
        "audience": say(N_("examiner")),
        "narrative": " ".join(sentences),
    }


def _midnight(moment: datetime) -> datetime:
    # The day is enough, and tells less than the minute.
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


# --- the intention ---------------------------------------------------------------------------


def intend(
    database: Database,
    award_id: UUID,
    document: Mapping[str, Any],
    *,
    body: IssuingBody,
    now: datetime,
) -> bool:
    """Write down what we intend to sign for an award, once; False if that was done before.

    One transaction: the award's row is locked, a random status place is taken, and the badge is
    recorded with its final id and place. What `deliver` signs is this text and the holder's key.
    """
    with database.transaction() as session:
        award = session.exec(
            select(Award).where(col(Award.id) == award_id).with_for_update()
        ).one_or_none()
        if award is None:
            raise Refused(N_("There is no such badge."), status=404, code="unknown-award")
        if session.exec(select(Credential.id).where(col(Credential.award_id) == award_id)).first():
            return False
        write_intention(session, award_id, document, body=body, now=now)
    return True


def write_intention(
    session: Session,
    award_id: UUID,
    document: Mapping[str, Any],
    *,
    body: IssuingBody,
    now: datetime,
) -> None:
    """Take a status place and record what we intend to sign, in the caller's transaction."""
    place = status_lists.take_place(session)
    session.add(intention(award_id, document, place, body=body, now=now))
    session.flush()
    record(session, "badge.intended", award_id, now=now)


def intention(
    award_id: UUID,
    document: Mapping[str, Any],
    place: status_lists.Place,
    *,
    body: IssuingBody,
    now: datetime,
) -> Credential:
    """Give the row of what we intend to sign: the final text, but for its holder."""
    url = status_lists.list_url(body.base_url, place.list_number)
    final = {**document, "credentialStatus": status_entry(url, place.position)}
    return Credential(
        award_id=award_id,
        credential_id=final["id"],
        list_number=place.list_number,
        position=place.position,
        intended_at=now,
        intended_text=signing.written(final),
    )


def carry_out(
    database: Database,
    award_id: UUID,
    document: Mapping[str, Any],
    *,
    body: IssuingBody,
    now: datetime,
    pause: Pause = carry_on,
) -> None:
    """Bring a released award to its first offer: intention, then offer, each its transaction."""
    intend(database, award_id, document, body=body, now=now)
    pause("intended")
    with database.transaction() as session:
        _first_offer(session, award_id, body=body, now=now)
    pause("offered")


def _first_offer(session: Session, award_id: UUID, *, body: IssuingBody, now: datetime) -> bool:
    award = session.exec(
        select(Award).where(col(Award.id) == award_id).with_for_update()
    ).one_or_none()
    if award is None:  # its person was erased meanwhile
        return False
    if session.exec(select(Offer.id).where(col(Offer.award_id) == award_id)).first():
        return False
    offers.make_offer(session, award_id, secret=body.secret, now=now)
    record(session, "award.offered", award_id, now=now)
    notices.tell(session, award.candidate_id, award_id, News.READY, now=now)
    return True


# --- the signature ---------------------------------------------------------------------------


def deliver(
    database: Database,
    award_id: UUID,
    *,
    holder: str,
    body: IssuingBody,
    now: datetime,
    pause: Pause = carry_on,
    check: Callable[[Session], None] = lambda _session: None,
) -> str:
    """Give the signed badge of an award to the holder of a proven key, as the exact signed text.

    1. One transaction, with the badge's row locked: of several requests one signs. `check` refuses
       what changed since the caller looked.
    2. A badge that was signed before is the same bytes for the same holder, and for nobody else.
    3. The intention is taken as it was written down; only the holder is added.
    4. It is signed once with the key in use, and recorded before anybody is answered.

    If others turn out to have that key just now (`issuer.stolen_keys`), the database refuses, and
    it is signed with the new one.

    `holder` must come from a checked key proof; this function cannot know.
    """
    sign = partial(
        _deliver, database, award_id, holder=holder, body=body, now=now, pause=pause, check=check
    )
    try:
        return sign()
    except IntegrityError as error:
        _log.warning("deliver: award %s tried again: %s", award_id, error.orig)
        return sign()


def _deliver(
    database: Database,
    award_id: UUID,
    *,
    holder: str,
    body: IssuingBody,
    now: datetime,
    pause: Pause,
    check: Callable[[Session], None],
) -> str:
    with database.transaction() as session:  # 1
        row = session.exec(
            select(Credential)
            .where(
                col(Credential.award_id) == award_id,
                col(Credential.state) != BadgeState.SUPERSEDED,
            )
            .with_for_update()
        ).one_or_none()
        if row is None or row.state in (BadgeState.REVOKED, BadgeState.SUSPENDED):
            raise Refused(N_("This badge cannot be collected."), status=400, code="no-badge")
        check(session)
        if superseding.is_taken_away(session, award_id):
            raise Refused(N_("A later decision took its place."), status=400, code="taken-away")
        known = signing.text_for(row, holder)  # 2
        if known is not None:
            return known
        text = signing.sign(row, holder, body=body, now=now)  # 3, 4
        pause("signed")
        row.state = BadgeState.ACTIVE
        award = session.get_one(Award, award_id)
        award.state = AwardState.DELIVERED
        session.add(row)
        session.add(award)
        session.flush()
        record(session, "badge.signed", award_id, now=now)
    pause("recorded")
    return text


# --- after a stop ----------------------------------------------------------------------------


def recover(database: Database, *, body: IssuingBody, now: datetime) -> Recovered:
    """Finish what a stopped process left: awards without intention, intentions without offer.

    Safe to run at any time and in several processes at once. An award whose badge cannot be built
    (the framework lost its definition, say) is left, logged, and tried again next time.
    """
    intended = offered = left = 0
    with database.reading() as session:
        waiting = session.exec(
            select(Award.id)
            .outerjoin(Credential, col(Credential.award_id) == col(Award.id))
            .where(col(Credential.id).is_(None))
        ).all()
    for award_id in waiting:
        try:
            with database.reading() as session:
                award = session.get(Award, award_id)
                if award is None:  # its person was erased meanwhile
                    continue
                content = trail.content_of(session, award)
                document = prepare_with_endorsements(session, body, content, now=now)
            intended += intend(database, award_id, document, body=body, now=now)
        except (CredentialError, Refused, LookupError, ValueError) as error:
            left += 1
            _log.error("recover: award %s left: %s", award_id, error)
    with database.transaction() as session:
        unoffered = session.exec(
            select(Credential.award_id)
            .outerjoin(Offer, col(Offer.award_id) == col(Credential.award_id))
            .where(col(Offer.id).is_(None))
        ).all()
        for award_id in unoffered:
            offered += _first_offer(session, award_id, body=body, now=now)
        lists = status_lists.republish_all(session, body.keyring, base_url=body.base_url, now=now)
    return Recovered(intended, offered, lists, left)


def prepare_with_endorsements(
    session: Session, body: IssuingBody, content: BadgeContent, *, now: datetime
) -> dict[str, Any]:
    """Build and check a badge with the endorsements that we hold of its achievement and of us."""
    return Press(session, body, now=now).badge(content)
