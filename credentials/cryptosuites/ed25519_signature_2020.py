"""Data Integrity EdDSA Cryptosuites v1.0, A: the older Ed25519Signature2020, to verify only."""

from credentials.cryptosuites import Cryptosuite, Standing, rdfc

SUITE = Cryptosuite(
    name="Ed25519Signature2020",
    key_kinds=("Ed25519",),
    canonicalise=rdfc,
    standing=Standing.LEGACY,
    proof_type="Ed25519Signature2020",
)
