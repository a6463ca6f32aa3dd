"""The issuer: frameworks, assessment, examiners, awards, signing, offers, status lists."""

from issuer.app import create_app
from issuer.settings import IssuerSettings, read_settings

__all__ = ["IssuerSettings", "create_app", "read_settings"]
