CREATE TABLE fetched (
	url VARCHAR NOT NULL,
	body BYTEA NOT NULL,
	etag VARCHAR NOT NULL,
	content_type VARCHAR NOT NULL,
	fetched_at TIMESTAMP WITH TIME ZONE NOT NULL,
	fresh_until TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (url)
);

CREATE TABLE shown (
	key_hash VARCHAR NOT NULL,
	sealed BYTEA NOT NULL,
	expires TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (key_hash)
);

CREATE TABLE check_count (
	source_hash VARCHAR NOT NULL,
	window_start TIMESTAMP WITH TIME ZONE NOT NULL,
	count INTEGER NOT NULL,
	PRIMARY KEY (source_hash)
);

CREATE INDEX ix_fetched_fetched_at ON fetched (fetched_at);

CREATE INDEX ix_shown_expires ON shown (expires);

