CREATE TABLE shelf (
	id SERIAL NOT NULL,
	name TEXT,
	PRIMARY KEY (id)
);

CREATE TABLE book (
	id SERIAL NOT NULL,
	shelf_id INTEGER NOT NULL,
	title TEXT NOT NULL,
	state TEXT NOT NULL,
	PRIMARY KEY (id),
	CONSTRAINT known_state CHECK (state IN ('here', 'lent')),
	CONSTRAINT "a_title, (not empty)" CHECK (title <> ''),
	UNIQUE (shelf_id, title),
	FOREIGN KEY(shelf_id) REFERENCES shelf (id) ON DELETE CASCADE
);

CREATE FUNCTION title_is_final() RETURNS trigger AS $$ BEGIN IF NEW.title <> OLD.title THEN RAISE EXCEPTION 'its title stays' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER title_is_final BEFORE UPDATE ON book FOR EACH ROW EXECUTE FUNCTION title_is_final();

CREATE TABLE loan (
	id SERIAL NOT NULL,
	book_id INTEGER NOT NULL,
	due TEXT,
	PRIMARY KEY (id),
	FOREIGN KEY(book_id) REFERENCES book (id) ON DELETE CASCADE
);

CREATE FUNCTION loan_of_lent_book() RETURNS trigger AS $$ BEGIN IF NOT EXISTS (SELECT 1 FROM book WHERE book.id = NEW.book_id AND book.state = 'lent') THEN RAISE EXCEPTION 'it is not lent' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER loan_of_lent_book BEFORE INSERT ON loan FOR EACH ROW EXECUTE FUNCTION loan_of_lent_book();

CREATE INDEX ix_loan_book_id ON loan (book_id);

CREATE UNIQUE INDEX one_is_lent ON book (title) WHERE state = 'lent';

