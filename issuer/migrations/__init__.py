"""The migrations of the issuer's database: see `web.migrating` and docs/upgrading.md."""
