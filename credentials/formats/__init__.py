"""Credentials inside tokens: JWT, SD-JWT, and the envelopes that carry them."""
