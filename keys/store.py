"""A sealed key store: one file, encrypted at rest, opened by a passphrase or a key file.

Each secret is sealed with AES-256-GCM under a key derived by scrypt (RFC 7914); its name, kind and
public half are authenticated with it, and so is the whole list: a row that was changed, dropped or
brought back from retirement stops the start. The file and its folder must be readable by their
owner only, or the store does not open. Changes by several processes follow one another. Rotation
keeps the old keys' public halves in use: badges they signed verify.

::

    store = KeyStore.create(path, passphrase)
    name = store.rotate("Ed25519", now)
    store.signer(name).sign(data)
"""

import fcntl
import json
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from keys.errors import KeysError, StoreError
from keys.material import KeyKind, PrivateKey, PublicKey, Signer
from keys.multibase import base64url_decode, base64url_encode

_VERSION = 1
_SCRYPT = {"n": 2**15, "r": 8, "p": 1}
"""About 32 MiB and 60 ms: once at start (OWASP password storage, 2023)."""
_NONCE_BYTES = 12
_SALT_BYTES = 16
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_MIN_PASSPHRASE = 12
_MAX_KEY_FILE = 4_096


@dataclass(frozen=True)
class KeyRecord:
    """What a store tells about a key without opening it."""

    name: str
    kind: KeyKind
    created: datetime
    retired: datetime | None
    withdrawn: datetime | None
    """Since when it may be in other hands: what it signed counts no more."""


def read_key_file(path: Path | str) -> bytes:
    """Read the passphrase of a store from a file that only its owner may read.

    A line break at the end does not belong to the passphrase.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            _check_private(path, os.fstat(file.fileno()), 0o600)
            return file.read(_MAX_KEY_FILE).rstrip(b"\r\n")
    except FileNotFoundError as error:
        raise StoreError(f"there is no key file at {path}") from error
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from error


class KeyStore:
    """The keys of one service; secrets are opened one at a time and stay sealed in the file."""

    def __init__(self, path: Path, cipher: AESGCM, state: dict[str, Any]) -> None:
        self._path = path
        self._cipher = cipher
        self._state = state
        self._seen: tuple[int, ...] = ()

    @classmethod
    def create(cls, path: Path | str, passphrase: bytes) -> "KeyStore":
        """Make an empty store in a folder of its own (mode 0700, file 0600)."""
        path = Path(path)
        if len(passphrase) < _MIN_PASSPHRASE:
            raise StoreError(f"the passphrase needs at least {_MIN_PASSPHRASE} bytes")
        if path.exists():
            raise StoreError(f"{path} exists already; open it, or choose another path")
        salt = _new_salt(passphrase)
        state = {"version": _VERSION, "salt": base64url_encode(salt), "keys": []}
        store = cls(path, _cipher(passphrase, salt), state)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.parent.chmod(0o700)
        store._write([])
        return store

    @classmethod
    def open(cls, path: Path | str, passphrase: bytes) -> "KeyStore":
        """Open a store; refuse loose permissions, a wrong passphrase and a changed file."""
        path = Path(path)
        mark = _mark(path)
        state = _read(path)
        store = cls(path, _cipher(passphrase, base64url_decode(state["salt"])), state)
        store._check(state)
        store._seen = mark
        return store

    def names(self) -> tuple[str, ...]:
        """List the keys, oldest first."""
        return tuple(row["name"] for row in self._rows())

    def records(self) -> tuple[KeyRecord, ...]:
        """Tell what is known of each key, oldest first."""
        return tuple(_record(row) for row in self._rows())

    def current(self) -> str:
        """Name the newest key that is not retired."""
        for record in reversed(self.records()):
            if record.retired is None:
                return record.name
        raise StoreError(f"{self._path} has no current key; add or rotate one")

    def public(self, name: str) -> PublicKey:
        """Give the public half of a key, also of a retired one."""
        return PublicKey.from_multibase(self._row(name)["public"])

    def signer(self, name: str) -> Signer:
        """Open the secret of one key; a retired key signs no more."""
        row = self._row(name)
        if row["retired"] is not None:
            raise StoreError(f"the key {name} was retired on {row['retired']} and signs no more")
        return PrivateKey(row["kind"], self._unseal(row["sealed"], _bound(row)))

    def add(self, name: str, key: PrivateKey, *, now: datetime) -> None:
        """Seal a key under a new name."""
        if not _NAME.fullmatch(name):
            raise StoreError(f"{name!r} is not a key name (small letters, digits, hyphens)")

        def with_key(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
            if name in (row["name"] for row in rows):
                raise StoreError(f"there is a key named {name} already")
            return [*rows, self._sealed(name, key, now)]

        self._change(with_key)

    def retire(self, name: str, *, now: datetime) -> None:
        """Stop signing with a key; what it signed still verifies."""

        def retired(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
            if name not in (row["name"] for row in rows):
                raise StoreError(f"there is no key named {name}")
            return [_retired(row, now) if row["name"] == name else row for row in rows]

        self._change(retired)

    def withdraw(self, name: str, *, now: datetime) -> None:
        """Take a key back that others may have: it signs no more, and what it signed is refused."""
        if self._row(name)["retired"] is None:
            raise StoreError(f"the key {name} signs now; rotate first")

        def withdrawn(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
            since = {"withdrawn": _written(now)}
            return [since | row if row["name"] == name else row for row in rows]

        self._change(withdrawn)

    def rotate(self, kind: KeyKind, now: datetime) -> str:
        """Make a new current key and retire the others, in one write."""
        key = PrivateKey.generate(kind)

        def rotated(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
            taken = {row["name"] for row in rows}
            number = len(rows) + 1
            while f"key-{number}" in taken:
                number += 1
            old = [_retired(row, now) for row in rows]
            return [*old, self._sealed(f"key-{number}", key, now)]

        self._change(rotated)
        return str(self._state["keys"][-1]["name"])

    def _rows(self) -> list[dict[str, Any]]:
        """Give the rows as they are in the file now: another process may have rotated."""
        mark = _mark(self._path)
        if mark != self._seen:
            fresh = _read(self._path)
            self._check(fresh)
            self._state, self._seen = fresh, mark
        rows: list[dict[str, Any]] = self._state["keys"]
        return rows

    def _row(self, name: str) -> dict[str, Any]:
        for row in self._rows():
            if row["name"] == name:
                return dict(row)
        raise StoreError(f"there is no key named {name}")

    def _sealed(self, name: str, key: PrivateKey, now: datetime) -> dict[str, Any]:
        row: dict[str, Any] = {
            "name": name,
            "kind": key.kind,
            "public": key.public.multibase,
            "created": _written(now),
            "retired": None,
        }
        return {**row, "sealed": self._seal(key.secret, _bound(row))}

    def _check(self, state: dict[str, Any]) -> None:
        self._unseal(state["check"], _bound_list(state["keys"]))
        for row in state["keys"]:
            self._unseal(row["sealed"], _bound(row))

    def _change(self, edit: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
        # Another process may have changed the file since we read it: lock, read again, write.
        try:
            with _locked(self._path.parent):
                fresh = _read(self._path)
                self._check(fresh)
                self._write(edit(fresh["keys"]))
        except OSError as error:
            raise StoreError(f"{self._path} could not be written: {error.strerror}") from error

    def _write(self, rows: list[dict[str, Any]]) -> None:
        # A new file, flushed, then renamed: after a crash there is the old store or the new one.
        check = self._seal(b"", _bound_list(rows))
        state = {**self._state, "keys": rows, "check": check}
        temporary = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}")
        try:
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(json.dumps(state, indent=1).encode())
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._path)
        finally:
            with suppress(FileNotFoundError):
                temporary.unlink()
        self._state, self._seen = state, _mark(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _seal(self, secret: bytes, bound: str) -> str:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return base64url_encode(nonce + self._cipher.encrypt(nonce, secret, bound.encode()))

    def _unseal(self, sealed: str, bound: str) -> bytes:
        try:
            data = base64url_decode(sealed)
            return self._cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], bound.encode())
        except (InvalidTag, KeysError, ValueError) as error:
            raise StoreError(
                f"{self._path} does not open: the passphrase is wrong, or the file was changed"
            ) from error


def _mark(path: Path) -> tuple[int, ...]:
    """Tell one state of the file from another: each write makes a new file."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_mtime_ns, found.st_size


def _new_salt(_passphrase: bytes) -> bytes:
    return secrets.token_bytes(_SALT_BYTES)


def _cipher(passphrase: bytes, salt: bytes) -> AESGCM:
    return AESGCM(Scrypt(salt=salt, length=32, **_SCRYPT).derive(passphrase))


def _bound(row: dict[str, Any]) -> str:
    return f"{_VERSION}|{row['name']}|{row['kind']}|{row['public']}|{row['created']}"


def _bound_list(rows: list[dict[str, Any]]) -> str:
    return f"{_VERSION}|list|{json.dumps(rows, sort_keys=True)}"


def _retired(row: dict[str, Any], now: datetime) -> dict[str, Any]:
    return {**row, "retired": row["retired"] or _written(now)}


def _record(row: dict[str, Any]) -> KeyRecord:
    def moment(name: str) -> datetime | None:
        return datetime.fromisoformat(row[name]) if row.get(name) else None

    return KeyRecord(
        row["name"],
        row["kind"],
        datetime.fromisoformat(row["created"]),
        moment("retired"),
        moment("withdrawn"),
    )


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _read(path: Path) -> dict[str, Any]:
    try:
        folder = path.parent.stat()
        with path.open("rb") as file:
            _check_private(path, os.fstat(file.fileno()), 0o600)
            _check_private(path.parent, folder, 0o700)
            state = json.loads(file.read())
        _check_form(state)
    except FileNotFoundError as error:
        raise StoreError(f"there is no key store at {path}") from error
    except PermissionError as error:
        raise StoreError(f"{path} may not be read by this program") from error
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(f"{path} is not a key store") from error
    if state["version"] != _VERSION:
        raise StoreError(f"{path} has version {state['version']}; this program reads {_VERSION}")
    return dict(state)


def _check_form(state: dict[str, Any]) -> None:
    texts = [state["salt"], state["check"]]
    for row in state["keys"]:
        texts += [row["name"], row["kind"], row["public"], row["created"], row["sealed"]]
        texts += [row["retired"] or "", row.get("withdrawn") or ""]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("not a key store")
    base64url_decode(state["salt"])


def _check_private(path: Path, found: os.stat_result, wanted: int) -> None:
    if found.st_uid not in (os.geteuid(), 0):
        raise StoreError(f"{path} belongs to another user; it must belong to this program's")
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise StoreError(
            f"others may read {path}: set its mode to {wanted:o} (chmod {wanted:o}), "
            "and make new keys if somebody could have copied it"
        )


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
