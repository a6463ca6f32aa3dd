"""Issue and verify one badge: ours beside bare signing and the peers, in one run.

``python bench/core.py [--rounds 5]`` prints microseconds per credential (the median of the rounds,
everything warm) and how many times as long each peer takes as we do; with ``--suites`` also every
other suite that Node has, selective disclosure step by step. Rounds of all contestants
alternate, so that a busy machine disturbs all alike; trust the ratios, not the figures.

"issue" is canonical forms, digests and signature; "verify" is parse, canonical forms, digests and
signature with the key at hand; "complete verify" is the whole report: schema, dates, status list,
recognition, holder. Peers that are not installed are left out and named.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "bench")]

import sample  # noqa: E402

from contexts import canonical_rdfc, load_context, loads_strict  # noqa: E402
from contexts.pinned import pinned  # noqa: E402
from credentials.proofs import add_proof, derive_proof, verify_proof  # noqa: E402
from credentials.status import status_list_credential  # noqa: E402
from credentials.trust import Trust, TrustedParty  # noqa: E402
from credentials.verify import verify_credential  # noqa: E402
from keys.did import did_key  # noqa: E402
from keys.fetching import HttpRequest, HttpResponse  # noqa: E402
from keys.material import PrivateKey  # noqa: E402
from keys.resolution import resolve  # noqa: E402

NODE = ROOT / "tests" / "peers" / "node" / "bench.mjs"
Contestant = tuple[str, str, Callable[[], Any]]


def ours() -> list[Contestant]:
    """Our own, and the bare cryptography beneath."""
    document = sample.badge()
    signed = add_proof(document, sample.KEY, verification_method=sample.METHOD, created=sample.NOW)
    text, canonical = json.dumps(signed), canonical_rdfc(document).encode()
    data = bytes(64)
    signature, public = sample.KEY.sign(data), sample.KEY.public
    lists = status_list_credential(
        list_url=sample.LIST,
        issuer=sample.ISSUER,
        purpose="revocation",
        revoked={1, 2, 3},
        valid_from=sample.NOW,
        valid_until=sample.NOW.replace(year=2027),
        ttl_ms=60_000,
    )
    page = json.dumps(
        add_proof(lists, sample.KEY, verification_method=sample.METHOD, created=sample.NOW)
    ).encode()
    party = TrustedParty(sample.ISSUER, "Centre", frozenset({"issuer"}))

    def fetch(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, {"content-type": "application/json"}, page, request.url)

    def complete() -> None:
        report = verify_credential(
            text, trust=Trust((party,)), fetch=fetch, now=sample.NOW, holder=sample.HOLDER
        )
        assert report.headline == "genuine", report.checks

    def verify() -> None:
        verify_proof(
            loads_strict(text),
            purpose="assertionMethod",
            controller=sample.ISSUER,
            fetch=None,
            now=sample.NOW,
        )

    return [
        ("bare Ed25519 + SHA-256", "issue", lambda: (sha256(canonical), sample.KEY.sign(data))),
        (
            "bare Ed25519 + SHA-256",
            "verify",
            lambda: (sha256(canonical), public.verify(data, signature)),
        ),
        (
            "ours",
            "issue",
            lambda: add_proof(
                document, sample.KEY, verification_method=sample.METHOD, created=sample.NOW
            ),
        ),
        ("ours", "verify", verify),
        ("ours, complete", "verify", complete),
    ]


def plain_pyld() -> list[Contestant]:
    """PyLD with cached contexts, and the same cryptography."""
    from pyld import jsonld

    loaded = {
        url: {"contextUrl": None, "documentUrl": url, "document": load_context(url)}
        for url in pinned("context")
    }
    options = {
        "algorithm": "URDNA2015",
        "format": "application/n-quads",
        "documentLoader": lambda url, _options: loaded[url],
    }

    def digest(document: dict[str, Any]) -> bytes:
        return sha256(jsonld.normalize(document, options).encode()).digest()

    document = sample.badge()
    config = {
        "@context": document["@context"],
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": "2026-11-24T09:00:00Z",
        "verificationMethod": sample.METHOD,
        "proofPurpose": "assertionMethod",
    }
    text = json.dumps(document)
    signature, public = sample.KEY.sign(digest(config) + digest(document)), sample.KEY.public

    def verify() -> None:
        public.verify(digest(config) + digest(json.loads(text)), signature)

    return [
        ("plain PyLD", "issue", lambda: sample.KEY.sign(digest(config) + digest(document))),
        ("plain PyLD", "verify", verify),
    ]


def openvc_core() -> list[Contestant]:
    """openvc-core, Data Integrity."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from openvc.keys import Ed25519SigningKey
    from openvc.proof.data_integrity import DataIntegrityProofSuite

    contexts = {url: load_context(url) for url in pinned("context")}
    key = Ed25519SigningKey(Ed25519PrivateKey.from_private_bytes(sample.KEY.secret), sample.METHOD)
    suite, document = DataIntegrityProofSuite(), sample.badge()

    def issue() -> Any:
        return suite.add_proof(
            sample.badge(),
            signing_key=key,
            verification_method=sample.METHOD,
            created=sample.NOW,
            extra_contexts=contexts,
        )

    signed = add_proof(document, sample.KEY, verification_method=sample.METHOD, created=sample.NOW)
    text = json.dumps(signed)

    def verify() -> None:
        suite.verify(
            json.loads(text),
            public_key_jwk=sample.KEY.public.jwk,
            now=sample.NOW,
            extra_contexts=contexts,
        )

    return [("openvc-core", "issue", issue), ("openvc-core", "verify", verify)]


def openbadgeslib() -> list[Contestant]:
    """openbadgeslib, the proof alone."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )
    from openbadgeslib.ob3.ldp import add_data_integrity_proof, verify_data_integrity_proof

    contexts = {url: load_context(url) for url in pinned("context")}
    key = Ed25519PrivateKey.from_private_bytes(sample.KEY.secret)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    document = sample.badge()
    signed = add_proof(document, sample.KEY, verification_method=sample.METHOD, created=sample.NOW)
    text = json.dumps(signed)
    return [
        (
            "openbadgeslib",
            "issue",
            lambda: add_data_integrity_proof(
                document, secret, sample.METHOD, created=sample.NOW, extra_contexts=contexts
            ),
        ),
        (
            "openbadgeslib",
            "verify",
            lambda: verify_data_integrity_proof(json.loads(text), public, extra_contexts=contexts),
        ),
    ]


MANDATORY = ["/issuer", "/validFrom", "/validUntil", "/credentialStatus"]
SELECTIVE = ["/credentialSubject/achievement/name", "/credentialSubject/achievement/criteria"]


def suite_of_ours(name: str, key: PrivateKey) -> tuple[dict[str, Callable[[], Any]], Any]:
    """Give the steps of one suite, and what Node is to measure itself with."""
    did = did_key(key.public)
    method = f"{did}#{key.public.multibase}"
    document = sample.badge()
    document["issuer"] = {**document["issuer"], "id": did}
    is_selective = name == "ecdsa-sd-2023"
    more = {"mandatory_pointers": MANDATORY} if is_selective else {}

    def issue() -> dict[str, Any]:
        return add_proof(
            document,
            key,
            verification_method=method,
            created=sample.NOW,
            cryptosuite=name,
            **more,
        )

    base = issue()
    signed = derive_proof(base, SELECTIVE) if is_selective else base
    text = json.dumps(signed)

    def verify() -> None:
        options = {"purpose": "assertionMethod", "controller": did, "fetch": None}
        verify_proof(loads_strict(text), now=sample.NOW, **options)

    steps: dict[str, Callable[[], Any]] = {"issue": issue, "verify": verify}
    message: dict[str, Any] = {"credential": document, "signed": signed, "cryptosuite": name}
    if is_selective:
        steps["derive"] = lambda: derive_proof(base, SELECTIVE)
        message |= {"mandatoryPointers": MANDATORY, "selectivePointers": SELECTIVE}
    return steps, message_for_node(message, key)


def other_suites(rounds: int, seconds: float) -> None:
    """Print each suite beside Node's."""
    print(f"\n{'':28}{'ours':>10}{'Node':>10}{'x ours':>8}")
    for name in ("eddsa-jcs-2022", "ecdsa-rdfc-2019", "ecdsa-jcs-2019", "ecdsa-sd-2023"):
        key = sample.KEY if name.startswith("eddsa") else PrivateKey.generate("P-256")
        steps, message = suite_of_ours(name, key)
        figures: dict[tuple[str, str], list[float]] = {}
        for _ in range(rounds):
            for step, run in steps.items():
                figures.setdefault(("ours", step), []).append(timed(run, seconds))
            times = 5 if name == "ecdsa-sd-2023" else 100
            for step, micros in in_node(times, message).items():
                figures.setdefault(("Node", step), []).append(micros)
        for step in steps:
            mine, theirs = (statistics.median(figures[who, step]) for who in ("ours", "Node"))
            print(f"{name + ' ' + step:28}{mine:10,.0f}{theirs:10,.0f}{theirs / mine:8.1f}")


def message_for_node(message: dict[str, Any], key: PrivateKey) -> dict[str, Any]:
    """Complete what Node needs to know: the key, contexts and DID document."""
    did = did_key(key.public)
    return {
        **message,
        "key": {
            "id": f"{did}#{key.public.multibase}",
            "type": "Multikey",
            "controller": did,
            "publicKeyMultibase": key.public.multibase,
            "secretKeyMultibase": key.to_multibase(),
        },
        "documents": {
            **{url: load_context(url) for url in pinned("context")},
            did: resolve(did, fetch=None, now=sample.NOW).document,
        },
    }


def in_node(times: int, message: dict[str, Any] | None = None) -> dict[str, float]:
    """Let @digitalbazaar/vc measure itself: microseconds for issue and verify."""
    from setup_node import find_node

    node = find_node()
    if node is None or not (NODE.parent / "node_modules").exists():
        raise ImportError("Node or its packages are not here: make test installs them")
    if message is None:
        _steps, message = suite_of_ours("eddsa-rdfc-2022", sample.KEY)
    message = {**message, "times": times}
    ran = subprocess.run(
        [node, str(NODE)], input=json.dumps(message), capture_output=True, text=True, check=True
    )
    told: dict[str, float] = json.loads(ran.stdout)
    return told


def timed(run: Callable[[], Any], seconds: float) -> float:
    """Give the microseconds of one run, over about so many seconds."""
    run()
    start, times = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        run()
        times += 1
    return (time.perf_counter() - start) / times * 1e6


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=float, default=0.4, help="for each figure of a round")
    arguments.add_argument("--suites", action="store_true", help="the other suites, too")
    given = arguments.parse_args()
    contestants, absent = ours(), []
    for peer in (plain_pyld, openbadgeslib, openvc_core):
        try:
            contestants += peer()
        except ImportError as error:
            absent.append(f"{peer.__name__}: {error}")
    figures: dict[tuple[str, str], list[float]] = {}
    for _ in range(given.rounds):
        for name, what, run in contestants:
            figures.setdefault((name, what), []).append(timed(run, given.seconds))
        try:
            for what, micros in in_node(100).items():
                figures.setdefault(("Node @digitalbazaar/vc", what), []).append(micros)
        except ImportError as error:
            absent.append(f"Node @digitalbazaar/vc: {error}")
    middle = {key: statistics.median(values) for key, values in figures.items()}
    print(
        f"{len(json.dumps(sample.badge()))} bytes, {canonical_rdfc(sample.badge()).count(chr(10))}"
        f" statements; microseconds, median of {given.rounds} rounds\n"
    )
    print(f"{'':28}{'issue':>10}{'x ours':>8}{'verify':>10}{'x ours':>8}{'x complete':>12}")
    for name in dict.fromkeys(name for name, _what in middle):
        row = f"{name:28}"
        for what in ("issue", "verify"):
            value = middle.get((name, what))
            row += (
                f"{value:10,.0f}{value / middle['ours', what]:8.1f}"
                if value
                else f"{'-':>10}{'-':>8}"
            )
        verify = middle.get((name, "verify"))
        print(row + (f"{verify / middle['ours, complete', 'verify']:12.1f}" if verify else ""))
    for line in dict.fromkeys(absent):
        print(f"not measured: {line}")
    if given.suites:
        other_suites(given.rounds, given.seconds)


if __name__ == "__main__":
    main()
