"""The issuer: frameworks, assessment, examiners, awards, signing, offers, status lists."""

from issuer.app import create_app
from issuer.settings import IssuerSettings

__all__ = ["IssuerSettings", "create_app"]
