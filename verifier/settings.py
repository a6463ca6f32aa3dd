"""What the verifier must be told to start."""

from dataclasses import dataclass, field
from pathlib import Path

from credentials.trust import Trust
from web.settings import ServiceSettings
from web.settings_file import beside, made, read_object, read_trust


@dataclass(frozen=True, kw_only=True)
class VerifierSettings(ServiceSettings):
    """Whom this verifier recognises, and how much one visitor may ask of it."""

    name: str = "verifier"
    trust: Trust = field(default_factory=Trust)
    checks_allowed: int = 120
    """How often one visitor may check within ten minutes."""
    vouches_allowed: int = 10
    """How often one visitor may vouch for somebody within ten minutes."""


def read_settings(path: Path) -> VerifierSettings:
    """Read settings from a JSON file (see `web.settings_file`).

    Beside what all services know: `trust_file`, and perhaps `checks_allowed`, `vouches_allowed`.
    """
    given = read_object(path, {"checks_allowed": int, "vouches_allowed": int})
    given["trust"] = read_trust(beside(path, given, "trust_file"))
    return made(path, VerifierSettings, given)
