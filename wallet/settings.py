"""What a wallet must be told to start."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from credentials.trust import Trust
from web.settings import ServiceSettings
from web.settings_file import beside, made, read_object, read_trust


@dataclass(frozen=True, kw_only=True)
class WalletSettings(ServiceSettings):
    """The settings of a wallet; `name` is usually "wallet"."""

    name: str = "wallet"
    verifier_url: str
    """Origin of the verifier that share links lead to; presentations are signed for it alone."""
    trust: Trust = field(default_factory=Trust)
    """Whom this wallet names to its people; others are shown as unknown signers."""

    def __post_init__(self) -> None:
        super().__post_init__()
        parts = urlsplit(self.verifier_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path:
            raise ValueError(f"verifier_url must be an http(s) origin, not {self.verifier_url!r}")


def read_settings(path: Path) -> WalletSettings:
    """Read settings from a JSON file (see `web.settings_file`).

    Beside what all services know: `verifier_url` and `trust_file`.
    """
    given = read_object(path)
    given["trust"] = read_trust(beside(path, given, "trust_file"))
    return made(path, WalletSettings, given)
