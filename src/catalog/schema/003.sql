-- Metrics and alarms (telemetry.h).
CREATE TABLE series (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	namespace TEXT NOT NULL,
	name TEXT NOT NULL,
	-- Names and values in the order of their names, each as LENGTH:BYTES.
	dimensions BLOB NOT NULL,
	-- When the newest datapoint came.
	arrived_us INTEGER NOT NULL,
	UNIQUE (namespace, name, dimensions)
);

-- The same dimensions again: what a listing filters by.
CREATE TABLE series_dimension (
	series INTEGER NOT NULL REFERENCES series (id),
	name TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (series, name, value)
) WITHOUT ROWID;

CREATE TABLE datapoint (
	id INTEGER PRIMARY KEY,
	series INTEGER NOT NULL REFERENCES series (id),
	at_us INTEGER NOT NULL,
	arrived_us INTEGER NOT NULL,
	unit TEXT NOT NULL,
	samples REAL NOT NULL,
	sum REAL NOT NULL,
	minimum REAL NOT NULL,
	maximum REAL NOT NULL
);
CREATE INDEX datapoint_at ON datapoint (series, at_us);

CREATE TABLE alarm (
	name TEXT PRIMARY KEY,
	configured_us INTEGER NOT NULL,
	doc TEXT NOT NULL,
	state TEXT NOT NULL,
	reason TEXT NOT NULL,
	reason_data TEXT,
	updated_us INTEGER NOT NULL,
	transitioned_us INTEGER NOT NULL
) WITHOUT ROWID;
