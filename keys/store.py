"""A sealed key store: one file, encrypted at rest, opened by a passphrase.

Each secret is sealed with AES-256-GCM under a key derived by scrypt (RFC 7914); its name and kind
are authenticated with it. The file and its folder must be readable by their owner only, or the
store does not open. Rotation keeps the old keys' public halves in use: badges they signed verify.

::

    store = KeyStore.create(path, passphrase)
    name = store.rotate("Ed25519", now)
    store.signer(name).sign(data)
"""

import json
import os
import re
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from keys.errors import StoreError
from keys.material import KeyKind, PrivateKey, Signer
from keys.multibase import base64url_decode, base64url_encode

_VERSION = 1
_SCRYPT = {"n": 2**15, "r": 8, "p": 1}
"""About 32 MiB and 60 ms: once at start (OWASP password storage, 2023)."""
_NONCE_BYTES = 12
_SALT_BYTES = 16
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_MIN_PASSPHRASE = 12


@dataclass(frozen=True)
class KeyRecord:
    """What a store tells about a key without opening it."""

    name: str
    kind: KeyKind
    created: datetime
    retired: datetime | None


class KeyStore:
    """The keys of one service; secrets are opened one at a time and stay sealed in the file."""

    def __init__(self, path: Path, cipher: AESGCM, state: dict[str, Any]) -> None:
        self._path = path
        self._cipher = cipher
        self._state = state

    @classmethod
    def create(cls, path: Path | str, passphrase: bytes) -> "KeyStore":
        """Make an empty store in a folder of its own (mode 0700, file 0600)."""
        path = Path(path)
        if len(passphrase) < _MIN_PASSPHRASE:
            raise StoreError(f"the passphrase needs at least {_MIN_PASSPHRASE} bytes")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.exists():
            raise StoreError(f"{path} exists already; open it, or choose another path")
        salt = secrets.token_bytes(_SALT_BYTES)
        state = {"version": _VERSION, "salt": base64url_encode(salt), "keys": []}
        store = cls(path, _cipher(passphrase, salt), state)
        state["check"] = store._seal(b"", "check")
        path.parent.chmod(0o700)
        store._write()
        return store

    @classmethod
    def open(cls, path: Path | str, passphrase: bytes) -> "KeyStore":
        """Open a store; refuse loose permissions, a wrong passphrase and a changed file."""
        path = Path(path)
        _check_permissions(path)
        try:
            state = json.loads(path.read_bytes())
            salt = base64url_decode(state["salt"])
            version = state["version"]
            check = state["check"]
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{path} is not a key store") from error
        if version != _VERSION:
            raise StoreError(f"{path} has version {version}; this program reads {_VERSION}")
        store = cls(path, _cipher(passphrase, salt), state)
        store._unseal(check, "check")
        return store

    def names(self) -> tuple[str, ...]:
        """List the keys, oldest first."""
        return tuple(row["name"] for row in self._state["keys"])

    def records(self) -> tuple[KeyRecord, ...]:
        """Tell what is known of each key, oldest first."""
        return tuple(_record(row) for row in self._state["keys"])

    def current(self) -> str:
        """Name the newest key that is not retired."""
        for record in reversed(self.records()):
            if record.retired is None:
                return record.name
        raise StoreError(f"{self._path} has no current key; add or rotate one")

    def signer(self, name: str) -> Signer:
        """Open the secret of one key."""
        row = self._row(name)
        secret = self._unseal(row["sealed"], _bound(row))
        return PrivateKey(row["kind"], secret)

    def add(self, name: str, key: PrivateKey, *, now: datetime) -> None:
        """Seal a key under a new name."""
        if not _NAME.fullmatch(name):
            raise StoreError(f"{name!r} is not a key name (small letters, digits, hyphens)")
        if name in self.names():
            raise StoreError(f"there is a key named {name} already")
        row = {"name": name, "kind": key.kind, "created": _written(now), "retired": None}
        row["sealed"] = self._seal(key.secret, _bound(row))
        self._change([*self._state["keys"], row])

    def retire(self, name: str, *, now: datetime) -> None:
        """Stop signing with a key; what it signed still verifies."""
        self._row(name)
        self._change(
            [
                {**row, "retired": row["retired"] or _written(now)} if row["name"] == name else row
                for row in self._state["keys"]
            ]
        )

    def rotate(self, kind: KeyKind, now: datetime) -> str:
        """Make a new current key and retire the others, in one write."""
        name = f"key-{len(self._state['keys']) + 1}"
        key = PrivateKey.generate(kind)
        row = {"name": name, "kind": kind, "created": _written(now), "retired": None}
        row["sealed"] = self._seal(key.secret, _bound(row))
        retired = [
            {**old, "retired": old["retired"] or _written(now)} for old in self._state["keys"]
        ]
        self._change([*retired, row])
        return name

    def _row(self, name: str) -> dict[str, Any]:
        for row in self._state["keys"]:
            if row["name"] == name:
                return dict(row)
        raise StoreError(f"there is no key named {name}")

    def _change(self, rows: list[dict[str, Any]]) -> None:
        before = self._state["keys"]
        self._state["keys"] = rows
        try:
            self._write()
        except OSError as error:
            self._state["keys"] = before
            raise StoreError(f"{self._path} could not be written: {error.strerror}") from error

    def _write(self) -> None:
        # A new file, flushed, then renamed: after a crash there is the old store or the new one.
        temporary = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}")
        try:
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(json.dumps(self._state, indent=1).encode())
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._path)
        finally:
            with suppress(FileNotFoundError):
                temporary.unlink()
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _seal(self, secret: bytes, bound: str) -> str:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return base64url_encode(nonce + self._cipher.encrypt(nonce, secret, bound.encode()))

    def _unseal(self, sealed: str, bound: str) -> bytes:
        data = base64url_decode(sealed)
        try:
            return self._cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], bound.encode())
        except InvalidTag as error:
            raise StoreError(
                f"{self._path} does not open: the passphrase is wrong, or the file was changed"
            ) from error


def _cipher(passphrase: bytes, salt: bytes) -> AESGCM:
    return AESGCM(Scrypt(salt=salt, length=32, **_SCRYPT).derive(passphrase))


def _bound(row: dict[str, Any]) -> str:
    return f"{_VERSION}|{row['name']}|{row['kind']}|{row['created']}"


def _record(row: dict[str, Any]) -> KeyRecord:
    retired = row["retired"]
    return KeyRecord(
        row["name"],
        row["kind"],
        datetime.fromisoformat(row["created"]),
        datetime.fromisoformat(retired) if retired else None,
    )


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _check_permissions(path: Path) -> None:
    try:
        file, folder = path.stat(), path.parent.stat()
    except FileNotFoundError as error:
        raise StoreError(f"there is no key store at {path}") from error
    for what, found, wanted in ((path, file, 0o600), (path.parent, folder, 0o700)):
        if stat.S_IMODE(found.st_mode) & 0o077:
            raise StoreError(
                f"others may read {what}: set its mode to {wanted:o} (chmod {wanted:o}), "
                "and make new keys if somebody could have copied it"
            )
