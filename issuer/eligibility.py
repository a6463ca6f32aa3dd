"""Who is eligible to examine by an expert badge of their own (domain B.4-1).

Eligibility is found by verifying a signed badge and its status, never by reading a flag. `by_badge`
is for a badge that somebody presented and that was verified; `by_own_award` looks at one that this
service signed for the same account, and verifies it as an employer would, from what we publish.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from credentials.report import Outcome
from credentials.trust import Trust
from credentials.verify import verify_credential
from issuer import appointments
from issuer.appointment_tables import WITHOUT_GROUND, Cause, Nomination, Route, Stage
from issuer.audit import record
from issuer.award_tables import Award, BadgeState, Credential
from issuer.framework import AchievementDefinition, Framework
from issuer.own_pages import own_pages
from issuer.profile import IssuingBody
from issuer.stolen_key_tables import Fate, StolenKeyRow
from web.errors import Refused
from web.languages import N_

_EXPERT = 3
_MUST_PASS = ("parse", "format", "shape", "proof", "dates", "status")


@dataclass(frozen=True)
class ExpertBadge:
    """An expert badge that this service signed for somebody."""

    definition: AchievementDefinition
    badge_id: str
    signed_text: str


def by_badge(
    session: Session,
    person_id: UUID,
    framework: Framework,
    *,
    skill: str,
    language: str,
    badge_id: str,
    holder: str | None = None,
    now: datetime,
) -> Nomination:
    """Make somebody eligible by an expert badge that the caller has verified.

    The caller answers for these: signature, dates, status, that we trust its signer, that the
    person holds it, that it is level 3 of `skill`, and of `language` where the skill depends on
    one. The badge's id is kept: when that badge falls, so does the appointment; and, of a badge of
    another issuer, its `holder`, which tells a second account of the same person. Who was suspended
    because of a badge shows one that counts here, the same or another; a coordinator lets them go
    on.
    """
    if skill not in framework.skills or language not in framework.languages or not badge_id:
        raise Refused(N_("Choose a skill and a language."), status=422, code="scope")
    if not appointments.has_files(framework, skill):
        raise Refused(
            N_("There are no files to calibrate with here. A centre can appoint you."),
            status=409,
            code="no-files",
        )
    known = appointments.of_scope(session, person_id, skill, language)
    if known is not None and known.suspended_for in (Cause.BADGE, *WITHOUT_GROUND):
        known.badge_id, known.suspended_for = badge_id, Cause.COORDINATOR
        known.badge_holder = holder
        session.add(known)
        session.flush()
        record(session, "examiner.badge-renewed", known.id, by=person_id, now=now)
        return known
    return appointments.begin(
        session,
        Nomination(
            person_id=person_id,
            skill=skill,
            language=language,
            route=Route.EXPERT,
            badge_id=badge_id,
            badge_holder=holder,
            level_ceiling=appointments.CO_EXAMINER_CEILING,
            reason=framework.achievement(skill, _EXPERT, language).human_code,
            stage=Stage.ELIGIBLE,
        ),
        by=person_id,
        now=now,
    )


def by_own_award(
    session: Session,
    person_id: UUID,
    body: IssuingBody,
    *,
    skill: str,
    language: str,
    now: datetime,
) -> Nomination:
    """Make somebody eligible by a badge that we signed for them, after verifying it again."""
    fitting = [
        one
        for one in own_badges(session, person_id, body.framework)
        if one.definition.skill == skill
        and one.definition.assessed_language in (None, language)
        and is_valid(session, one, body, now=now)
    ]
    if not fitting:
        raise Refused(
            N_("This takes an expert badge that counts today."), status=403, code="no-expert-badge"
        )
    return by_badge(
        session,
        person_id,
        body.framework,
        skill=skill,
        language=language,
        badge_id=fitting[0].badge_id,
        now=now,
    )


def own_badges(session: Session, person_id: UUID, framework: Framework) -> list[ExpertBadge]:
    """List the expert badges that we signed for somebody; whether they count is not checked."""
    rows = session.exec(
        select(Award, Credential)
        .join(Credential, col(Credential.award_id) == col(Award.id))
        .where(
            col(Award.candidate_id) == person_id,
            col(Award.level) == _EXPERT,
            col(Credential.state) == BadgeState.ACTIVE,
        )
        .order_by(col(Award.released_at).desc())
    ).all()
    found = []
    for award, badge in rows:
        definition = framework.find(award.slug, award.level_slug)
        if definition is not None and badge.signed_text is not None:
            found.append(ExpertBadge(definition, badge.credential_id, badge.signed_text))
    return found


def is_valid(session: Session, badge: ExpertBadge, body: IssuingBody, *, now: datetime) -> bool:
    """Verify a badge of ours: signature, dates and status, by what we publish ourselves."""
    found = _outcomes(session, badge.signed_text, body, now=now)
    return all(found.get(step) is Outcome.PASSED for step in _MUST_PASS)


def look_again(session: Session, body: IssuingBody, *, now: datetime) -> int:
    """Suspend those whose badge of ours ran out or fell without a word; give how many.

    What could not be checked suspends nobody, nor does a badge that is made again just now, since
    others may have our key. Badges of other bodies are asked for in `issuer.grounds`.
    """
    resting = session.exec(
        select(Nomination.badge_id, Credential.signed_text)
        .join(Credential, col(Credential.credential_id) == col(Nomination.badge_id))
        .where(
            col(Nomination.stage).not_in([Stage.ENDED, Stage.EXPIRED, Stage.SUSPENDED]),
            col(Credential.state) != BadgeState.SUPERSEDED,
            col(Credential.signed_text).is_not(None),
            col(Credential.id).not_in(
                select(StolenKeyRow.credential_id).where(col(StolenKeyRow.fate) == Fate.WAITING)
            ),
        )
        .distinct()
    ).all()
    return sum(
        appointments.badge_fell(session, badge_id, now=now)
        for badge_id, text in resting
        if badge_id and text and Outcome.FAILED in _outcomes(session, text, body, now=now).values()
    )


def _outcomes(
    session: Session, signed_text: str, body: IssuingBody, *, now: datetime
) -> dict[str, Outcome]:
    report = verify_credential(
        signed_text, trust=Trust(), fetch=own_pages(session, body, now), now=now
    )
    return {check.step: check.outcome for check in report.checks if check.step in _MUST_PASS}
