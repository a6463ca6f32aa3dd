"""What the issuer must be told to start."""

from dataclasses import dataclass, field
from pathlib import Path

from issuer.sampling import Sampling
from keys.store import read_key_file
from web.mail import MailServer
from web.settings import ServiceSettings
from web.settings_file import beside, made, read_object


@dataclass(frozen=True, kw_only=True)
class IssuerSettings(ServiceSettings):
    """The issuing body, its sealed keys, and the wallet that it sends people to."""

    name: str = "issuer"
    body_name: str
    country: str
    country_code: str
    key_store: Path
    passphrase: bytes = field(repr=False)
    wallet_url: str
    framework: str = "mycred4home"
    sampling: Sampling = field(default_factory=Sampling)
    """Which files get a second examiner although no expert level is proposed."""
    mail: MailServer | None = None
    """Who sends notices; without it people are told on their own pages only."""


def read_settings(path: Path) -> IssuerSettings:
    """Read settings from a JSON file (see `web.settings_file`).

    Beside what all services know: `body_name`, `country`, `country_code`, `wallet_url`,
    `key_store`, `passphrase_file`, and perhaps `framework`; `mail` with `host`, `port`, `sender`
    and perhaps `security`, `user`, `password_file`; `sampling` with `first_files` and `share`.
    """
    given = read_object(path, {"mail": dict, "sampling": dict})
    given["key_store"] = beside(path, given, "key_store")
    given["passphrase"] = read_key_file(beside(path, given, "passphrase_file"))
    mail = given.get("mail", {})
    if "password_file" in mail:
        mail["password"] = read_key_file(beside(path, mail, "password_file")).decode()
    for name, kind in (("mail", MailServer), ("sampling", Sampling)):
        if name in given:
            given[name] = made(path, kind, given[name])
    return made(path, IssuerSettings, given)
