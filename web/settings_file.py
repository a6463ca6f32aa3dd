"""Settings in a JSON file, as `mycred` reads them: one file for each service.

All services know `base_url`, `database_url`, `secret_file` (64 hexadecimal digits in a file that
only its owner may read) and perhaps `upgrade_database` and `trusted_proxies`; each service says
what else it knows. Relative paths start at the folder of the file. A file whose `database_url`
holds a password is refused, too, if others may read it. What is wrong is a `ValueError` that names
the file; files of keys are refused as `keys.store.read_key_file` says.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from credentials.report import CredentialError
from credentials.trust import Trust
from keys.store import read_key_file

_COMMON = {"upgrade_database": bool, "trusted_proxies": int}
_NEVER = ("allow_loopback_http", "demo_entries", "name", "secret", "passphrase", "trust")
"""What the demo and tests set, and what stands in a file of its own."""
_SAID = {str: "a text", bool: "true or false", int: "a whole number", dict: "an object"}
_Made = TypeVar("_Made")


def read_object(path: Path, kinds: Mapping[str, type] = {}) -> dict[str, Any]:
    """Read the members of a settings file: texts, but for those that `kinds` names.

    `secret_file` has become `secret`.
    """
    try:
        given = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(given, dict):
        raise ValueError(f"{path} is not a JSON object")
    expected = {**_COMMON, **kinds}
    for name in _NEVER:
        if name in given:
            raise ValueError(f"{path}: {name} is not set here")
    for name, value in given.items():
        kind = expected.get(name, str)
        if type(value) is not kind:
            raise ValueError(f"{path}: {name} is not {_SAID[kind]}")
    if _holds_password(given.get("database_url")):
        read_key_file(path)  # refuses a file that others may read
    secret = read_key_file(beside(path, given, "secret_file"))
    try:
        return {**given, "secret": bytes.fromhex(secret.decode())}
    except ValueError as error:
        raise ValueError(f"{path}: secret_file does not hold hexadecimal digits") from error


def _holds_password(url: object) -> bool:
    """Tell whether the address of a database has a password in it; one that is none has not."""
    try:
        return urlsplit(str(url)).password is not None
    except ValueError:
        return False


def beside(path: Path, given: dict[str, Any], name: str) -> Path:
    """Take the path that a settings file gives for something, from its own folder."""
    try:
        return path.parent / str(given.pop(name))
    except KeyError as error:
        raise ValueError(f"{path} does not name {name}") from error


def made(path: Path, kind: Callable[..., _Made], given: Mapping[str, Any]) -> _Made:
    """Make the settings of a service, or a part of them, from what its file gives."""
    try:
        return kind(**given)
    except TypeError as error:  # a name too many, or one that is missing
        raise ValueError(f"{path}: {str(error).partition('() ')[2] or error}") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def read_trust(path: Path) -> Trust:
    """Read the list that the operator keeps: ``{"parties": [{"id", "name", "roles"}]}``.

    Raises `ValueError` that names the file and what is wrong: whoever half-read its list
    would call good badges unknown.
    """
    try:
        return Trust.from_json(path.read_bytes())
    except CredentialError as error:
        raise ValueError(f"{path}: {error.detail}") from error
