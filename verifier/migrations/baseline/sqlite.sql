CREATE TABLE fetched (
	url VARCHAR NOT NULL,
	body BLOB NOT NULL,
	etag VARCHAR NOT NULL,
	content_type VARCHAR NOT NULL,
	fetched_at DATETIME NOT NULL,
	fresh_until DATETIME NOT NULL,
	PRIMARY KEY (url)
);

CREATE TABLE shown (
	key_hash VARCHAR NOT NULL,
	sealed BLOB NOT NULL,
	expires DATETIME NOT NULL,
	PRIMARY KEY (key_hash)
);

CREATE TABLE check_count (
	source_hash VARCHAR NOT NULL,
	window_start DATETIME NOT NULL,
	count INTEGER NOT NULL,
	PRIMARY KEY (source_hash)
);

CREATE INDEX ix_fetched_fetched_at ON fetched (fetched_at);

CREATE INDEX ix_shown_expires ON shown (expires);

