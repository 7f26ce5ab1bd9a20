-- What has a name, an ARN and a life (resource.h).
-- Names are ASCII and compared without regard to case. '' in status is one that is not set: it is part of a sort key.
CREATE TABLE resource (
	uid INTEGER PRIMARY KEY AUTOINCREMENT,
	kind INTEGER NOT NULL,
	name TEXT NOT NULL COLLATE NOCASE,
	arn TEXT COLLATE NOCASE,
	created_us INTEGER NOT NULL,
	modified_us INTEGER NOT NULL,
	status TEXT NOT NULL,
	failure TEXT,
	parent_uid INTEGER,
	parent TEXT COLLATE NOCASE,
	slot_us INTEGER NOT NULL,
	revision INTEGER NOT NULL,
	endpoint TEXT COLLATE NOCASE,
	definition TEXT COLLATE NOCASE,
	type TEXT,
	job_arn TEXT,
	doc TEXT,
	detail TEXT
);

-- Each index ends with the uid by itself, as sort orders do. One for each order that a listing can have...
CREATE UNIQUE INDEX resource_name ON resource (kind, name);
CREATE INDEX resource_created ON resource (kind, created_us);
CREATE INDEX resource_slot ON resource (kind, slot_us);
CREATE INDEX resource_status ON resource (kind, status);
-- ... and for what picks few of many rows. Partial, for most kinds have neither parent nor endpoint.
CREATE INDEX resource_status_created ON resource (kind, status, created_us);
CREATE INDEX resource_parent_created ON resource (kind, parent_uid, created_us) WHERE parent_uid IS NOT NULL;
CREATE INDEX resource_parent_slot ON resource (kind, parent_uid, slot_us) WHERE parent_uid IS NOT NULL;
CREATE INDEX resource_parent_name_created ON resource (kind, parent, created_us) WHERE parent IS NOT NULL;
CREATE INDEX resource_parent_name_slot ON resource (kind, parent, slot_us) WHERE parent IS NOT NULL;
CREATE INDEX resource_endpoint_created ON resource (kind, endpoint, created_us) WHERE endpoint IS NOT NULL;
CREATE UNIQUE INDEX resource_arn ON resource (arn, kind) WHERE arn IS NOT NULL;

CREATE TABLE tag (
	arn TEXT NOT NULL COLLATE NOCASE,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (arn, key)
) WITHOUT ROWID;

CREATE TABLE alert_change (
	uid INTEGER PRIMARY KEY AUTOINCREMENT,
	at_us INTEGER NOT NULL,
	schedule TEXT NOT NULL COLLATE NOCASE,
	alert TEXT NOT NULL COLLATE NOCASE,
	status TEXT NOT NULL
);
CREATE INDEX alert_change_at ON alert_change (at_us);
CREATE INDEX alert_change_schedule ON alert_change (schedule, at_us);
CREATE INDEX alert_change_status ON alert_change (status);
