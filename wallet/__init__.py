"""The worker's wallet: receive badges, keep them sealed, show them by a link that ends.

`create_app(settings)` builds the service. Without Flask, the same things are functions:
`wallet.cards.open_new`, `wallet.receiving.preview` and `accept`, `wallet.sharing.share` and `stop`.
"""

from wallet.app import create_app
from wallet.settings import WalletSettings, read_settings

__all__ = ["WalletSettings", "create_app", "read_settings"]
