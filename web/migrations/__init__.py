"""What alembic runs for every service: `env.py`; each service has its own `migrations/versions`."""
