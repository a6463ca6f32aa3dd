CREATE TABLE shelf (
	id INTEGER NOT NULL,
	name TEXT,
	PRIMARY KEY (id)
);

CREATE TABLE book (
	id INTEGER NOT NULL,
	shelf_id INTEGER NOT NULL,
	title TEXT NOT NULL,
	state TEXT NOT NULL,
	PRIMARY KEY (id),
	CONSTRAINT known_state CHECK (state IN ('here', 'lent')),
	CONSTRAINT "a_title, (not empty)" CHECK (title <> ''),
	UNIQUE (shelf_id, title),
	FOREIGN KEY(shelf_id) REFERENCES shelf (id) ON DELETE CASCADE
);

CREATE TRIGGER title_is_final BEFORE UPDATE ON book WHEN NEW.title <> OLD.title BEGIN SELECT RAISE(ABORT, 'its title stays'); END;

CREATE TABLE loan (
	id INTEGER NOT NULL,
	book_id INTEGER NOT NULL,
	due TEXT,
	PRIMARY KEY (id),
	FOREIGN KEY(book_id) REFERENCES book (id) ON DELETE CASCADE
);

CREATE TRIGGER loan_of_lent_book BEFORE INSERT ON loan WHEN NOT EXISTS (SELECT 1 FROM book WHERE book.id = NEW.book_id AND book.state = 'lent') BEGIN SELECT RAISE(ABORT, 'it is not lent'); END;

CREATE INDEX ix_loan_book_id ON loan (book_id);

CREATE UNIQUE INDEX one_is_lent ON book (title) WHERE state = 'lent';

