"""Who issues: the body's name, its Open Badges profile, its keys and framework, in one value."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from contexts.urls import OB3
from issuer.framework import AchievementDefinition, Framework
from issuer.framework_library import Library
from issuer.keyring import Keyring


@dataclass(frozen=True)
class IssuingBody:
    """What is needed to issue under one name; views hand it to the functions beneath."""

    name: str
    country: str
    country_code: str
    base_url: str
    library: Library
    keyring: Keyring
    secret: bytes = field(repr=False)

    @property
    def did(self) -> str:
        """The name that badges give as their issuer."""
        return self.keyring.did

    @property
    def framework(self) -> Framework:
        """The framework for new work, in its latest version."""
        return self.library.current

    def achievement_id(self, definition: AchievementDefinition) -> str:
        """Give the id of an achievement of the latest version: the address of its page."""
        return self.framework.achievement_id(definition, self.base_url)

    def achievements(self) -> dict[str, tuple[Framework, AchievementDefinition]]:
        """Give every achievement of every version by its id."""
        return {
            framework.achievement_id(one, self.base_url): (framework, one)
            for framework, one in self.library.definitions()
        }

    def badge_profile(self, endorsements: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
        """Write the profile as badges carry it (Open Badges 3.0, Profile; EU elements M3, M4)."""
        profile: dict[str, Any] = {
            "id": self.did,
            "type": ["Profile"],
            "name": self.name,
            "url": self.base_url,
            "address": {
                "type": ["Address"],
                "addressCountry": self.country,
                "addressCountryCode": self.country_code,
            },
        }
        if endorsements:
            profile["endorsement"] = list(endorsements)
        return profile

    def public_profile(self, endorsements: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
        """Write the profile as a document of its own, for whoever asks at its address."""
        return {"@context": [OB3], **self.badge_profile(endorsements), "official": self.name}

    def standards_profile(self, language: str) -> dict[str, Any]:
        """Write who made the framework; whether they recognise us, only their signature says."""
        return {
            "@context": [OB3],
            "id": f"{self.base_url}/profiles/standards-body",
            "type": ["Profile"],
            "name": self.framework.text(language, "framework.body"),
        }

    def examiners_profile(self) -> dict[str, Any]:
        """Write who assessed for us: the role, never a person (Open Badges 3.0, source)."""
        return {
            "id": f"{self.base_url}/profiles/examiners",
            "type": ["Profile"],
            "name": f"Appointed examiners of {self.name}",
        }
