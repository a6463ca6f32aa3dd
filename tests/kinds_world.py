"""A small framework with the newer kinds of tasks: companionship, and a set of one task of each."""

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from assessment_world import House
from flask import Flask
from waitress.server import create_server

from issuer import IssuerSettings, create_app
from issuer.framework import FOLDER, Framework, load_framework
from issuer.framework_library import Library
from issuer.sampling import NO_SAMPLING
from keys.store import KeyStore
from web.app import Services

SKILL = "safe-visits"
SET = "a-morning-with-a-fall"
_PASSPHRASE = b"a passphrase of tests"


def folder_with_new_kinds(folder: Path, *, again: str = "") -> Path:
    """Write the framework below `folder`; with `again`, the new set twice, under two names."""
    framework = Path(shutil.copytree(FOLDER / "companionship", folder / "companionship"))
    for name in filter(None, (SET, again)):
        shutil.copytree(Path(__file__).parent / "scenario_kinds", framework / "scenarios" / name)
    return framework


def new_kinds(folder: Path, *, again: str = "") -> Framework:
    """Write the framework and load it."""
    return load_framework(folder_with_new_kinds(folder, again=again))


def issuer_of(
    framework: Framework, folder: Path, *, clock: Callable[[], datetime], port: int = 8001
) -> tuple[Flask, House]:
    """Give an issuer that assesses by `framework`, and the people in its database."""
    store = folder / "keys" / "store.json"
    KeyStore.create(store, _PASSPHRASE).rotate("Ed25519", clock())
    settings = IssuerSettings(
        base_url=f"http://localhost:{port}",
        database_url=f"sqlite:///{folder}/issuer.db",
        secret=b"s" * 32,
        body_name="Centre",
        country="Spain",
        country_code="ES",
        key_store=store,
        passphrase=_PASSPHRASE,
        wallet_url="http://localhost:8002",
        sampling=NO_SAMPLING,
    )
    app = create_app(settings, clock=clock)
    body = app.extensions["issuing_body"]
    app.extensions["issuing_body"] = replace(body, library=Library(framework))
    services: Services = app.extensions["mycred4home"]
    return app, House(services.database, framework=framework)


@contextmanager
def serving(app: Flask, listener: socket.socket) -> Iterator[str]:
    """Serve an app on this machine; give its address."""
    server = create_server(app, sockets=[listener])
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{listener.getsockname()[1]}"
    finally:
        server.close()
        thread.join(timeout=5)
