"""From nothing to a verdict: each contestant as a process of its own, in one run.

``python bench/cold.py [--rounds 7]`` prints milliseconds (the median) for `mycred verify`, for the
bare interpreters, for Python with the one library that nobody can leave out, and for peers that
verify the proof of the same badge. Compiled code is cached for all, as after any installation: one
round before the first fills the caches, of Node too.

Goal: `mycred verify` within 120 ms, on a machine where bare Python takes 20. Beside the time stands
the least CPU that it took, which hangs less on what else the machine has to do.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "bench")]

import sample  # noqa: E402
from setup_node import find_node  # noqa: E402

from contexts import load_context  # noqa: E402
from contexts.pinned import pinned  # noqa: E402
from credentials.proofs import add_proof  # noqa: E402
from keys.resolution import resolve  # noqa: E402

_GOAL = 120
ED25519 = "from cryptography.hazmat.primitives.asymmetric import ed25519"
OPENVC = """
import json, sys
from openvc.proof.data_integrity import DataIntegrityProofSuite
told = json.load(sys.stdin)
DataIntegrityProofSuite().verify(
    told["document"], public_key_jwk=told["jwk"], extra_contexts=told["documents"]
)
"""


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=7)
    rounds = arguments.parse_args().rounds
    document = {name: v for name, v in sample.badge().items() if name != "credentialStatus"}
    made = sample.NOW.replace(day=20)
    signed = add_proof(document, sample.KEY, verification_method=sample.METHOD, created=made)
    documents = {url: load_context(url) for url in pinned("context")}
    documents[sample.ISSUER] = resolve(sample.ISSUER, fetch=None, now=made).document
    message = json.dumps(
        {"document": signed, "documents": documents, "jwk": sample.KEY.public.jwk}
    ).encode()
    with tempfile.TemporaryDirectory() as folder:
        badge = Path(folder) / "badge.json"
        badge.write_text(json.dumps(signed), "utf-8")
        mycred = [str(Path(sys.executable).parent / "mycred"), "verify", str(badge)]
        contestants = {
            "bare Python": ([sys.executable, "-c", "pass"], b""),
            "Python with Ed25519": ([sys.executable, "-c", ED25519], b""),
            "mycred verify": (mycred, b""),
            "openvc-core": ([sys.executable, "-c", OPENVC], message),
        }
        node = find_node()
        peer = ROOT / "tests" / "peers" / "node" / "peer.mjs"
        if node and (peer.parent / "node_modules").exists():
            contestants["bare Node"] = ([node, "-e", "0"], b"")
            contestants["Node @digitalbazaar/vc"] = ([node, str(peer), "verify"], message)
        # Nothing that a shell of developers sets, and the cache that Node keeps on demand.
        cached = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        cached["NODE_COMPILE_CACHE"] = str(Path(folder) / "node")
        taken: dict[str, list[float]] = {name: [] for name in contestants}
        cpu: dict[str, list[float]] = {name: [] for name in contestants}
        for number in range(rounds + 1):
            for name, (command, given) in contestants.items():
                start, used = time.perf_counter(), _cpu()
                subprocess.run(command, input=given, check=True, capture_output=True, env=cached)
                if number:
                    taken[name].append((time.perf_counter() - start) * 1000)
                    cpu[name].append((_cpu() - used) * 1000)
    ours = statistics.median(taken["mycred verify"])
    for name, values in taken.items():
        middle = statistics.median(values)
        least = min(cpu[name])
        print(f"{name:26}{middle:8.0f} ms{least:8.0f} ms of CPU{middle / ours:7.1f} x ours")
    print(f"goal {_GOAL} ms: {'reached' if ours <= _GOAL else 'not reached'}")


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
