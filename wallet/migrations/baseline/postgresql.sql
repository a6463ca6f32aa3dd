CREATE TABLE wallet (
	id UUID NOT NULL,
	card_hash VARCHAR(64) NOT NULL,
	wrapped_key BYTEA NOT NULL,
	profile BYTEA NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (card_hash)
);

CREATE TABLE tries (
	visitor VARCHAR(64) NOT NULL,
	thing VARCHAR(20) NOT NULL,
	since TIMESTAMP WITH TIME ZONE NOT NULL,
	count INTEGER NOT NULL,
	PRIMARY KEY (visitor, thing)
);

CREATE TABLE web_session (
	token_hash VARCHAR(64) NOT NULL,
	created TIMESTAMP WITH TIME ZONE NOT NULL,
	last_seen TIMESTAMP WITH TIME ZONE NOT NULL,
	expires TIMESTAMP WITH TIME ZONE NOT NULL,
	wallet_id UUID NOT NULL,
	wrapped_key BYTEA NOT NULL,
	PRIMARY KEY (token_hash),
	FOREIGN KEY(wallet_id) REFERENCES wallet (id)
);

CREATE TABLE badge (
	id UUID NOT NULL,
	wallet_id UUID NOT NULL,
	fingerprint VARCHAR(64) NOT NULL,
	content BYTEA NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (wallet_id, fingerprint),
	FOREIGN KEY(wallet_id) REFERENCES wallet (id)
);

CREATE TABLE receipt (
	id UUID NOT NULL,
	wallet_id UUID NOT NULL,
	fingerprint VARCHAR(64) NOT NULL,
	content BYTEA NOT NULL,
	busy_until TIMESTAMP WITH TIME ZONE,
	badge_id UUID,
	created TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (wallet_id, fingerprint),
	FOREIGN KEY(wallet_id) REFERENCES wallet (id)
);

CREATE TABLE share (
	id UUID NOT NULL,
	wallet_id UUID NOT NULL,
	token_hash VARCHAR(64) NOT NULL,
	presentation BYTEA,
	note BYTEA NOT NULL,
	state VARCHAR NOT NULL,
	created TIMESTAMP WITH TIME ZONE NOT NULL,
	expires TIMESTAMP WITH TIME ZONE NOT NULL,
	views INTEGER NOT NULL,
	last_view TIMESTAMP WITH TIME ZONE,
	PRIMARY KEY (id),
	CONSTRAINT known_state CHECK (state IN ('draft', 'active', 'stopped')),
	CONSTRAINT stopped_is_empty CHECK (state <> 'stopped' OR presentation IS NULL),
	FOREIGN KEY(wallet_id) REFERENCES wallet (id),
	UNIQUE (token_hash)
);

CREATE TABLE answered (
	id UUID NOT NULL,
	wallet_id UUID NOT NULL,
	content BYTEA NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(wallet_id) REFERENCES wallet (id)
);

CREATE TABLE waiting (
	id UUID NOT NULL,
	wallet_id UUID NOT NULL,
	content BYTEA NOT NULL,
	ask_after TIMESTAMP WITH TIME ZONE NOT NULL,
	created TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(wallet_id) REFERENCES wallet (id)
);

CREATE TABLE arrived (
	id UUID NOT NULL,
	wallet_id UUID NOT NULL,
	share_id UUID NOT NULL,
	place INTEGER NOT NULL,
	fingerprint VARCHAR(64) NOT NULL,
	content BYTEA,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (share_id, place),
	UNIQUE (share_id, fingerprint),
	CONSTRAINT few_per_share CHECK (place BETWEEN 1 AND 5),
	FOREIGN KEY(wallet_id) REFERENCES wallet (id),
	FOREIGN KEY(share_id) REFERENCES share (id) ON DELETE CASCADE
);

CREATE TABLE vouched (
	id UUID NOT NULL,
	wallet_id UUID NOT NULL,
	badge_id UUID NOT NULL,
	fingerprint VARCHAR(64) NOT NULL,
	content BYTEA NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (wallet_id, fingerprint),
	FOREIGN KEY(wallet_id) REFERENCES wallet (id),
	FOREIGN KEY(badge_id) REFERENCES badge (id) ON DELETE CASCADE
);

CREATE INDEX ix_answered_wallet_id ON answered (wallet_id);

CREATE INDEX ix_arrived_wallet_id ON arrived (wallet_id);

CREATE INDEX ix_badge_wallet_id ON badge (wallet_id);

CREATE INDEX ix_receipt_wallet_id ON receipt (wallet_id);

CREATE INDEX ix_share_wallet_id ON share (wallet_id);

CREATE INDEX ix_vouched_badge_id ON vouched (badge_id);

CREATE INDEX ix_vouched_wallet_id ON vouched (wallet_id);

CREATE INDEX ix_waiting_wallet_id ON waiting (wallet_id);

CREATE INDEX ix_web_session_wallet_id ON web_session (wallet_id);

