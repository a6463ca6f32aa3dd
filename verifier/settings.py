"""What the verifier must be told to start."""

from dataclasses import dataclass, field

from credentials.trust import Trust
from web.settings import ServiceSettings


@dataclass(frozen=True, kw_only=True)
class VerifierSettings(ServiceSettings):
    """Whom this verifier recognises."""

    name: str = "verifier"
    trust: Trust = field(default_factory=Trust)
