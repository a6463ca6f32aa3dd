"""The migrations of the wallet's database: see `web.migrating` and docs/upgrading.md."""
