"""The awarding officer's pages: release, hand over, cancel, endorsements received, health."""

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer import awards, batches, changes, endorsements, offers, status_lists
from issuer.award_tables import (
    MADE_AGAIN,
    REASONS_OF,
    Action,
    Change,
    Reason,
    ReceivedEndorsement,
)
from issuer.awards import IssuedBadge
from issuer.changes import REASONS
from issuer.tables import Role
from issuer.trail import ReasonTrail
from issuer.views.common import body, framework, reader_language, require, visitor
from web.app import services
from web.errors import Refused
from web.languages import N_, gettext

blueprint = Blueprint("officer", __name__, url_prefix="/officer")

_MOST_SHOWN = 50
"""A page of the queue; more are released as a batch."""

STATES = {
    "released": N_("released, no link yet"),
    "offered": N_("waits to be collected"),
    "delivered": N_("in the person's wallet"),
    "suspended": N_("suspended"),
    "revoked": N_("cancelled"),
}
_ACTIONS: dict[Action, dict[str, str]] = {
    Action.REVOKE: {
        "title": N_("Cancel this badge"),
        "told": N_("It never counts again. There is no way back."),
        "done": N_("Cancelled"),
    },
    Action.SUSPEND: {
        "title": N_("Suspend this badge"),
        "told": N_("It does not count until you let it go on."),
        "done": N_("Suspended"),
    },
    Action.LIFT: {
        "title": N_("Let this badge go on"),
        "told": N_("The person gets a link and collects it again."),
        "done": N_("Goes on"),
    },
    Action.CORRECT: {
        "title": N_("Correct this badge"),
        "told": N_(
            "It is made again with the same number and a newer date. The old one stops counting."
        ),
        "done": N_("Made again"),
    },
}
_DONE = {
    "offer": N_("There is a new link. Older ones stopped working."),
    "asked": N_("Noted. A second person must confirm."),
    "revoke": N_("The badge is cancelled. The public list says so now."),
    "suspend": N_("The badge is suspended. It does not count now."),
    "lift": N_("The badge goes on. The person can collect it."),
    "correct": N_("The badge is made again. The person can collect it."),
    "dropped": N_("The badge stays as it is."),
    "kept": N_("It is genuine. New badges will carry it."),
    "withdrawn": N_("New badges will no longer carry it."),
}


_HAS_PHONE = {"yes": True, "no": False}

# --- release ---------------------------------------------------------------------------------


@blueprint.get("/")
@require(Role.OFFICER)
def queue() -> str:
    """Show the decisions that wait for release, with their reason trail."""
    return _queue_page()


@blueprint.post("/release")
@require(Role.OFFICER)
def release() -> str | tuple[str, int]:
    """Release the chosen decisions; each stands alone, so one refusal stops no other."""
    chosen = [_decision_id(text) for text in dict.fromkeys(request.form.getlist("decision"))]
    if not chosen:
        return _queue_page(refused=[("", gettext("Choose at least one badge."))]), 400
    refused: list[tuple[str, str]] = []
    for decision_id in chosen:
        try:
            awards.release(
                services().database,
                decision_id,
                officer_id=visitor().id,
                body=body(),
                now=services().now(),
            )
        except Refused as refusal:
            refused.append((_alias_of(decision_id), refusal.text))
    page = _queue_page(released=len(chosen) - len(refused), refused=refused)
    return (page, 409) if refused else page


def _queue_page(*, released: int = 0, refused: list[tuple[str, str]] | None = None) -> str:
    with services().database.reading() as session:
        centre = visitor().organisation_id
        waiting = awards.pending(session, centre=centre, limit=_MOST_SHOWN)
        number = awards.number_pending(session, centre=centre)
        recent = batches.latest(session, centre=centre)
    return render_template(
        "officer/queue.html",
        waiting=[_waiting(trail) for trail in waiting],
        number=number,
        recent=recent,
        released=released,
        refused=refused or [],
    )


def _waiting(trail: ReasonTrail) -> dict[str, Any]:
    its = body().library.version(trail.framework_version)
    definition = its.achievement(trail.skill, trail.level, trail.language)
    language = _reader()
    return {
        "id": trail.decision_id,
        "alias": trail.candidate_alias,
        "name": its.achievement_name(definition, language),
        "reads": language,
        "language": trail.language,
        "level": trail.level,
        "level_name": its.level_name(trail.level, language),
        "decided_at": trail.decided_at,
        "markings": [
            {"code": one.examiner_code, "marks": one.marks, "level": one.proposed_level}
            for one in trail.markings
        ],
        "marks": trail.marks,
        "criteria": its.rubric(trail.skill, language),
        "why_not": trail.why_not(visitor().id),
    }


def _decision_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Refused(N_("There is no such decision."), code="unknown-decision") from error


def _alias_of(decision_id: UUID) -> str:
    with services().database.reading() as session:
        return awards.alias_of_decision(session, decision_id, centre=visitor().organisation_id)


# --- released badges -------------------------------------------------------------------------


@blueprint.get("/badges")
@require(Role.OFFICER)
def issued() -> str:
    """List the released badges."""
    with services().database.reading() as session:
        badges = awards.issued(session, centre=visitor().organisation_id)
    return render_template("officer/issued.html", badges=[_row(badge) for badge in badges])


@blueprint.get("/badges/<uuid:award_id>")
@require(Role.OFFICER)
def badge(award_id: UUID) -> str:
    """Show one released badge: its state, its hand-over, its cancelling."""
    now = services().now()
    with services().database.reading() as session:
        found = awards.issued_badge(session, award_id, centre=visitor().organisation_id)
        offer = offers.open_offer(session, award_id, secret=body().secret, now=now)
        locked = offers.is_locked(session, award_id)
        past = changes.history(session, award_id)
    return render_template(
        "officer/badge.html",
        badge=_row(found)
        | {
            "open_until": offer.expires if offer else None,
            "number": offer.number if offer else None,
            "locked": locked,
        },
        actions=_possible_actions(found),
        past=[_past(one) for one in past],
        done=_DONE.get(request.args.get("done", ""), ""),
    )


@blueprint.post("/badges/<uuid:award_id>/offer")
@require(Role.OFFICER)
def offer(award_id: UUID) -> Response:
    """Make a new link for a badge; older ones stop working."""
    with services().database.transaction() as session:
        awards.offer_again(
            session,
            award_id,
            body=body(),
            now=services().now(),
            needs_number=request.form.get("needs_number") == "yes",
            by=visitor().id,
        )
    return _to_badge(award_id, "offer")


@blueprint.post("/badges/<uuid:award_id>/change")
@require(Role.OFFICER)
def change(award_id: UUID) -> Response:
    """Ask to cancel, suspend, let go on or correct a badge."""
    action = request.form.get("action", "")
    with services().database.transaction() as session:
        at_once = changes.ask(
            session,
            award_id,
            action=action,
            reason=request.form.get("reason", ""),
            has_phone=_HAS_PHONE.get(request.form.get("phone", "")),
            officer_id=visitor().id,
            body=body(),
            now=services().now(),
        )
    return _to_badge(award_id, action if at_once else "asked")


@blueprint.post("/badges/<uuid:award_id>/change/confirm")
@require(Role.OFFICER)
def confirm_change(award_id: UUID) -> Response:
    """Change a badge as the second person."""
    with services().database.transaction() as session:
        action = changes.confirm(
            session, award_id, officer_id=visitor().id, body=body(), now=services().now()
        )
    return _to_badge(award_id, action)


@blueprint.post("/badges/<uuid:award_id>/change/drop")
@require(Role.OFFICER)
def drop_change(award_id: UUID) -> Response:
    """Leave a badge as it is, although somebody asked to change it."""
    with services().database.transaction() as session:
        changes.drop(session, award_id, officer_id=visitor().id, now=services().now())
    return _to_badge(award_id, "dropped")


def _to_badge(award_id: UUID, done: str) -> Response:
    return redirect(url_for(".badge", award_id=award_id, done=done))


def _possible_actions(found: IssuedBadge) -> list[dict[str, Any]]:
    if found.credential is None:
        return []
    return [
        _ACTIONS[action]
        | {"action": action, "reasons": _reasons(action), "again": action in MADE_AGAIN}
        for action in changes.possible(found.credential)
    ]


def _reasons(action: Action) -> dict[str, str]:
    return {str(reason): REASONS[reason] for reason in REASONS_OF[action]}


def _past(one: Change) -> dict[str, Any]:
    return {
        "what": _ACTIONS[Action(one.action)]["done"],
        "why": REASONS[Reason(one.reason)],
        "when": one.confirmed_at,
        "lost": one.has_phone is False,
    }


def _row(found: IssuedBadge) -> dict[str, Any]:
    award, credential, asked = found.award, found.credential, found.change
    if asked is not None and asked.confirmed_by is not None:
        asked = None
    return {
        "award_id": award.id,
        "alias": found.candidate_alias,
        "name": _name(award.slug, award.level_slug),
        "reads": _reader(),
        "language": award.language,
        "state": gettext(STATES[found.state]),
        "ended": found.state in ("revoked", "suspended"),
        "released_at": award.released_at,
        "signed_at": credential.signed_at if credential else None,
        "credential_id": credential.credential_id if credential else None,
        "place": f"{credential.list_number}#{credential.position}" if credential else None,
        "asked": _ACTIONS[Action(asked.action)]["title"] if asked else "",
        "asked_why": REASONS[Reason(asked.reason)] if asked else "",
        "asked_lost": asked is not None and asked.has_phone is False,
        "asked_by_me": asked is not None and asked.requested_by == visitor().id,
    }


def _name(slug: str, level_slug: str) -> str:
    found = body().library.find(slug, level_slug)
    return found[0].achievement_name(found[1], _reader()) if found else slug


# --- endorsements received -------------------------------------------------------------------


@blueprint.get("/endorsements", endpoint="endorsements")
@require(Role.OFFICER)
def show_endorsements() -> str:
    """List the endorsements that we received, and take in a new one."""
    return _endorsements_page(done=_DONE.get(request.args.get("done", ""), ""))


@blueprint.post("/endorsements")
@require(Role.OFFICER)
def receive_endorsement() -> Response | tuple[str, int]:
    """Judge a pasted or uploaded endorsement and keep it."""
    text = request.form.get("document", "").strip()
    upload = request.files.get("file")
    try:
        if upload is not None and upload.filename:
            text = _uploaded(upload.stream.read(endorsements.MAX_BYTES + 1))
        if not text:
            raise Refused(N_("Paste a text or choose a file."))
        endorsements.receive(
            services().database,
            text,
            body=body(),
            fetch=services().fetch,
            now=services().now(),
            by=visitor().id,
        )
    except Refused as refusal:
        shown = text[: endorsements.MAX_BYTES]
        page = _endorsements_page(errors={"document": refusal.text}, pasted=shown)
        return page, refusal.status
    return redirect(url_for(".endorsements", done="kept"))


@blueprint.post("/endorsements/<uuid:endorsement_id>/withdraw")
@require(Role.OFFICER)
def withdraw_endorsement(endorsement_id: UUID) -> Response:
    """Stop embedding an endorsement."""
    with services().database.transaction() as session:
        endorsements.withdraw(session, endorsement_id, now=services().now(), by=visitor().id)
    return redirect(url_for(".endorsements", done="withdrawn"))


def _uploaded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(N_("We cannot read this kind of file."), status=415) from error


def _endorsements_page(
    *, errors: dict[str, str] | None = None, pasted: str = "", done: str = ""
) -> str:
    with services().database.reading() as session:
        rows = endorsements.received(session)
    return render_template(
        "officer/endorsements.html",
        received=[_received(row) for row in rows],
        errors=errors or {},
        pasted=pasted,
        done=done,
    )


def _received(row: ReceivedEndorsement) -> dict[str, Any]:
    found = body().achievements().get(row.subject_id)
    about = found[0].achievement_name(found[1], _reader()) if found else body().name
    return {
        "id": row.id,
        "claimed_name": row.claimed_name,
        "endorser": row.endorser,
        "comment": row.comment,
        "about": about,
        "received_at": row.received_at,
        "valid_until": row.valid_until,
        "expired": row.valid_until is not None and row.valid_until <= services().now(),
        "withdrawn_at": row.withdrawn_at,
    }


# --- signing and lists -----------------------------------------------------------------------


@blueprint.get("/health")
@require(Role.OFFICER)
def health() -> str:
    """Show which keys we have and how the status lists are."""
    keyring = body().keyring
    with services().database.reading() as session:
        lists = status_lists.health(session, keyring, now=services().now())
    current = keyring.current_name()
    return render_template(
        "officer/health.html",
        did=keyring.did,
        current=current,
        older=[one.name for one in keyring.records() if one.name != current and not one.withdrawn],
        lists=lists,
    )


def _reader() -> str:
    return reader_language(framework())
