"""The migrations of the verifier's database: see `web.migrating` and docs/upgrading.md."""
