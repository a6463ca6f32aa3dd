"""What the issuer must be told to start."""

from dataclasses import dataclass, field
from pathlib import Path

from issuer.sampling import Sampling
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
