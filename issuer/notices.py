"""Telling people by e-mail what happened to a badge or appointment: an outbox, sent afterwards.

`tell` writes a row in the transaction that changed the badge, so there is no change without its
notice and no notice without its change. `send_waiting` sends what waits, and tries again later what
was not taken. A message names no person, no skill and no reason: it says in the person's language
that something happened, and where to read it. Who gave no address is told on their own page only.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from threading import Event, Thread
from uuid import UUID

from sqlmodel import Session, col, select

from issuer import appointments
from issuer.audit import record
from issuer.notice_tables import Mailbox, News, Notice, NoticeState
from issuer.tables import Appointment
from web.database import Database
from web.errors import Refused
from web.languages import N_, catalogue
from web.mail import MailServer, NotSent, Post, checked_address

_WAITS = [timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720, 1440)]
"""How long after each try the next one follows; after the last there is none."""
_ROUND_SECONDS = 30
_log = logging.getLogger("mycred4home.issuer")

_TEXTS: dict[News, tuple[str, str]] = {
    News.READY: (N_("Your badge is ready"), N_("You can keep it on your phone now.")),
    News.REVOKED: (N_("A badge was cancelled"), N_("One of your badges no longer counts.")),
    News.SUSPENDED: (N_("A badge is suspended"), N_("One of your badges does not count for now.")),
    News.LIFTED: (N_("Your badge goes on"), N_("Please collect it again.")),
    News.CORRECTED: (
        N_("Your badge was corrected"),
        N_("Please collect the new one. The old one stops counting."),
    ),
    News.RUNS_OUT: (
        N_("Your appointment ends soon"),
        N_("One of your appointments as an examiner runs out within 60 days."),
    ),
    News.STOPPED: (
        N_("Your appointment is suspended"),
        N_("You mark nothing for now. Sign in to read why."),
    ),
}


def mailbox(session: Session, person_id: UUID) -> Mailbox | None:
    """Give where a person wants to be told."""
    return session.get(Mailbox, person_id)


def open_mailbox(
    session: Session, person_id: UUID, address: str, *, language: str, now: datetime
) -> None:
    """Keep where a person wants to be told, and in which language."""
    try:
        checked = checked_address(address)
    except ValueError as error:
        raise Refused(N_("This is not an e-mail address."), status=422, code="address") from error
    session.merge(Mailbox(person_id=person_id, address=checked, language=language, since=now))
    record(session, "mailbox.opened", person_id, by=person_id, now=now)


def close_mailbox(session: Session, person_id: UUID, *, now: datetime) -> None:
    """Forget the address of a person; what waits for them is not sent any more."""
    row = session.get(Mailbox, person_id)
    if row is not None:
        session.delete(row)
        record(session, "mailbox.closed", person_id, by=person_id, now=now)


def tell(session: Session, person_id: UUID, award_id: UUID, news: News, *, now: datetime) -> None:
    """Put a notice in the outbox, in the transaction of what it tells, if they gave an address."""
    tell_all(session, [(person_id, award_id)], news, now=now)


def tell_all(
    session: Session, about: Sequence[tuple[UUID, UUID]], news: News, *, now: datetime
) -> None:
    """Put one notice for each person and award in the outbox, as `tell` does."""
    addressed = session.exec(
        select(Mailbox.person_id).where(col(Mailbox.person_id).in_({one for one, _ in about}))
    ).all()
    session.add_all(
        Notice(person_id=person_id, award_id=award_id, news=news, next_try=now)
        for person_id, award_id in about
        if person_id in addressed
    )


def tell_what_runs_out(session: Session, *, now: datetime) -> int:
    """Put a notice in the outbox for each appointment that runs out soon; give how many.

    Once an appointment, which the database sees to, and to those who gave an address.
    """
    ending = session.exec(
        select(Appointment)
        .join(Mailbox, col(Mailbox.person_id) == col(Appointment.person_id))
        .where(
            col(Appointment.suspended_at).is_(None),
            col(Appointment.valid_until) > now,
            col(Appointment.valid_until) <= now + appointments.WARNED_BEFORE,
            col(Appointment.id).not_in(
                select(Notice.appointment_id).where(
                    col(Notice.appointment_id).is_not(None), col(Notice.news) == News.RUNS_OUT
                )
            ),
        )
        # Of two processes that start at once one tells; the other leaves the locked row alone.
        .with_for_update(skip_locked=True, of=Appointment)
    ).all()
    session.add_all(
        Notice(person_id=one.person_id, appointment_id=one.id, news=News.RUNS_OUT, next_try=now)
        for one in ending
    )
    session.flush()
    return len(ending)


def tell_examiner(
    session: Session, person_id: UUID, appointment_id: UUID, *, now: datetime
) -> None:
    """Put in the outbox that an appointment was suspended without a person's doing."""
    if session.get(Mailbox, person_id) is not None:
        session.add(
            Notice(
                person_id=person_id, appointment_id=appointment_id, news=News.STOPPED, next_try=now
            )
        )


def send_waiting(
    database: Database, post: Post, *, sender: str, base_url: str, now: datetime
) -> int:
    """Send each notice whose time has come, and say how many the server took.

    1. A notice is claimed: its next try is set before it is sent, so that of two processes one
       sends it, and a stopped one tries again. Its Message-ID stays the same.
    2. It is sent outside of any transaction. 3. What came of it is written down.
    """
    taken = 0
    while (claimed := _claim(database, now=now)) is not None:  # 1
        notice, box = claimed
        state = NoticeState.SENT
        try:
            post(_message(notice, box, sender=sender, base_url=base_url))  # 2
            taken += 1
        except NotSent as error:
            _log.warning("notice %s not sent: %s", notice.id, error)
            last = error.for_good or notice.tries > len(_WAITS)
            state = NoticeState.GIVEN_UP if last else NoticeState.WAITING
        with database.transaction() as session:  # 3
            kept = session.get(Notice, notice.id)
            if kept is not None:  # else its person was erased meanwhile
                kept.state = state
    return taken


def _claim(database: Database, *, now: datetime) -> tuple[Notice, Mailbox] | None:
    with database.transaction() as session:
        while True:
            notice = session.exec(
                select(Notice)
                .where(col(Notice.state) == NoticeState.WAITING, col(Notice.next_try) <= now)
                .order_by(col(Notice.next_try))
                .limit(1)
                .with_for_update(skip_locked=True)
            ).first()
            if notice is None:
                return None
            box = session.get(Mailbox, notice.person_id)
            if box is not None:
                notice.next_try = now + _WAITS[min(notice.tries, len(_WAITS) - 1)]
                notice.tries += 1
                session.flush()
                return notice, box
            notice.state = NoticeState.GIVEN_UP
            session.flush()


def _message(notice: Notice, box: Mailbox, *, sender: str, base_url: str) -> EmailMessage:
    def say(message: str) -> str:
        return str(catalogue(box.language).ugettext(message))

    subject, text = _TEXTS[News(notice.news)]
    message = EmailMessage()
    message["From"], message["To"] = sender, box.address
    message["Subject"] = say(subject)
    message["Message-ID"] = f"<{notice.id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = box.language
    lines = [
        say(text),
        f"{base_url}/badges/{notice.award_id}" if notice.award_id else f"{base_url}/examining/",
        say(N_("Sign in with your code to read more.")),
        say(N_("You can stop these messages on that site.")),
    ]
    message.set_content("\n\n".join(lines) + "\n")
    return message


class Sender:
    """Sends what waits beside the requests of this process, now and then and when woken."""

    def __init__(
        self,
        database: Database,
        server: MailServer,
        *,
        base_url: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._database, self._server = database, server
        self._base_url, self._clock = base_url, clock
        self._woken = Event()
        Thread(target=self._run, name="notices", daemon=True).start()

    def wake(self) -> None:
        """Send soon."""
        self._woken.set()

    def _run(self) -> None:
        while True:
            try:
                send_waiting(
                    self._database,
                    self._server.post,
                    sender=self._server.sender,
                    base_url=self._base_url,
                    now=self._clock(),
                )
            except Exception:  # noqa: BLE001 - the rows stay, and the next round goes on
                _log.exception("notices stopped")
            self._woken.wait(_ROUND_SECONDS)
            self._woken.clear()
