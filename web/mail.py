"""E-mail through the user's own SMTP server (RFC 5321), by the standard library."""

import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Literal

_SECONDS = 20
_LONGEST_ADDRESS = 254
"""RFC 5321, 4.5.3.1.3, without the angle brackets."""

Post = Callable[[EmailMessage], None]


class NotSent(Exception):
    """A message was not taken; `for_good` if trying again is of no use."""

    def __init__(self, detail: str, *, for_good: bool) -> None:
        super().__init__(detail)
        self.for_good = for_good


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """The SMTP server that takes our messages, and the address they come from."""

    host: str
    port: int
    sender: str
    security: Literal["tls", "starttls", "none"] = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        checked_address(self.sender)
        if self.user and self.security == "none":
            raise ValueError("a password is not sent without TLS")

    def post(self, message: EmailMessage) -> None:
        """Hand over one message; raise `NotSent` if the server does not take it."""
        try:
            with self._connected() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _text in error.recipients.values()]
            raise NotSent(f"refused: {codes}", for_good=min(codes) >= 500) from error
        except (smtplib.SMTPException, OSError) as error:
            raise NotSent(type(error).__name__, for_good=False) from error

    def _connected(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=_SECONDS, context=context
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=_SECONDS)
        try:
            if self.security == "starttls":
                server.starttls(context=context)
            if self.user:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server


def checked_address(text: str) -> str:
    """Give an e-mail address as it may stand in a header; raise ValueError for anything else."""
    address = text.strip()
    if len(address) > _LONGEST_ADDRESS or not address.isascii() or not address.isprintable():
        raise ValueError("this is not an e-mail address")
    try:
        parsed = Address(addr_spec=address)
    except (MessageError, ValueError, IndexError) as error:
        raise ValueError("this is not an e-mail address") from error
    if parsed.addr_spec != address or " " in address or "." not in parsed.domain:
        raise ValueError("this is not an e-mail address")
    return address
