"""Issue and verify one badge: ours beside bare signing and the peers, in one run.

``python bench/core.py [--rounds 5]`` prints microseconds per credential (the median of the rounds,
everything warm), how many times as long each peer takes as we do, and whether the goals are
reached; with ``--suites`` also every other suite that Node has, selective disclosure step by step,
and tokens. Rounds of all contestants alternate, and of each round the best slice counts, so that a
busy machine disturbs all alike; trust the ratios, not the figures.

"issue" is canonical forms, digests and signature; "verify" is parse, canonical forms, digests and
signature with the key at hand. "template" and "complete" take a different badge of one achievement
each time: "template" issues it, "complete" is the whole report: schema, dates, status list,
recognition, holder; "complete, first" is that report for a badge of which none like it was seen
before. Peers that are not installed are left out and named.

Ed25519 is OpenSSL's for the bare signature, for the peers and for what is named so; ours else takes
libsodium, pybase64 for base64 and orjson for JSON, as our services do where they are installed.
"""

import argparse
import json
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from itertools import cycle
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "bench")]

import sample  # noqa: E402

from contexts import canonical_rdfc, load_context, loads_strict, template  # noqa: E402
from contexts.pinned import pinned  # noqa: E402
from contexts.strict_json import use_orjson  # noqa: E402
from credentials.canonical import canonical_badge  # noqa: E402
from credentials.cryptosuites.ecdsa_sd_2023 import BaseProof, DerivedProof  # noqa: E402
from credentials.formats.sd_jwt import Path as Place  # noqa: E402
from credentials.formats.vc_jwt import read_credential, sign_credential  # noqa: E402
from credentials.proofs import add_proof, derive_proof, verify_proof  # noqa: E402
from credentials.status import status_list_credential  # noqa: E402
from credentials.trust import Trust, TrustedParty  # noqa: E402
from credentials.verify import verify_credential  # noqa: E402
from keys.did import did_key  # noqa: E402
from keys.fetching import HttpRequest, HttpResponse  # noqa: E402
from keys.material import PrivateKey, PublicKey, use_libsodium  # noqa: E402
from keys.multibase import use_pybase64  # noqa: E402
from keys.resolution import resolve  # noqa: E402

NODE = ROOT / "tests" / "peers" / "node" / "bench.mjs"
Contestant = tuple[str, str, Callable[[], Any]]
Figures = dict[tuple[str, str], float]


@dataclass(frozen=True)
class Goal:
    """How many times as long another may take at least, or we at most, for one step."""

    mine: tuple[str, str]
    theirs: tuple[str, str]
    at_least: float = 0
    at_most: float = 0

    def line(self, figures: Figures) -> str:
        """Say whether it is reached."""
        name = f"{' '.join(self.mine)}: {self.theirs[0]}"
        if self.mine not in figures or self.theirs not in figures:
            return f"{name:66}{'not measured':>20}"
        times = figures[self.theirs] / figures[self.mine]
        if self.at_most:
            wanted, got = f"at most {self.at_most:g}x", 1 / times
            reached = got <= self.at_most
        else:
            wanted, got = f"at least {self.at_least:g}x", times
            reached = got >= self.at_least
        return f"{name:66}{wanted:>16}{got:8.1f}x  reached: {'yes' if reached else 'no'}"


BARE, NODE_VC = "bare Ed25519 + SHA-256", "Node @digitalbazaar/vc"
BY_OPENSSL = ", OpenSSL"
COMPLETE, FROM_TEMPLATE = "ours, complete", "ours, template"
GOALS = tuple(
    goal
    for by in ("", BY_OPENSSL)
    for goal in (
        Goal((COMPLETE + by, "verify"), (NODE_VC, "verify"), at_least=20),
        Goal((COMPLETE + by, "verify"), ("plain PyLD", "verify"), at_least=30),
        Goal((COMPLETE + by, "verify"), ("openbadgeslib", "verify"), at_least=35),
        Goal((COMPLETE + by, "verify"), (BARE, "verify"), at_most=3.5),
        Goal(("ours" + by, "issue"), (NODE_VC, "issue"), at_least=25),
        Goal((FROM_TEMPLATE + by, "issue"), (NODE_VC, "issue"), at_least=50),
        Goal((FROM_TEMPLATE + by, "issue"), (BARE, "issue"), at_most=3.5),
    )
)
SUITE_GOALS = {"ecdsa-rdfc-2019": 20, "ecdsa-sd-2023": 10}
TOKENS = 2


def ours() -> list[Contestant]:
    """Our own, and the bare cryptography beneath."""
    document = sample.badge()
    signed = signed_badge(document)
    text, canonical = json.dumps(signed), canonical_rdfc(document).encode()
    data = bytes(64)
    signature, public = sample.KEY.sign(data), sample.KEY.public
    badges = [sample.badge(number) for number in range(5_000, 5_020)]
    unsigned, shown = cycle(badges), cycle([json.dumps(signed_badge(badge)) for badge in badges])
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
            next(shown), trust=Trust((party,)), fetch=fetch, now=sample.NOW, holder=sample.HOLDER
        )
        assert report.headline == "genuine", report.checks

    def first() -> None:
        template._SEEN.clear()
        complete()

    def verify() -> None:
        verify_proof(
            loads_strict(text),
            purpose="assertionMethod",
            controller=sample.ISSUER,
            fetch=None,
            now=sample.NOW,
        )

    own: list[Contestant] = [
        ("ours", "issue", lambda: signed_badge(document)),
        ("ours", "verify", verify),
        (FROM_TEMPLATE, "issue", lambda: from_template(next(unsigned))),
        (COMPLETE, "verify", complete),
        (f"{COMPLETE}, first", "verify", first),
    ]
    return [
        (BARE, "issue", lambda: (sha256(canonical), sample.KEY.sign(data))),
        (BARE, "verify", lambda: (sha256(canonical), public.verify(data, signature))),
        *[(name + by, what, run) for by in ("", BY_OPENSSL) for name, what, run in own],
    ]


def signed_badge(document: dict[str, Any]) -> dict[str, Any]:
    """Sign a badge the whole way."""
    return add_proof(document, sample.KEY, verification_method=sample.METHOD, created=sample.NOW)


def from_template(document: dict[str, Any]) -> dict[str, Any]:
    """Sign a badge as the issuer's service does."""
    return add_proof(
        document,
        sample.KEY,
        verification_method=sample.METHOD,
        created=sample.NOW,
        form=canonical_badge(document),
    )


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
        steps |= floors(base, signed)
        message |= {"mandatoryPointers": MANDATORY, "selectivePointers": SELECTIVE}
    return steps, message_for_node(message, key)


def other_suites(rounds: int, seconds: float) -> None:
    """Print each suite beside Node's."""
    print(f"\n{'':28}{'ours':>10}{'Node':>10}{'x ours':>8}{'goal':>8}{'reached':>9}")
    for name in ("eddsa-jcs-2022", "ecdsa-rdfc-2019", "ecdsa-jcs-2019", "ecdsa-sd-2023"):
        key = sample.KEY if name.startswith("eddsa") else PrivateKey.generate("P-256")
        steps, message = suite_of_ours(name, key)
        figures: dict[tuple[str, str], list[float]] = {}
        for _ in range(rounds):
            for step, run in steps.items():
                who = BARE if step.startswith("floor") else "ours"
                figures.setdefault(("ours", step), []).append(_timed_by(who, run, seconds))
            times = 5 if name == "ecdsa-sd-2023" else 100
            for step, micros in in_node(times, message).items():
                figures.setdefault(("Node", step), []).append(micros)
        for step in steps:
            mine = statistics.median(figures["ours", step])
            row = f"{name + ' ' + step:28}{mine:10,.0f}"
            if ("Node", step) in figures:
                theirs, goal = statistics.median(figures["Node", step]), SUITE_GOALS.get(name, 2)
                reached = "yes" if theirs / mine >= goal else "no"
                row += f"{theirs:10,.0f}{theirs / mine:8.1f}{goal:7}x{reached:>9}"
            print(row)


def floors(base: dict[str, Any], signed: dict[str, Any]) -> dict[str, Callable[[], Any]]:
    """Give the bare P-256 operations of ecdsa-sd-2023: nobody is faster with OpenSSL.

    The key of a proof comes with it: it is made once, and read by each verifier.
    """
    key = PrivateKey.generate("P-256")
    line = canonical_rdfc(sample.badge()).split("\n")[0].encode()
    signature = key.sign(line)
    made = len(BaseProof.read(base["proof"]["proofValue"]).signatures) + 1
    shown = len(DerivedProof.read(signed["proof"]["proofValue"]).signatures) + 1

    def sign_all() -> None:
        PrivateKey.generate("P-256")
        for _ in range(made):
            key.sign(line)

    def verify_all() -> None:
        passing = PublicKey("P-256", key.public.raw)
        for _ in range(shown):
            passing.verify(line, signature)

    return {
        f"floor: a key, {made} signatures": sign_all,
        f"floor: a key, {shown} checks": verify_all,
    }


def tokens(rounds: int, seconds: float) -> None:
    """Print credentials as tokens beside the Python peers; Node has no package for them here."""
    print(f"\n{'':40}{'issue':>10}{'x ours':>8}{'verify':>10}{'x ours':>8}{'goal':>6}  reached")
    for name, contestants in (("VC-JWT", vc_jwt()), ("SD-JWT", sd_jwt())):
        middle: Figures = {}
        taken = [
            {(who, what): _timed_by(who, run, seconds) for who, what, run in contestants}
            for _ in range(rounds)
        ]
        for key in taken[0]:
            middle[key] = statistics.median(figures[key] for figures in taken)
        for who in dict.fromkeys(who for who, _what in middle):
            row = f"{name + ', ' + who:40}"
            times = [middle[who, what] / middle["ours", what] for what in ("issue", "verify")]
            for what, factor in zip(("issue", "verify"), times, strict=True):
                row += f"{middle[who, what]:10,.0f}{factor:8.1f}"
            if who.startswith(("openvc", "jwcrypto")):
                said = ("yes" if factor >= TOKENS else "no" for factor in times)
                row += f"{TOKENS:5}x  issue: {next(said)}, verify: {next(said)}"
            print(row)


HIDDEN: tuple[Place, ...] = (
    ("credentialSubject", "achievement", "description"),
    ("credentialSubject", "result"),
)


def token_of_ours(hidden: tuple[Place, ...] | None) -> list[Contestant]:
    """Give a token of ours; to verify it is also to read it, and its disclosures."""
    document = sample.badge()

    def issue() -> str:
        return sign_credential(
            document, sample.KEY, kid=sample.METHOD, issued=sample.NOW, hidden=hidden
        )

    text = issue()

    def verify() -> None:
        read_credential(text).verify(fetch=None, now=sample.NOW)

    return [("ours", "issue", issue), ("ours", "verify", verify)]


def vc_jwt() -> list[Contestant]:
    """VC-JWT with EdDSA: ours, bare, openvc-core and jwcrypto, which knows no credentials."""
    from jwcrypto.jwk import JWK
    from jwcrypto.jws import JWS
    from openvc.keys import Ed25519SigningKey
    from openvc.proof.vc_jwt import VcJwtProofSuite

    document, public = sample.badge(), sample.KEY.public
    data = b"." * (len(json.dumps(document)) * 4 // 3)
    signature = sample.KEY.sign(data)
    signer, suite = Ed25519SigningKey(loaded_key(), sample.METHOD), VcJwtProofSuite()
    theirs = suite.sign(document, signing_key=signer)
    key = JWK.from_json(json.dumps(sample.KEY.to_jwk()))

    def jws() -> str:
        made = JWS(json.dumps(document).encode())
        made.add_signature(key, None, json.dumps({"alg": "EdDSA", "typ": "vc+jwt"}))
        compact: str = made.serialize(compact=True)
        return compact

    shown = jws()

    def read_jws() -> None:
        found = JWS()
        found.deserialize(shown, key)
        json.loads(found.payload)

    return [
        *token_of_ours(None),
        *[(f"ours{BY_OPENSSL}", what, run) for _who, what, run in token_of_ours(None)],
        ("bare Ed25519", "issue", lambda: sample.KEY.sign(data)),
        ("bare Ed25519", "verify", lambda: public.verify(data, signature)),
        *floor_of_tokens(document),
        ("openvc-core", "issue", lambda: suite.sign(document, signing_key=signer)),
        ("openvc-core", "verify", lambda: suite.verify(theirs, public_key_jwk=public.jwk)),
        ("jwcrypto (signature and JSON only)", "issue", jws),
        ("jwcrypto (signature and JSON only)", "verify", read_jws),
    ]


def floor_of_tokens(document: dict[str, Any], hidden: tuple[Place, ...] = ()) -> list[Contestant]:
    """Give what no token can do without: JSON, base64url, digests, and libsodium's signature."""
    from orjson import dumps, loads
    from pybase64 import b64decode, b64encode

    key, parts = sample.KEY, []
    shown = json.loads(json.dumps(document))
    for *path, last in hidden:
        parent = shown
        for step in path:
            parent = parent[step]
        parts.append([last, parent.pop(last)])

    def issue() -> tuple[bytes, bytes, list[bytes]]:
        words = [dumps([secrets.token_urlsafe(16), *part]) for part in parts]
        encoded = [b64encode(one) for one in words]
        digests = [b64encode(sha256(one).digest()).decode() for one in encoded]
        payload = {**shown, "_sd": digests} if digests else shown
        signed = b64encode(dumps(payload))
        signature = key.sign(signed)
        b64encode(signature)
        return signed, signature, encoded

    signed, signature, encoded = issue()

    def verify() -> None:
        loads(b64decode(signed))
        for one in encoded:
            loads(b64decode(one))
            sha256(one).digest()
        key.public.verify(signed, signature)

    name = "ours, floor: JSON, base64, signature"
    return [(name, "issue", issue), (name, "verify", verify)]


def sd_jwt() -> list[Contestant]:
    """SD-JWT of the badge with two disclosures: openvc-core hides outermost members only."""
    from openvc.keys import Ed25519SigningKey
    from openvc.proof.sd_jwt import SdJwtVcProofSuite

    signer, suite = Ed25519SigningKey(loaded_key(), sample.METHOD), SdJwtVcProofSuite()
    claims = {"iss": sample.ISSUER, **sample.badge()}

    def issue() -> str:
        text: str = suite.issue(
            claims, signing_key=signer, disclosable=["name", "awardedDate"], vct="urn:badge"
        )
        return text

    text, jwk = issue(), sample.KEY.public.jwk
    return [
        *token_of_ours(HIDDEN),
        *[(f"ours{BY_OPENSSL}", what, run) for _who, what, run in token_of_ours(HIDDEN)],
        *floor_of_tokens(sample.badge(), HIDDEN),
        ("openvc-core", "issue", issue),
        ("openvc-core", "verify", lambda: suite.verify(text, public_key_jwk=jwk)),
    ]


def loaded_key() -> Any:
    """Give the sample key as `cryptography` has it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(sample.KEY.secret)


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


_SLICE = 0.01
"""Seconds; Node's slices are as long as its runs of ten."""


def _timed_by(who: str, run: Callable[[], Any], seconds: float) -> float:
    """Measure what is ours with the libraries of the extra `server`, and all else without."""
    is_service = who.startswith("ours") and not who.endswith(BY_OPENSSL)
    use_libsodium(is_service)
    use_pybase64(is_service)
    use_orjson(is_service)
    return timed(run, seconds)


def timed(run: Callable[[], Any], seconds: float) -> float:
    """Give the microseconds of one run in the best of the slices that fit into so many seconds."""
    for _ in range(3):  # a template is made at the second
        run()
    start = time.perf_counter()
    run()
    times = max(1, int(_SLICE / max(time.perf_counter() - start, 1e-7)))
    best = float("inf")
    while True:
        begin = time.perf_counter()
        for _ in range(times):
            run()
        best = min(best, (time.perf_counter() - begin) / times)
        if time.perf_counter() - start >= seconds:
            return best * 1e6


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
            figures.setdefault((name, what), []).append(_timed_by(name, run, given.seconds))
        try:
            for what, micros in in_node(100).items():
                figures.setdefault((NODE_VC, what), []).append(micros)
        except ImportError as error:
            absent.append(f"{NODE_VC}: {error}")
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
        print(row + (f"{verify / middle[COMPLETE, 'verify']:12.1f}" if verify else ""))
    for line in dict.fromkeys(absent):
        print(f"not measured: {line}")
    print(f"\n{'goals':66}{'':16}{'measured':>9}")
    for goal in GOALS:
        print(goal.line(middle))
    if given.suites:
        other_suites(given.rounds, given.seconds)
        tokens(given.rounds, given.seconds)


if __name__ == "__main__":
    main()
