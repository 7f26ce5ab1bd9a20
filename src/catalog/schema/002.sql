-- Buckets, objects and multipart uploads: the index of the object store. Keys are bytes, so that their order is that of the bytes.

CREATE TABLE bucket (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	created_us INTEGER NOT NULL
);

-- Without row ids a listing walks one tree from key to key.
CREATE TABLE object (
	bucket INTEGER NOT NULL REFERENCES bucket (id),
	key BLOB NOT NULL,
	content TEXT NOT NULL,
	size INTEGER NOT NULL,
	modified_us INTEGER NOT NULL,
	etag TEXT NOT NULL,
	headers TEXT NOT NULL,
	PRIMARY KEY (bucket, key)
) WITHOUT ROWID;

-- Who still names a content: copies share one.
CREATE INDEX object_content ON object (content);

CREATE TABLE upload (
	id INTEGER PRIMARY KEY,
	bucket INTEGER NOT NULL REFERENCES bucket (id) ON DELETE CASCADE,
	key BLOB NOT NULL,
	name TEXT NOT NULL UNIQUE,
	initiated_us INTEGER NOT NULL,
	headers TEXT NOT NULL
);

CREATE INDEX upload_key ON upload (bucket, key, name);

CREATE TABLE part (
	upload INTEGER NOT NULL REFERENCES upload (id) ON DELETE CASCADE,
	number INTEGER NOT NULL,
	content TEXT NOT NULL,
	size INTEGER NOT NULL,
	modified_us INTEGER NOT NULL,
	etag TEXT NOT NULL,
	checksums TEXT NOT NULL,
	PRIMARY KEY (upload, number)
) WITHOUT ROWID;

CREATE INDEX part_content ON part (content);
