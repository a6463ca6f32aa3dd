"""What the three services share on the web: app base, database, errors, HTTP, languages, look."""
