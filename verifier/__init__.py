"""The verifier: an employer's answer, without app, account or cookie."""

from verifier.app import create_app
from verifier.settings import VerifierSettings

__all__ = ["VerifierSettings", "create_app"]
