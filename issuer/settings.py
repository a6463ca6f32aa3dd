"""What the issuer must be told to start."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from issuer.sampling import Sampling
from keys.store import read_key_file
from web.mail import MailServer
from web.settings import ServiceSettings


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
    """Read settings from a JSON file, for commands; mail and sampling are not in it.

    `base_url`, `database_url`, `body_name`, `country`, `country_code`, `wallet_url`, `key_store`
    as texts, perhaps `framework`; `passphrase_file` and `secret_file` (64 hexadecimal digits) name
    files that only their owner may read. Relative paths start at the file's own folder. Perhaps
    `upgrade_database`, true or false. Raises `ValueError` with what is wrong, and `StoreError` as
    `keys.store.read_key_file` does.
    """
    given = json.loads(path.read_text("utf-8"))
    upgrade = given.pop("upgrade_database", True) if isinstance(given, dict) else True
    if not isinstance(upgrade, bool):
        raise ValueError(f"{path}: upgrade_database is neither true nor false")
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise ValueError(f"{path} is not an object of texts")
    try:
        files = {name: path.parent / given.pop(f"{name}_file") for name in ("passphrase", "secret")}
        return IssuerSettings(
            **given | {"key_store": path.parent / given["key_store"]},
            upgrade_database=upgrade,
            passphrase=read_key_file(files["passphrase"]),
            secret=bytes.fromhex(read_key_file(files["secret"]).decode()),
        )
    except KeyError as error:
        raise ValueError(f"{path} does not name {error.args[0]}") from error
    except TypeError as error:
        raise ValueError(f"{path}: {error}") from error
