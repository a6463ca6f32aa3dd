"""The three services in one process, on three ports, with sample people.

``make demo`` runs this. Data lie under ``var/demo`` and survive a restart; sample people are made
once, by the same functions that real people's clicks call, and a demo that was stopped half-way is
made anew. Nothing here is used by a real installation.
"""

import argparse
import json
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from waitress.server import create_server

import issuer
import verifier
import wallet
from credentials.trust import Trust, TrustedParty
from demo import cases
from demo.centre import (
    BODY,
    CERTIFIER,
    GUEST,
    ISSUER,
    Centre,
    Network,
    StandingClock,
)
from demo.people import People
from demo.pilot import STARTS_BEFORE, Pilot
from issuer.sampling import NO_SAMPLING
from keys.did import did_key, did_web
from keys.fetching import Fetch
from keys.material import PrivateKey
from keys.store import KeyStore
from web.app import utc_now
from web.settings import DemoEntry

__all__ = ["Demo", "Network", "build", "main"]

PORTS = (8001, 8002, 8003)
_STATE = "demo.json"
_SERVER_THREADS = 8


@dataclass(frozen=True)
class Demo:
    """The three apps, ready to be served."""

    issuer: Flask
    wallet: Flask
    verifier: Flask
    addresses: tuple[str, str, str]
    state: Mapping[str, Any]


def main(arguments: Sequence[str] | None = None) -> None:
    """Start the demo and say where it is."""
    parser = argparse.ArgumentParser(description="MyCred4Home with sample people")
    parser.add_argument("--var", type=Path, default=Path("var/demo"), help="where data are kept")
    parser.add_argument("--ports", default=",".join(map(str, PORTS)), help="issuer,wallet,verifier")
    parser.add_argument("--quiet", action="store_true", help="do not print the walk")
    parser.add_argument(
        "--small", action="store_true", help="without the thirty people and the hard cases"
    )
    chosen = parser.parse_args(arguments)
    first, second, third = (int(port) for port in chosen.ports.split(","))
    if not chosen.quiet and not chosen.small and _read_state(chosen.var) is None:
        print("The first start makes the sample people: half a minute.", flush=True)
    demo = build(chosen.var, (first, second, third), pilot=not chosen.small)
    servers = [
        create_server(app, listen=f"localhost:{urlsplit(address).port}", threads=_SERVER_THREADS)
        for app, address in zip(
            (demo.issuer, demo.wallet, demo.verifier), demo.addresses, strict=True
        )
    ]
    for server in servers[1:]:
        threading.Thread(target=server.run, daemon=True).start()
    if not chosen.quiet:
        print(_walk(demo.addresses, chosen.var), flush=True)
    servers[0].run()


def build(
    folder: Path,
    ports: tuple[int, int, int] = PORTS,
    *,
    fetch: Fetch | None = None,
    pilot: bool = False,
) -> Demo:
    """Give the apps of the demo, with sample people; make these when they are not there yet.

    `fetch` is their way to each other; without it they use real connections on this machine.
    With `pilot` there are also the thirty people of a pilot, and the hard cases.
    """
    addresses = (
        f"http://localhost:{ports[0]}",
        f"http://localhost:{ports[1]}",
        f"http://localhost:{ports[2]}",
    )
    state = _read_state(folder)
    if state is None or state["addresses"] != list(addresses) or (pilot and not state.get("pilot")):
        shutil.rmtree(folder, ignore_errors=True)
        state = {**_begin(folder, addresses), "pilot": pilot}
        network, clock = Network(), StandingClock(_now())
        if pilot:
            clock.now -= STARTS_BEFORE
        apps = _apps(folder, state, fetch=network, clock=clock)
        for address, app in zip(addresses, apps, strict=True):
            network.join(address, app)
        centre = Centre(apps, state, network, clock)
        state = {**state, "samples": _samples(centre, pilot=pilot)}
        _write_state(folder, state)
    return Demo(*_apps(folder, state, fetch=fetch), addresses, state)


def _samples(centre: Centre, *, pilot: bool) -> dict[str, Any]:
    """Let the sample people live; those of the pilot in the weeks before."""
    people = People(centre)
    people.begin()
    thirty = None
    if pilot:
        thirty = Pilot(centre, people)
        thirty.live()
        centre.clock.now = _now()
    samples = people.go_on()
    samples["badges"] += cases.voices(centre)
    if thirty is not None:
        hard = cases.make(centre, people, thirty)
        thirty.enter()
        samples = {name: [*found, *hard.get(name, ())] for name, found in samples.items()}
    people.hand_over()
    return {**samples, "people": centre.ways_in()}


# --- settings ---------------------------------------------------------------------------------


def _begin(folder: Path, addresses: tuple[str, str, str]) -> dict[str, Any]:
    folder.mkdir(parents=True, mode=0o700)
    folder.chmod(0o700)
    passphrase = secrets.token_urlsafe(24)
    store = KeyStore.create(folder / "keys" / "issuer.json", passphrase.encode())
    store.rotate("Ed25519", _now() - STARTS_BEFORE)
    return {
        "addresses": list(addresses),
        "passphrase": passphrase,
        "secrets": [secrets.token_hex(32) for _ in addresses],
        "body": PrivateKey.generate().to_multibase(),
        "certifier": PrivateKey.generate().to_multibase(),
        "guest": PrivateKey.generate().to_multibase(),
    }


def _apps(
    folder: Path,
    state: Mapping[str, Any],
    *,
    fetch: Fetch | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> tuple[Flask, Flask, Flask]:
    _issuer_url, wallet_url, verifier_url = state["addresses"]
    entries = _entries(state)
    trust = _trust(state)

    def common(place: int, name: str) -> dict[str, Any]:
        return {
            "base_url": state["addresses"][place],
            "database_url": f"sqlite:///{folder.resolve()}/{name}.db",
            "secret": bytes.fromhex(state["secrets"][place]),
            "allow_loopback_http": True,
            "demo_entries": entries[place],
        }

    return (
        issuer.create_app(
            issuer.IssuerSettings(
                **common(0, "issuer"),
                body_name=ISSUER,
                country="Spain",
                country_code="ES",
                key_store=folder / "keys" / "issuer.json",
                passphrase=state["passphrase"].encode(),
                wallet_url=wallet_url,
                sampling=NO_SAMPLING,  # whoever tries the demo plays one examiner, not two
            ),
            fetch=fetch,
            clock=clock,
        ),
        wallet.create_app(
            wallet.WalletSettings(**common(1, "wallet"), verifier_url=verifier_url, trust=trust),
            fetch=fetch,
            clock=clock,
        ),
        verifier.create_app(
            verifier.VerifierSettings(
                **common(2, "verifier"),
                trust=trust,
                checks_allowed=1_200,  # everybody who looks at a demo comes from one address
            ),
            fetch=fetch,
            clock=clock,
        ),
    )


def _trust(state: Mapping[str, Any]) -> Trust:
    def own(who: str) -> str:
        return did_key(PrivateKey.from_multibase(state[who]).public)

    return Trust(
        (
            TrustedParty(own("body"), BODY, frozenset({"endorser"})),
            TrustedParty(own("certifier"), CERTIFIER, frozenset({"endorser"})),
            TrustedParty(did_web(state["addresses"][0]), ISSUER, frozenset({"issuer"})),
            TrustedParty(own("guest"), GUEST, frozenset({"issuer"})),
        )
    )


def _entries(state: Mapping[str, Any]) -> tuple[tuple[DemoEntry, ...], ...]:
    samples = state.get("samples")
    if samples is None:
        return ((), (), ())
    people = tuple(
        DemoEntry(row["name"], row["note"], "/enter", {"code": row["code"]}, group=row["group"])
        for row in samples["people"]
    )
    wallets = tuple(
        DemoEntry(
            row["name"], row["note"], "/open", {"card": row["card"]}, group=row.get("group", "")
        )
        for row in samples["wallets"]
    )
    badges = tuple(
        DemoEntry(
            row["note"],
            row.get("more", ""),
            "/check",
            {"sample": row["note"]},
            text=row["text"],
            group=row.get("group", ""),
        )
        for row in samples["badges"]
    )
    return people, wallets, badges


def _read_state(folder: Path) -> dict[str, Any] | None:
    try:
        state: dict[str, Any] = json.loads((folder / _STATE).read_text("utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return state if "samples" in state else None


def _write_state(folder: Path, state: Mapping[str, Any]) -> None:
    handle = os.open(folder / _STATE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(state, file, ensure_ascii=False, indent=1)


def _now() -> datetime:
    return utc_now().replace(microsecond=0)


def _walk(addresses: tuple[str, str, str], folder: Path) -> str:
    at_issuer, at_wallet, at_verifier = addresses
    return f"""
MyCred4Home, with sample people.

  Issuer    {at_issuer}     candidates, examiners, officers
  Wallet    {at_wallet}     the worker's badges
  Verifier  {at_verifier}     the employer's answer

A walk in five steps; every sample person is one tap away on the first page of each service.

  1. Issuer, as Ion: say yes, choose a skill, do the tasks, check and send.
  2. Issuer, as Marc: mark the file beside the rubric. (Expert level needs Rosa too.)
  3. Issuer, as Omar: release it. Then as Ion again: "Get my badge".
  4. Wallet: open a new wallet, look at what you get, keep it, show it.
  5. Verifier: open the link that the wallet shows. Then try the five sample badges,
     or cancel Ion's badge (Omar asks, Odile confirms) and open the link again.

Data are kept in {folder}. Stop with Ctrl-C.
"""
