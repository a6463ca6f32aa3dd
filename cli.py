"""The command line ``mycred``: make keys, endorse, verify, check a framework, start the demo.

Exit codes: 0 valid or done, 1 not valid, 2 could not be checked, 3 wrong use. Imports are local, so
that each command starts as quickly as it can.
"""

import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=__doc__.split("\n")[0],
)

_VALID, _NOT_VALID, _NOT_CHECKED, _WRONG_USE = 0, 1, 2, 3
_USAGE_ERROR = 2
_MAX_BYTES = 1_000_000

Store = Annotated[Path, typer.Option(help="the sealed key store, in a folder of its own")]
Passphrase = Annotated[Path, typer.Option(help="a file with the passphrase, readable by you only")]


class _Ended(SystemExit):
    """A command's own verdict, told apart from typer's exit code for wrong use."""


def main() -> None:
    """Run the command line; wrong use ends with 3, since 2 means that a check was not possible."""
    try:
        app()
    except _Ended:
        raise
    except SystemExit as ended:
        sys.exit(_WRONG_USE if ended.code == _USAGE_ERROR else ended.code)


@app.command()
def keygen(store: Store, passphrase: Passphrase, kind: str = "Ed25519") -> None:
    """Make a new current key; the store is created when it is not there. Prints the did:key."""
    from datetime import UTC, datetime

    from keys.did import did_key
    from keys.errors import KeysError
    from keys.store import KeyStore

    if kind not in ("Ed25519", "P-256"):
        _stop(f"the kind of key is Ed25519 or P-256, not {kind}")
    secret = _secret(passphrase)
    try:
        keys = KeyStore.open(store, secret) if store.exists() else KeyStore.create(store, secret)
        name = keys.rotate("P-256" if kind == "P-256" else "Ed25519", datetime.now(UTC))
        typer.echo(did_key(keys.signer(name).public))
    except KeysError as error:
        _stop(error.detail)


@app.command()
def endorse(
    subject: str,
    comment: str,
    name: Annotated[str, typer.Option(help="how the endorsing body is called")],
    store: Store,
    passphrase: Passphrase,
    days: Annotated[int, typer.Option(help="for how long it is valid")] = 730,
) -> None:
    """Endorse an achievement, an issuer or a badge by its id; prints the signed endorsement."""
    import json
    from datetime import UTC, datetime, timedelta
    from uuid import uuid4

    from contexts import ContextError
    from credentials.badges import check_before_signing
    from credentials.endorsements import endorsement_credential
    from credentials.proofs import add_proof
    from credentials.report import CredentialError
    from keys.did import did_key
    from keys.errors import KeysError
    from keys.store import KeyStore

    now = datetime.now(UTC)
    try:
        keys = KeyStore.open(store, _secret(passphrase))
        signer = keys.signer(keys.current())
        did = did_key(signer.public)
        document = endorsement_credential(
            credential_id=f"urn:uuid:{uuid4()}",
            issuer={"id": did, "type": ["Profile"], "name": name},
            subject_id=subject,
            comment=comment,
            valid_from=now,
            valid_until=now + timedelta(days=days),
        )
        check_before_signing(document)
        method = f"{did}#{signer.public.multibase}"
        signed = add_proof(document, signer, verification_method=method, created=now)
    except (KeysError, CredentialError, ContextError) as error:
        _stop(error.detail)
    typer.echo(json.dumps(signed, ensure_ascii=False, indent=1))


@app.command()
def verify(
    file: Path,
    trust: Annotated[Path | None, typer.Option(help="a trust list (JSON)")] = None,
    domain: Annotated[str, typer.Option(help="whom a presentation must be made for")] = "",
    loopback: Annotated[bool, typer.Option(help="allow http on this machine")] = False,
) -> None:
    """Verify a badge or a presentation and print the report step by step."""
    from datetime import UTC, datetime

    from credentials.report import CODES, Headline
    from credentials.trust import Trust
    from credentials.verify import Expected, verify_anything
    from web.http import Fetcher

    report = verify_anything(
        _read(file),
        Expected(domain),
        trust=Trust.from_json(_read(trust)) if trust else Trust(),
        fetch=Fetcher(allow_loopback_http=loopback),
        now=datetime.now(UTC),
    )
    typer.echo(f"{report.headline}")
    groups: list[Any] = [report.checks, *(badge.checks for badge in report.badges)]
    for checks in groups:
        for check in checks:
            detail = f" ({check.detail})" if check.detail else ""
            typer.echo(f"  {check.step:13} {check.outcome:8} {CODES[check.code]}{detail}")
    for badge in report.badges:
        for one in badge.endorsements:
            word = "counts" if one.counted else "does not count"
            typer.echo(f"  endorsement   {word}: {CODES[one.reason_code]} ({one.issuer_id[:60]})")
    codes = {
        Headline.GENUINE: _VALID,
        Headline.UNKNOWN_SIGNER: _VALID,
        Headline.NOT_CHECKED: _NOT_CHECKED,
    }
    raise _Ended(codes.get(report.headline, _NOT_VALID))


@app.command("framework")
def check_framework(folder: Path) -> None:
    """Check the folder of a framework and name every problem in it."""
    from issuer.framework import FrameworkError, load_framework

    try:
        framework = load_framework(folder)
    except FrameworkError as error:
        for problem in error.problems:
            typer.echo(problem)
        raise _Ended(_NOT_VALID) from error
    count = len(framework.definitions())
    typer.echo(f"{framework.id} {framework.version}: {count} achievements, no problem found")


@app.command()
def demo(ports: str = "8001,8002,8003") -> None:
    """Start issuer, wallet and verifier with sample people."""
    from demo import main as run

    run(["--ports", ports])


def _secret(path: Path) -> bytes:
    from keys.errors import StoreError
    from keys.store import read_key_file

    try:
        return read_key_file(path)
    except StoreError as error:
        _stop(error.detail)


def _read(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        _stop(f"{path} cannot be read: {error.strerror}")
    if len(data) > _MAX_BYTES:
        _stop(f"{path} is larger than {_MAX_BYTES} bytes")
    return data


def _stop(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise _Ended(_WRONG_USE)


if __name__ == "__main__":
    main()
