"""What every service must be told to start."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True)
class DemoEntry:
    """One sample person or sample badge, entered by a single tap on the home page of the demo."""

    label: str
    note: str
    action: str
    """Path of this service that the button posts to."""
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    text: str = field(default="", repr=False)
    """What is handed in, where that would make the page heavy: the form names the entry alone."""
    group: str = ""
    """The heading that it stands under; those without one come first."""


@dataclass(frozen=True, kw_only=True)
class ServiceSettings:
    """The settings that all services have; each service adds its own in a subclass."""

    name: str
    base_url: str
    """Origin under which visitors reach the service: scheme, host, port; no path, no slash."""
    database_url: str = field(repr=False)
    secret: bytes = field(repr=False)
    """At least 32 random bytes: signs the anti-forgery cookie."""
    allow_loopback_http: bool = False
    """Let outbound requests go to http on loopback. For the demo and for tests only."""
    upgrade_database: bool = True
    """Let a start make or upgrade the tables; else `mycred database upgrade` does, once told."""
    trusted_proxies: int = 0
    """How many proxies of ours stand in front; each adds whom it serves to X-Forwarded-For."""
    demo_entries: tuple[DemoEntry, ...] = ()

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"base_url must be an http(s) origin, not {self.base_url!r}")
        if parts.path or parts.query or parts.fragment:
            raise ValueError(f"base_url must be an origin without a path, not {self.base_url!r}")
        if self.trusted_proxies < 0:
            raise ValueError("trusted_proxies is at least 0")
        if len(self.secret) < 32:
            raise ValueError("secret must have at least 32 bytes")

    @property
    def secure(self) -> bool:
        """Tell whether visitors come over https, so that cookies are Secure."""
        return self.base_url.startswith("https://")
