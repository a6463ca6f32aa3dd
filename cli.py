"""The command line `mycred`: keys, issue, endorse, verify, inspect, bake, frameworks, the demo.

Exit codes: 0 valid or done, 1 not valid, 2 could not be checked, 3 wrong use. Imports are local, so
that each command starts as quickly as it can: `mycred verify` is called once for each badge
(ADR 0031).
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

_VALID, _NOT_VALID, _NOT_CHECKED, _WRONG_USE = 0, 1, 2, 3
_SERVICES = ("issuer", "wallet", "verifier")
_SERVED = "MYCRED_SERVED"
_FORMATS = ("zip", "case", "spreadsheet")
_MAX_BYTES = 1_000_000
_MAX_PICTURE_BYTES = 5_000_000
_MAX_DAYS = 36_500
_RARELY = 50_000
"""New objects before garbage is looked for: while modules are imported there is none."""


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line."""
    gc.set_threshold(_RARELY)
    words = sys.argv[1:] if arguments is None else arguments
    if hasattr(sys.stdout, "reconfigure"):  # what it cannot show is written as an escape
        sys.stdout.reconfigure(errors="backslashreplace")
    given = _plainly_given(words) or _given(words)
    try:
        ended = given.run(given)
        if arguments is None:
            gc.freeze()  # all goes with our process: nothing is looked for at its end
        sys.exit(ended)
    except BrokenPipeError:  # whoever reads our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(_VALID)
    except Exception:  # noqa: BLE001 - a mistake of ours says nothing about what was shown
        sys.excepthook(*sys.exc_info())
        sys.exit(_NOT_CHECKED)


def _plainly_given(words: list[str]) -> SimpleNamespace | None:
    """Read `verify [--json] FILE`, which most ask for, without loading a parser."""
    files = [word for word in words[1:] if word != "--json"]
    if words[:1] != ["verify"] or len(files) != 1 or (files[0][:1] == "-" and files != ["-"]):
        return None
    return SimpleNamespace(
        run=verify, file=files[0], json="--json" in words, trust=None, domain="", loopback=False
    )


def _given(words: list[str]) -> argparse.Namespace:
    """Read the command line; for `verify`, of which many wait, without the other commands."""
    if words[:1] != ["verify"]:
        return parser().parse_args(words)
    alone = _parser_class()(prog="mycred verify", description=(verify.__doc__ or "").split("\n")[0])
    alone.set_defaults(run=verify)
    return _describe_verify(alone).parse_args(words[1:])


@cache
def _parser_class() -> type[argparse.ArgumentParser]:
    import argparse

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> NoReturn:
            """End with 3, since 2 means that a check was not possible."""
            self.print_usage(sys.stderr)
            _stop(message)

    return Parser


def parser() -> argparse.ArgumentParser:
    """Give the parser of all commands."""
    from pathlib import Path

    made_of = _parser_class()
    whole = made_of(prog="mycred", description=(__doc__ or "").split("\n")[0])
    commands = whole.add_subparsers(required=True, metavar="COMMAND", parser_class=made_of)

    def command(
        name: str,
        run: Callable[[argparse.Namespace], int],
        group: argparse._SubParsersAction[argparse.ArgumentParser] = commands,
    ) -> argparse.ArgumentParser:
        described = (run.__doc__ or "").split("\n")[0]
        made = group.add_parser(name, help=described, description=described)
        made.set_defaults(run=run)
        return made

    def with_keys(made: argparse.ArgumentParser) -> argparse.ArgumentParser:
        made.add_argument("--store", type=Path, required=True, help="the sealed key store")
        made.add_argument(
            "--passphrase", type=Path, required=True, help="a file that only you can read"
        )
        return made

    made = with_keys(command("keygen", keygen))
    made.add_argument("--kind", choices=("Ed25519", "P-256", "P-384"), default="Ed25519")
    made = with_keys(command("issue", issue))
    made.add_argument("file", type=Path, help="an unsigned Open Badges 3.0 credential (JSON)")
    made.add_argument("--cryptosuite", help="eddsa-jcs-2022, ecdsa-sd-2023, ...; fitting the key")
    made.add_argument(
        "--mandatory",
        nargs="+",
        default=[],
        metavar="POINTER",
        help="for ecdsa-sd-2023: JSON pointers to what the holder must always show",
    )
    made = command("derive", derive)
    made.add_argument("file", type=Path, help="a credential with an ecdsa-sd-2023 base proof")
    made.add_argument("pointers", nargs="*", help="JSON pointers to what is shown")
    made = with_keys(command("endorse", endorse))
    made.add_argument("subject", help="the id of an achievement, an issuer or a badge")
    made.add_argument("comment")
    made.add_argument("--name", required=True, help="how the endorsing body is called")
    made.add_argument("--days", type=int, default=730, help="for how long it is valid")
    _describe_verify(command("verify", verify))
    made = command("inspect", inspect)
    made.add_argument("file", help="a file (JSON, token, baked picture), or -")
    made.add_argument("--json", action="store_true")
    made = command("bake", bake)
    made.add_argument("picture", type=Path, help="a PNG or an SVG")
    made.add_argument("credential", type=Path, help="a signed credential: JSON, or a token")
    made.add_argument("output", type=Path)
    made = command("unbake", unbake)
    made.add_argument("picture", type=Path)
    made = command("jose", jose)
    made.add_argument("action", choices=("issue", "verify"))
    made.add_argument("--input", type=Path, required=True, help="a credential, or a token")
    made.add_argument("--key", type=Path, required=True, help="a JsonWebKey (JSON)")
    made.add_argument("--feature", required=True, help="credential_jose, presentation_sdjwt, ...")
    made.add_argument("--sd", help="what to hide: a JSON list of paths")
    made.add_argument("--output", type=Path, required=True)
    made = command("conformance", conformance)
    made.add_argument("--host", default="localhost")
    made.add_argument("--port", type=int, default=8010)
    made.add_argument("--tls", nargs=2, metavar=("CERTIFICATE", "KEY"), help="serve https")
    made.add_argument("--print-issuers", action="store_true", help="as environment variables")
    frameworks = commands.add_parser(
        "framework",
        help="check, export and import frameworks of skills",
        description="Frameworks of skills: check them, take them elsewhere, bring them back.",
    ).add_subparsers(required=True, metavar="ACTION", parser_class=made_of)
    made = command("check", check_framework, frameworks)
    made.add_argument("source", type=Path, help="a folder, or a zip of one")
    made.add_argument("--json", action="store_true", help="print the findings for machines")
    made = command("export", export_framework, frameworks)
    made.add_argument("source", type=Path, help="a folder, or a zip of one")
    made.add_argument("output", type=Path)
    made.add_argument("--format", choices=_FORMATS, required=True)
    made = command("import", import_framework, frameworks)
    made.add_argument("source", type=Path, help="a zip, a CASE package (JSON) or a spreadsheet")
    made.add_argument("output", type=Path, help="a new folder")
    made.add_argument("--format", choices=_FORMATS, required=True)
    databases = commands.add_parser(
        "database",
        help="check and upgrade the databases of the services",
        description="The databases of the services: which version they have, and upgrading them.",
    ).add_subparsers(required=True, metavar="ACTION", parser_class=made_of)
    for name, run in (("check", check_databases), ("upgrade", upgrade_databases)):
        made = command(name, run, databases)
        for service in _SERVICES:
            made.add_argument(
                f"--{service}",
                metavar="WHERE",
                help="a JSON file with its database_url, or the URL itself",
            )
    for name, run in (("new-secret", new_secret), ("trail", check_trail)):
        made = command(name, run, databases)
        made.add_argument("--settings", type=Path, required=True, help="the issuer's (JSON)")
        if name == "trail":
            made.add_argument(
                "--kept", type=Path, help="a file elsewhere: compares its ends, and adds today's"
            )
    made = command("serve", serve)
    made.add_argument("service", choices=_SERVICES)
    made.add_argument("--settings", type=Path, required=True, help="its JSON file")
    made.add_argument("--host", default="127.0.0.1", help="where your proxy asks")
    made.add_argument("--port", type=int, default=8000)
    made.add_argument("--workers", type=int, help="processes; two for each core if not given")
    made.add_argument(
        "--one-process", action="store_true", help="by waitress, also without granian"
    )
    stolen = commands.add_parser(
        "stolen-key",
        help="make all badges of a stolen key again with a new one",
        description="When others may have a key: two officers let its badges be made again.",
    ).add_subparsers(required=True, metavar="ACTION", parser_class=made_of)
    for name, run in (("ask", ask_stolen), ("confirm", confirm_stolen), ("go-on", go_on_stolen)):
        made = command(name, run, stolen)
        made.add_argument("--settings", type=Path, required=True, help="the issuer's (JSON)")
        if name != "go-on":
            made.add_argument("key", help="its name, such as key-1")
            made.add_argument(
                "--code", type=Path, required=True, help="a file with an officer's sign-in code"
            )
        if name == "ask":
            made.add_argument(
                "--since",
                help="only badges signed from then on (2026-11-24T12:00Z): nobody has a copy",
            )
    made = command("found", found)
    made.add_argument("name", help="of the organisation")
    made.add_argument("--country", required=True, help="two letters, such as ES")
    made.add_argument("--administrator", required=True, help="the name of the first one")
    made.add_argument("--contact", required=True, help="an e-mail address or telephone of theirs")
    made.add_argument("--settings", type=Path, required=True, help="the issuer's (JSON)")
    made.add_argument(
        "--new-link", action="store_true", help="when nobody used the first link: make another"
    )
    made = command("demo", demo)
    made.add_argument("--ports", default="8001,8002,8003")
    return whole


def _describe_verify(made: argparse.ArgumentParser) -> argparse.ArgumentParser:
    from pathlib import Path

    made.add_argument("file", help="a file (JSON, token, baked picture), a https address, or -")
    made.add_argument("--trust", type=Path, help="a trust list (JSON)")
    made.add_argument("--domain", default="", help="whom a presentation must be made for")
    made.add_argument("--loopback", action="store_true", help="allow http on this machine")
    made.add_argument("--json", action="store_true", help="print the report for machines")
    return made


# --- commands -------------------------------------------------------------------------------------


def keygen(given: argparse.Namespace) -> int:
    """Make a new current key; the store is created when it is not there. Prints the did:key."""
    from datetime import UTC, datetime

    from keys.did import did_key
    from keys.errors import KeysError
    from keys.store import KeyStore

    secret, store = _secret(given.passphrase), given.store
    try:
        keys = KeyStore.open(store, secret) if store.exists() else KeyStore.create(store, secret)
        name = keys.rotate(given.kind, datetime.now(UTC))
        print(did_key(keys.signer(name).public))
    except KeysError as error:
        _stop(error.detail)
    except OSError as error:
        _stop(f"{store}: {error.strerror}")
    return _VALID


def issue(given: argparse.Namespace) -> int:
    """Check and sign a credential with the current key; prints the signed credential."""
    from contexts import ContextError, loads_strict

    try:
        document = loads_strict(_read(given.file))
    except ContextError as error:
        _stop(error.detail)
    if not isinstance(document, dict):
        _stop("the file is JSON, but not an object")
    if given.cryptosuite == "ecdsa-sd-2023":
        from credentials.cryptosuites.ecdsa_sd_2023 import hideable

        for pointer in hideable(document, given.mandatory):
            _stop(f"the holder could hide when it ends: add {pointer} to --mandatory")
    issuer = document.get("issuer")
    return _sign(
        given,
        lambda did: _issued_by(did, issuer, document),
        cryptosuite=given.cryptosuite,
        mandatory_pointers=given.mandatory,
    )


def derive(given: argparse.Namespace) -> int:
    """Print the part of a credential that its holder chooses to show, with its own proof."""
    from contexts import ContextError, loads_strict
    from credentials.proofs import derive_proof
    from credentials.report import CheckFailed, CredentialError

    try:
        document = loads_strict(_read(given.file))
        if not isinstance(document, dict):
            _stop("the file is JSON, but not an object")
        _print_json(derive_proof(document, given.pointers))
    except (CheckFailed, CredentialError, ContextError) as error:
        _stop(error.detail)
    return _VALID


def endorse(given: argparse.Namespace) -> int:
    """Endorse an achievement, an issuer or a badge by its id; prints the signed endorsement."""
    from datetime import UTC, datetime, timedelta
    from uuid import uuid4

    from credentials.endorsements import endorsement_credential

    if not 0 < given.days <= _MAX_DAYS:
        _stop(f"--days is between 1 and {_MAX_DAYS}")
    now = datetime.now(UTC)
    return _sign(
        given,
        lambda did: endorsement_credential(
            credential_id=f"urn:uuid:{uuid4()}",
            issuer={"id": did, "type": ["Profile"], "name": given.name},
            subject_id=given.subject,
            comment=given.comment,
            valid_from=now,
            valid_until=now + timedelta(days=given.days),
        ),
    )


def verify(given: argparse.Namespace | SimpleNamespace) -> int:
    """Verify a badge or a presentation and print the report step by step."""
    from datetime import UTC, datetime

    from credentials.report import Headline
    from credentials.verify import Expected, verify_anything

    report = verify_anything(
        _shown(given.file, given.loopback),
        Expected(given.domain),
        trust=_trust(given.trust),
        fetch=_fetcher(given.loopback),
        now=datetime.now(UTC),
    )
    if given.json:
        from credentials.machine_report import report_json

        _print_json(report_json(report))
    else:
        _print_report(report)
    codes = {
        Headline.GENUINE: _VALID,
        Headline.UNKNOWN_SIGNER: _VALID,
        Headline.NOT_CHECKED: _NOT_CHECKED,
    }
    return codes.get(report.headline, _NOT_VALID)


def inspect(given: argparse.Namespace) -> int:
    """Show what is in a file, and each statement that a signature on it covers."""
    from contexts import ContextError
    from credentials.inspection import inspect as describe
    from credentials.report import CheckFailed, CredentialError

    try:
        found = describe(_shown(given.file, loopback=False))
    except (CheckFailed, CredentialError, ContextError) as error:
        _fail(error.detail)
    if given.json:
        _print_json(found)
        return _VALID
    proofs = found.pop("proofs")
    for name, value in found.items():
        said = ", ".join(map(str, value)) if isinstance(value, list) else value
        print(f"{name:14} {_plain(said)}")
    for place, proof in enumerate(proofs, 1):
        print(f"proof {place}")
        lists = {name: proof.pop(name, []) for name in ("covers", "problems")}
        for name, value in proof.items():
            print(f"  {_plain(name):20} {_plain(value)}")
        print(f"  covers {len(lists['covers'])} statements")
        for line in lists["covers"]:
            print(f"    {_plain(line)}")
        for line in lists["problems"]:
            print(f"  cannot be told: {_plain(line)}")
    if not proofs:
        print("no proof: nothing is signed")
    return _VALID


def bake(given: argparse.Namespace) -> int:
    """Put a credential into its picture, which stays what it was."""
    from contexts import ContextError
    from credentials.formats import baking
    from credentials.formats.opening import open_document
    from credentials.report import CheckFailed, CredentialError

    try:
        text = _read(given.credential).decode()
        open_document(text)
        made = baking.bake(_read(given.picture, _MAX_PICTURE_BYTES), text)
    except (CheckFailed, CredentialError, ContextError) as error:
        _stop(error.detail)
    except UnicodeDecodeError:
        _stop(f"{given.credential} is not text")
    _write(given.output, made)
    return _VALID


def unbake(given: argparse.Namespace) -> int:
    """Print the credential that a picture holds; it is not verified."""
    from credentials.formats import baking
    from credentials.report import CheckFailed, CredentialError

    try:
        text = baking.unbake(_read(given.picture, _MAX_PICTURE_BYTES))
        sys.stdout.buffer.write(f"{text}\n".encode())
    except (CheckFailed, CredentialError) as error:
        _fail(error.detail)
    return _VALID


def jose(given: argparse.Namespace) -> int:
    """Issue or verify one token with one key, as the suite for VC-JOSE-COSE asks."""
    import json

    from credentials.formats.jose_suite import run

    try:
        paths = json.loads(given.sd) if given.sd else None
        document, key = _read(given.input).decode(), _read(given.key).decode()
    except ValueError as error:
        _stop(f"the list of paths, the input or the key cannot be read: {error}")
    if paths is not None and not (
        isinstance(paths, list) and all(isinstance(p, str) for p in paths)
    ):
        _stop("--sd is not a JSON list of paths")
    result = run(given.action, given.feature, document, key, paths)
    _write(given.output, json.dumps(result).encode())
    return _VALID if result["result"] == "success" else _NOT_VALID


def conformance(given: argparse.Namespace) -> int:
    """Serve the VC API on this machine alone, with fresh keys, for public conformance suites."""
    from web.conformance import conformance as opened
    from web.conformance import serve
    from web.http import Fetcher

    address = f"http{'s' if given.tls else ''}://{given.host}:{given.port}"
    try:
        with opened(address, fetch=Fetcher(allow_loopback_http=True)) as running:
            if given.print_issuers:
                for name, did in running.issuers.items():
                    print(f"export {name}={did}")
            for name in running.instances:
                print(f"# {address}/{name}", flush=True)
            serve(running.app, given.host, given.port, tls=tuple(given.tls) if given.tls else None)
    except KeyboardInterrupt:
        return _VALID
    except (ValueError, OSError) as error:
        _stop(str(error))
    return _VALID


def check_framework(given: argparse.Namespace) -> int:
    """Check a framework and name every problem in it, with its file and line."""
    from issuer.framework_check import check, problems

    findings = check(_framework_files(given.source))
    wrong = problems(findings)
    if given.json:
        _print_json(
            [
                {
                    "file": one.file,
                    "line": one.line,
                    "place": list(one.place),
                    "message": one.message,
                    "warning": one.is_warning,
                }
                for one in findings
            ]
        )
        return _NOT_VALID if wrong else _VALID
    for one in findings:
        print(one)
    if wrong:
        return _NOT_VALID
    from issuer.framework import read_framework

    framework = read_framework(_framework_files(given.source))
    count = len(framework.definitions())
    print(f"{framework.id} {framework.version}: {count} achievements, no problem found")
    print(framework.digest)
    return _VALID


def export_framework(given: argparse.Namespace) -> int:
    """Write a framework as a zip, as a CASE package or as a spreadsheet of its texts."""
    from issuer.framework_document import DocumentError, read_document
    from issuer.framework_exchange import write

    try:
        document = read_document(_framework_files(given.source))
    except DocumentError as error:
        _fail(str(error))
    data, left_out = write(document, given.format)
    _write(given.output, data)
    for line in left_out:
        print(f"left out: {line}")
    return _VALID


def import_framework(given: argparse.Namespace) -> int:
    """Write what was exported, or what somebody else wrote, as the folder of a framework."""
    from issuer.framework_archive import MAX_ZIP_BYTES, ArchiveError, write_folder
    from issuer.framework_document import digest, files_of
    from issuer.framework_exchange import read

    try:
        document = read(_read(given.source, MAX_ZIP_BYTES), given.format)
        write_folder(files_of(document), given.output)
    except ArchiveError as error:
        _fail(str(error))
    print(digest(document))
    return _VALID


def ask_stolen(given: argparse.Namespace) -> int:
    """Say as an officer that others may have a key; another officer confirms."""
    from datetime import datetime

    from issuer import stolen_keys

    try:
        since = datetime.fromisoformat(given.since) if given.since else None
        if since is not None and since.tzinfo is None:
            raise ValueError("it has no time zone; add Z for UTC")
    except ValueError as error:
        _stop(f"--since: {error}")
    with _issuer_at_work(given) as (database, body, officer_id, now):
        stolen_keys.ask(
            database, given.key, since=since, officer_id=officer_id, body=body, now=now()
        )
    print("Noted. A second person must confirm.")
    return _VALID


def confirm_stolen(given: argparse.Namespace) -> int:
    """Confirm as a second officer, and make the badges of the key again."""
    from issuer import stolen_keys

    with _issuer_at_work(given) as (database, body, officer_id, now):
        stolen_id = stolen_keys.asked_for(database, given.key)
        stolen_keys.confirm(database, stolen_id, officer_id=officer_id, body=body, now=now())
        print(f"{body.keyring.current_name()} signs from now on")
    return go_on_stolen(given)


def go_on_stolen(given: argparse.Namespace) -> int:
    """Go on with what was confirmed and stopped; the running service does so too."""
    from issuer import stolen_keys

    with _issuer_at_work(given) as (database, body, _, now):
        print(f"{stolen_keys.work(database, body=body, clock=now)} badges looked at")
        for done in stolen_keys.summaries(database):
            print(
                f"{done.stolen.key_name}: {done.made_again} made again, "
                f"{done.cancelled} cancelled, {done.left} left, {done.waiting} waiting"
            )
            if done.kept:
                print(
                    f"{done.stolen.key_name}: {done.kept} of erased people cancelled; "
                    "nobody knows whose they are, so nobody is told and none is made again"
                )
    return _VALID


def check_databases(given: argparse.Namespace) -> int:
    """Say of each database whether its service can use it; changes nothing."""
    from web.database_report import check

    return _for_each_database(given, check)


def upgrade_databases(given: argparse.Namespace) -> int:
    """Bring each database to the version that this program needs; stop the services before."""
    from web.database_report import upgrade

    return _for_each_database(given, upgrade)


def check_trail(given: argparse.Namespace) -> int:
    """Say whether the issuer's audit trail is whole, and holds the ends that somebody kept."""
    from datetime import UTC, datetime

    from issuer import audit, secret

    with _issuers_database(given) as database:
        kept: list[str] = []
        if given.kept is not None and given.kept.exists():  # a byte that is no text is unreadable
            kept = given.kept.read_text("utf-8", errors="replace").split("\n")
        now = datetime.now(UTC)
        secret.check(database, now=now)
        with database.reading() as session:
            broken = audit.broken_at(session)
            end = f"{now:%Y-%m-%dT%H:%MZ} {audit.checkpoint(session)}"
            said = [
                (line, audit.compare(session, line.partition(" ")[2]) or audit.Kept.UNREADABLE)
                for line in kept
                if line
            ]
        bad = [] if broken is None else [f"the trail is broken at number {broken}"]
        fine = (audit.Kept.HOLDS, audit.Kept.TOO_OLD)
        bad += [f"{line}  {told}" for line, told in said if told not in fine]
        if given.kept is not None and not bad:
            with given.kept.open("a", encoding="utf-8") as file:
                file.write(f"{end}\n")
    if bad:
        print("\n".join([*bad, "The trail is not what it was: something was changed or cut out."]))
        return _NOT_VALID
    held = sum(told is audit.Kept.HOLDS for _line, told in said)
    print(f"{end}\nThe trail is whole, and holds {held} ends that were kept.")
    return _VALID


def new_secret(given: argparse.Namespace) -> int:
    """Begin anew with another secret, when the issuer's was lost; stop the issuer before."""
    from datetime import UTC, datetime

    from issuer import secret

    with _issuers_database(given) as database:
        unknown = secret.change(database, now=datetime.now(UTC))
    if unknown is None:
        print("The database has this secret already; nothing was changed.")
        return _VALID
    print("The database has this secret now.")
    print(f"{unknown} people are known again by their contact only once they write it anew")
    print("on “My data”: first ask all who have a role. Open links and codes to collect a badge")
    print("no longer work: give new ones.")
    return _VALID


def found(given: argparse.Namespace) -> int:
    """Set up an organisation; prints the link for its first administrator, which works once."""
    from issuer import staff

    who = {"administrator": given.administrator, "contact": given.contact}
    with _issuer_at_work(given) as (database, body, _, now), database.transaction() as session:
        if given.new_link:
            _made, token = staff.found_again(session, given.name, **who, now=now())
        else:
            country = given.country.upper()
            _made, token = staff.found(session, given.name, country, **who, now=now())
        until = now() + staff.INVITATION_LIVES
    print(staff.join_address(body.base_url, token))
    print(f"It works once, until {until:%d %B %Y}. Give it to {given.administrator} alone.")
    return _VALID


def serve(given: argparse.Namespace) -> int:
    """Serve the issuer, the wallet or the verifier of a settings file (docs/serving.md)."""
    from importlib.util import find_spec

    os.environ[_SERVED] = f"{given.service} {given.settings.resolve()}"
    made = served()  # what is wrong with the settings is said here, once
    if given.one_process or find_spec("granian") is None:
        from waitress import serve as serve_alone

        if not given.one_process:
            print('one process: for more install the extra "server"', file=sys.stderr)
        serve_alone(made, host=given.host, port=given.port)
        return _VALID
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    Granian(
        "cli:served",
        factory=True,
        interface=Interfaces.WSGI,
        address=given.host,
        port=given.port,
        workers=given.workers or 2 * (os.cpu_count() or 1),
        blocking_threads=1,  # two threads of one process wait for each other (docs/serving.md)
        websockets=False,
        log_level=LogLevels.error,
        respawn_failed_workers=True,
    ).serve()
    return _VALID


def served() -> Any:
    """Make the app that `serve` was asked for; each worker calls it."""
    from importlib import import_module
    from pathlib import Path

    from keys.errors import KeysError
    from web.migrating import DatabaseNotReady

    name, _, path = os.environ[_SERVED].partition(" ")
    service = import_module(name)
    try:
        return service.create_app(service.read_settings(Path(path)))
    except (KeysError, OSError, ValueError, DatabaseNotReady) as error:
        _stop(str(error))


def demo(given: argparse.Namespace) -> int:
    """Start issuer, wallet and verifier with sample people."""
    from demo import main as run

    run(["--ports", given.ports])
    return _VALID


# --- shared by commands ---------------------------------------------------------------------------


def _for_each_database(given: argparse.Namespace, look: Callable[[str, Any], Any]) -> int:
    """Print a line for each database that is named; one that cannot be asked stops no other."""
    from importlib import import_module

    from sqlalchemy.exc import ArgumentError, DBAPIError

    from web.migrating import DatabaseNotReady

    named = [(service, where) for service in _SERVICES if (where := getattr(given, service))]
    if not named:
        _stop("name at least one database: --issuer, --wallet or --verifier")
    ends = {_VALID}
    for service, url in [(service, _database_url(where)) for service, where in named]:
        try:
            report = look(url, import_module(f"{service}.app").Table.metadata)
        except DatabaseNotReady as error:
            ends.add(_NOT_VALID)
            print(f"{service:9} {error}")
        except DBAPIError as error:
            ends.add(_NOT_CHECKED)
            print(f"{service:9} cannot be asked: {error.orig}".strip())
        except (ArgumentError, ImportError, ValueError):  # their words may repeat the password
            _stop(f"--{service}: this is not the URL of a database that can be used here")
        else:
            ends.add(_VALID if report.ready else _NOT_VALID)
            print("\n".join([f"{service:9} {report.sentence}", *report.details]))
    return max(ends)


def _database_url(where: str) -> str:
    import json

    if "://" in where:
        return where
    try:
        return str(json.loads(_read(where))["database_url"])
    except (ValueError, KeyError, TypeError):
        _stop(f"{where} is not a JSON object with a database_url")


@contextmanager
def _issuers_database(given: argparse.Namespace) -> Iterator[Any]:
    """Open the database of an issuer's settings file, without its keys."""
    from issuer.app import open_database
    from issuer.settings import read_settings
    from keys.errors import KeysError
    from web.migrating import DatabaseNotReady

    try:
        database = open_database(read_settings(given.settings))
        yield database
        database.close()
    except (KeysError, ValueError, OSError, DatabaseNotReady) as error:
        _stop(str(error))


@contextmanager
def _issuer_at_work(given: argparse.Namespace) -> Iterator[tuple[Any, Any, Any, Any]]:
    """Open the issuer of a settings file as an officer: database, body, officer's id, clock."""
    from datetime import UTC, datetime

    from issuer.app import open_body
    from issuer.settings import read_settings
    from issuer.tables import Role
    from keys.errors import KeysError
    from web.errors import Refused

    def now() -> datetime:
        return datetime.now(UTC)

    try:
        database, body = open_body(read_settings(given.settings), now=now())
        officer_id = None
        if "code" in given:
            from issuer import accounts

            with database.transaction() as session:
                code = _secret(given.code).decode()
                person = accounts.enter(session, code, source="command line", now=now())
                if person is None or not accounts.has_role(session, person.id, Role.OFFICER):
                    _stop("this is not the code of an officer")
                officer_id = person.id
        yield database, body, officer_id, now
    except Refused as refusal:
        _fail(refusal.message)
    except (KeysError, ValueError, OSError) as error:
        _stop(str(error))


def _sign(
    given: argparse.Namespace,
    make: Callable[[str], dict[str, Any]],
    *,
    cryptosuite: str | None = None,
    mandatory_pointers: list[str] | None = None,
) -> int:
    """Sign what `make` gives for the did:key of the current key, after trying everything."""
    from datetime import UTC, datetime

    from contexts import ContextError
    from credentials.badges import check_before_signing
    from credentials.proofs import add_proof
    from credentials.report import CredentialError
    from keys.did import did_key
    from keys.errors import KeysError
    from keys.store import KeyStore

    try:
        keys = KeyStore.open(given.store, _secret(given.passphrase))
        signer = keys.signer(keys.current())
        did = did_key(signer.public)
        document = make(did)
        check_before_signing(document)
        method, now = f"{did}#{signer.public.multibase}", datetime.now(UTC)
        fitting = "eddsa-rdfc-2022" if signer.public.kind == "Ed25519" else "ecdsa-rdfc-2019"
        signed = add_proof(
            document,
            signer,
            verification_method=method,
            created=now,
            cryptosuite=cryptosuite or fitting,
            mandatory_pointers=mandatory_pointers or (),
        )
    except (KeysError, CredentialError, ContextError) as error:
        _stop(error.detail)
    except OSError as error:
        _stop(f"{given.store}: {error.strerror}")
    _print_json(signed)
    return _VALID


def _issued_by(did: str, issuer: Any, document: dict[str, Any]) -> dict[str, Any]:
    from credentials.report import CredentialError

    named = issuer.get("id") if isinstance(issuer, dict) else issuer
    if named != did:
        raise CredentialError(f"the issuer is {str(named)[:200]!r}, but the key is {did}")
    return document


def _print_report(report: Any) -> None:
    from credentials.report import CODES

    print(report.headline)
    for checks in (report.checks, *(badge.checks for badge in report.badges)):
        for check in checks:
            detail = f" ({_plain(check.detail)})" if check.detail else ""
            print(f"  {check.step:13} {check.outcome:8} {CODES[check.code]}{detail}")
    for badge in report.badges:
        for one in badge.endorsements:
            word = "counts" if one.counted else "does not count"
            print(
                f"  endorsement   {word}: {CODES[one.reason_code]} ({_plain(one.issuer_id[:60])})"
            )


def _fetcher(loopback: bool) -> Callable[[Any], Any]:
    """Give a client that is loaded only when something is asked for."""

    def fetch(request: Any) -> Any:
        from web.http import Fetcher

        return Fetcher(allow_loopback_http=loopback)(request)

    return fetch


def _shown(name: str, loopback: bool) -> bytes:
    """Give what was shown: a file's content, standard input, what an address answers."""
    if name.startswith(("https://", "http://")):
        from keys.fetching import CannotFetch, HttpRequest

        try:
            answer = _fetcher(loopback)(HttpRequest(name))
        except CannotFetch as error:
            _unchecked(str(error))
        if answer.status != 200:
            _unchecked(f"{name} answered {answer.status}")
        return bytes(answer.body)
    # One byte more than is taken: whoever reads it says that it is too large.
    if name == "-":
        return sys.stdin.buffer.read(_MAX_PICTURE_BYTES + 1)
    return _bytes(name, _MAX_PICTURE_BYTES + 1)


def _trust(path: Path | None) -> Any:
    from credentials.report import CredentialError
    from credentials.trust import Trust

    try:
        return Trust() if path is None else Trust.from_json(_read(path))
    except CredentialError as error:
        _stop(error.detail)


def _framework_files(source: Path) -> dict[str, bytes]:
    from issuer.framework_archive import MAX_ZIP_BYTES, ArchiveError, read_folder, unpack

    try:
        if source.is_dir():
            return read_folder(source)
        return unpack(_read(source, MAX_ZIP_BYTES))
    except ArchiveError as error:
        _fail(str(error))


def _secret(path: Path) -> bytes:
    from keys.errors import StoreError
    from keys.store import read_key_file

    try:
        return read_key_file(path)
    except StoreError as error:
        _stop(error.detail)


def _read(path: Path | str, limit: int = _MAX_BYTES) -> bytes:
    data = _bytes(path, limit + 1)
    if len(data) > limit:
        _stop(f"{path} is larger than {limit} bytes")
    return data


def _bytes(path: Path | str, most: int) -> bytes:
    """Read no more than is taken: some files never end."""
    try:
        with open(path, "rb") as file:
            return file.read(most)
    except (OSError, ValueError) as error:  # a name with a NUL is no name
        _stop(f"{path} cannot be read: {getattr(error, 'strerror', error)}")


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        _stop(f"{path} cannot be written: {error.strerror}")


def _plain(value: Any) -> str:
    """Write a text of somebody else in one line, which moves neither the cursor nor its reader.

    Line breaks could pass for lines of ours, other control characters for commands to the terminal,
    and marks of direction turn what stands around them (threat 2).
    """
    text = str(value)
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )


def _print_json(value: Any) -> None:
    import json

    is_unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    print(json.dumps(value, ensure_ascii=not is_unicode, indent=1))


def _complain(message: str) -> None:
    print(*map(_plain, message.split("\n")), sep="\n", file=sys.stderr)


def _fail(message: str) -> NoReturn:
    _complain(message)
    sys.exit(_NOT_VALID)


def _unchecked(message: str) -> NoReturn:
    _complain(message)
    sys.exit(_NOT_CHECKED)


def _stop(message: str) -> NoReturn:
    _complain(message)
    sys.exit(_WRONG_USE)


if __name__ == "__main__":
    main()
