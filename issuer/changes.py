"""What happens to a badge after its release: cancelled, suspended, let go on, corrected.

One person of the centre asks and another of it confirms (invariants 25 and 30); only the holder's
own wish to cancel or to suspend needs one. A badge has one status entry (Open Badges 3.0 allows no
second), and a place that is set stays set. So a suspended badge that was signed comes back as a
corrected one does: issued again, with the same id and a newer date; of two such the newer one
counts (Open Badges 3.0, equality and comparison;
docs/adr/0011-a-suspended-badge-comes-back-by-re-issue.md).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select

from credentials.report import CredentialError
from issuer import (
    appointments,
    deferrals,
    issuing,
    notices,
    offers,
    status_lists,
    superseding,
    trail,
    two_persons,
)
from issuer.accounts import centre_of
from issuer.audit import record
from issuer.award_tables import (
    HOLDERS_OWN,
    MADE_AGAIN,
    REASONS_OF,
    Action,
    Award,
    AwardState,
    BadgeState,
    Change,
    Credential,
    Reason,
)
from issuer.notice_tables import News
from issuer.profile import IssuingBody
from issuer.same_person import is_same_person
from issuer.tables import Decision
from web.errors import Refused
from web.languages import N_

REASONS: dict[Reason, str] = {
    Reason.HOLDER_REQUEST: N_("The person asked for it"),
    Reason.ISSUED_IN_ERROR: N_("It was given by mistake"),
    Reason.NEW_WALLET: N_("The person has a new wallet"),
    Reason.FRAUD: N_("It was obtained by deceit"),
    Reason.KEY_COMPROMISE: N_("Our signature was stolen"),
    Reason.SUPERSEDED: N_("A newer badge takes its place"),
    Reason.UNDER_REVIEW: N_("Something must be looked into"),
    Reason.REVIEW_PASSED: N_("It was looked into, and all is well"),
}

_AT_ONCE = (Action.REVOKE, Action.SUSPEND)
"""What the holder's own wish brings about without a second person."""
_RUNNING = (BadgeState.INTENDED, BadgeState.ACTIVE)
_POSSIBLE_IN: dict[Action, tuple[BadgeState, ...]] = {
    Action.REVOKE: (*_RUNNING, BadgeState.SUSPENDED),
    Action.SUSPEND: _RUNNING,
    Action.LIFT: (BadgeState.SUSPENDED,),
    Action.CORRECT: _RUNNING,
}


def possible(badge: Credential) -> list[Action]:
    """List what can be asked for a badge in its state."""
    return [action for action, states in _POSSIBLE_IN.items() if badge.state in states]


def ask(
    session: Session,
    award_id: UUID,
    *,
    action: str,
    reason: str,
    officer_id: UUID,
    body: IssuingBody,
    now: datetime,
    has_phone: bool | None = None,
) -> bool:
    """Ask for a change; True if it is made at once, which only its owner's wish allows.

    `has_phone`: whether the person still has the phone with the badge. For one that is made again
    it must be said, whatever the reason: from a lost phone nobody may fetch it.

    1. The badge, with its row locked, is of the officer's centre; action and reason are of the
       closed lists, and whether the phone is lost is known where it matters.
    2. It is in a state that allows it, and nobody asked already.
    3. The request is written down, and carried out if no second person is needed.
    """
    badge = badge_of_centre(session, award_id, by=officer_id)  # 1
    what, why = _read(action, reason)
    if what in MADE_AGAIN and has_phone is None:
        raise Refused(
            N_("Say whether the person still has the phone with the badge."), code="phone"
        )
    _refuse_own(session, award_id, officer_id)  # 2
    _check_possible(badge, what)
    if _open_request(session, badge) is not None:
        raise Refused(
            N_("Someone asked for this already. A second person must confirm."),
            status=409,
            code="asked-already",
        )
    request = Change(  # 3
        credential_id=badge.id,
        action=what,
        reason=why,
        has_phone=has_phone if what in MADE_AGAIN else None,
        requested_by=officer_id,
        requested_at=now,
    )
    session.add(request)
    session.flush()
    record(session, f"{what}.asked", badge.id, by=officer_id, now=now)
    at_once = what in _AT_ONCE and why is Reason.HOLDER_REQUEST
    if at_once:
        _carry_out(session, _Confirmed(badge, request, officer_id, body, now))
    return at_once


def confirm(
    session: Session, award_id: UUID, *, officer_id: UUID, body: IssuingBody, now: datetime
) -> Action:
    """Carry out what another person asked for, and say what it was."""
    badge = badge_of_centre(session, award_id, by=officer_id)
    request = _asked(session, badge)
    _refuse_own(session, award_id, officer_id)
    two_persons.check(session, request.requested_by, officer_id)
    _carry_out(session, _Confirmed(badge, request, officer_id, body, now))
    return Action(request.action)


def cancel_at_holders_wish(
    session: Session, badge: Credential, *, by: UUID, body: IssuingBody, now: datetime
) -> None:
    """Cancel a badge, with its row locked, because its holder leaves and wants it so.

    The holder's own request is a reason that needs no second person (invariant 25); what somebody
    else asked for is settled by it.
    """
    asked = _open_request(session, badge)
    if asked is not None:
        record(session, f"{asked.action}.dropped", badge.id, by=by, now=now)
        session.delete(asked)
        session.flush()
    request = Change(
        credential_id=badge.id,
        action=Action.REVOKE,
        reason=Reason.HOLDER_REQUEST,
        requested_by=by,
        requested_at=now,
    )
    session.add(request)
    session.flush()
    record(session, f"{Action.REVOKE}.asked", badge.id, by=by, now=now)
    _carry_out(session, _Confirmed(badge, request, by, body, now))


def drop(session: Session, award_id: UUID, *, officer_id: UUID, now: datetime) -> None:
    """Take back a request; the badge stays as it is."""
    badge = badge_of_centre(session, award_id, by=officer_id)
    request = _asked(session, badge)
    if superseding.is_taken_away(session, award_id):
        raise Refused(N_("A later decision took this badge away."), status=409, code="taken-away")
    record(session, f"{request.action}.dropped", badge.id, by=officer_id, now=now)
    session.delete(request)


def history(session: Session, award_id: UUID) -> list[Change]:
    """List the confirmed changes of a badge, the oldest first."""
    return list(
        session.exec(
            select(Change)
            .join(Credential, col(Credential.id) == col(Change.credential_id))
            .where(col(Credential.award_id) == award_id, col(Change.confirmed_at).is_not(None))
            .order_by(col(Change.confirmed_at))
        )
    )


def badge_row(session: Session, award_id: UUID) -> Credential:
    """Give the badge of an award that is in force, with its row locked."""
    badge = session.exec(
        select(Credential)
        .where(col(Credential.award_id) == award_id, col(Credential.state) != BadgeState.SUPERSEDED)
        .with_for_update()
    ).one_or_none()
    if badge is None:
        raise Refused(N_("There is no such badge."), status=404, code="unknown-award")
    return badge


def badge_of_centre(session: Session, award_id: UUID, *, by: UUID) -> Credential:
    """Give a badge as `badge_row` does, to somebody of the centre of its owner only."""
    award = session.get(Award, award_id)
    if award is None or centre_of(session, award.candidate_id) != centre_of(session, by):
        raise Refused(N_("There is no such badge."), status=404, code="unknown-award")
    return badge_row(session, award_id)


def _read(action: str, reason: str) -> tuple[Action, Reason]:
    try:
        what, why = Action(action), Reason(reason)
    except ValueError as error:
        raise Refused(N_("Choose a reason."), code="reason") from error
    if why not in REASONS_OF[what]:
        raise Refused(N_("Choose a reason."), code="reason")
    return what, why


def _refuse_own(session: Session, award_id: UUID, officer_id: UUID) -> None:
    if is_same_person(session, session.get_one(Award, award_id).candidate_id, officer_id):
        raise Refused(
            N_("This is your own badge. Other officers decide."), status=403, code="own-badge"
        )


def _check_possible(badge: Credential, action: Action) -> None:
    if badge.state == BadgeState.REVOKED:
        raise Refused(N_("This badge is cancelled already."), status=409, code="revoked-already")
    if badge.state not in _POSSIBLE_IN[action]:
        raise Refused(
            N_("The badge is not in a state that allows this."), status=409, code="not-possible"
        )


def _open_request(session: Session, badge: Credential) -> Change | None:
    return session.exec(
        select(Change).where(
            col(Change.credential_id) == badge.id, col(Change.confirmed_at).is_(None)
        )
    ).one_or_none()


def _asked(session: Session, badge: Credential) -> Change:
    request = _open_request(session, badge)
    if request is None:
        raise Refused(N_("Nobody asked to change this badge."), status=409, code="not-asked")
    return request


# --- carrying out ----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Confirmed:
    """A change that may happen now, with all that it needs."""

    badge: Credential
    request: Change
    by: UUID
    body: IssuingBody
    now: datetime
    again: Mapping[str, Any] | None = None
    """The badge built again, where the caller has it already."""
    one_of_many: bool = False
    """Whoever makes many changes publishes the status lists now and then."""


def made_again(
    session: Session,
    badge_ids: Sequence[UUID],
    *,
    body: IssuingBody,
    now: datetime,
    between: Callable[[], None] = lambda: None,
) -> dict[UUID, dict[str, Any] | Refused]:
    """Build and check those badges again, by a few statements; or say, of each, why it cannot be.

    `between` is called before each badge, for whoever wants to let others go first.
    """
    rows = session.exec(
        select(Credential, Decision)
        .join(Award, col(Award.id) == col(Credential.award_id))
        .join(Decision, col(Decision.id) == col(Award.decision_id))
        .where(col(Credential.id).in_(badge_ids))
    ).all()
    press = issuing.Press(session, body, now=now)
    found: dict[UUID, dict[str, Any] | Refused] = {}
    trails = trail.trails_of(session, [decision for _, decision in rows])
    for (badge, _), its in zip(rows, trails, strict=True):
        between()
        try:
            found[badge.id] = press.again(its.content, badge)
        except (CredentialError, LookupError, ValueError) as error:
            found[badge.id] = Refused(
                N_("This badge cannot be made: %(why)s"), status=409, code="not-ready", why=error
            )
    return found


def replace_one_of_many(
    session: Session,
    badge: Credential,
    *,
    again: Mapping[str, Any] | None,
    asked: tuple[UUID, datetime],
    confirmed_by: UUID,
    body: IssuingBody,
    now: datetime,
) -> None:
    """Make a badge again because of its key, or cancel it, as two persons said for many badges.

    `badge` is locked by the caller, who publishes its status list. `again` is what takes its place
    (`made_again`); without it the badge is cancelled. `asked` tells who asked, and when. A request
    that waits for this badge goes over to the new one, unless it is done with.
    """
    action = Action.REVOKE if again is None else Action.CORRECT
    waiting = _open_request(session, badge)
    settled = waiting is not None and (action is Action.REVOKE or waiting.action == Action.CORRECT)
    if waiting is not None:
        session.expunge(waiting)
        session.exec(delete(Change).where(col(Change.id) == waiting.id))
    request = Change(
        credential_id=badge.id,
        action=action,
        reason=Reason.KEY_COMPROMISE,
        requested_by=asked[0],
        requested_at=asked[1],
    )
    session.add(request)
    session.flush()
    _carry_out(
        session,
        _Confirmed(badge, request, confirmed_by, body, now, again=again, one_of_many=True),
    )
    if waiting is not None and settled:
        record(session, f"{waiting.action}.dropped", badge.id, by=confirmed_by, now=now)
    elif waiting is not None:
        newer = badge_row(session, badge.award_id)
        session.add(Change(**(waiting.model_dump() | {"credential_id": newer.id})))
        session.flush()


def _carry_out(session: Session, change: _Confirmed) -> None:
    _check_possible(change.badge, Action(change.request.action))
    change.request.confirmed_by, change.request.confirmed_at = change.by, change.now
    session.add(change.request)
    offers.withdraw_offers(session, change.badge.award_id)
    if (
        change.request.reason in HOLDERS_OWN or change.request.has_phone is False
    ):  # somebody else may have the wallet that waits
        deferrals.end_of_award(session, change.badge.award_id)
    event = _CARRYING_OUT[Action(change.request.action)](session, change)
    if change.badge.state in (BadgeState.REVOKED, BadgeState.SUSPENDED):
        appointments.badge_fell(session, change.badge.credential_id, now=change.now)
    record(session, event, change.badge.id, by=change.by, now=change.now)
    award = session.get_one(Award, change.badge.award_id)
    notices.tell(session, award.candidate_id, award.id, News(change.request.action), now=change.now)


def _revoke(session: Session, change: _Confirmed) -> str:
    _end(session, change, BadgeState.REVOKED)
    return "badge.revoked"


def _suspend(session: Session, change: _Confirmed) -> str:
    change.badge.state = BadgeState.SUSPENDED
    session.add(change.badge)
    session.flush()
    if change.badge.signed_text is not None:
        _set_place(session, change)
    return "badge.suspended"


def _lift(session: Session, change: _Confirmed) -> str:
    if change.badge.signed_text is not None:
        return _correct(session, change)
    change.badge.state = BadgeState.INTENDED
    session.add(change.badge)
    session.flush()
    _offer(session, change)
    return "badge.lifted"


def _correct(session: Session, change: _Confirmed) -> str:
    award = session.get_one(Award, change.badge.award_id)
    again = change.again
    if again is None:
        made = made_again(session, [change.badge.id], body=change.body, now=change.now)
        built = made[change.badge.id]
        if isinstance(built, Refused):
            raise built
        again = built
    _end(session, change, BadgeState.SUPERSEDED)
    issuing.write_intention(session, award.id, again, body=change.body, now=change.now)
    award.state = AwardState.RELEASED
    session.add(award)
    session.flush()
    _offer(session, change)
    return "badge.superseded"


_CARRYING_OUT: dict[Action, Callable[[Session, _Confirmed], str]] = {
    Action.REVOKE: _revoke,
    Action.SUSPEND: _suspend,
    Action.LIFT: _lift,
    Action.CORRECT: _correct,
}


def _end(session: Session, change: _Confirmed, state: BadgeState) -> None:
    change.badge.state = state
    session.add(change.badge)
    session.flush()
    _set_place(session, change)


def _set_place(session: Session, change: _Confirmed) -> None:
    place = status_lists.Place(change.badge.list_number, change.badge.position)
    if change.one_of_many:
        status_lists.mark_place(session, place, now=change.now)
        return
    status_lists.revoke_place(
        session, place, change.body.keyring, base_url=change.body.base_url, now=change.now
    )


def _offer(session: Session, change: _Confirmed) -> None:
    before = offers.latest(session, change.badge.award_id)
    offers.make_offer(
        session,
        change.badge.award_id,
        secret=change.body.secret,
        now=change.now,
        needs_number=before is not None and before.needs_number,
    )
    record(session, "award.offered", change.badge.award_id, by=change.by, now=change.now)
