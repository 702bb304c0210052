BEGIN TRANSACTION;
CREATE TABLE approvals (
	id INTEGER NOT NULL,
	slug TEXT NOT NULL,
	version TEXT NOT NULL,
	"by" TEXT NOT NULL,
	at BIGINT NOT NULL,
	withdrawn_at BIGINT,
	PRIMARY KEY (id)
);
INSERT INTO "approvals" VALUES(1,'names-released','v1','person-0',1537545600000000,NULL);
CREATE TABLE blobs (
	sha256 TEXT NOT NULL,
	content BLOB NOT NULL,
	PRIMARY KEY (sha256)
);
INSERT INTO "blobs" VALUES('0000000000000000000000000000000000000000000000000000000000000000',X'504446');
CREATE TABLE control (
	id INTEGER NOT NULL CHECK (id = 1),
	store_id TEXT NOT NULL,
	stopped BOOLEAN DEFAULT false NOT NULL,
	stopped_by TEXT,
	stopped_why TEXT,
	stopped_at BIGINT,
	mark_wall BIGINT,
	mark_uptime BIGINT,
	mark_boot TEXT,
	mark_host TEXT,
	newest BIGINT,
	PRIMARY KEY (id)
);
INSERT INTO "control" VALUES(1,'8e11f913641f4ed4b730628b284b06af',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1537545600000000);
CREATE TABLE deliveries (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	slug TEXT NOT NULL,
	version TEXT NOT NULL,
	outlet TEXT NOT NULL,
	recipient TEXT NOT NULL,
	state TEXT NOT NULL,
	lift BIGINT,
	attempts INTEGER NOT NULL,
	claimed_from TEXT,
	owner TEXT,
	lease_until BIGINT,
	next_try BIGINT,
	first_sent_at BIGINT,
	delivered_at BIGINT,
	url TEXT,
	remote_id TEXT,
	error TEXT,
	UNIQUE (slug, version, outlet, recipient)
);
INSERT INTO "deliveries" VALUES(1,'names-released','v1','newsroom','','waiting',1537804800000000,0,NULL,NULL,NULL,1537804800000000,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE journal (
	n INTEGER NOT NULL,
	at BIGINT NOT NULL,
	actor TEXT NOT NULL,
	host TEXT NOT NULL,
	event TEXT NOT NULL,
	slug TEXT NOT NULL,
	version TEXT NOT NULL,
	detail TEXT NOT NULL,
	prev TEXT NOT NULL,
	hash TEXT NOT NULL,
	PRIMARY KEY (n)
);
INSERT INTO "journal" VALUES(1,1537545600000000,'jdoe','vm','release.scheduled','names-released','v1','{"deliveries":1,"embargo":"Monday at 9","lift":"2018-09-24T16:00:00Z","local":"2018-09-24T09:00:00-07:00[America/Los_Angeles]","outlets":["newsroom"]}','0000000000000000000000000000000000000000000000000000000000000000','9739d9fa1ae953654d57311739a9a2eb6ad68d757cf000f50cd8cafed4c43603');
INSERT INTO "journal" VALUES(2,1537545600000000,'jdoe','vm','release.approved','names-released','v1','{"by":"person-0"}','9739d9fa1ae953654d57311739a9a2eb6ad68d757cf000f50cd8cafed4c43603','902b0e86685f6e3faca7c07606bfe73737bbdcdb1fab1c5d89e8beab95bd77e0');
CREATE TABLE migrations (
	number INTEGER NOT NULL,
	name TEXT NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (number)
);
INSERT INTO "migrations" VALUES(1,'the first layout',1537545600000000);
CREATE TABLE processes (
	owner TEXT NOT NULL,
	kind TEXT NOT NULL,
	host TEXT NOT NULL,
	pid INTEGER NOT NULL,
	started_at BIGINT NOT NULL,
	last_seen BIGINT NOT NULL,
	ended_at BIGINT,
	PRIMARY KEY (owner)
);
CREATE TABLE releases (
	slug TEXT NOT NULL,
	version TEXT NOT NULL,
	headline TEXT NOT NULL,
	embargo TEXT NOT NULL,
	lift BIGINT,
	outlets TEXT NOT NULL,
	author TEXT NOT NULL,
	source_hash TEXT NOT NULL,
	word TEXT NOT NULL,
	word_by TEXT NOT NULL,
	word_at BIGINT NOT NULL,
	why TEXT NOT NULL,
	late_accepted_at BIGINT,
	open BOOLEAN NOT NULL,
	changed_at BIGINT NOT NULL,
	PRIMARY KEY (slug)
);
INSERT INTO "releases" VALUES('names-released','v1','Names released','{"text": "Monday at 9", "kind": "instant", "timezone": "America/Los_Angeles", "not_before": 1537804800000000, "no_later_than": null, "lift": 1537804800000000, "remarks": []}',1537804800000000,'["newsroom"]','jdoe','ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff','scheduled','jdoe',1537545600000000,'',NULL,1,1537545600000000);
CREATE TABLE versions (
	slug TEXT NOT NULL,
	version TEXT NOT NULL,
	canonical BLOB NOT NULL,
	attachments TEXT NOT NULL,
	lift BIGINT,
	outlets TEXT NOT NULL,
	frozen_at BIGINT NOT NULL,
	frozen_by TEXT NOT NULL,
	PRIMARY KEY (slug, version)
);
INSERT INTO "versions" VALUES('names-released','v1',X'7B7D','{"a.pdf": "0000000000000000000000000000000000000000000000000000000000000000"}',1537804800000000,'["newsroom"]',1537545600000000,'jdoe');
CREATE INDEX releases_open ON releases (lift) WHERE open;
CREATE INDEX releases_changed ON releases (changed_at);
CREATE INDEX approvals_version ON approvals (slug, version);
CREATE INDEX deliveries_claimed ON deliveries (owner) WHERE owner IS NOT NULL;
CREATE INDEX journal_slug ON journal (slug);
CREATE INDEX processes_seen ON processes (last_seen);
CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
COMMIT;
