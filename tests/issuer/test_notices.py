"""Notices: in the transaction of what they tell, sent after it, and with nothing that tells on."""

import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.controller import Controller
from award_world import BASE_URL, NOW, Service, at_once, open_centre, open_service
from sqlmodel import select

from issuer import accounts, changes, notices
from issuer.notice_tables import Mailbox, Notice, NoticeState
from issuer.tables import Role
from web.errors import Refused
from web.mail import MailServer, NotSent, checked_address

ADDRESS = "maria@sample.example"


class Inbox:
    """What a real SMTP server took; it refuses when told to."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.answer = "250 OK"

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if self.answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return "250 OK"


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def server(inbox: Inbox) -> Iterator[MailServer]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    yield MailServer(host="127.0.0.1", port=port, sender="centre@issuer.example", security="none")
    controller.stop()


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return open_service(tmp_path)


@pytest.fixture
def writing(tmp_path: Path, server: MailServer) -> Service:
    """Give a centre that has a mail server: it has the pages, and sends by itself."""
    database_url = f"sqlite:///{tmp_path}/issuer.db"
    return open_service(tmp_path, database_url=database_url, mail=server)


def give_address(service: Service, language: str = "es") -> None:
    maria = service.centre.person("maria", Role.CANDIDATE)
    with service.centre.database.transaction() as session:
        notices.open_mailbox(session, maria, ADDRESS, language=language, now=NOW)


def cancel(service: Service, award_id: UUID) -> None:
    olga = service.centre.person("olga", Role.OFFICER)
    with service.centre.database.transaction() as session:
        changes.ask(
            session,
            award_id,
            action="revoke",
            reason="holder_request",
            officer_id=olga,
            body=service.centre.body,
            now=NOW,
        )


def send(service: Service, server: MailServer, after: timedelta = timedelta()) -> int:
    return notices.send_waiting(
        service.centre.database,
        server.post,
        sender=server.sender,
        base_url=BASE_URL,
        now=NOW + after,
    )


def states(service: Service) -> set[str]:
    with service.centre.database.reading() as session:
        return set(session.exec(select(Notice.state)))


# --- attacks ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "",
        "maria",
        "maria@",
        "@sample.example",
        "maria@localhost",
        "a@b.example\r\nBcc: x@y.example",
        "a@b.example\nSubject: x",
        "a@b.example, c@d.example",
        "Maria <a@b.example>",
        "a b@c.example",
        "a\x00@b.example",
        f"{'a' * 250}@b.example",
        "ma\u202eria@b.example",
    ],
)
def test_what_is_no_address_is_refused(writing: Service, address: str) -> None:
    with pytest.raises(ValueError, match="not an e-mail"):
        checked_address(address)
    maria = writing.browser("maria", Role.CANDIDATE)
    answer = maria.post("/messages/?lang=en", data={"address": address})
    assert answer.status_code == 422
    assert "This is not an e-mail address." in answer.text
    assert writing.centre.count(Mailbox) == 0


def test_a_change_that_fails_leaves_no_notice(service: Service) -> None:
    give_address(service)
    award_id = service.released()
    before = service.centre.count(Notice)
    with pytest.raises(Refused), service.centre.database.transaction() as session:
        changes.confirm(
            session,
            award_id,
            officer_id=service.centre.person("olga"),
            body=service.centre.body,
            now=NOW,
        )
    assert service.centre.count(Notice) == before == 1


def test_a_message_names_no_person_no_skill_and_no_reason(
    service: Service, server: MailServer, inbox: Inbox
) -> None:
    give_address(service, "en")
    award_id = service.released()
    cancel(service, award_id)
    assert send(service, server) == 2
    for message in inbox.messages:
        text = message.get_content() + str(message["Subject"])
        assert f"{BASE_URL}/badges/{award_id}" in text
        for word in ("maria", "X-maria", "clean", "olga", "asked for it"):
            assert word not in text


def test_without_an_address_nothing_is_kept_or_sent(
    service: Service, server: MailServer, inbox: Inbox
) -> None:
    award_id = service.released()
    cancel(service, award_id)
    assert service.centre.count(Notice) == 0
    assert (send(service, server), inbox.messages) == (0, [])


def test_an_address_that_was_taken_back_gets_nothing(
    service: Service, server: MailServer, inbox: Inbox
) -> None:
    give_address(service)
    service.released()
    maria = service.centre.person("maria", Role.CANDIDATE)
    with service.centre.database.transaction() as session:
        notices.close_mailbox(session, maria, now=NOW)
    assert service.centre.count(Mailbox) == 0
    assert (send(service, server), inbox.messages) == (0, [])
    assert states(service) == {NoticeState.GIVEN_UP}


def test_a_password_never_goes_without_tls() -> None:
    with pytest.raises(ValueError, match="TLS"):
        MailServer(host="h", port=25, sender="a@b.example", security="none", user="u")
    shown = repr(MailServer(host="h", port=25, sender="a@b.example", user="u", password="secret"))
    assert "secret" not in shown


def test_a_server_without_tls_is_not_used_when_tls_is_asked_for(server: MailServer) -> None:
    strict = MailServer(host=server.host, port=server.port, sender=server.sender)
    with pytest.raises(NotSent) as failed:
        strict.post(EmailMessage())
    assert failed.value.for_good is False


# --- sending ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("en", "Your badge is ready"),
        ("fr", "Votre badge est prêt"),
        ("es", "Su insignia está lista"),
    ],
)
def test_people_are_told_in_their_language(
    service: Service, server: MailServer, inbox: Inbox, language: str, subject: str
) -> None:
    give_address(service, language)
    service.released()
    assert send(service, server) == 1
    assert send(service, server, timedelta(days=2)) == 0
    (message,) = inbox.messages
    assert (message["To"], message["Subject"]) == (ADDRESS, subject)


def test_what_was_not_taken_is_tried_again_later_under_the_same_id(
    service: Service, server: MailServer, inbox: Inbox
) -> None:
    give_address(service)
    service.released()
    inbox.answer = "451 try later"
    assert send(service, server) == 0
    assert send(service, server, timedelta(seconds=30)) == 0
    inbox.answer = "250 OK"
    assert send(service, server, timedelta(seconds=30)) == 0
    assert send(service, server, timedelta(minutes=1)) == 1
    assert states(service) == {NoticeState.SENT}


def test_a_server_that_is_down_is_tried_for_days_and_then_given_up(service: Service) -> None:
    give_address(service)
    service.released()
    with socket.socket() as taken:  # bound, never listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        down = MailServer(
            host="127.0.0.1",
            port=taken.getsockname()[1],
            sender="centre@issuer.example",
            security="none",
        )
        for day in range(10):
            assert send(service, down, timedelta(days=day)) == 0
    assert states(service) == {NoticeState.GIVEN_UP}
    with service.centre.database.reading() as session:
        assert session.exec(select(Notice.tries)).one() == 7


def test_an_address_that_the_server_refuses_for_good_is_not_tried_again(
    service: Service, server: MailServer, inbox: Inbox
) -> None:
    give_address(service)
    service.released()
    inbox.answer = "550 no such person"
    send(service, server)
    assert states(service) == {NoticeState.GIVEN_UP}


# --- appointments ----------------------------------------------------------------------------


def test_the_end_of_an_appointment_is_told_once_sixty_days_before(
    service: Service, server: MailServer, inbox: Inbox
) -> None:
    eva = service.centre.person("eva", Role.EXAMINER)
    other = service.centre.person("zoe", Role.EXAMINER)  # gave no address
    with service.centre.database.transaction() as session:
        notices.open_mailbox(session, eva, ADDRESS, language="fr", now=NOW)
        for who, skill, suspended in (
            (eva, "technical-cleaning", None),
            (eva, "organising-oneself", NOW),
            (other, "technical-cleaning", None),
        ):
            accounts.appoint(
                session, who, skill=skill, language="fr", level_ceiling=2, reason="x", now=NOW
            ).suspended_at = suspended

    def told(days: int) -> int:
        with service.centre.database.transaction() as session:
            return notices.tell_what_runs_out(session, now=NOW + timedelta(days=days))

    assert [told(days) for days in (0, 669, 670, 671, 729, 730)] == [0, 0, 1, 0, 0, 0]
    assert send(service, server, timedelta(days=671)) == 1
    (message,) = inbox.messages
    assert f"{BASE_URL}/examining/" in message.get_content()
    assert message["Subject"] == "Votre nomination se termine bientôt"


def test_the_end_of_an_appointment_is_told_once_by_many_processes(
    tmp_path: Path, database_url: str
) -> None:
    centre = open_centre(tmp_path, database_url=database_url)
    eva = centre.person("eva", Role.EXAMINER)
    with centre.database.transaction() as session:
        notices.open_mailbox(session, eva, ADDRESS, language="fr", now=NOW)
        accounts.appoint(
            session, eva, skill="x", language="fr", level_ceiling=2, reason="x", now=NOW
        )

    def tell(_: int) -> object:
        with centre.database.transaction() as session:
            return notices.tell_what_runs_out(session, now=NOW + timedelta(days=700))

    assert sum(one for one in at_once(4, tell) if isinstance(one, int)) == 1
    assert centre.count(Notice) == 1


# --- page ------------------------------------------------------------------------------------


def test_people_give_and_take_back_their_address(writing: Service) -> None:
    maria = writing.browser("maria", Role.CANDIDATE)
    assert maria.post("/messages/?lang=fr", data={"address": ADDRESS}).status_code == 302
    assert ADDRESS in maria.get("/messages/").text
    assert ADDRESS not in writing.browser("juan", Role.CANDIDATE).get("/messages/").text
    assert maria.post("/messages/stop").status_code == 302
    assert ADDRESS not in maria.get("/messages/").text
    assert writing.browser().get("/messages/").status_code == 401


def test_a_centre_with_a_mail_server_sends_by_itself(writing: Service, inbox: Inbox) -> None:
    maria = writing.browser("maria", Role.CANDIDATE)
    maria.post("/messages/?lang=es", data={"address": ADDRESS})
    writing.released()
    maria.post("/messages/?lang=es", data={"address": ADDRESS})  # any form wakes the sender
    end = time.monotonic() + 10
    while not inbox.messages and time.monotonic() < end:
        time.sleep(0.02)
    assert [message["To"] for message in inbox.messages] == [ADDRESS]


def test_without_a_mail_server_nothing_is_promised(service: Service) -> None:
    maria = service.browser("maria", Role.CANDIDATE)
    assert "/messages/" not in maria.get("/me/").text
    assert maria.get("/messages/").status_code == 404
