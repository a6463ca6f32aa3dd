"""What the verifier must be told to start."""

from dataclasses import dataclass, field
from pathlib import Path

from credentials.report import CredentialError
from credentials.trust import Trust
from web.settings import ServiceSettings


@dataclass(frozen=True, kw_only=True)
class VerifierSettings(ServiceSettings):
    """Whom this verifier recognises, and how much one visitor may ask of it."""

    name: str = "verifier"
    trust: Trust = field(default_factory=Trust)
    checks_allowed: int = 120
    """How often one visitor may check within ten minutes."""
    vouches_allowed: int = 10
    """How often one visitor may vouch for somebody within ten minutes."""


def read_trust(path: Path) -> Trust:
    """Read the list that the operator keeps: ``{"parties": [{"id", "name", "roles"}]}``.

    Raises `ValueError` that names the file and what is wrong: a verifier that half-read its list
    would call good badges unknown.
    """
    try:
        return Trust.from_json(path.read_bytes())
    except CredentialError as error:
        raise ValueError(f"{path}: {error.detail}") from error
