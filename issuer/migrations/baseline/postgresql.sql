CREATE TABLE organisation (
	id UUID NOT NULL,
	name VARCHAR NOT NULL,
	country_code VARCHAR NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (name)
);

CREATE TABLE wrong_code (
	id UUID NOT NULL,
	source_hash VARCHAR NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (id)
);

CREATE TABLE begun_count (
	source_hash VARCHAR NOT NULL,
	thing VARCHAR NOT NULL,
	since TIMESTAMP WITH TIME ZONE NOT NULL,
	count INTEGER NOT NULL,
	PRIMARY KEY (source_hash, thing),
	CONSTRAINT something_was_begun CHECK (count > 0)
);

CREATE TABLE audit_event (
	number SERIAL NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	kind VARCHAR NOT NULL,
	subject_id VARCHAR NOT NULL,
	by VARCHAR,
	previous_hash VARCHAR NOT NULL,
	hash VARCHAR NOT NULL,
	seal VARCHAR NOT NULL,
	PRIMARY KEY (number),
	UNIQUE (hash)
);

CREATE OR REPLACE FUNCTION audit_event_is_final_update() RETURNS trigger AS $$ BEGIN IF NOT (1 = 0) THEN RAISE EXCEPTION 'audit_event is final'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER audit_event_is_final_update BEFORE UPDATE ON audit_event FOR EACH ROW EXECUTE FUNCTION audit_event_is_final_update();

CREATE OR REPLACE FUNCTION audit_event_is_final_delete() RETURNS trigger AS $$ BEGIN IF NOT (EXISTS (SELECT 1 FROM audit_cut WHERE audit_cut.number >= OLD.number)) THEN RAISE EXCEPTION 'audit_event is final'; END IF; RETURN OLD; END $$ LANGUAGE plpgsql; CREATE TRIGGER audit_event_is_final_delete BEFORE DELETE ON audit_event FOR EACH ROW EXECUTE FUNCTION audit_event_is_final_delete();

CREATE TABLE audit_cut (
	number SERIAL NOT NULL,
	hash VARCHAR NOT NULL,
	older_than TIMESTAMP WITH TIME ZONE NOT NULL,
	made_at TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (number)
);

CREATE OR REPLACE FUNCTION audit_cut_is_final_update() RETURNS trigger AS $$ BEGIN IF NOT (1 = 0) THEN RAISE EXCEPTION 'audit_cut is final'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER audit_cut_is_final_update BEFORE UPDATE ON audit_cut FOR EACH ROW EXECUTE FUNCTION audit_cut_is_final_update();

CREATE OR REPLACE FUNCTION audit_cut_is_final_delete() RETURNS trigger AS $$ BEGIN IF NOT (1 = 0) THEN RAISE EXCEPTION 'audit_cut is final'; END IF; RETURN OLD; END $$ LANGUAGE plpgsql; CREATE TRIGGER audit_cut_is_final_delete BEFORE DELETE ON audit_cut FOR EACH ROW EXECUTE FUNCTION audit_cut_is_final_delete();

CREATE OR REPLACE FUNCTION cut_follows_the_chain() RETURNS trigger AS $$ BEGIN IF NOT EXISTS (SELECT 1 FROM audit_event WHERE audit_event.number = NEW.number AND audit_event.hash = NEW.hash AND audit_event.at < NEW.older_than) THEN RAISE EXCEPTION 'the trail is cut at an event that is old' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER cut_follows_the_chain BEFORE INSERT ON audit_cut FOR EACH ROW EXECUTE FUNCTION cut_follows_the_chain();

CREATE TABLE erasure (
	person_id UUID NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (person_id)
);

CREATE OR REPLACE FUNCTION erasure_is_final_update() RETURNS trigger AS $$ BEGIN IF NOT (1 = 0) THEN RAISE EXCEPTION 'erasure is final'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER erasure_is_final_update BEFORE UPDATE ON erasure FOR EACH ROW EXECUTE FUNCTION erasure_is_final_update();

CREATE OR REPLACE FUNCTION erasure_is_final_delete() RETURNS trigger AS $$ BEGIN IF NOT (1 = 0) THEN RAISE EXCEPTION 'erasure is final'; END IF; RETURN OLD; END $$ LANGUAGE plpgsql; CREATE TRIGGER erasure_is_final_delete BEFORE DELETE ON erasure FOR EACH ROW EXECUTE FUNCTION erasure_is_final_delete();

CREATE TABLE status_list (
	number SERIAL NOT NULL,
	signed_text TEXT,
	signed_with VARCHAR,
	signed_at TIMESTAMP WITH TIME ZONE,
	valid_until TIMESTAMP WITH TIME ZONE,
	PRIMARY KEY (number)
);

CREATE TABLE nonce (
	nonce_hash VARCHAR NOT NULL,
	expires TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (nonce_hash)
);

CREATE TABLE received_endorsement (
	id UUID NOT NULL,
	endorsement_id VARCHAR NOT NULL,
	subject_id VARCHAR NOT NULL,
	endorser VARCHAR NOT NULL,
	claimed_name VARCHAR NOT NULL,
	comment TEXT NOT NULL,
	valid_until TIMESTAMP WITH TIME ZONE,
	signed_text TEXT NOT NULL,
	received_at TIMESTAMP WITH TIME ZONE NOT NULL,
	withdrawn_at TIMESTAMP WITH TIME ZONE,
	PRIMARY KEY (id),
	UNIQUE (endorsement_id)
);

CREATE TABLE retention_run (
	id UUID NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (id)
);

CREATE TABLE secret_known (
	number SERIAL NOT NULL,
	check_value VARCHAR NOT NULL,
	since TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (number)
);

CREATE OR REPLACE FUNCTION secret_known_is_final_update() RETURNS trigger AS $$ BEGIN IF NOT (1 = 0) THEN RAISE EXCEPTION 'secret_known is final'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER secret_known_is_final_update BEFORE UPDATE ON secret_known FOR EACH ROW EXECUTE FUNCTION secret_known_is_final_update();

CREATE OR REPLACE FUNCTION secret_known_is_final_delete() RETURNS trigger AS $$ BEGIN IF NOT (1 = 0) THEN RAISE EXCEPTION 'secret_known is final'; END IF; RETURN OLD; END $$ LANGUAGE plpgsql; CREATE TRIGGER secret_known_is_final_delete BEFORE DELETE ON secret_known FOR EACH ROW EXECUTE FUNCTION secret_known_is_final_delete();

CREATE TABLE person (
	id UUID NOT NULL,
	organisation_id UUID NOT NULL,
	display_name VARCHAR NOT NULL,
	alias VARCHAR NOT NULL,
	contact_hash VARCHAR,
	PRIMARY KEY (id),
	UNIQUE (id, contact_hash),
	FOREIGN KEY(organisation_id) REFERENCES organisation (id),
	UNIQUE (alias)
);

CREATE OR REPLACE FUNCTION nobody_changes_centre() RETURNS trigger AS $$ BEGIN IF NEW.organisation_id <> OLD.organisation_id THEN RAISE EXCEPTION 'roles belong to one organisation: somebody who works for two has two accounts' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER nobody_changes_centre BEFORE UPDATE ON person FOR EACH ROW EXECUTE FUNCTION nobody_changes_centre();

CREATE OR REPLACE FUNCTION erased_stays_erased() RETURNS trigger AS $$ BEGIN IF EXISTS (SELECT 1 FROM erasure WHERE erasure.person_id = OLD.id) AND (NEW.display_name <> '' OR NEW.contact_hash IS NOT NULL) THEN RAISE EXCEPTION 'this person was erased' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER erased_stays_erased BEFORE UPDATE ON person FOR EACH ROW EXECUTE FUNCTION erased_stays_erased();

CREATE OR REPLACE FUNCTION nobody_takes_the_contact_of_a_colleague() RETURNS trigger AS $$ BEGIN PERFORM 1 FROM organisation WHERE id = NEW.organisation_id FOR NO KEY UPDATE; IF NEW.contact_hash IS DISTINCT FROM OLD.contact_hash AND EXISTS (SELECT 1 FROM role_grant AS mine WHERE mine.person_id = NEW.id AND mine.role IN ('coordinator', 'officer', 'standard_owner', 'data_officer', 'administrator', 'examiner')) AND EXISTS (SELECT 1 FROM person AS other JOIN role_grant AS held ON held.person_id = other.id WHERE held.role IN ('coordinator', 'officer', 'standard_owner', 'data_officer', 'administrator', 'examiner') AND other.organisation_id = NEW.organisation_id AND other.contact_hash = NEW.contact_hash AND other.id <> NEW.id) THEN RAISE EXCEPTION 'somebody of this centre has this contact' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER nobody_takes_the_contact_of_a_colleague BEFORE UPDATE ON person FOR EACH ROW EXECUTE FUNCTION nobody_takes_the_contact_of_a_colleague();

CREATE OR REPLACE FUNCTION who_has_a_role_keeps_a_contact() RETURNS trigger AS $$ BEGIN IF OLD.contact_hash IS NOT NULL AND NEW.contact_hash IS NULL AND EXISTS (SELECT 1 FROM role_grant AS mine WHERE mine.person_id = NEW.id AND mine.role IN ('coordinator', 'officer', 'standard_owner', 'data_officer', 'administrator')) AND NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.person_id = OLD.id) THEN RAISE EXCEPTION 'who has a role keeps a contact' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER who_has_a_role_keeps_a_contact BEFORE UPDATE ON person FOR EACH ROW EXECUTE FUNCTION who_has_a_role_keeps_a_contact();

CREATE TABLE status_entry (
	list_number INTEGER NOT NULL,
	position INTEGER NOT NULL,
	revoked_at TIMESTAMP WITH TIME ZONE,
	PRIMARY KEY (list_number, position),
	CONSTRAINT position_lies_in_list CHECK (position >= 0 AND position < 131072),
	FOREIGN KEY(list_number) REFERENCES status_list (number)
);

CREATE OR REPLACE FUNCTION places_stay_taken() RETURNS trigger AS $$ BEGIN IF 1 = 1 THEN RAISE EXCEPTION 'a status place is never reused' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN OLD; END $$ LANGUAGE plpgsql; CREATE TRIGGER places_stay_taken BEFORE DELETE ON status_entry FOR EACH ROW EXECUTE FUNCTION places_stay_taken();

CREATE OR REPLACE FUNCTION revoked_place_is_final() RETURNS trigger AS $$ BEGIN IF OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at THEN RAISE EXCEPTION 'there is no way back from revoked' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER revoked_place_is_final BEFORE UPDATE ON status_entry FOR EACH ROW EXECUTE FUNCTION revoked_place_is_final();

CREATE TABLE retention_count (
	run_id UUID NOT NULL,
	rule VARCHAR NOT NULL,
	number INTEGER NOT NULL,
	PRIMARY KEY (run_id, rule),
	CONSTRAINT something_was_deleted CHECK (number > 0),
	FOREIGN KEY(run_id) REFERENCES retention_run (id) ON DELETE CASCADE
);

CREATE TABLE role_grant (
	person_id UUID NOT NULL,
	role VARCHAR NOT NULL,
	granted_by UUID,
	granted_at TIMESTAMP WITH TIME ZONE,
	PRIMARY KEY (person_id, role),
	CONSTRAINT known_role CHECK (role IN ('candidate', 'examiner', 'officer', 'coordinator', 'standard_owner', 'data_officer', 'administrator')),
	CONSTRAINT nobody_gives_themselves_a_role CHECK (granted_by <> person_id),
	CONSTRAINT granted_at_a_time CHECK ((granted_by IS NULL) = (granted_at IS NULL)),
	FOREIGN KEY(person_id) REFERENCES person (id),
	FOREIGN KEY(granted_by) REFERENCES person (id)
);

CREATE OR REPLACE FUNCTION roles_come_from_an_administrator_of_the_centre() RETURNS trigger AS $$ BEGIN IF NEW.granted_by IS NOT NULL AND NOT EXISTS (SELECT 1 FROM role_grant AS held JOIN person AS holder ON holder.id = held.person_id WHERE held.role = 'administrator' AND holder.organisation_id = (SELECT organisation_id FROM person WHERE id = NEW.person_id) AND held.person_id = NEW.granted_by) THEN RAISE EXCEPTION 'an administrator of the same organisation gives roles' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER roles_come_from_an_administrator_of_the_centre BEFORE INSERT ON role_grant FOR EACH ROW EXECUTE FUNCTION roles_come_from_an_administrator_of_the_centre();

CREATE OR REPLACE FUNCTION set_up_ends_with_the_first_administrator() RETURNS trigger AS $$ BEGIN IF NEW.granted_by IS NULL AND NEW.role IN ('coordinator', 'officer', 'standard_owner', 'data_officer', 'administrator') AND EXISTS (SELECT 1 FROM role_grant AS held JOIN person AS holder ON holder.id = held.person_id WHERE held.role = 'administrator' AND holder.organisation_id = (SELECT organisation_id FROM person WHERE id = NEW.person_id) AND held.person_id <> NEW.person_id) THEN RAISE EXCEPTION 'an administrator of the same organisation gives roles' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER set_up_ends_with_the_first_administrator BEFORE INSERT ON role_grant FOR EACH ROW EXECUTE FUNCTION set_up_ends_with_the_first_administrator();

CREATE OR REPLACE FUNCTION roles_are_not_rewritten() RETURNS trigger AS $$ BEGIN IF 1 = 1 THEN RAISE EXCEPTION 'a role is given or ended' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER roles_are_not_rewritten BEFORE UPDATE ON role_grant FOR EACH ROW EXECUTE FUNCTION roles_are_not_rewritten();

CREATE OR REPLACE FUNCTION one_administrator_stays() RETURNS trigger AS $$ BEGIN IF OLD.role = 'administrator' AND NOT EXISTS (SELECT 1 FROM role_grant AS held JOIN person AS holder ON holder.id = held.person_id WHERE held.role = 'administrator' AND holder.organisation_id = (SELECT organisation_id FROM person WHERE id = OLD.person_id) AND held.person_id <> OLD.person_id) THEN RAISE EXCEPTION 'an organisation keeps an administrator' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN OLD; END $$ LANGUAGE plpgsql; CREATE TRIGGER one_administrator_stays BEFORE DELETE ON role_grant FOR EACH ROW EXECUTE FUNCTION one_administrator_stays();

CREATE OR REPLACE FUNCTION role_grant_comes_not_back() RETURNS trigger AS $$ BEGIN PERFORM 1 FROM person WHERE id = NEW.person_id FOR KEY SHARE; IF EXISTS (SELECT 1 FROM erasure WHERE erasure.person_id = NEW.person_id) THEN RAISE EXCEPTION 'this person was erased' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER role_grant_comes_not_back BEFORE INSERT ON role_grant FOR EACH ROW EXECUTE FUNCTION role_grant_comes_not_back();

CREATE OR REPLACE FUNCTION one_account_a_contact() RETURNS trigger AS $$ BEGIN PERFORM 1 FROM organisation WHERE id = (SELECT organisation_id FROM person WHERE person.id = NEW.person_id) FOR NO KEY UPDATE; IF NEW.role IN ('coordinator', 'officer', 'standard_owner', 'data_officer', 'administrator', 'examiner') AND EXISTS (SELECT 1 FROM person AS other JOIN role_grant AS held ON held.person_id = other.id WHERE held.role IN ('coordinator', 'officer', 'standard_owner', 'data_officer', 'administrator', 'examiner') AND other.organisation_id = (SELECT organisation_id FROM person WHERE person.id = NEW.person_id) AND other.contact_hash = (SELECT contact_hash FROM person WHERE person.id = NEW.person_id) AND other.id <> NEW.person_id) THEN RAISE EXCEPTION 'somebody of this centre has this contact' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER one_account_a_contact BEFORE INSERT ON role_grant FOR EACH ROW EXECUTE FUNCTION one_account_a_contact();

CREATE OR REPLACE FUNCTION who_is_given_a_role_has_a_contact() RETURNS trigger AS $$ BEGIN IF NEW.granted_by IS NOT NULL AND NEW.role IN ('coordinator', 'officer', 'standard_owner', 'data_officer', 'administrator') AND (SELECT contact_hash FROM person WHERE person.id = NEW.person_id) IS NULL THEN RAISE EXCEPTION 'who is given a role has a contact' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER who_is_given_a_role_has_a_contact BEFORE INSERT ON role_grant FOR EACH ROW EXECUTE FUNCTION who_is_given_a_role_has_a_contact();

CREATE TABLE access_code (
	code_hash VARCHAR NOT NULL,
	person_id UUID NOT NULL,
	created TIMESTAMP WITH TIME ZONE NOT NULL,
	expires TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (code_hash),
	FOREIGN KEY(person_id) REFERENCES person (id)
);

CREATE OR REPLACE FUNCTION access_code_comes_not_back() RETURNS trigger AS $$ BEGIN PERFORM 1 FROM person WHERE id = NEW.person_id FOR KEY SHARE; IF EXISTS (SELECT 1 FROM erasure WHERE erasure.person_id = NEW.person_id) THEN RAISE EXCEPTION 'this person was erased' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER access_code_comes_not_back BEFORE INSERT ON access_code FOR EACH ROW EXECUTE FUNCTION access_code_comes_not_back();

CREATE TABLE web_session (
	token_hash VARCHAR(64) NOT NULL,
	created TIMESTAMP WITH TIME ZONE NOT NULL,
	last_seen TIMESTAMP WITH TIME ZONE NOT NULL,
	expires TIMESTAMP WITH TIME ZONE NOT NULL,
	person_id UUID NOT NULL,
	PRIMARY KEY (token_hash),
	FOREIGN KEY(person_id) REFERENCES person (id)
);

CREATE OR REPLACE FUNCTION web_session_comes_not_back() RETURNS trigger AS $$ BEGIN PERFORM 1 FROM person WHERE id = NEW.person_id FOR KEY SHARE; IF EXISTS (SELECT 1 FROM erasure WHERE erasure.person_id = NEW.person_id) THEN RAISE EXCEPTION 'this person was erased' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER web_session_comes_not_back BEFORE INSERT ON web_session FOR EACH ROW EXECUTE FUNCTION web_session_comes_not_back();

CREATE TABLE consent (
	person_id UUID NOT NULL,
	assessment_at TIMESTAMP WITH TIME ZONE NOT NULL,
	statistics BOOLEAN NOT NULL,
	PRIMARY KEY (person_id),
	FOREIGN KEY(person_id) REFERENCES person (id)
);

CREATE OR REPLACE FUNCTION consent_comes_not_back() RETURNS trigger AS $$ BEGIN PERFORM 1 FROM person WHERE id = NEW.person_id FOR KEY SHARE; IF EXISTS (SELECT 1 FROM erasure WHERE erasure.person_id = NEW.person_id) THEN RAISE EXCEPTION 'this person was erased' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER consent_comes_not_back BEFORE INSERT ON consent FOR EACH ROW EXECUTE FUNCTION consent_comes_not_back();

CREATE TABLE appointment (
	id UUID NOT NULL,
	person_id UUID NOT NULL,
	skill VARCHAR NOT NULL,
	language VARCHAR NOT NULL,
	level_ceiling INTEGER NOT NULL,
	reason VARCHAR NOT NULL,
	valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
	valid_until TIMESTAMP WITH TIME ZONE NOT NULL,
	suspended_at TIMESTAMP WITH TIME ZONE,
	PRIMARY KEY (id),
	CONSTRAINT known_level CHECK (level_ceiling BETWEEN 1 AND 3),
	FOREIGN KEY(person_id) REFERENCES person (id)
);

CREATE OR REPLACE FUNCTION appointment_comes_not_back() RETURNS trigger AS $$ BEGIN PERFORM 1 FROM person WHERE id = NEW.person_id FOR KEY SHARE; IF EXISTS (SELECT 1 FROM erasure WHERE erasure.person_id = NEW.person_id) THEN RAISE EXCEPTION 'this person was erased' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER appointment_comes_not_back BEFORE INSERT ON appointment FOR EACH ROW EXECUTE FUNCTION appointment_comes_not_back();

CREATE TABLE submission (
	id UUID NOT NULL,
	candidate_id UUID NOT NULL,
	number INTEGER NOT NULL,
	skill VARCHAR NOT NULL,
	language VARCHAR NOT NULL,
	level INTEGER NOT NULL,
	scenario_id VARCHAR NOT NULL,
	framework_version VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	started_at TIMESTAMP WITH TIME ZONE NOT NULL,
	sent_at TIMESTAMP WITH TIME ZONE,
	worked_seconds INTEGER NOT NULL,
	worked_at TIMESTAMP WITH TIME ZONE,
	PRIMARY KEY (id),
	UNIQUE (id, candidate_id),
	UNIQUE (id, level),
	CONSTRAINT known_level CHECK (level BETWEEN 1 AND 3),
	CONSTRAINT no_time_is_negative CHECK (worked_seconds >= 0),
	CONSTRAINT submission_state CHECK (state IN ('draft', 'sent', 'marking', 'second_marking', 'decided', 'returned', 'appealed', 'void', 'withdrawn', 'expired')),
	CONSTRAINT sent_has_a_time CHECK (state IN ('draft', 'withdrawn', 'expired') OR sent_at IS NOT NULL),
	FOREIGN KEY(candidate_id) REFERENCES person (id),
	UNIQUE (number)
);

CREATE OR REPLACE FUNCTION decided_files_do_not_vanish() RETURNS trigger AS $$ BEGIN IF NEW.state IN ('draft', 'returned', 'withdrawn', 'expired', 'void') AND NEW.state <> OLD.state AND EXISTS (SELECT 1 FROM decision WHERE decision.submission_id = NEW.id) THEN RAISE EXCEPTION 'a decided file does not go back' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER decided_files_do_not_vanish BEFORE UPDATE ON submission FOR EACH ROW EXECUTE FUNCTION decided_files_do_not_vanish();

CREATE OR REPLACE FUNCTION submission_comes_not_back() RETURNS trigger AS $$ BEGIN PERFORM 1 FROM person WHERE id = NEW.candidate_id FOR KEY SHARE; IF EXISTS (SELECT 1 FROM erasure WHERE erasure.person_id = NEW.candidate_id) THEN RAISE EXCEPTION 'this person was erased' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER submission_comes_not_back BEFORE INSERT ON submission FOR EACH ROW EXECUTE FUNCTION submission_comes_not_back();

CREATE TABLE place_to_set (
	list_number INTEGER NOT NULL,
	position INTEGER NOT NULL,
	since TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (list_number, position),
	FOREIGN KEY(list_number, position) REFERENCES status_entry (list_number, position)
);

CREATE TABLE role_invitation (
	token_hash VARCHAR NOT NULL,
	organisation_id UUID NOT NULL,
	name VARCHAR NOT NULL,
	role VARCHAR NOT NULL,
	contact_hash VARCHAR NOT NULL,
	invited_by UUID,
	created TIMESTAMP WITH TIME ZONE NOT NULL,
	expires TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (token_hash),
	CONSTRAINT invited_to_a_trusted_role CHECK (role IN ('coordinator', 'officer', 'standard_owner', 'data_officer', 'administrator')),
	FOREIGN KEY(organisation_id) REFERENCES organisation (id),
	FOREIGN KEY(invited_by) REFERENCES person (id) ON DELETE CASCADE
);

CREATE OR REPLACE FUNCTION only_the_first_administrator_is_invited_by_nobody() RETURNS trigger AS $$ BEGIN IF NEW.invited_by IS NULL AND (NEW.role <> 'administrator' OR EXISTS (SELECT 1 FROM role_grant AS held JOIN person AS holder ON holder.id = held.person_id WHERE held.role = 'administrator' AND holder.organisation_id = NEW.organisation_id)) THEN RAISE EXCEPTION 'an administrator of the organisation invites' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER only_the_first_administrator_is_invited_by_nobody BEFORE INSERT ON role_invitation FOR EACH ROW EXECUTE FUNCTION only_the_first_administrator_is_invited_by_nobody();

CREATE OR REPLACE FUNCTION nobody_invites_themselves() RETURNS trigger AS $$ BEGIN PERFORM 1 FROM organisation WHERE id = NEW.organisation_id FOR NO KEY UPDATE; IF NEW.invited_by IS NOT NULL AND ((SELECT contact_hash FROM person WHERE person.id = NEW.invited_by) IS NULL OR (SELECT contact_hash FROM person WHERE person.id = NEW.invited_by) = NEW.contact_hash OR EXISTS (SELECT 1 FROM person AS other JOIN role_grant AS held ON held.person_id = other.id WHERE held.role IN ('coordinator', 'officer', 'standard_owner', 'data_officer', 'administrator', 'examiner') AND other.organisation_id = NEW.organisation_id AND other.contact_hash = NEW.contact_hash AND other.id <> NEW.invited_by)) THEN RAISE EXCEPTION 'somebody else is invited, whom nobody here knows by this contact' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER nobody_invites_themselves BEFORE INSERT ON role_invitation FOR EACH ROW EXECUTE FUNCTION nobody_invites_themselves();

CREATE TABLE last_sign_in (
	person_id UUID NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (person_id),
	FOREIGN KEY(person_id) REFERENCES person (id) ON DELETE CASCADE
);

CREATE OR REPLACE FUNCTION last_sign_in_comes_not_back() RETURNS trigger AS $$ BEGIN PERFORM 1 FROM person WHERE id = NEW.person_id FOR KEY SHARE; IF EXISTS (SELECT 1 FROM erasure WHERE erasure.person_id = NEW.person_id) THEN RAISE EXCEPTION 'this person was erased' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER last_sign_in_comes_not_back BEFORE INSERT ON last_sign_in FOR EACH ROW EXECUTE FUNCTION last_sign_in_comes_not_back();

CREATE TABLE framework_edition (
	id UUID NOT NULL,
	framework VARCHAR NOT NULL,
	version VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	shipped BOOLEAN NOT NULL,
	plain BOOLEAN NOT NULL,
	based_on VARCHAR NOT NULL,
	document TEXT NOT NULL,
	digest VARCHAR,
	revision INTEGER NOT NULL,
	touched JSON NOT NULL,
	comment VARCHAR NOT NULL,
	opened_by UUID,
	opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
	changed_by UUID,
	changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
	sent_by UUID,
	published_by UUID,
	published_at TIMESTAMP WITH TIME ZONE,
	PRIMARY KEY (id),
	UNIQUE (framework, version),
	CONSTRAINT edition_state CHECK (state IN ('draft', 'in_review', 'published')),
	CONSTRAINT published_has_a_digest_and_a_time CHECK ((state = 'published') = (digest IS NOT NULL) AND (state = 'published') = (published_at IS NOT NULL)),
	CONSTRAINT somebody_sent_it_to_review CHECK (state = 'draft' OR shipped OR sent_by IS NOT NULL),
	CONSTRAINT somebody_published_it CHECK (state <> 'published' OR shipped OR published_by IS NOT NULL),
	CONSTRAINT two_persons_publish CHECK (published_by IS NULL OR published_by <> sent_by),
	CONSTRAINT revisions_count_from_one CHECK (revision >= 1),
	FOREIGN KEY(opened_by) REFERENCES person (id),
	FOREIGN KEY(changed_by) REFERENCES person (id),
	FOREIGN KEY(sent_by) REFERENCES person (id),
	FOREIGN KEY(published_by) REFERENCES person (id)
);

CREATE OR REPLACE FUNCTION edition_is_final() RETURNS trigger AS $$ BEGIN IF OLD.state = 'published' THEN RAISE EXCEPTION 'a published version is final'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER edition_is_final BEFORE UPDATE ON framework_edition FOR EACH ROW EXECUTE FUNCTION edition_is_final();

CREATE OR REPLACE FUNCTION edition_stays() RETURNS trigger AS $$ BEGIN IF OLD.state = 'published' THEN RAISE EXCEPTION 'a published version stays'; END IF; RETURN OLD; END $$ LANGUAGE plpgsql; CREATE TRIGGER edition_stays BEFORE DELETE ON framework_edition FOR EACH ROW EXECUTE FUNCTION edition_stays();

CREATE OR REPLACE FUNCTION edition_in_review_is_still() RETURNS trigger AS $$ BEGIN IF OLD.state = 'in_review' AND NEW.document <> OLD.document THEN RAISE EXCEPTION 'what is in review does not change'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER edition_in_review_is_still BEFORE UPDATE ON framework_edition FOR EACH ROW EXECUTE FUNCTION edition_in_review_is_still();

CREATE OR REPLACE FUNCTION edition_is_reviewed_first() RETURNS trigger AS $$ BEGIN IF OLD.state = 'draft' AND NEW.state = 'published' THEN RAISE EXCEPTION 'a draft goes to review first'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER edition_is_reviewed_first BEFORE UPDATE ON framework_edition FOR EACH ROW EXECUTE FUNCTION edition_is_reviewed_first();

CREATE OR REPLACE FUNCTION edition_begins_as_draft() RETURNS trigger AS $$ BEGIN IF NEW.state <> 'draft' AND NOT NEW.shipped THEN RAISE EXCEPTION 'a version begins as a draft'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER edition_begins_as_draft BEFORE INSERT ON framework_edition FOR EACH ROW EXECUTE FUNCTION edition_begins_as_draft();

CREATE OR REPLACE FUNCTION framework_edition_sent_by_is_another_person_insert() RETURNS trigger AS $$ BEGIN IF NEW.published_by IS NOT NULL AND (SELECT contact_hash FROM person WHERE person.id = NEW.sent_by) = (SELECT contact_hash FROM person WHERE person.id = NEW.published_by) THEN RAISE EXCEPTION 'this takes two persons' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER framework_edition_sent_by_is_another_person_insert BEFORE INSERT ON framework_edition FOR EACH ROW EXECUTE FUNCTION framework_edition_sent_by_is_another_person_insert();

CREATE OR REPLACE FUNCTION framework_edition_sent_by_is_another_person_update() RETURNS trigger AS $$ BEGIN IF NEW.published_by IS DISTINCT FROM OLD.published_by AND (SELECT contact_hash FROM person WHERE person.id = NEW.sent_by) = (SELECT contact_hash FROM person WHERE person.id = NEW.published_by) THEN RAISE EXCEPTION 'this takes two persons' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER framework_edition_sent_by_is_another_person_update BEFORE UPDATE ON framework_edition FOR EACH ROW EXECUTE FUNCTION framework_edition_sent_by_is_another_person_update();

CREATE TABLE mailbox (
	person_id UUID NOT NULL,
	address VARCHAR NOT NULL,
	language VARCHAR NOT NULL,
	since TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (person_id),
	FOREIGN KEY(person_id) REFERENCES person (id)
);

CREATE OR REPLACE FUNCTION mailbox_comes_not_back() RETURNS trigger AS $$ BEGIN PERFORM 1 FROM person WHERE id = NEW.person_id FOR KEY SHARE; IF EXISTS (SELECT 1 FROM erasure WHERE erasure.person_id = NEW.person_id) THEN RAISE EXCEPTION 'this person was erased' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER mailbox_comes_not_back BEFORE INSERT ON mailbox FOR EACH ROW EXECUTE FUNCTION mailbox_comes_not_back();

CREATE TABLE accepted_equal (
	id UUID NOT NULL,
	issuer_did VARCHAR NOT NULL,
	issuer_name VARCHAR NOT NULL,
	achievement_id VARCHAR NOT NULL,
	skill VARCHAR NOT NULL,
	language VARCHAR,
	reason VARCHAR NOT NULL,
	asked_by UUID NOT NULL,
	asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
	confirmed_by UUID,
	confirmed_at TIMESTAMP WITH TIME ZONE,
	ended_by UUID,
	ended_at TIMESTAMP WITH TIME ZONE,
	PRIMARY KEY (id),
	CONSTRAINT equal_takes_two_persons CHECK (confirmed_by <> asked_by),
	CONSTRAINT equal_confirmed_at_a_time CHECK ((confirmed_by IS NULL) = (confirmed_at IS NULL)),
	CONSTRAINT equal_ended_at_a_time CHECK ((ended_by IS NULL) = (ended_at IS NULL)),
	CONSTRAINT equal_of_a_did CHECK (issuer_did LIKE 'did:%'),
	FOREIGN KEY(asked_by) REFERENCES person (id),
	FOREIGN KEY(confirmed_by) REFERENCES person (id),
	FOREIGN KEY(ended_by) REFERENCES person (id)
);

CREATE OR REPLACE FUNCTION what_is_equal_is_not_rewritten() RETURNS trigger AS $$ BEGIN IF NEW.issuer_did <> OLD.issuer_did OR NEW.achievement_id <> OLD.achievement_id OR NEW.skill <> OLD.skill OR NEW.language IS DISTINCT FROM OLD.language OR NEW.issuer_name <> OLD.issuer_name OR NEW.reason <> OLD.reason OR NEW.asked_by <> OLD.asked_by OR OLD.ended_at IS NOT NULL OR (OLD.confirmed_by IS NOT NULL AND NEW.confirmed_by IS DISTINCT FROM OLD.confirmed_by) THEN RAISE EXCEPTION 'what was decided is ended, and never rewritten' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER what_is_equal_is_not_rewritten BEFORE UPDATE ON accepted_equal FOR EACH ROW EXECUTE FUNCTION what_is_equal_is_not_rewritten();

CREATE OR REPLACE FUNCTION confirmed_equal_stays() RETURNS trigger AS $$ BEGIN IF OLD.confirmed_by IS NOT NULL THEN RAISE EXCEPTION 'what was decided stays written down' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN OLD; END $$ LANGUAGE plpgsql; CREATE TRIGGER confirmed_equal_stays BEFORE DELETE ON accepted_equal FOR EACH ROW EXECUTE FUNCTION confirmed_equal_stays();

CREATE OR REPLACE FUNCTION accepted_equal_asked_by_is_another_person_insert() RETURNS trigger AS $$ BEGIN IF NEW.confirmed_by IS NOT NULL AND (SELECT contact_hash FROM person WHERE person.id = NEW.asked_by) = (SELECT contact_hash FROM person WHERE person.id = NEW.confirmed_by) THEN RAISE EXCEPTION 'this takes two persons' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER accepted_equal_asked_by_is_another_person_insert BEFORE INSERT ON accepted_equal FOR EACH ROW EXECUTE FUNCTION accepted_equal_asked_by_is_another_person_insert();

CREATE OR REPLACE FUNCTION accepted_equal_asked_by_is_another_person_update() RETURNS trigger AS $$ BEGIN IF NEW.confirmed_by IS DISTINCT FROM OLD.confirmed_by AND (SELECT contact_hash FROM person WHERE person.id = NEW.asked_by) = (SELECT contact_hash FROM person WHERE person.id = NEW.confirmed_by) THEN RAISE EXCEPTION 'this takes two persons' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER accepted_equal_asked_by_is_another_person_update BEFORE UPDATE ON accepted_equal FOR EACH ROW EXECUTE FUNCTION accepted_equal_asked_by_is_another_person_update();

CREATE TABLE stolen_key (
	id UUID NOT NULL,
	key_name VARCHAR NOT NULL,
	since TIMESTAMP WITH TIME ZONE,
	asked_by UUID NOT NULL,
	asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
	confirmed_by UUID,
	confirmed_at TIMESTAMP WITH TIME ZONE,
	finished_at TIMESTAMP WITH TIME ZONE,
	PRIMARY KEY (id),
	CONSTRAINT stolen_key_two_persons CHECK (confirmed_by IS NULL OR confirmed_by <> asked_by),
	CONSTRAINT stolen_key_confirmed_at_a_time CHECK ((confirmed_by IS NULL) = (confirmed_at IS NULL)),
	CONSTRAINT stolen_key_confirmed_first CHECK (finished_at IS NULL OR confirmed_at IS NOT NULL),
	FOREIGN KEY(asked_by) REFERENCES person (id),
	FOREIGN KEY(confirmed_by) REFERENCES person (id)
);

CREATE OR REPLACE FUNCTION confirmed_stolen_key_is_final() RETURNS trigger AS $$ BEGIN IF OLD.confirmed_by IS NOT NULL AND (NEW.confirmed_by IS DISTINCT FROM OLD.confirmed_by OR NEW.key_name <> OLD.key_name OR NEW.since IS DISTINCT FROM OLD.since OR NEW.asked_by <> OLD.asked_by OR OLD.finished_at IS NOT NULL) THEN RAISE EXCEPTION 'what was confirmed about a key never changes' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER confirmed_stolen_key_is_final BEFORE UPDATE ON stolen_key FOR EACH ROW EXECUTE FUNCTION confirmed_stolen_key_is_final();

CREATE OR REPLACE FUNCTION confirmed_stolen_key_stays() RETURNS trigger AS $$ BEGIN IF OLD.confirmed_by IS NOT NULL THEN RAISE EXCEPTION 'what was confirmed about a key stays' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN OLD; END $$ LANGUAGE plpgsql; CREATE TRIGGER confirmed_stolen_key_stays BEFORE DELETE ON stolen_key FOR EACH ROW EXECUTE FUNCTION confirmed_stolen_key_stays();

CREATE OR REPLACE FUNCTION stolen_key_asked_by_is_another_person_insert() RETURNS trigger AS $$ BEGIN IF NEW.confirmed_by IS NOT NULL AND (SELECT contact_hash FROM person WHERE person.id = NEW.asked_by) = (SELECT contact_hash FROM person WHERE person.id = NEW.confirmed_by) THEN RAISE EXCEPTION 'this takes two persons' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER stolen_key_asked_by_is_another_person_insert BEFORE INSERT ON stolen_key FOR EACH ROW EXECUTE FUNCTION stolen_key_asked_by_is_another_person_insert();

CREATE OR REPLACE FUNCTION stolen_key_asked_by_is_another_person_update() RETURNS trigger AS $$ BEGIN IF NEW.confirmed_by IS DISTINCT FROM OLD.confirmed_by AND (SELECT contact_hash FROM person WHERE person.id = NEW.asked_by) = (SELECT contact_hash FROM person WHERE person.id = NEW.confirmed_by) THEN RAISE EXCEPTION 'this takes two persons' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER stolen_key_asked_by_is_another_person_update BEFORE UPDATE ON stolen_key FOR EACH ROW EXECUTE FUNCTION stolen_key_asked_by_is_another_person_update();

CREATE TABLE cohort (
	id UUID NOT NULL,
	name VARCHAR NOT NULL,
	organisation_id UUID NOT NULL,
	created_by UUID NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	closed_at TIMESTAMP WITH TIME ZONE,
	PRIMARY KEY (id),
	CONSTRAINT cohort_name CHECK (length(name) BETWEEN 1 AND 80),
	UNIQUE (name),
	FOREIGN KEY(organisation_id) REFERENCES organisation (id),
	FOREIGN KEY(created_by) REFERENCES person (id)
);

CREATE TABLE recording_consent (
	person_id UUID NOT NULL,
	agreed BOOLEAN NOT NULL,
	said_at TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (person_id),
	FOREIGN KEY(person_id) REFERENCES person (id)
);

CREATE OR REPLACE FUNCTION recording_consent_comes_not_back() RETURNS trigger AS $$ BEGIN PERFORM 1 FROM person WHERE id = NEW.person_id FOR KEY SHARE; IF EXISTS (SELECT 1 FROM erasure WHERE erasure.person_id = NEW.person_id) THEN RAISE EXCEPTION 'this person was erased' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER recording_consent_comes_not_back BEFORE INSERT ON recording_consent FOR EACH ROW EXECUTE FUNCTION recording_consent_comes_not_back();

CREATE TABLE consent_step (
	id UUID NOT NULL,
	person_id UUID NOT NULL,
	about VARCHAR NOT NULL,
	agreed BOOLEAN NOT NULL,
	wording VARCHAR NOT NULL,
	said_at TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (id),
	CONSTRAINT known_consent CHECK (about IN ('age', 'assessment', 'statistics', 'recording')),
	FOREIGN KEY(person_id) REFERENCES person (id)
);

CREATE OR REPLACE FUNCTION consent_step_is_final_update() RETURNS trigger AS $$ BEGIN IF NOT (1 = 0) THEN RAISE EXCEPTION 'consent_step is final'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER consent_step_is_final_update BEFORE UPDATE ON consent_step FOR EACH ROW EXECUTE FUNCTION consent_step_is_final_update();

CREATE OR REPLACE FUNCTION consent_step_is_final_delete() RETURNS trigger AS $$ BEGIN IF NOT (EXISTS (SELECT 1 FROM erasure WHERE erasure.person_id = OLD.person_id)) THEN RAISE EXCEPTION 'consent_step is final'; END IF; RETURN OLD; END $$ LANGUAGE plpgsql; CREATE TRIGGER consent_step_is_final_delete BEFORE DELETE ON consent_step FOR EACH ROW EXECUTE FUNCTION consent_step_is_final_delete();

CREATE OR REPLACE FUNCTION consent_step_comes_not_back() RETURNS trigger AS $$ BEGIN PERFORM 1 FROM person WHERE id = NEW.person_id FOR KEY SHARE; IF EXISTS (SELECT 1 FROM erasure WHERE erasure.person_id = NEW.person_id) THEN RAISE EXCEPTION 'this person was erased' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER consent_step_comes_not_back BEFORE INSERT ON consent_step FOR EACH ROW EXECUTE FUNCTION consent_step_comes_not_back();

CREATE TABLE data_request (
	id UUID NOT NULL,
	person_id UUID NOT NULL,
	organisation_id UUID NOT NULL,
	kind VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	received_at TIMESTAMP WITH TIME ZONE NOT NULL,
	due_at TIMESTAMP WITH TIME ZONE NOT NULL,
	identity VARCHAR,
	handled_by UUID,
	refused_for VARCHAR,
	ended_at TIMESTAMP WITH TIME ZONE,
	PRIMARY KEY (id),
	CONSTRAINT known_request CHECK (kind IN ('copy', 'correction', 'erasure')),
	CONSTRAINT request_state CHECK (state IN ('received', 'identity_checked', 'done', 'refused')),
	CONSTRAINT known_identity_check CHECK (identity IS NULL OR identity IN ('signed_in', 'in_person', 'showed_badge', 'answered_contact')),
	CONSTRAINT known_refusal CHECK (refused_for IS NULL OR refused_for IN ('not_the_person', 'repeated', 'under_review', 'taken_back')),
	CONSTRAINT refused_for_why CHECK ((state = 'refused') = (refused_for IS NOT NULL)),
	CONSTRAINT identity_comes_first CHECK (state NOT IN ('identity_checked', 'done') OR identity IS NOT NULL),
	CONSTRAINT ends_once CHECK ((state IN ('done', 'refused')) = (ended_at IS NOT NULL)),
	CONSTRAINT somebody_checked_the_identity CHECK ((identity = 'signed_in') = (handled_by IS NULL) OR identity IS NULL),
	FOREIGN KEY(organisation_id) REFERENCES organisation (id),
	FOREIGN KEY(handled_by) REFERENCES person (id)
);

CREATE OR REPLACE FUNCTION ended_request_is_final() RETURNS trigger AS $$ BEGIN IF OLD.ended_at IS NOT NULL OR NEW.person_id <> OLD.person_id OR NEW.kind <> OLD.kind OR NEW.received_at <> OLD.received_at THEN RAISE EXCEPTION 'a request that ended never changes' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER ended_request_is_final BEFORE UPDATE ON data_request FOR EACH ROW EXECUTE FUNCTION ended_request_is_final();

CREATE TABLE kept_badge (
	list_number INTEGER NOT NULL,
	position INTEGER NOT NULL,
	achievement_id VARCHAR NOT NULL,
	month DATE NOT NULL,
	signed_with VARCHAR NOT NULL,
	signed_month DATE NOT NULL,
	organisation_id UUID,
	PRIMARY KEY (list_number, position),
	FOREIGN KEY(list_number, position) REFERENCES status_entry (list_number, position),
	FOREIGN KEY(organisation_id) REFERENCES organisation (id)
);

CREATE OR REPLACE FUNCTION kept_badge_is_final_update() RETURNS trigger AS $$ BEGIN IF NOT (1 = 0) THEN RAISE EXCEPTION 'kept_badge is final'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER kept_badge_is_final_update BEFORE UPDATE ON kept_badge FOR EACH ROW EXECUTE FUNCTION kept_badge_is_final_update();

CREATE OR REPLACE FUNCTION kept_badge_is_final_delete() RETURNS trigger AS $$ BEGIN IF NOT (1 = 0) THEN RAISE EXCEPTION 'kept_badge is final'; END IF; RETURN OLD; END $$ LANGUAGE plpgsql; CREATE TRIGGER kept_badge_is_final_delete BEFORE DELETE ON kept_badge FOR EACH ROW EXECUTE FUNCTION kept_badge_is_final_delete();

CREATE TABLE release_batch (
	id UUID NOT NULL,
	officer_id UUID NOT NULL,
	created TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(officer_id) REFERENCES person (id)
);

CREATE TABLE presentation_request (
	id UUID NOT NULL,
	purpose VARCHAR NOT NULL,
	browser_hash VARCHAR NOT NULL,
	asked_by UUID,
	language VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	created TIMESTAMP WITH TIME ZONE NOT NULL,
	expires TIMESTAMP WITH TIME ZONE NOT NULL,
	bad_answers INTEGER NOT NULL,
	wrong_numbers INTEGER NOT NULL,
	code_hash VARCHAR,
	badge_id VARCHAR,
	achievement_id VARCHAR,
	holder VARCHAR,
	issuer VARCHAR,
	ground JSON,
	PRIMARY KEY (id),
	UNIQUE (code_hash),
	CONSTRAINT known_purpose CHECK (purpose IN ('sign-in', 'expert')),
	CONSTRAINT known_state CHECK (state IN ('open', 'answered', 'done', 'declined', 'locked')),
	CONSTRAINT experts_are_signed_in CHECK ((purpose = 'expert') = (asked_by IS NOT NULL)),
	CONSTRAINT an_answer_is_whole CHECK (state NOT IN ('answered', 'done') OR (code_hash IS NOT NULL AND badge_id IS NOT NULL AND achievement_id IS NOT NULL AND holder IS NOT NULL AND issuer IS NOT NULL)),
	CONSTRAINT tries_are_limited CHECK (bad_answers BETWEEN 0 AND 10 AND wrong_numbers BETWEEN 0 AND 5),
	FOREIGN KEY(asked_by) REFERENCES person (id)
);

CREATE OR REPLACE FUNCTION answered_once() RETURNS trigger AS $$ BEGIN IF OLD.code_hash IS NOT NULL AND (NEW.code_hash IS DISTINCT FROM OLD.code_hash OR NEW.badge_id IS DISTINCT FROM OLD.badge_id OR NEW.holder IS DISTINCT FROM OLD.holder OR NEW.issuer IS DISTINCT FROM OLD.issuer) THEN RAISE EXCEPTION 'an answer is taken once' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER answered_once BEFORE UPDATE ON presentation_request FOR EACH ROW EXECUTE FUNCTION answered_once();

CREATE OR REPLACE FUNCTION used_once() RETURNS trigger AS $$ BEGIN IF OLD.state IN ('done', 'declined', 'locked') AND NEW.state <> OLD.state THEN RAISE EXCEPTION 'what is over stays over' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER used_once BEFORE UPDATE ON presentation_request FOR EACH ROW EXECUTE FUNCTION used_once();

CREATE OR REPLACE FUNCTION asked_for_one_browser() RETURNS trigger AS $$ BEGIN IF NEW.browser_hash <> OLD.browser_hash OR NEW.purpose <> OLD.purpose OR NEW.asked_by IS DISTINCT FROM OLD.asked_by OR NEW.expires <> OLD.expires THEN RAISE EXCEPTION 'who asked, why, and until when never change' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER asked_for_one_browser BEFORE UPDATE ON presentation_request FOR EACH ROW EXECUTE FUNCTION asked_for_one_browser();

CREATE TABLE pilot_report (
	id UUID NOT NULL,
	as_of TIMESTAMP WITH TIME ZONE NOT NULL,
	made_by UUID NOT NULL,
	document TEXT NOT NULL,
	digest VARCHAR NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(made_by) REFERENCES person (id)
);

CREATE OR REPLACE FUNCTION pilot_report_is_final_update() RETURNS trigger AS $$ BEGIN IF NOT (1 = 0) THEN RAISE EXCEPTION 'pilot_report is final'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER pilot_report_is_final_update BEFORE UPDATE ON pilot_report FOR EACH ROW EXECUTE FUNCTION pilot_report_is_final_update();

CREATE OR REPLACE FUNCTION pilot_report_is_final_delete() RETURNS trigger AS $$ BEGIN IF NOT (1 = 0) THEN RAISE EXCEPTION 'pilot_report is final'; END IF; RETURN OLD; END $$ LANGUAGE plpgsql; CREATE TRIGGER pilot_report_is_final_delete BEFORE DELETE ON pilot_report FOR EACH ROW EXECUTE FUNCTION pilot_report_is_final_delete();

CREATE TABLE answer (
	submission_id UUID NOT NULL,
	task_id VARCHAR NOT NULL,
	value JSON NOT NULL,
	saved_at TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (submission_id, task_id),
	FOREIGN KEY(submission_id) REFERENCES submission (id)
);

CREATE TABLE conflict (
	submission_id UUID NOT NULL,
	examiner_id UUID NOT NULL,
	declared_at TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (submission_id, examiner_id),
	FOREIGN KEY(submission_id) REFERENCES submission (id),
	FOREIGN KEY(examiner_id) REFERENCES person (id)
);

CREATE TABLE assessment (
	id UUID NOT NULL,
	submission_id UUID NOT NULL,
	candidate_id UUID NOT NULL,
	candidate_contact VARCHAR,
	examiner_id UUID NOT NULL,
	examiner_contact VARCHAR,
	appointment_id UUID NOT NULL,
	round INTEGER NOT NULL,
	ordinal INTEGER NOT NULL,
	marks JSON NOT NULL,
	notes JSON NOT NULL,
	aimed_level INTEGER NOT NULL,
	proposed_level INTEGER NOT NULL,
	submitted_at TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (submission_id, examiner_id),
	UNIQUE (submission_id, round, ordinal),
	UNIQUE (submission_id, round, examiner_id),
	UNIQUE (id, submission_id, round, examiner_id, ordinal),
	CONSTRAINT at_most_one_appeal CHECK (round BETWEEN 1 AND 2),
	CONSTRAINT nobody_marks_their_own_work CHECK (examiner_id <> candidate_id),
	CONSTRAINT nobody_marks_their_own_work_under_another_name CHECK (examiner_contact IS NULL OR candidate_contact IS NULL OR examiner_contact <> candidate_contact),
	CONSTRAINT at_most_three_examiners CHECK (ordinal BETWEEN 1 AND 3),
	CONSTRAINT no_level_above_the_one_aimed_at CHECK (proposed_level BETWEEN 0 AND aimed_level),
	FOREIGN KEY(submission_id, aimed_level) REFERENCES submission (id, level),
	FOREIGN KEY(submission_id, candidate_id) REFERENCES submission (id, candidate_id),
	FOREIGN KEY(candidate_id, candidate_contact) REFERENCES person (id, contact_hash) ON UPDATE CASCADE,
	FOREIGN KEY(examiner_id, examiner_contact) REFERENCES person (id, contact_hash) ON UPDATE CASCADE,
	FOREIGN KEY(examiner_id) REFERENCES person (id),
	FOREIGN KEY(appointment_id) REFERENCES appointment (id)
);

CREATE OR REPLACE FUNCTION assessment_is_final_update() RETURNS trigger AS $$ BEGIN IF NOT (CAST(NEW.id AS TEXT) IS NOT DISTINCT FROM CAST(OLD.id AS TEXT) AND CAST(NEW.submission_id AS TEXT) IS NOT DISTINCT FROM CAST(OLD.submission_id AS TEXT) AND CAST(NEW.candidate_id AS TEXT) IS NOT DISTINCT FROM CAST(OLD.candidate_id AS TEXT) AND CAST(NEW.examiner_id AS TEXT) IS NOT DISTINCT FROM CAST(OLD.examiner_id AS TEXT) AND CAST(NEW.appointment_id AS TEXT) IS NOT DISTINCT FROM CAST(OLD.appointment_id AS TEXT) AND CAST(NEW.round AS TEXT) IS NOT DISTINCT FROM CAST(OLD.round AS TEXT) AND CAST(NEW.ordinal AS TEXT) IS NOT DISTINCT FROM CAST(OLD.ordinal AS TEXT) AND CAST(NEW.marks AS TEXT) IS NOT DISTINCT FROM CAST(OLD.marks AS TEXT) AND CAST(NEW.notes AS TEXT) IS NOT DISTINCT FROM CAST(OLD.notes AS TEXT) AND CAST(NEW.aimed_level AS TEXT) IS NOT DISTINCT FROM CAST(OLD.aimed_level AS TEXT) AND CAST(NEW.proposed_level AS TEXT) IS NOT DISTINCT FROM CAST(OLD.proposed_level AS TEXT) AND CAST(NEW.submitted_at AS TEXT) IS NOT DISTINCT FROM CAST(OLD.submitted_at AS TEXT) AND (NEW.candidate_contact IS NOT DISTINCT FROM OLD.candidate_contact OR (OLD.candidate_contact IS NOT NULL AND NEW.candidate_contact IS NOT DISTINCT FROM (SELECT contact_hash FROM person WHERE person.id = NEW.candidate_id))) AND (NEW.examiner_contact IS NOT DISTINCT FROM OLD.examiner_contact OR (OLD.examiner_contact IS NOT NULL AND NEW.examiner_contact IS NOT DISTINCT FROM (SELECT contact_hash FROM person WHERE person.id = NEW.examiner_id)))) THEN RAISE EXCEPTION 'assessment is final'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER assessment_is_final_update BEFORE UPDATE ON assessment FOR EACH ROW EXECUTE FUNCTION assessment_is_final_update();

CREATE OR REPLACE FUNCTION assessment_is_final_delete() RETURNS trigger AS $$ BEGIN IF NOT (EXISTS (SELECT 1 FROM erasure WHERE erasure.person_id = OLD.candidate_id)) THEN RAISE EXCEPTION 'assessment is final'; END IF; RETURN OLD; END $$ LANGUAGE plpgsql; CREATE TRIGGER assessment_is_final_delete BEFORE DELETE ON assessment FOR EACH ROW EXECUTE FUNCTION assessment_is_final_delete();

CREATE OR REPLACE FUNCTION second_round_needs_an_appeal() RETURNS trigger AS $$ BEGIN IF NEW.round = 2 AND NOT EXISTS (SELECT 1 FROM appeal WHERE appeal.submission_id = NEW.submission_id) THEN RAISE EXCEPTION 'marks of a second round need an appeal' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER second_round_needs_an_appeal BEFORE INSERT ON assessment FOR EACH ROW EXECUTE FUNCTION second_round_needs_an_appeal();

CREATE OR REPLACE FUNCTION first_round_ends_with_its_decision() RETURNS trigger AS $$ BEGIN IF EXISTS (SELECT 1 FROM decision WHERE decision.submission_id = NEW.submission_id AND decision.round = NEW.round) THEN RAISE EXCEPTION 'this round is decided' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER first_round_ends_with_its_decision BEFORE INSERT ON assessment FOR EACH ROW EXECUTE FUNCTION first_round_ends_with_its_decision();

CREATE OR REPLACE FUNCTION closed_files_are_not_marked() RETURNS trigger AS $$ BEGIN IF (SELECT state FROM submission WHERE submission.id = NEW.submission_id) IN ('draft', 'returned', 'withdrawn', 'expired', 'void') THEN RAISE EXCEPTION 'this file is not open for marking' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER closed_files_are_not_marked BEFORE INSERT ON assessment FOR EACH ROW EXECUTE FUNCTION closed_files_are_not_marked();

CREATE OR REPLACE FUNCTION marks_need_an_appointment() RETURNS trigger AS $$ BEGIN IF NOT EXISTS (SELECT 1 FROM appointment JOIN submission ON submission.id = NEW.submission_id WHERE appointment.id = NEW.appointment_id AND appointment.person_id = NEW.examiner_id AND appointment.skill = submission.skill AND appointment.language = submission.language AND (appointment.level_ceiling >= NEW.proposed_level OR (NEW.proposed_level = 3 AND EXISTS (SELECT 1 FROM nomination WHERE nomination.appointment_id = appointment.id AND nomination.route = 'expert') AND (NEW.ordinal = 1 OR EXISTS (SELECT 1 FROM assessment AS first_look JOIN appointment AS held ON held.id = first_look.appointment_id WHERE first_look.submission_id = NEW.submission_id AND first_look.round = NEW.round AND held.level_ceiling >= 3)))) AND appointment.valid_from <= NEW.submitted_at AND appointment.valid_until > NEW.submitted_at AND appointment.suspended_at IS NULL) THEN RAISE EXCEPTION 'marks need an appointment that is active and covers the file' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER marks_need_an_appointment BEFORE INSERT ON assessment FOR EACH ROW EXECUTE FUNCTION marks_need_an_appointment();

CREATE OR REPLACE FUNCTION nobody_marks_their_own_work_from_one_wallet() RETURNS trigger AS $$ BEGIN IF EXISTS (SELECT 1 FROM credential AS own JOIN award AS theirs ON theirs.id = own.award_id JOIN credential AS other ON other.holder = own.holder JOIN award AS others ON others.id = other.award_id WHERE theirs.candidate_id = NEW.examiner_id AND others.candidate_id = NEW.candidate_id) THEN RAISE EXCEPTION 'examiner and candidate have the same wallet' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER nobody_marks_their_own_work_from_one_wallet BEFORE INSERT ON assessment FOR EACH ROW EXECUTE FUNCTION nobody_marks_their_own_work_from_one_wallet();

CREATE OR REPLACE FUNCTION nobody_marks_what_they_released() RETURNS trigger AS $$ BEGIN IF EXISTS (SELECT 1 FROM award JOIN decision ON decision.id = award.decision_id WHERE decision.submission_id = NEW.submission_id AND award.officer_id = NEW.examiner_id) THEN RAISE EXCEPTION 'who released a badge of this file does not mark it' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER nobody_marks_what_they_released BEFORE INSERT ON assessment FOR EACH ROW EXECUTE FUNCTION nobody_marks_what_they_released();

CREATE OR REPLACE FUNCTION other_centres_mark_what_was_drawn() RETURNS trigger AS $$ BEGIN IF (SELECT organisation_id FROM person WHERE id = NEW.examiner_id) <> (SELECT organisation_id FROM person WHERE id = NEW.candidate_id) AND (SELECT state FROM submission WHERE submission.id = NEW.submission_id) <> 'second_marking' AND NOT EXISTS (SELECT 1 FROM cross_draw WHERE cross_draw.submission_id = NEW.submission_id AND cross_draw.round = NEW.round) THEN RAISE EXCEPTION 'a file of another centre is marked only when it was drawn' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER other_centres_mark_what_was_drawn BEFORE INSERT ON assessment FOR EACH ROW EXECUTE FUNCTION other_centres_mark_what_was_drawn();

CREATE TABLE nomination (
	id UUID NOT NULL,
	person_id UUID NOT NULL,
	skill VARCHAR NOT NULL,
	language VARCHAR NOT NULL,
	route VARCHAR NOT NULL,
	badge_id VARCHAR,
	badge_holder VARCHAR,
	level_ceiling INTEGER NOT NULL,
	reason VARCHAR NOT NULL,
	stage VARCHAR NOT NULL,
	nominated_by UUID,
	conduct_accepted_at TIMESTAMP WITH TIME ZONE,
	waived_by UUID,
	waived_reason VARCHAR,
	confirmed_by UUID,
	round INTEGER NOT NULL,
	suspended_for VARCHAR,
	kept_by UUID,
	kept_reason VARCHAR,
	kept_at TIMESTAMP WITH TIME ZONE,
	counted_from TIMESTAMP WITH TIME ZONE,
	appointment_id UUID,
	PRIMARY KEY (id),
	CONSTRAINT known_stage CHECK (stage IN ('eligible', 'invited', 'calibrating', 'active', 'suspended', 'ended', 'expired')),
	CONSTRAINT known_route CHECK (route IN ('expert', 'institution')),
	CONSTRAINT experts_show_a_badge CHECK ((route = 'expert') = (badge_id IS NOT NULL)),
	CONSTRAINT known_level CHECK (level_ceiling BETWEEN 1 AND 3),
	CONSTRAINT experts_are_co_examiners CHECK (route <> 'expert' OR level_ceiling < 3),
	CONSTRAINT active_means_appointed CHECK (stage NOT IN ('active', 'suspended') OR appointment_id IS NOT NULL),
	CONSTRAINT suspended_for_a_cause CHECK ((stage = 'suspended') = (suspended_for IS NOT NULL)),
	CONSTRAINT known_cause CHECK (suspended_for IS NULL OR suspended_for IN ('badge', 'agreement', 'coordinator', 'equal', 'unchecked')),
	CONSTRAINT nobody_appoints_themselves CHECK (nominated_by <> person_id),
	CONSTRAINT nobody_spares_themselves CHECK (waived_by <> person_id),
	CONSTRAINT spared_for_a_reason CHECK ((waived_by IS NULL) = (waived_reason IS NULL)),
	CONSTRAINT two_persons_spare_somebody CHECK (confirmed_by IS NULL OR (waived_by IS NOT NULL AND confirmed_by <> waived_by AND confirmed_by <> person_id)),
	CONSTRAINT nobody_keeps_themselves CHECK (kept_by <> person_id),
	CONSTRAINT kept_for_a_reason CHECK ((kept_by IS NULL) = (kept_at IS NULL) AND (kept_by IS NULL) = (kept_reason IS NULL)),
	CONSTRAINT experts_are_kept CHECK (kept_by IS NULL OR route = 'expert'),
	FOREIGN KEY(person_id) REFERENCES person (id),
	FOREIGN KEY(nominated_by) REFERENCES person (id),
	FOREIGN KEY(waived_by) REFERENCES person (id),
	FOREIGN KEY(confirmed_by) REFERENCES person (id),
	FOREIGN KEY(kept_by) REFERENCES person (id),
	UNIQUE (appointment_id),
	FOREIGN KEY(appointment_id) REFERENCES appointment (id)
);

CREATE OR REPLACE FUNCTION what_is_over_stays_over() RETURNS trigger AS $$ BEGIN IF OLD.stage IN ('ended', 'expired') AND (NEW.stage <> OLD.stage OR NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.person_id = OLD.person_id)) THEN RAISE EXCEPTION 'what is over stays over' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER what_is_over_stays_over BEFORE UPDATE ON nomination FOR EACH ROW EXECUTE FUNCTION what_is_over_stays_over();

CREATE OR REPLACE FUNCTION nomination_stays() RETURNS trigger AS $$ BEGIN IF 1 = 1 THEN RAISE EXCEPTION 'a nomination stays' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN OLD; END $$ LANGUAGE plpgsql; CREATE TRIGGER nomination_stays BEFORE DELETE ON nomination FOR EACH ROW EXECUTE FUNCTION nomination_stays();

CREATE OR REPLACE FUNCTION scope_is_final() RETURNS trigger AS $$ BEGIN IF NEW.person_id IS DISTINCT FROM OLD.person_id OR NEW.skill IS DISTINCT FROM OLD.skill OR NEW.language IS DISTINCT FROM OLD.language OR NEW.route IS DISTINCT FROM OLD.route OR NEW.level_ceiling IS DISTINCT FROM OLD.level_ceiling OR (NEW.reason IS DISTINCT FROM OLD.reason AND NOT (NEW.reason = '' AND EXISTS (SELECT 1 FROM erasure WHERE erasure.person_id = OLD.person_id))) THEN RAISE EXCEPTION 'whom a nomination is of, and for what, never changes' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER scope_is_final BEFORE UPDATE ON nomination FOR EACH ROW EXECUTE FUNCTION scope_is_final();

CREATE OR REPLACE FUNCTION nobody_begins_unproved() RETURNS trigger AS $$ BEGIN IF NEW.stage = 'active' AND OLD.stage NOT IN ('active', 'suspended') AND (NEW.conduct_accepted_at IS NULL OR (NEW.confirmed_by IS NULL AND NOT EXISTS (SELECT 1 FROM calibration_result JOIN calibration_run ON calibration_run.id = calibration_result.run_id WHERE calibration_run.nomination_id = NEW.id AND calibration_result.passed))) THEN RAISE EXCEPTION 'nobody begins without the rules, and a calibration or two persons' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER nobody_begins_unproved BEFORE UPDATE ON nomination FOR EACH ROW EXECUTE FUNCTION nobody_begins_unproved();

CREATE OR REPLACE FUNCTION the_word_of_a_centre_stays() RETURNS trigger AS $$ BEGIN IF OLD.kept_by IS NOT NULL AND (NEW.kept_by IS DISTINCT FROM OLD.kept_by OR NEW.kept_at IS DISTINCT FROM OLD.kept_at OR (NEW.kept_reason IS DISTINCT FROM OLD.kept_reason AND NOT (NEW.kept_reason = '' AND EXISTS (SELECT 1 FROM erasure WHERE erasure.person_id = OLD.person_id)))) THEN RAISE EXCEPTION 'who answers for somebody, and why, never changes' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER the_word_of_a_centre_stays BEFORE UPDATE ON nomination FOR EACH ROW EXECUTE FUNCTION the_word_of_a_centre_stays();

CREATE OR REPLACE FUNCTION nobody_goes_on_without_ground() RETURNS trigger AS $$ BEGIN IF OLD.suspended_for IN ('equal', 'unchecked') AND NEW.stage = 'active' AND NEW.kept_by IS NULL THEN RAISE EXCEPTION 'without a badge that counts it takes the word of the centre' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER nobody_goes_on_without_ground BEFORE UPDATE ON nomination FOR EACH ROW EXECUTE FUNCTION nobody_goes_on_without_ground();

CREATE OR REPLACE FUNCTION nomination_comes_not_back() RETURNS trigger AS $$ BEGIN PERFORM 1 FROM person WHERE id = NEW.person_id FOR KEY SHARE; IF EXISTS (SELECT 1 FROM erasure WHERE erasure.person_id = NEW.person_id) THEN RAISE EXCEPTION 'this person was erased' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER nomination_comes_not_back BEFORE INSERT ON nomination FOR EACH ROW EXECUTE FUNCTION nomination_comes_not_back();

CREATE OR REPLACE FUNCTION nomination_waived_by_is_another_person_insert() RETURNS trigger AS $$ BEGIN IF NEW.confirmed_by IS NOT NULL AND (SELECT contact_hash FROM person WHERE person.id = NEW.waived_by) = (SELECT contact_hash FROM person WHERE person.id = NEW.confirmed_by) THEN RAISE EXCEPTION 'this takes two persons' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER nomination_waived_by_is_another_person_insert BEFORE INSERT ON nomination FOR EACH ROW EXECUTE FUNCTION nomination_waived_by_is_another_person_insert();

CREATE OR REPLACE FUNCTION nomination_waived_by_is_another_person_update() RETURNS trigger AS $$ BEGIN IF NEW.confirmed_by IS DISTINCT FROM OLD.confirmed_by AND (SELECT contact_hash FROM person WHERE person.id = NEW.waived_by) = (SELECT contact_hash FROM person WHERE person.id = NEW.confirmed_by) THEN RAISE EXCEPTION 'this takes two persons' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER nomination_waived_by_is_another_person_update BEFORE UPDATE ON nomination FOR EACH ROW EXECUTE FUNCTION nomination_waived_by_is_another_person_update();

CREATE OR REPLACE FUNCTION nomination_person_id_is_another_person_insert() RETURNS trigger AS $$ BEGIN IF NEW.confirmed_by IS NOT NULL AND (SELECT contact_hash FROM person WHERE person.id = NEW.person_id) = (SELECT contact_hash FROM person WHERE person.id = NEW.confirmed_by) THEN RAISE EXCEPTION 'this takes two persons' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER nomination_person_id_is_another_person_insert BEFORE INSERT ON nomination FOR EACH ROW EXECUTE FUNCTION nomination_person_id_is_another_person_insert();

CREATE OR REPLACE FUNCTION nomination_person_id_is_another_person_update() RETURNS trigger AS $$ BEGIN IF NEW.confirmed_by IS DISTINCT FROM OLD.confirmed_by AND (SELECT contact_hash FROM person WHERE person.id = NEW.person_id) = (SELECT contact_hash FROM person WHERE person.id = NEW.confirmed_by) THEN RAISE EXCEPTION 'this takes two persons' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER nomination_person_id_is_another_person_update BEFORE UPDATE ON nomination FOR EACH ROW EXECUTE FUNCTION nomination_person_id_is_another_person_update();

CREATE TABLE appointment_badge (
	id UUID NOT NULL,
	appointment_id UUID NOT NULL,
	credential_id VARCHAR NOT NULL,
	list_number INTEGER NOT NULL,
	position INTEGER NOT NULL,
	state VARCHAR NOT NULL,
	intended_at TIMESTAMP WITH TIME ZONE NOT NULL,
	intended_text TEXT,
	signed_text TEXT,
	signed_at TIMESTAMP WITH TIME ZONE,
	signed_with VARCHAR,
	holder VARCHAR,
	reference_hash VARCHAR NOT NULL,
	code_hash VARCHAR NOT NULL,
	offered_until TIMESTAMP WITH TIME ZONE NOT NULL,
	claimed_at TIMESTAMP WITH TIME ZONE,
	token_hash VARCHAR,
	token_expires TIMESTAMP WITH TIME ZONE,
	PRIMARY KEY (id),
	UNIQUE (list_number, position),
	UNIQUE (reference_hash),
	UNIQUE (code_hash),
	UNIQUE (token_hash),
	FOREIGN KEY(list_number, position) REFERENCES status_entry (list_number, position),
	CONSTRAINT appointment_badge_state CHECK (state IN ('intended', 'active', 'ended')),
	CONSTRAINT intended_or_signed CHECK ((intended_text IS NULL) <> (signed_text IS NULL)),
	CONSTRAINT signed_for_a_holder CHECK ((signed_text IS NULL) = (holder IS NULL) AND (signed_text IS NULL) = (signed_at IS NULL) AND (signed_text IS NULL) = (signed_with IS NULL)),
	CONSTRAINT active_means_signed CHECK (state <> 'active' OR signed_text IS NOT NULL),
	CONSTRAINT tokens_run_out CHECK ((token_hash IS NULL) = (token_expires IS NULL)),
	FOREIGN KEY(appointment_id) REFERENCES appointment (id)
);

CREATE OR REPLACE FUNCTION signed_appointment_is_final() RETURNS trigger AS $$ BEGIN IF OLD.signed_text IS NOT NULL AND (NEW.signed_text IS DISTINCT FROM OLD.signed_text OR NEW.holder IS DISTINCT FROM OLD.holder) THEN RAISE EXCEPTION 'what was signed never changes' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER signed_appointment_is_final BEFORE UPDATE ON appointment_badge FOR EACH ROW EXECUTE FUNCTION signed_appointment_is_final();

CREATE OR REPLACE FUNCTION place_of_appointment_is_final() RETURNS trigger AS $$ BEGIN IF NEW.list_number <> OLD.list_number OR NEW.position <> OLD.position OR NEW.appointment_id <> OLD.appointment_id OR NEW.credential_id <> OLD.credential_id THEN RAISE EXCEPTION 'appointment, id and status place never change' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER place_of_appointment_is_final BEFORE UPDATE ON appointment_badge FOR EACH ROW EXECUTE FUNCTION place_of_appointment_is_final();

CREATE OR REPLACE FUNCTION ended_appointment_badge_is_final() RETURNS trigger AS $$ BEGIN IF OLD.state = 'ended' AND NEW.state <> OLD.state THEN RAISE EXCEPTION 'there is no way back from the end' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER ended_appointment_badge_is_final BEFORE UPDATE ON appointment_badge FOR EACH ROW EXECUTE FUNCTION ended_appointment_badge_is_final();

CREATE OR REPLACE FUNCTION code_of_appointment_is_used_once() RETURNS trigger AS $$ BEGIN IF OLD.claimed_at IS NOT NULL AND NEW.claimed_at IS DISTINCT FROM OLD.claimed_at THEN RAISE EXCEPTION 'a code is exchanged once' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER code_of_appointment_is_used_once BEFORE UPDATE ON appointment_badge FOR EACH ROW EXECUTE FUNCTION code_of_appointment_is_used_once();

CREATE TABLE cross_draw (
	submission_id UUID NOT NULL,
	round INTEGER NOT NULL,
	drawn_at TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (submission_id, round),
	CONSTRAINT at_most_one_appeal CHECK (round BETWEEN 1 AND 2),
	FOREIGN KEY(submission_id) REFERENCES submission (id) ON DELETE CASCADE
);

CREATE OR REPLACE FUNCTION a_draw_stays_as_it_was() RETURNS trigger AS $$ BEGIN IF 1 = 1 THEN RAISE EXCEPTION 'a draw never changes' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER a_draw_stays_as_it_was BEFORE UPDATE ON cross_draw FOR EACH ROW EXECUTE FUNCTION a_draw_stays_as_it_was();

CREATE TABLE cohort_site (
	cohort_id UUID NOT NULL,
	organisation_id UUID NOT NULL,
	quota INTEGER NOT NULL,
	PRIMARY KEY (cohort_id, organisation_id),
	CONSTRAINT site_quota CHECK (quota BETWEEN 1 AND 500),
	FOREIGN KEY(cohort_id) REFERENCES cohort (id),
	FOREIGN KEY(organisation_id) REFERENCES organisation (id)
);

CREATE TABLE observation_due (
	submission_id UUID NOT NULL,
	task_id VARCHAR NOT NULL,
	PRIMARY KEY (submission_id, task_id),
	FOREIGN KEY(submission_id) REFERENCES submission (id)
);

CREATE TABLE kept_badge_change (
	id UUID NOT NULL,
	list_number INTEGER NOT NULL,
	position INTEGER NOT NULL,
	reason VARCHAR NOT NULL,
	requested_by UUID NOT NULL,
	requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
	confirmed_by UUID,
	confirmed_at TIMESTAMP WITH TIME ZONE,
	stolen_key_id UUID,
	PRIMARY KEY (id),
	FOREIGN KEY(list_number, position) REFERENCES kept_badge (list_number, position),
	CONSTRAINT kept_badge_reasons CHECK (reason IN ('holder_request', 'issued_in_error', 'fraud', 'key_compromise', 'superseded')),
	CONSTRAINT kept_badge_two_persons CHECK (confirmed_by <> requested_by),
	CONSTRAINT kept_badge_confirmed_at_a_time CHECK ((confirmed_by IS NULL) = (confirmed_at IS NULL)),
	CONSTRAINT kept_badge_of_a_stolen_key CHECK (stolen_key_id IS NULL OR reason = 'key_compromise'),
	FOREIGN KEY(requested_by) REFERENCES person (id),
	FOREIGN KEY(confirmed_by) REFERENCES person (id),
	FOREIGN KEY(stolen_key_id) REFERENCES stolen_key (id)
);

CREATE OR REPLACE FUNCTION confirmed_kept_badge_change_is_final_update() RETURNS trigger AS $$ BEGIN IF OLD.confirmed_by IS NOT NULL THEN RAISE EXCEPTION 'a confirmed change never changes' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER confirmed_kept_badge_change_is_final_update BEFORE UPDATE ON kept_badge_change FOR EACH ROW EXECUTE FUNCTION confirmed_kept_badge_change_is_final_update();

CREATE OR REPLACE FUNCTION confirmed_kept_badge_change_is_final_delete() RETURNS trigger AS $$ BEGIN IF OLD.confirmed_by IS NOT NULL THEN RAISE EXCEPTION 'a confirmed change never changes' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN OLD; END $$ LANGUAGE plpgsql; CREATE TRIGGER confirmed_kept_badge_change_is_final_delete BEFORE DELETE ON kept_badge_change FOR EACH ROW EXECUTE FUNCTION confirmed_kept_badge_change_is_final_delete();

CREATE OR REPLACE FUNCTION kept_badges_are_of_their_centre_insert() RETURNS trigger AS $$ BEGIN IF NEW.stolen_key_id IS NULL AND EXISTS (SELECT 1 FROM kept_badge JOIN person ON person.id IN (NEW.requested_by, NEW.confirmed_by) WHERE kept_badge.list_number = NEW.list_number AND kept_badge.position = NEW.position AND kept_badge.organisation_id <> person.organisation_id) THEN RAISE EXCEPTION 'officers of its centre cancel a kept badge' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER kept_badges_are_of_their_centre_insert BEFORE INSERT ON kept_badge_change FOR EACH ROW EXECUTE FUNCTION kept_badges_are_of_their_centre_insert();

CREATE OR REPLACE FUNCTION kept_badges_are_of_their_centre_update() RETURNS trigger AS $$ BEGIN IF NEW.stolen_key_id IS NULL AND EXISTS (SELECT 1 FROM kept_badge JOIN person ON person.id IN (NEW.requested_by, NEW.confirmed_by) WHERE kept_badge.list_number = NEW.list_number AND kept_badge.position = NEW.position AND kept_badge.organisation_id <> person.organisation_id) THEN RAISE EXCEPTION 'officers of its centre cancel a kept badge' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER kept_badges_are_of_their_centre_update BEFORE UPDATE ON kept_badge_change FOR EACH ROW EXECUTE FUNCTION kept_badges_are_of_their_centre_update();

CREATE OR REPLACE FUNCTION kept_badges_are_cancelled_by_two() RETURNS trigger AS $$ BEGIN IF OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL AND EXISTS (SELECT 1 FROM kept_badge WHERE kept_badge.list_number = NEW.list_number AND kept_badge.position = NEW.position) AND NOT EXISTS (SELECT 1 FROM kept_badge_change AS asked WHERE asked.list_number = NEW.list_number AND asked.position = NEW.position AND asked.confirmed_by IS NOT NULL) THEN RAISE EXCEPTION 'two persons cancel a kept badge' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER kept_badges_are_cancelled_by_two BEFORE UPDATE ON status_entry FOR EACH ROW EXECUTE FUNCTION kept_badges_are_cancelled_by_two();

CREATE OR REPLACE FUNCTION kept_badge_change_requested_by_is_another_person_insert() RETURNS trigger AS $$ BEGIN IF NEW.confirmed_by IS NOT NULL AND (SELECT contact_hash FROM person WHERE person.id = NEW.requested_by) = (SELECT contact_hash FROM person WHERE person.id = NEW.confirmed_by) THEN RAISE EXCEPTION 'this takes two persons' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER kept_badge_change_requested_by_is_another_person_insert BEFORE INSERT ON kept_badge_change FOR EACH ROW EXECUTE FUNCTION kept_badge_change_requested_by_is_another_person_insert();

CREATE OR REPLACE FUNCTION kept_badge_change_requested_by_is_another_person_update() RETURNS trigger AS $$ BEGIN IF NEW.confirmed_by IS DISTINCT FROM OLD.confirmed_by AND (SELECT contact_hash FROM person WHERE person.id = NEW.requested_by) = (SELECT contact_hash FROM person WHERE person.id = NEW.confirmed_by) THEN RAISE EXCEPTION 'this takes two persons' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER kept_badge_change_requested_by_is_another_person_update BEFORE UPDATE ON kept_badge_change FOR EACH ROW EXECUTE FUNCTION kept_badge_change_requested_by_is_another_person_update();

CREATE TABLE marks_draft (
	submission_id UUID NOT NULL,
	examiner_id UUID NOT NULL,
	content JSON NOT NULL,
	saved_at TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (submission_id, examiner_id),
	FOREIGN KEY(submission_id) REFERENCES submission (id),
	FOREIGN KEY(examiner_id) REFERENCES person (id)
);

CREATE TABLE deferral (
	id UUID NOT NULL,
	submission_id UUID NOT NULL,
	configuration_id VARCHAR NOT NULL,
	reference_hash VARCHAR NOT NULL,
	code_hash VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	created TIMESTAMP WITH TIME ZONE NOT NULL,
	expires TIMESTAMP WITH TIME ZONE NOT NULL,
	token_hash VARCHAR,
	token_expires TIMESTAMP WITH TIME ZONE,
	holder VARCHAR,
	PRIMARY KEY (id),
	UNIQUE (reference_hash),
	UNIQUE (code_hash),
	UNIQUE (token_hash),
	CONSTRAINT deferral_state CHECK (state IN ('open', 'claimed', 'pending', 'delivered', 'ended')),
	CONSTRAINT pending_for_a_key CHECK (state IN ('open', 'claimed', 'ended') OR holder IS NOT NULL),
	CONSTRAINT tokens_run_out CHECK ((token_hash IS NULL) = (token_expires IS NULL)),
	FOREIGN KEY(submission_id) REFERENCES submission (id)
);

CREATE OR REPLACE FUNCTION deferred_for_one_key() RETURNS trigger AS $$ BEGIN IF OLD.holder IS NOT NULL AND NEW.holder IS DISTINCT FROM OLD.holder THEN RAISE EXCEPTION 'a badge waits for the key that was proven first' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER deferred_for_one_key BEFORE UPDATE ON deferral FOR EACH ROW EXECUTE FUNCTION deferred_for_one_key();

CREATE OR REPLACE FUNCTION ended_deferral_is_final() RETURNS trigger AS $$ BEGIN IF OLD.state IN ('delivered', 'ended') AND NEW.state <> OLD.state THEN RAISE EXCEPTION 'there is no way back from the end' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER ended_deferral_is_final BEFORE UPDATE ON deferral FOR EACH ROW EXECUTE FUNCTION ended_deferral_is_final();

CREATE TABLE feedback (
	submission_id UUID NOT NULL,
	clear INTEGER NOT NULL,
	real INTEGER NOT NULL,
	well INTEGER NOT NULL,
	words VARCHAR NOT NULL,
	given_at TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (submission_id),
	CONSTRAINT clear_is_a_face CHECK (clear BETWEEN 1 AND 5),
	CONSTRAINT real_is_a_face CHECK (real BETWEEN 1 AND 5),
	CONSTRAINT well_is_a_face CHECK (well BETWEEN 1 AND 5),
	CONSTRAINT few_words CHECK (length(words) <= 500),
	FOREIGN KEY(submission_id) REFERENCES submission (id)
);

CREATE TABLE usage (
	submission_id UUID NOT NULL,
	interface VARCHAR NOT NULL,
	switched BOOLEAN NOT NULL,
	listened BOOLEAN NOT NULL,
	answered INTEGER NOT NULL,
	PRIMARY KEY (submission_id),
	CONSTRAINT answered_tasks CHECK (answered >= 0),
	FOREIGN KEY(submission_id) REFERENCES submission (id)
);

CREATE TABLE file_return (
	submission_id UUID NOT NULL,
	examiner_id UUID NOT NULL,
	note TEXT NOT NULL,
	note_language VARCHAR NOT NULL,
	returned_at TIMESTAMP WITH TIME ZONE NOT NULL,
	until TIMESTAMP WITH TIME ZONE NOT NULL,
	back_at TIMESTAMP WITH TIME ZONE,
	PRIMARY KEY (submission_id),
	FOREIGN KEY(submission_id) REFERENCES submission (id),
	FOREIGN KEY(examiner_id) REFERENCES person (id)
);

CREATE OR REPLACE FUNCTION marked_files_are_not_sent_back() RETURNS trigger AS $$ BEGIN IF EXISTS (SELECT 1 FROM assessment WHERE assessment.submission_id = NEW.submission_id) THEN RAISE EXCEPTION 'a file that somebody marked is not sent back' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER marked_files_are_not_sent_back BEFORE INSERT ON file_return FOR EACH ROW EXECUTE FUNCTION marked_files_are_not_sent_back();

CREATE OR REPLACE FUNCTION file_return_is_once() RETURNS trigger AS $$ BEGIN IF OLD.back_at IS NOT NULL OR NEW.until IS DISTINCT FROM OLD.until OR NEW.returned_at IS DISTINCT FROM OLD.returned_at THEN RAISE EXCEPTION 'a file is sent back once' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER file_return_is_once BEFORE UPDATE ON file_return FOR EACH ROW EXECUTE FUNCTION file_return_is_once();

CREATE OR REPLACE FUNCTION file_return_stays() RETURNS trigger AS $$ BEGIN IF NOT EXISTS (SELECT 1 FROM erasure JOIN submission ON submission.candidate_id = erasure.person_id WHERE submission.id = OLD.submission_id) THEN RAISE EXCEPTION 'a file is sent back once' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN OLD; END $$ LANGUAGE plpgsql; CREATE TRIGGER file_return_stays BEFORE DELETE ON file_return FOR EACH ROW EXECUTE FUNCTION file_return_stays();

CREATE TABLE void_attempt (
	submission_id UUID NOT NULL,
	candidate_id UUID NOT NULL,
	stated_by UUID NOT NULL,
	fault VARCHAR NOT NULL,
	note TEXT NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (submission_id),
	CONSTRAINT closed_list_of_faults CHECK (fault IN ('service_broke', 'answers_lost', 'wrong_tasks', 'helped_by_mistake')),
	CONSTRAINT nobody_voids_their_own_attempt CHECK (stated_by <> candidate_id),
	FOREIGN KEY(submission_id, candidate_id) REFERENCES submission (id, candidate_id),
	FOREIGN KEY(stated_by) REFERENCES person (id)
);

CREATE TABLE decision (
	id UUID NOT NULL,
	submission_id UUID NOT NULL,
	candidate_id UUID NOT NULL,
	round INTEGER NOT NULL,
	supersedes UUID,
	outcome VARCHAR NOT NULL,
	level INTEGER,
	first_assessment_id UUID NOT NULL,
	first_ordinal INTEGER NOT NULL,
	first_examiner_id UUID NOT NULL,
	second_examiner_id UUID,
	third_examiner_id UUID,
	decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (submission_id, round),
	UNIQUE (supersedes),
	UNIQUE (id, submission_id),
	UNIQUE (id, outcome),
	UNIQUE (id, candidate_id),
	UNIQUE (id, level),
	UNIQUE (id, first_examiner_id),
	UNIQUE (id, second_examiner_id),
	UNIQUE (id, third_examiner_id),
	CONSTRAINT decision_outcome CHECK (outcome IN ('awarded', 'not_yet')),
	CONSTRAINT awarded_means_a_level CHECK ((outcome = 'awarded') = (level IS NOT NULL)),
	CONSTRAINT known_level CHECK (level IS NULL OR level BETWEEN 1 AND 3),
	CONSTRAINT expert_needs_two_examiners CHECK (level IS NULL OR level < 3 OR second_examiner_id IS NOT NULL),
	CONSTRAINT first_is_not_candidate CHECK (first_examiner_id <> candidate_id),
	CONSTRAINT second_is_someone_else CHECK (second_examiner_id IS NULL OR (second_examiner_id <> first_examiner_id AND second_examiner_id <> candidate_id)),
	CONSTRAINT third_is_someone_else CHECK (third_examiner_id IS NULL OR (second_examiner_id IS NOT NULL AND third_examiner_id <> first_examiner_id AND third_examiner_id <> second_examiner_id AND third_examiner_id <> candidate_id)),
	FOREIGN KEY(submission_id, candidate_id) REFERENCES submission (id, candidate_id),
	FOREIGN KEY(first_assessment_id, submission_id, round, first_examiner_id, first_ordinal) REFERENCES assessment (id, submission_id, round, examiner_id, ordinal),
	FOREIGN KEY(submission_id, round, second_examiner_id) REFERENCES assessment (submission_id, round, examiner_id),
	FOREIGN KEY(submission_id, round, third_examiner_id) REFERENCES assessment (submission_id, round, examiner_id),
	CONSTRAINT first_is_first CHECK (first_ordinal = 1),
	CONSTRAINT only_a_second_round_supersedes CHECK (round BETWEEN 1 AND 2 AND (round = 1) = (supersedes IS NULL)),
	FOREIGN KEY(supersedes, submission_id) REFERENCES decision (id, submission_id)
);

CREATE OR REPLACE FUNCTION decision_is_final_update() RETURNS trigger AS $$ BEGIN IF NOT (1 = 0) THEN RAISE EXCEPTION 'decision is final'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER decision_is_final_update BEFORE UPDATE ON decision FOR EACH ROW EXECUTE FUNCTION decision_is_final_update();

CREATE OR REPLACE FUNCTION decision_is_final_delete() RETURNS trigger AS $$ BEGIN IF NOT (EXISTS (SELECT 1 FROM erasure WHERE erasure.person_id = OLD.candidate_id)) THEN RAISE EXCEPTION 'decision is final'; END IF; RETURN OLD; END $$ LANGUAGE plpgsql; CREATE TRIGGER decision_is_final_delete BEFORE DELETE ON decision FOR EACH ROW EXECUTE FUNCTION decision_is_final_delete();

CREATE OR REPLACE FUNCTION expert_level_takes_two_centres() RETURNS trigger AS $$ BEGIN IF NEW.level = 3 AND NOT EXISTS (SELECT 1 FROM assessment AS look JOIN person AS looked ON looked.id = look.examiner_id JOIN person AS tried ON tried.id = NEW.candidate_id WHERE look.submission_id = NEW.submission_id AND look.round = NEW.round AND looked.organisation_id <> tried.organisation_id) AND EXISTS (SELECT 1 FROM appointment JOIN person AS other ON other.id = appointment.person_id JOIN submission ON submission.id = NEW.submission_id JOIN person AS tried ON tried.id = NEW.candidate_id WHERE appointment.skill = submission.skill AND appointment.language = submission.language AND appointment.level_ceiling = 3 AND appointment.suspended_at IS NULL AND appointment.valid_from <= NEW.decided_at AND appointment.valid_until > NEW.decided_at AND other.organisation_id <> tried.organisation_id AND (other.contact_hash IS NULL OR tried.contact_hash IS NULL OR other.contact_hash <> tried.contact_hash) AND NOT EXISTS (SELECT 1 FROM conflict WHERE conflict.submission_id = submission.id AND conflict.examiner_id = other.id) AND NOT EXISTS (SELECT 1 FROM assessment AS before WHERE before.submission_id = submission.id AND before.examiner_id = other.id) AND NOT EXISTS (SELECT 1 FROM award JOIN decision AS earlier ON earlier.id = award.decision_id WHERE earlier.submission_id = submission.id AND award.officer_id = other.id) AND NOT EXISTS (SELECT 1 FROM credential AS own JOIN award AS theirs ON theirs.id = own.award_id JOIN credential AS same ON same.holder = own.holder JOIN award AS others ON others.id = same.award_id WHERE theirs.candidate_id = other.id AND others.candidate_id = tried.id)) THEN RAISE EXCEPTION 'of the examiners of an expert level one is of another centre' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER expert_level_takes_two_centres BEFORE INSERT ON decision FOR EACH ROW EXECUTE FUNCTION expert_level_takes_two_centres();

CREATE TABLE nomination_step (
	nomination_id UUID NOT NULL,
	ordinal INTEGER NOT NULL,
	stage VARCHAR NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	by UUID,
	reason VARCHAR NOT NULL,
	PRIMARY KEY (nomination_id, ordinal),
	CONSTRAINT known_stage CHECK (stage IN ('eligible', 'invited', 'calibrating', 'active', 'suspended', 'ended', 'expired')),
	FOREIGN KEY(nomination_id) REFERENCES nomination (id),
	FOREIGN KEY(by) REFERENCES person (id)
);

CREATE OR REPLACE FUNCTION nomination_step_is_final_update() RETURNS trigger AS $$ BEGIN IF NOT (CAST(NEW.nomination_id AS TEXT) IS NOT DISTINCT FROM CAST(OLD.nomination_id AS TEXT) AND CAST(NEW.ordinal AS TEXT) IS NOT DISTINCT FROM CAST(OLD.ordinal AS TEXT) AND CAST(NEW.stage AS TEXT) IS NOT DISTINCT FROM CAST(OLD.stage AS TEXT) AND CAST(NEW.at AS TEXT) IS NOT DISTINCT FROM CAST(OLD.at AS TEXT) AND CAST(NEW.by AS TEXT) IS NOT DISTINCT FROM CAST(OLD.by AS TEXT) AND NEW.reason = '' AND EXISTS (SELECT 1 FROM erasure JOIN nomination ON nomination.person_id = erasure.person_id WHERE nomination.id = OLD.nomination_id)) THEN RAISE EXCEPTION 'nomination_step is final'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER nomination_step_is_final_update BEFORE UPDATE ON nomination_step FOR EACH ROW EXECUTE FUNCTION nomination_step_is_final_update();

CREATE OR REPLACE FUNCTION nomination_step_is_final_delete() RETURNS trigger AS $$ BEGIN IF NOT (1 = 0) THEN RAISE EXCEPTION 'nomination_step is final'; END IF; RETURN OLD; END $$ LANGUAGE plpgsql; CREATE TRIGGER nomination_step_is_final_delete BEFORE DELETE ON nomination_step FOR EACH ROW EXECUTE FUNCTION nomination_step_is_final_delete();

CREATE TABLE calibration_run (
	id UUID NOT NULL,
	nomination_id UUID NOT NULL,
	round INTEGER NOT NULL,
	number INTEGER NOT NULL,
	files JSON NOT NULL,
	started_at TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (nomination_id, round, number),
	CONSTRAINT two_tries CHECK (number BETWEEN 1 AND 2),
	FOREIGN KEY(nomination_id) REFERENCES nomination (id)
);

CREATE OR REPLACE FUNCTION calibration_run_is_final_update() RETURNS trigger AS $$ BEGIN IF NOT (1 = 0) THEN RAISE EXCEPTION 'calibration_run is final'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER calibration_run_is_final_update BEFORE UPDATE ON calibration_run FOR EACH ROW EXECUTE FUNCTION calibration_run_is_final_update();

CREATE OR REPLACE FUNCTION calibration_run_is_final_delete() RETURNS trigger AS $$ BEGIN IF NOT (1 = 0) THEN RAISE EXCEPTION 'calibration_run is final'; END IF; RETURN OLD; END $$ LANGUAGE plpgsql; CREATE TRIGGER calibration_run_is_final_delete BEFORE DELETE ON calibration_run FOR EACH ROW EXECUTE FUNCTION calibration_run_is_final_delete();

CREATE TABLE second_look (
	submission_id UUID NOT NULL,
	nomination_id UUID NOT NULL,
	examiner_id UUID NOT NULL,
	decided_level INTEGER NOT NULL,
	drawn_at TIMESTAMP WITH TIME ZONE NOT NULL,
	looked_by UUID,
	marks JSON NOT NULL,
	level INTEGER,
	looked_at TIMESTAMP WITH TIME ZONE,
	PRIMARY KEY (submission_id),
	CONSTRAINT somebody_else_looks CHECK (looked_by <> examiner_id),
	CONSTRAINT known_level CHECK (level BETWEEN 0 AND 3),
	CONSTRAINT looked_at_by_somebody CHECK ((looked_by IS NULL) = (level IS NULL) AND (looked_by IS NULL) = (looked_at IS NULL)),
	FOREIGN KEY(submission_id) REFERENCES submission (id) ON DELETE CASCADE,
	FOREIGN KEY(nomination_id) REFERENCES nomination (id),
	FOREIGN KEY(examiner_id) REFERENCES person (id),
	FOREIGN KEY(looked_by) REFERENCES person (id)
);

CREATE OR REPLACE FUNCTION only_decided_files_are_looked_at_again() RETURNS trigger AS $$ BEGIN IF NOT EXISTS (SELECT 1 FROM decision WHERE decision.submission_id = NEW.submission_id AND decision.first_examiner_id = NEW.examiner_id AND decision.second_examiner_id IS NULL) THEN RAISE EXCEPTION 'only what one examiner decided alone is looked at again' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER only_decided_files_are_looked_at_again BEFORE INSERT ON second_look FOR EACH ROW EXECUTE FUNCTION only_decided_files_are_looked_at_again();

CREATE OR REPLACE FUNCTION a_second_look_is_final() RETURNS trigger AS $$ BEGIN IF OLD.looked_by IS NOT NULL OR NEW.examiner_id <> OLD.examiner_id OR NEW.decided_level <> OLD.decided_level THEN RAISE EXCEPTION 'a second look is final' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER a_second_look_is_final BEFORE UPDATE ON second_look FOR EACH ROW EXECUTE FUNCTION a_second_look_is_final();

CREATE OR REPLACE FUNCTION second_look_examiner_id_is_another_person_insert() RETURNS trigger AS $$ BEGIN IF NEW.looked_by IS NOT NULL AND (SELECT contact_hash FROM person WHERE person.id = NEW.examiner_id) = (SELECT contact_hash FROM person WHERE person.id = NEW.looked_by) THEN RAISE EXCEPTION 'this takes two persons' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER second_look_examiner_id_is_another_person_insert BEFORE INSERT ON second_look FOR EACH ROW EXECUTE FUNCTION second_look_examiner_id_is_another_person_insert();

CREATE OR REPLACE FUNCTION second_look_examiner_id_is_another_person_update() RETURNS trigger AS $$ BEGIN IF NEW.looked_by IS DISTINCT FROM OLD.looked_by AND (SELECT contact_hash FROM person WHERE person.id = NEW.examiner_id) = (SELECT contact_hash FROM person WHERE person.id = NEW.looked_by) THEN RAISE EXCEPTION 'this takes two persons' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER second_look_examiner_id_is_another_person_update BEFORE UPDATE ON second_look FOR EACH ROW EXECUTE FUNCTION second_look_examiner_id_is_another_person_update();

CREATE TABLE cohort_member (
	person_id UUID NOT NULL,
	cohort_id UUID NOT NULL,
	organisation_id UUID NOT NULL,
	language VARCHAR NOT NULL,
	kind VARCHAR,
	tongue VARCHAR,
	invited_at TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (person_id),
	FOREIGN KEY(cohort_id, organisation_id) REFERENCES cohort_site (cohort_id, organisation_id),
	CONSTRAINT known_kind CHECK (kind IS NULL OR kind IN ('job_seeker', 'employee')),
	FOREIGN KEY(person_id) REFERENCES person (id)
);

CREATE OR REPLACE FUNCTION quota_holds() RETURNS trigger AS $$ BEGIN IF (SELECT count(*) FROM cohort_member WHERE cohort_id = NEW.cohort_id AND organisation_id = NEW.organisation_id) >= (SELECT quota FROM cohort_site WHERE cohort_id = NEW.cohort_id AND organisation_id = NEW.organisation_id) THEN RAISE EXCEPTION 'the places of this centre are taken' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER quota_holds BEFORE INSERT ON cohort_member FOR EACH ROW EXECUTE FUNCTION quota_holds();

CREATE OR REPLACE FUNCTION closed_cohort_takes_nobody() RETURNS trigger AS $$ BEGIN IF (SELECT closed_at FROM cohort WHERE id = NEW.cohort_id) IS NOT NULL THEN RAISE EXCEPTION 'this cohort is closed' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER closed_cohort_takes_nobody BEFORE INSERT ON cohort_member FOR EACH ROW EXECUTE FUNCTION closed_cohort_takes_nobody();

CREATE OR REPLACE FUNCTION cohort_member_comes_not_back() RETURNS trigger AS $$ BEGIN PERFORM 1 FROM person WHERE id = NEW.person_id FOR KEY SHARE; IF EXISTS (SELECT 1 FROM erasure WHERE erasure.person_id = NEW.person_id) THEN RAISE EXCEPTION 'this person was erased' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER cohort_member_comes_not_back BEFORE INSERT ON cohort_member FOR EACH ROW EXECUTE FUNCTION cohort_member_comes_not_back();

CREATE TABLE evidence (
	submission_id UUID NOT NULL,
	task_id VARCHAR NOT NULL,
	content_type VARCHAR NOT NULL,
	content BYTEA NOT NULL,
	seconds FLOAT,
	source_hash VARCHAR NOT NULL,
	PRIMARY KEY (submission_id, task_id),
	FOREIGN KEY(submission_id, task_id) REFERENCES answer (submission_id, task_id) ON DELETE CASCADE,
	CONSTRAINT known_content_type CHECK (content_type IN ('image/jpeg', 'audio/webm', 'audio/ogg', 'audio/mp4', 'audio/mpeg', 'audio/wav')),
	CONSTRAINT bounded CHECK (length(content) BETWEEN 1 AND 6000000)
);

CREATE TABLE observation (
	id UUID NOT NULL,
	submission_id UUID NOT NULL,
	task_id VARCHAR NOT NULL,
	candidate_id UUID NOT NULL,
	candidate_contact VARCHAR,
	examiner_id UUID NOT NULL,
	examiner_contact VARCHAR,
	appointment_id UUID NOT NULL,
	seen JSON NOT NULL,
	note VARCHAR NOT NULL,
	observed_on DATE NOT NULL,
	recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (submission_id, task_id),
	CONSTRAINT nobody_observes_themself CHECK (examiner_id <> candidate_id),
	CONSTRAINT nobody_observes_themself_under_another_name CHECK (examiner_contact IS NULL OR candidate_contact IS NULL OR examiner_contact <> candidate_contact),
	FOREIGN KEY(submission_id, task_id) REFERENCES observation_due (submission_id, task_id),
	FOREIGN KEY(submission_id, candidate_id) REFERENCES submission (id, candidate_id),
	FOREIGN KEY(candidate_id, candidate_contact) REFERENCES person (id, contact_hash) ON UPDATE CASCADE,
	FOREIGN KEY(examiner_id, examiner_contact) REFERENCES person (id, contact_hash) ON UPDATE CASCADE,
	FOREIGN KEY(examiner_id) REFERENCES person (id),
	FOREIGN KEY(appointment_id) REFERENCES appointment (id)
);

CREATE OR REPLACE FUNCTION observation_is_final_update() RETURNS trigger AS $$ BEGIN IF NOT (CAST(NEW.id AS TEXT) IS NOT DISTINCT FROM CAST(OLD.id AS TEXT) AND CAST(NEW.submission_id AS TEXT) IS NOT DISTINCT FROM CAST(OLD.submission_id AS TEXT) AND CAST(NEW.task_id AS TEXT) IS NOT DISTINCT FROM CAST(OLD.task_id AS TEXT) AND CAST(NEW.candidate_id AS TEXT) IS NOT DISTINCT FROM CAST(OLD.candidate_id AS TEXT) AND CAST(NEW.examiner_id AS TEXT) IS NOT DISTINCT FROM CAST(OLD.examiner_id AS TEXT) AND CAST(NEW.appointment_id AS TEXT) IS NOT DISTINCT FROM CAST(OLD.appointment_id AS TEXT) AND CAST(NEW.seen AS TEXT) IS NOT DISTINCT FROM CAST(OLD.seen AS TEXT) AND CAST(NEW.note AS TEXT) IS NOT DISTINCT FROM CAST(OLD.note AS TEXT) AND CAST(NEW.observed_on AS TEXT) IS NOT DISTINCT FROM CAST(OLD.observed_on AS TEXT) AND CAST(NEW.recorded_at AS TEXT) IS NOT DISTINCT FROM CAST(OLD.recorded_at AS TEXT) AND (NEW.candidate_contact IS NOT DISTINCT FROM OLD.candidate_contact OR (OLD.candidate_contact IS NOT NULL AND NEW.candidate_contact IS NOT DISTINCT FROM (SELECT contact_hash FROM person WHERE person.id = NEW.candidate_id))) AND (NEW.examiner_contact IS NOT DISTINCT FROM OLD.examiner_contact OR (OLD.examiner_contact IS NOT NULL AND NEW.examiner_contact IS NOT DISTINCT FROM (SELECT contact_hash FROM person WHERE person.id = NEW.examiner_id)))) THEN RAISE EXCEPTION 'observation is final'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER observation_is_final_update BEFORE UPDATE ON observation FOR EACH ROW EXECUTE FUNCTION observation_is_final_update();

CREATE OR REPLACE FUNCTION observation_is_final_delete() RETURNS trigger AS $$ BEGIN IF NOT (EXISTS (SELECT 1 FROM erasure WHERE erasure.person_id = OLD.candidate_id)) THEN RAISE EXCEPTION 'observation is final'; END IF; RETURN OLD; END $$ LANGUAGE plpgsql; CREATE TRIGGER observation_is_final_delete BEFORE DELETE ON observation FOR EACH ROW EXECUTE FUNCTION observation_is_final_delete();

CREATE OR REPLACE FUNCTION marks_need_observations() RETURNS trigger AS $$ BEGIN IF EXISTS (SELECT 1 FROM observation_due WHERE observation_due.submission_id = NEW.submission_id AND NOT EXISTS (SELECT 1 FROM observation WHERE observation.submission_id = observation_due.submission_id AND observation.task_id = observation_due.task_id)) THEN RAISE EXCEPTION 'a practical was not observed'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER marks_need_observations BEFORE INSERT ON assessment FOR EACH ROW EXECUTE FUNCTION marks_need_observations();

CREATE TABLE badge_ground (
	nomination_id UUID NOT NULL,
	equal_id UUID NOT NULL,
	badge_id VARCHAR NOT NULL,
	places JSON NOT NULL,
	keys JSON NOT NULL,
	ends TIMESTAMP WITH TIME ZONE,
	looked_at TIMESTAMP WITH TIME ZONE NOT NULL,
	unknown_since TIMESTAMP WITH TIME ZONE,
	PRIMARY KEY (nomination_id),
	CONSTRAINT unknown_since_a_look CHECK (unknown_since <= looked_at),
	FOREIGN KEY(nomination_id) REFERENCES nomination (id),
	FOREIGN KEY(equal_id) REFERENCES accepted_equal (id)
);

CREATE OR REPLACE FUNCTION a_ground_is_not_rewritten() RETURNS trigger AS $$ BEGIN IF NEW.nomination_id <> OLD.nomination_id OR NEW.badge_id <> OLD.badge_id OR CAST(NEW.places AS TEXT) <> CAST(OLD.places AS TEXT) OR CAST(NEW.keys AS TEXT) <> CAST(OLD.keys AS TEXT) OR NEW.ends IS DISTINCT FROM OLD.ends THEN RAISE EXCEPTION 'what a right rests on is shown anew, and never rewritten' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER a_ground_is_not_rewritten BEFORE UPDATE ON badge_ground FOR EACH ROW EXECUTE FUNCTION a_ground_is_not_rewritten();

CREATE OR REPLACE FUNCTION a_ground_is_of_an_expert() RETURNS trigger AS $$ BEGIN IF NOT EXISTS (SELECT 1 FROM nomination WHERE nomination.id = NEW.nomination_id AND nomination.badge_id = NEW.badge_id AND nomination.kept_by IS NULL AND nomination.stage NOT IN ('ended', 'expired')) OR NOT EXISTS (SELECT 1 FROM accepted_equal WHERE accepted_equal.id = NEW.equal_id AND accepted_equal.confirmed_at IS NOT NULL) THEN RAISE EXCEPTION 'a right rests on the badge that was shown for it' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER a_ground_is_of_an_expert BEFORE INSERT ON badge_ground FOR EACH ROW EXECUTE FUNCTION a_ground_is_of_an_expert();

CREATE TABLE shown_note (
	assessment_id UUID NOT NULL,
	criterion VARCHAR NOT NULL,
	language VARCHAR NOT NULL,
	PRIMARY KEY (assessment_id, criterion),
	FOREIGN KEY(assessment_id) REFERENCES assessment (id)
);

CREATE OR REPLACE FUNCTION shown_note_is_final_update() RETURNS trigger AS $$ BEGIN IF NOT (1 = 0) THEN RAISE EXCEPTION 'shown_note is final'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER shown_note_is_final_update BEFORE UPDATE ON shown_note FOR EACH ROW EXECUTE FUNCTION shown_note_is_final_update();

CREATE OR REPLACE FUNCTION shown_note_is_final_delete() RETURNS trigger AS $$ BEGIN IF NOT (EXISTS (SELECT 1 FROM erasure JOIN assessment ON assessment.candidate_id = erasure.person_id WHERE assessment.id = OLD.assessment_id)) THEN RAISE EXCEPTION 'shown_note is final'; END IF; RETURN OLD; END $$ LANGUAGE plpgsql; CREATE TRIGGER shown_note_is_final_delete BEFORE DELETE ON shown_note FOR EACH ROW EXECUTE FUNCTION shown_note_is_final_delete();

CREATE TABLE marking_time (
	assessment_id UUID NOT NULL,
	minutes INTEGER NOT NULL,
	PRIMARY KEY (assessment_id),
	CONSTRAINT time_runs_forward CHECK (minutes >= 0),
	FOREIGN KEY(assessment_id) REFERENCES assessment (id)
);

CREATE TABLE returned_piece (
	submission_id UUID NOT NULL,
	task_id VARCHAR NOT NULL,
	fault VARCHAR NOT NULL,
	redone_at TIMESTAMP WITH TIME ZONE,
	PRIMARY KEY (submission_id, task_id),
	CONSTRAINT closed_list_of_piece_faults CHECK (fault IN ('missing', 'cannot_open', 'cannot_see', 'cannot_hear', 'other_task')),
	FOREIGN KEY(submission_id) REFERENCES file_return (submission_id)
);

CREATE TABLE award (
	id UUID NOT NULL,
	decision_id UUID NOT NULL,
	decision_outcome VARCHAR NOT NULL,
	candidate_id UUID NOT NULL,
	first_examiner_id UUID NOT NULL,
	second_examiner_id UUID,
	third_examiner_id UUID,
	officer_id UUID NOT NULL,
	level INTEGER NOT NULL,
	slug VARCHAR NOT NULL,
	level_slug VARCHAR NOT NULL,
	language VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	released_at TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (decision_id),
	CONSTRAINT award_only_of_awarded CHECK (decision_outcome = 'awarded'),
	CONSTRAINT officer_is_not_candidate CHECK (officer_id <> candidate_id),
	CONSTRAINT officer_is_not_first_examiner CHECK (officer_id <> first_examiner_id),
	CONSTRAINT officer_is_not_second_examiner CHECK (second_examiner_id IS NULL OR officer_id <> second_examiner_id),
	CONSTRAINT officer_is_not_third_examiner CHECK (third_examiner_id IS NULL OR officer_id <> third_examiner_id),
	CONSTRAINT expert_needs_second_examiner CHECK (level < 3 OR second_examiner_id IS NOT NULL),
	CONSTRAINT award_state CHECK (state IN ('released', 'offered', 'delivered')),
	FOREIGN KEY(decision_id, decision_outcome) REFERENCES decision (id, outcome),
	FOREIGN KEY(decision_id, candidate_id) REFERENCES decision (id, candidate_id),
	FOREIGN KEY(decision_id, level) REFERENCES decision (id, level),
	FOREIGN KEY(decision_id, first_examiner_id) REFERENCES decision (id, first_examiner_id),
	FOREIGN KEY(decision_id, second_examiner_id) REFERENCES decision (id, second_examiner_id),
	FOREIGN KEY(decision_id, third_examiner_id) REFERENCES decision (id, third_examiner_id),
	FOREIGN KEY(officer_id) REFERENCES person (id)
);

CREATE OR REPLACE FUNCTION award_names_all_examiners() RETURNS trigger AS $$ BEGIN IF NEW.second_examiner_id IS DISTINCT FROM (SELECT second_examiner_id FROM decision WHERE decision.id = NEW.decision_id) OR NEW.third_examiner_id IS DISTINCT FROM (SELECT third_examiner_id FROM decision WHERE decision.id = NEW.decision_id) THEN RAISE EXCEPTION 'an award names all examiners of its decision' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER award_names_all_examiners BEFORE INSERT ON award FOR EACH ROW EXECUTE FUNCTION award_names_all_examiners();

CREATE OR REPLACE FUNCTION award_is_final() RETURNS trigger AS $$ BEGIN IF NEW.id IS DISTINCT FROM OLD.id OR NEW.decision_id IS DISTINCT FROM OLD.decision_id OR NEW.candidate_id IS DISTINCT FROM OLD.candidate_id OR NEW.first_examiner_id IS DISTINCT FROM OLD.first_examiner_id OR NEW.second_examiner_id IS DISTINCT FROM OLD.second_examiner_id OR NEW.third_examiner_id IS DISTINCT FROM OLD.third_examiner_id OR NEW.officer_id IS DISTINCT FROM OLD.officer_id OR NEW.level IS DISTINCT FROM OLD.level OR NEW.slug IS DISTINCT FROM OLD.slug OR NEW.level_slug IS DISTINCT FROM OLD.level_slug OR NEW.language IS DISTINCT FROM OLD.language OR NEW.released_at IS DISTINCT FROM OLD.released_at THEN RAISE EXCEPTION 'only the state of an award changes' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER award_is_final BEFORE UPDATE ON award FOR EACH ROW EXECUTE FUNCTION award_is_final();

CREATE OR REPLACE FUNCTION award_stays() RETURNS trigger AS $$ BEGIN IF NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.person_id = OLD.candidate_id) THEN RAISE EXCEPTION 'an award stays' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN OLD; END $$ LANGUAGE plpgsql; CREATE TRIGGER award_stays BEFORE DELETE ON award FOR EACH ROW EXECUTE FUNCTION award_stays();

CREATE OR REPLACE FUNCTION officers_release_for_their_own_centre() RETURNS trigger AS $$ BEGIN IF (SELECT organisation_id FROM person WHERE id = NEW.officer_id) IS DISTINCT FROM (SELECT organisation_id FROM person WHERE id = NEW.candidate_id) THEN RAISE EXCEPTION 'an officer of another centre does not release this' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER officers_release_for_their_own_centre BEFORE INSERT ON award FOR EACH ROW EXECUTE FUNCTION officers_release_for_their_own_centre();

CREATE OR REPLACE FUNCTION nobody_releases_what_they_marked_in_any_round() RETURNS trigger AS $$ BEGIN IF EXISTS (SELECT 1 FROM assessment JOIN decision ON decision.submission_id = assessment.submission_id WHERE decision.id = NEW.decision_id AND assessment.examiner_id = NEW.officer_id) THEN RAISE EXCEPTION 'who marked this file does not release it' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER nobody_releases_what_they_marked_in_any_round BEFORE INSERT ON award FOR EACH ROW EXECUTE FUNCTION nobody_releases_what_they_marked_in_any_round();

CREATE OR REPLACE FUNCTION award_needs_the_decision_in_force() RETURNS trigger AS $$ BEGIN IF EXISTS (SELECT 1 FROM decision WHERE decision.supersedes = NEW.decision_id) OR (SELECT submission.state FROM submission JOIN decision ON decision.submission_id = submission.id WHERE decision.id = NEW.decision_id) <> 'decided' THEN RAISE EXCEPTION 'an award needs the decision that is in force' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER award_needs_the_decision_in_force BEFORE INSERT ON award FOR EACH ROW EXECUTE FUNCTION award_needs_the_decision_in_force();

CREATE OR REPLACE FUNCTION confirmed_decisions_give_no_second_award() RETURNS trigger AS $$ BEGIN IF EXISTS (SELECT 1 FROM award AS earlier JOIN decision ON decision.supersedes = earlier.decision_id WHERE decision.id = NEW.decision_id AND earlier.level = NEW.level) THEN RAISE EXCEPTION 'the same level is awarded already' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER confirmed_decisions_give_no_second_award BEFORE INSERT ON award FOR EACH ROW EXECUTE FUNCTION confirmed_decisions_give_no_second_award();

CREATE OR REPLACE FUNCTION officer_is_another_person_by_contact() RETURNS trigger AS $$ BEGIN IF (SELECT contact_hash FROM person WHERE person.id = NEW.officer_id) = (SELECT contact_hash FROM person WHERE person.id = NEW.candidate_id) OR (SELECT contact_hash FROM person WHERE person.id = NEW.officer_id) = (SELECT contact_hash FROM person WHERE person.id = NEW.first_examiner_id) OR (SELECT contact_hash FROM person WHERE person.id = NEW.officer_id) = (SELECT contact_hash FROM person WHERE person.id = NEW.second_examiner_id) OR (SELECT contact_hash FROM person WHERE person.id = NEW.officer_id) = (SELECT contact_hash FROM person WHERE person.id = NEW.third_examiner_id) THEN RAISE EXCEPTION 'who releases took no part in it, under no account' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER officer_is_another_person_by_contact BEFORE INSERT ON award FOR EACH ROW EXECUTE FUNCTION officer_is_another_person_by_contact();

CREATE TABLE calibration_mark (
	run_id UUID NOT NULL,
	file_id VARCHAR NOT NULL,
	marks JSON NOT NULL,
	notes JSON NOT NULL,
	level INTEGER NOT NULL,
	marked_at TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (run_id, file_id),
	CONSTRAINT known_level CHECK (level BETWEEN 0 AND 3),
	FOREIGN KEY(run_id) REFERENCES calibration_run (id)
);

CREATE OR REPLACE FUNCTION calibration_mark_is_final_update() RETURNS trigger AS $$ BEGIN IF NOT (1 = 0) THEN RAISE EXCEPTION 'calibration_mark is final'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER calibration_mark_is_final_update BEFORE UPDATE ON calibration_mark FOR EACH ROW EXECUTE FUNCTION calibration_mark_is_final_update();

CREATE OR REPLACE FUNCTION calibration_mark_is_final_delete() RETURNS trigger AS $$ BEGIN IF NOT (EXISTS (SELECT 1 FROM erasure JOIN nomination ON nomination.person_id = erasure.person_id WHERE nomination.id = (SELECT nomination_id FROM calibration_run WHERE id = OLD.run_id))) THEN RAISE EXCEPTION 'calibration_mark is final'; END IF; RETURN OLD; END $$ LANGUAGE plpgsql; CREATE TRIGGER calibration_mark_is_final_delete BEFORE DELETE ON calibration_mark FOR EACH ROW EXECUTE FUNCTION calibration_mark_is_final_delete();

CREATE TABLE calibration_result (
	run_id UUID NOT NULL,
	exact INTEGER NOT NULL,
	furthest INTEGER NOT NULL,
	passed BOOLEAN NOT NULL,
	finished_at TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (run_id),
	CONSTRAINT five_files CHECK (exact BETWEEN 0 AND 5),
	CONSTRAINT four_of_five_and_none_far_off CHECK (passed = (exact >= 4 AND furthest <= 1)),
	FOREIGN KEY(run_id) REFERENCES calibration_run (id)
);

CREATE OR REPLACE FUNCTION calibration_result_is_final_update() RETURNS trigger AS $$ BEGIN IF NOT (1 = 0) THEN RAISE EXCEPTION 'calibration_result is final'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER calibration_result_is_final_update BEFORE UPDATE ON calibration_result FOR EACH ROW EXECUTE FUNCTION calibration_result_is_final_update();

CREATE OR REPLACE FUNCTION calibration_result_is_final_delete() RETURNS trigger AS $$ BEGIN IF NOT (1 = 0) THEN RAISE EXCEPTION 'calibration_result is final'; END IF; RETURN OLD; END $$ LANGUAGE plpgsql; CREATE TRIGGER calibration_result_is_final_delete BEFORE DELETE ON calibration_result FOR EACH ROW EXECUTE FUNCTION calibration_result_is_final_delete();

CREATE TABLE appeal (
	submission_id UUID NOT NULL,
	decision_id UUID NOT NULL,
	candidate_id UUID NOT NULL,
	made_at TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (submission_id),
	UNIQUE (decision_id),
	FOREIGN KEY(decision_id, submission_id) REFERENCES decision (id, submission_id),
	FOREIGN KEY(decision_id, candidate_id) REFERENCES decision (id, candidate_id)
);

CREATE OR REPLACE FUNCTION appeal_is_final_update() RETURNS trigger AS $$ BEGIN IF NOT (1 = 0) THEN RAISE EXCEPTION 'appeal is final'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER appeal_is_final_update BEFORE UPDATE ON appeal FOR EACH ROW EXECUTE FUNCTION appeal_is_final_update();

CREATE OR REPLACE FUNCTION appeal_is_final_delete() RETURNS trigger AS $$ BEGIN IF NOT (EXISTS (SELECT 1 FROM erasure WHERE erasure.person_id = OLD.candidate_id)) THEN RAISE EXCEPTION 'appeal is final'; END IF; RETURN OLD; END $$ LANGUAGE plpgsql; CREATE TRIGGER appeal_is_final_delete BEFORE DELETE ON appeal FOR EACH ROW EXECUTE FUNCTION appeal_is_final_delete();

CREATE OR REPLACE FUNCTION appeal_is_about_the_first_decision() RETURNS trigger AS $$ BEGIN IF (SELECT round FROM decision WHERE id = NEW.decision_id) <> 1 THEN RAISE EXCEPTION 'one appeal a file' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER appeal_is_about_the_first_decision BEFORE INSERT ON appeal FOR EACH ROW EXECUTE FUNCTION appeal_is_about_the_first_decision();

CREATE TABLE release_batch_row (
	batch_id UUID NOT NULL,
	place INTEGER NOT NULL,
	decision_id UUID NOT NULL,
	state VARCHAR NOT NULL,
	why VARCHAR NOT NULL,
	PRIMARY KEY (batch_id, place),
	UNIQUE (batch_id, decision_id),
	CONSTRAINT row_state CHECK (state IN ('waiting', 'released', 'refused')),
	CONSTRAINT refused_says_why CHECK ((state = 'refused') = (why <> '')),
	FOREIGN KEY(batch_id) REFERENCES release_batch (id),
	FOREIGN KEY(decision_id) REFERENCES decision (id)
);

CREATE TABLE credential (
	id UUID NOT NULL,
	award_id UUID NOT NULL,
	credential_id VARCHAR NOT NULL,
	list_number INTEGER NOT NULL,
	position INTEGER NOT NULL,
	state VARCHAR NOT NULL,
	intended_at TIMESTAMP WITH TIME ZONE NOT NULL,
	intended_text TEXT,
	signed_text TEXT,
	signed_at TIMESTAMP WITH TIME ZONE,
	signed_with VARCHAR,
	holder VARCHAR,
	PRIMARY KEY (id),
	UNIQUE (list_number, position),
	FOREIGN KEY(list_number, position) REFERENCES status_entry (list_number, position),
	CONSTRAINT badge_state CHECK (state IN ('intended', 'active', 'suspended', 'revoked', 'superseded')),
	CONSTRAINT intended_or_signed CHECK ((intended_text IS NULL) <> (signed_text IS NULL)),
	CONSTRAINT signed_for_a_holder CHECK ((signed_text IS NULL) = (holder IS NULL) AND (signed_text IS NULL) = (signed_at IS NULL) AND (signed_text IS NULL) = (signed_with IS NULL)),
	CONSTRAINT active_means_signed CHECK (state <> 'active' OR signed_text IS NOT NULL),
	FOREIGN KEY(award_id) REFERENCES award (id)
);

CREATE OR REPLACE FUNCTION badge_stays() RETURNS trigger AS $$ BEGIN IF NOT EXISTS (SELECT 1 FROM erasure JOIN award ON award.candidate_id = erasure.person_id WHERE award.id = OLD.award_id) THEN RAISE EXCEPTION 'a badge stays' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN OLD; END $$ LANGUAGE plpgsql; CREATE TRIGGER badge_stays BEFORE DELETE ON credential FOR EACH ROW EXECUTE FUNCTION badge_stays();

CREATE OR REPLACE FUNCTION signed_text_is_final() RETURNS trigger AS $$ BEGIN IF OLD.signed_text IS NOT NULL AND (NEW.signed_text IS DISTINCT FROM OLD.signed_text OR NEW.holder IS DISTINCT FROM OLD.holder) THEN RAISE EXCEPTION 'what was signed never changes' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER signed_text_is_final BEFORE UPDATE ON credential FOR EACH ROW EXECUTE FUNCTION signed_text_is_final();

CREATE OR REPLACE FUNCTION place_is_final() RETURNS trigger AS $$ BEGIN IF NEW.list_number <> OLD.list_number OR NEW.position <> OLD.position OR NEW.award_id <> OLD.award_id OR NEW.credential_id <> OLD.credential_id THEN RAISE EXCEPTION 'award, id and status place of a badge never change' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER place_is_final BEFORE UPDATE ON credential FOR EACH ROW EXECUTE FUNCTION place_is_final();

CREATE OR REPLACE FUNCTION revoked_is_final() RETURNS trigger AS $$ BEGIN IF OLD.state IN ('revoked', 'superseded') AND NEW.state <> OLD.state THEN RAISE EXCEPTION 'there is no way back from revoked' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER revoked_is_final BEFORE UPDATE ON credential FOR EACH ROW EXECUTE FUNCTION revoked_is_final();

CREATE TABLE offer (
	id UUID NOT NULL,
	award_id UUID NOT NULL,
	reference_hash VARCHAR NOT NULL,
	code_hash VARCHAR NOT NULL,
	needs_number BOOLEAN NOT NULL,
	wrong_tries INTEGER NOT NULL,
	state VARCHAR NOT NULL,
	created TIMESTAMP WITH TIME ZONE NOT NULL,
	expires TIMESTAMP WITH TIME ZONE NOT NULL,
	token_hash VARCHAR,
	token_expires TIMESTAMP WITH TIME ZONE,
	PRIMARY KEY (id),
	UNIQUE (reference_hash),
	UNIQUE (code_hash),
	UNIQUE (token_hash),
	CONSTRAINT offer_state CHECK (state IN ('open', 'claimed', 'cancelled', 'locked')),
	CONSTRAINT tries_are_limited CHECK (wrong_tries >= 0 AND wrong_tries <= 5),
	CONSTRAINT tokens_run_out CHECK ((token_hash IS NULL) = (token_expires IS NULL)),
	FOREIGN KEY(award_id) REFERENCES award (id)
);

CREATE TABLE notice (
	id UUID NOT NULL,
	person_id UUID NOT NULL,
	award_id UUID,
	appointment_id UUID,
	news VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	tries INTEGER NOT NULL,
	next_try TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (id),
	CONSTRAINT known_news CHECK (news IN ('ready', 'revoke', 'suspend', 'lift', 'correct', 'runs_out', 'stopped')),
	CONSTRAINT notice_state CHECK (state IN ('waiting', 'sent', 'given_up')),
	CONSTRAINT about_a_badge_or_an_appointment CHECK ((news IN ('runs_out', 'stopped')) = (appointment_id IS NOT NULL) AND (appointment_id IS NULL) = (award_id IS NOT NULL)),
	FOREIGN KEY(person_id) REFERENCES person (id),
	FOREIGN KEY(award_id) REFERENCES award (id),
	FOREIGN KEY(appointment_id) REFERENCES appointment (id)
);

CREATE OR REPLACE FUNCTION notice_comes_not_back() RETURNS trigger AS $$ BEGIN PERFORM 1 FROM person WHERE id = NEW.person_id FOR KEY SHARE; IF EXISTS (SELECT 1 FROM erasure WHERE erasure.person_id = NEW.person_id) THEN RAISE EXCEPTION 'this person was erased' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER notice_comes_not_back BEFORE INSERT ON notice FOR EACH ROW EXECUTE FUNCTION notice_comes_not_back();

CREATE TABLE appeal_words (
	submission_id UUID NOT NULL,
	text TEXT NOT NULL,
	PRIMARY KEY (submission_id),
	FOREIGN KEY(submission_id) REFERENCES appeal (submission_id)
);

CREATE TABLE renewal (
	id UUID NOT NULL,
	award_id UUID NOT NULL,
	holder VARCHAR NOT NULL,
	token_hash VARCHAR NOT NULL,
	created TIMESTAMP WITH TIME ZONE NOT NULL,
	expires TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (token_hash),
	CONSTRAINT renewals_run_out CHECK (expires > created),
	FOREIGN KEY(award_id) REFERENCES award (id)
);

CREATE OR REPLACE FUNCTION renewed_for_the_key_it_was_signed_for() RETURNS trigger AS $$ BEGIN IF NOT EXISTS (SELECT 1 FROM credential WHERE credential.award_id = NEW.award_id AND credential.holder = NEW.holder AND credential.signed_at = (SELECT max(known.signed_at) FROM credential AS known WHERE known.award_id = NEW.award_id) AND NOT EXISTS (SELECT 1 FROM badge_change WHERE badge_change.credential_id = credential.id AND badge_change.confirmed_at IS NOT NULL AND (badge_change.reason IN ('holder_request', 'new_wallet') OR NOT badge_change.has_phone))) THEN RAISE EXCEPTION 'a badge is renewed for the key that it was signed for' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER renewed_for_the_key_it_was_signed_for BEFORE INSERT ON renewal FOR EACH ROW EXECUTE FUNCTION renewed_for_the_key_it_was_signed_for();

CREATE OR REPLACE FUNCTION a_renewal_is_final() RETURNS trigger AS $$ BEGIN IF 1 = 1 THEN RAISE EXCEPTION 'a token for a renewal never changes' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER a_renewal_is_final BEFORE UPDATE ON renewal FOR EACH ROW EXECUTE FUNCTION a_renewal_is_final();

CREATE TABLE showing (
	award_id UUID NOT NULL,
	nickname VARCHAR NOT NULL,
	words VARCHAR NOT NULL,
	language VARCHAR NOT NULL,
	since TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (award_id),
	CONSTRAINT a_nickname CHECK (length(nickname) BETWEEN 1 AND 40),
	CONSTRAINT few_words CHECK (length(words) <= 200),
	FOREIGN KEY(award_id) REFERENCES award (id)
);

CREATE TABLE badge_change (
	id UUID NOT NULL,
	credential_id UUID NOT NULL,
	action VARCHAR NOT NULL,
	reason VARCHAR NOT NULL,
	has_phone BOOLEAN,
	requested_by UUID NOT NULL,
	requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
	confirmed_by UUID,
	confirmed_at TIMESTAMP WITH TIME ZONE,
	PRIMARY KEY (id),
	CONSTRAINT closed_list_of_reasons CHECK ((action = 'revoke' AND reason IN ('holder_request', 'issued_in_error', 'fraud', 'key_compromise', 'superseded')) OR (action = 'suspend' AND reason IN ('holder_request', 'under_review')) OR (action = 'lift' AND reason IN ('holder_request', 'review_passed')) OR (action = 'correct' AND reason IN ('issued_in_error', 'new_wallet', 'key_compromise'))),
	CONSTRAINT two_persons CHECK (confirmed_by IS NULL OR confirmed_by <> requested_by OR (reason = 'holder_request' AND action IN ('revoke', 'suspend'))),
	CONSTRAINT confirmed_by_someone_at_a_time CHECK ((confirmed_by IS NULL) = (confirmed_at IS NULL)),
	CONSTRAINT asked_when_made_again CHECK (has_phone IS NULL OR action IN ('lift', 'correct')),
	FOREIGN KEY(credential_id) REFERENCES credential (id),
	FOREIGN KEY(requested_by) REFERENCES person (id),
	FOREIGN KEY(confirmed_by) REFERENCES person (id)
);

CREATE OR REPLACE FUNCTION confirmed_change_is_final() RETURNS trigger AS $$ BEGIN IF OLD.confirmed_by IS NOT NULL THEN RAISE EXCEPTION 'a confirmed change never changes' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER confirmed_change_is_final BEFORE UPDATE ON badge_change FOR EACH ROW EXECUTE FUNCTION confirmed_change_is_final();

CREATE OR REPLACE FUNCTION officers_confirm_for_their_own_centre_insert() RETURNS trigger AS $$ BEGIN IF NEW.confirmed_by IS NOT NULL AND NEW.reason <> 'key_compromise' AND (SELECT organisation_id FROM person WHERE id = NEW.confirmed_by) IS DISTINCT FROM (SELECT person.organisation_id FROM person JOIN award ON award.candidate_id = person.id JOIN credential ON credential.award_id = award.id WHERE credential.id = NEW.credential_id) THEN RAISE EXCEPTION 'an officer of another centre does not confirm this' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER officers_confirm_for_their_own_centre_insert BEFORE INSERT ON badge_change FOR EACH ROW EXECUTE FUNCTION officers_confirm_for_their_own_centre_insert();

CREATE OR REPLACE FUNCTION officers_confirm_for_their_own_centre_update() RETURNS trigger AS $$ BEGIN IF NEW.confirmed_by IS NOT NULL AND NEW.reason <> 'key_compromise' AND (SELECT organisation_id FROM person WHERE id = NEW.confirmed_by) IS DISTINCT FROM (SELECT person.organisation_id FROM person JOIN award ON award.candidate_id = person.id JOIN credential ON credential.award_id = award.id WHERE credential.id = NEW.credential_id) THEN RAISE EXCEPTION 'an officer of another centre does not confirm this' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER officers_confirm_for_their_own_centre_update BEFORE UPDATE ON badge_change FOR EACH ROW EXECUTE FUNCTION officers_confirm_for_their_own_centre_update();

CREATE OR REPLACE FUNCTION confirmed_change_stays() RETURNS trigger AS $$ BEGIN IF OLD.confirmed_by IS NOT NULL AND NOT EXISTS (SELECT 1 FROM erasure JOIN award ON award.candidate_id = erasure.person_id WHERE award.id = (SELECT award_id FROM credential WHERE id = OLD.credential_id)) THEN RAISE EXCEPTION 'a confirmed change stays' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN OLD; END $$ LANGUAGE plpgsql; CREATE TRIGGER confirmed_change_stays BEFORE DELETE ON badge_change FOR EACH ROW EXECUTE FUNCTION confirmed_change_stays();

CREATE OR REPLACE FUNCTION badge_change_requested_by_is_another_person_insert() RETURNS trigger AS $$ BEGIN IF NEW.confirmed_by IS NOT NULL AND (SELECT contact_hash FROM person WHERE person.id = NEW.requested_by) = (SELECT contact_hash FROM person WHERE person.id = NEW.confirmed_by) AND NEW.reason <> 'holder_request' THEN RAISE EXCEPTION 'this takes two persons' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER badge_change_requested_by_is_another_person_insert BEFORE INSERT ON badge_change FOR EACH ROW EXECUTE FUNCTION badge_change_requested_by_is_another_person_insert();

CREATE OR REPLACE FUNCTION badge_change_requested_by_is_another_person_update() RETURNS trigger AS $$ BEGIN IF NEW.confirmed_by IS DISTINCT FROM OLD.confirmed_by AND (SELECT contact_hash FROM person WHERE person.id = NEW.requested_by) = (SELECT contact_hash FROM person WHERE person.id = NEW.confirmed_by) AND NEW.reason <> 'holder_request' THEN RAISE EXCEPTION 'this takes two persons' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER badge_change_requested_by_is_another_person_update BEFORE UPDATE ON badge_change FOR EACH ROW EXECUTE FUNCTION badge_change_requested_by_is_another_person_update();

CREATE TABLE stolen_key_row (
	stolen_key_id UUID NOT NULL,
	credential_id UUID NOT NULL,
	fate VARCHAR NOT NULL,
	why VARCHAR NOT NULL,
	PRIMARY KEY (stolen_key_id, credential_id),
	CONSTRAINT stolen_key_fate CHECK (fate IN ('waiting', 'made_again', 'cancelled', 'left')),
	CONSTRAINT stolen_key_row_says_why CHECK ((fate IN ('cancelled', 'left')) = (why <> '')),
	FOREIGN KEY(stolen_key_id) REFERENCES stolen_key (id),
	FOREIGN KEY(credential_id) REFERENCES credential (id)
);

CREATE OR REPLACE FUNCTION a_fate_is_final() RETURNS trigger AS $$ BEGIN IF OLD.fate <> 'waiting' THEN RAISE EXCEPTION 'what became of a badge never changes' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER a_fate_is_final BEFORE UPDATE ON stolen_key_row FOR EACH ROW EXECUTE FUNCTION a_fate_is_final();

CREATE OR REPLACE FUNCTION stolen_keys_sign_nothing() RETURNS trigger AS $$ BEGIN IF OLD.signed_text IS NULL AND NEW.signed_text IS NOT NULL AND EXISTS (SELECT 1 FROM stolen_key WHERE stolen_key.key_name = NEW.signed_with AND stolen_key.confirmed_by IS NOT NULL) THEN RAISE EXCEPTION 'a key that others may have signs nothing' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER stolen_keys_sign_nothing BEFORE UPDATE ON credential FOR EACH ROW EXECUTE FUNCTION stolen_keys_sign_nothing();

CREATE INDEX ix_access_code_person_id ON access_code (person_id);

CREATE INDEX ix_appointment_badge_credential_id ON appointment_badge (credential_id);

CREATE INDEX ix_appointment_person_id ON appointment (person_id);

CREATE INDEX ix_assessment_examiner_id ON assessment (examiner_id);

CREATE INDEX ix_award_candidate_id ON award (candidate_id);

CREATE INDEX ix_badge_change_credential_id ON badge_change (credential_id);

CREATE INDEX ix_badge_ground_equal_id ON badge_ground (equal_id);

CREATE INDEX ix_badge_ground_looked_at ON badge_ground (looked_at);

CREATE INDEX ix_begun_count_since ON begun_count (since);

CREATE INDEX ix_calibration_run_nomination_id ON calibration_run (nomination_id);

CREATE INDEX ix_cohort_member_cohort_id ON cohort_member (cohort_id);

CREATE INDEX ix_cohort_organisation_id ON cohort (organisation_id);

CREATE INDEX ix_consent_step_person_id ON consent_step (person_id);

CREATE INDEX ix_credential_holder ON credential (holder);

CREATE INDEX ix_data_request_organisation_id ON data_request (organisation_id);

CREATE INDEX ix_deferral_submission_id ON deferral (submission_id);

CREATE INDEX ix_framework_edition_framework ON framework_edition (framework);

CREATE INDEX ix_kept_badge_change_stolen_key_id ON kept_badge_change (stolen_key_id);

CREATE INDEX ix_nomination_badge_holder ON nomination (badge_holder);

CREATE INDEX ix_nomination_badge_id ON nomination (badge_id);

CREATE INDEX ix_nomination_person_id ON nomination (person_id);

CREATE INDEX ix_nonce_expires ON nonce (expires);

CREATE INDEX ix_notice_person_id ON notice (person_id);

CREATE INDEX ix_notice_state ON notice (state);

CREATE INDEX ix_offer_award_id ON offer (award_id);

CREATE INDEX ix_person_contact_hash ON person (contact_hash);

CREATE INDEX ix_presentation_request_expires ON presentation_request (expires);

CREATE INDEX ix_received_endorsement_subject_id ON received_endorsement (subject_id);

CREATE INDEX ix_renewal_award_id ON renewal (award_id);

CREATE INDEX ix_retention_run_at ON retention_run (at);

CREATE INDEX ix_role_invitation_organisation_id ON role_invitation (organisation_id);

CREATE INDEX ix_second_look_nomination_id ON second_look (nomination_id);

CREATE INDEX ix_stolen_key_key_name ON stolen_key (key_name);

CREATE INDEX ix_submission_candidate_id ON submission (candidate_id);

CREATE INDEX ix_wrong_code_source_hash ON wrong_code (source_hash);

CREATE INDEX rows_of_a_batch ON release_batch_row (batch_id, state, place);

CREATE INDEX rows_of_a_stolen_key ON stolen_key_row (stolen_key_id, fate, credential_id);

CREATE UNIQUE INDEX an_end_is_told_once ON notice (appointment_id) WHERE news = 'runs_out';

CREATE UNIQUE INDEX one_appointment_badge_by_appointment_id ON appointment_badge (appointment_id) WHERE state <> 'ended';

CREATE UNIQUE INDEX one_appointment_badge_by_credential_id ON appointment_badge (credential_id) WHERE state <> 'ended';

CREATE UNIQUE INDEX one_badge_in_force_by_award_id ON credential (award_id) WHERE state <> 'superseded';

CREATE UNIQUE INDEX one_badge_in_force_by_credential_id ON credential (credential_id) WHERE state <> 'superseded';

CREATE UNIQUE INDEX one_decision_an_achievement ON accepted_equal (issuer_did, achievement_id) WHERE ended_at IS NULL;

CREATE UNIQUE INDEX one_draft ON submission (candidate_id, skill, level, language) WHERE state = 'draft';

CREATE UNIQUE INDEX one_live_deferral_a_file ON deferral (submission_id) WHERE state IN ('open', 'claimed', 'pending');

CREATE UNIQUE INDEX one_nomination_at_a_time ON nomination (person_id, skill, language) WHERE stage NOT IN ('ended', 'expired');

CREATE UNIQUE INDEX one_open_offer_an_award ON offer (award_id) WHERE state = 'open';

CREATE UNIQUE INDEX one_open_request_a_badge ON badge_change (credential_id) WHERE confirmed_by IS NULL;

CREATE UNIQUE INDEX one_open_request_of_a_kind ON data_request (person_id, kind) WHERE ended_at IS NULL;

CREATE UNIQUE INDEX one_replacement_a_key ON stolen_key (key_name) WHERE finished_at IS NULL;

CREATE UNIQUE INDEX one_request_a_kept_badge ON kept_badge_change (list_number, position);

CREATE UNIQUE INDEX one_version_has_the_plain_addresses ON framework_edition (framework) WHERE plain;

CREATE UNIQUE INDEX one_waiting_row_a_badge ON stolen_key_row (credential_id) WHERE fate = 'waiting';

CREATE UNIQUE INDEX one_waiting_row_a_decision ON release_batch_row (decision_id) WHERE state = 'waiting';

