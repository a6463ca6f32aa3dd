"""The verifier: an employer's answer, without app, account or cookie."""

from verifier.app import create_app
from verifier.settings import VerifierSettings, read_settings

__all__ = ["VerifierSettings", "create_app", "read_settings"]
