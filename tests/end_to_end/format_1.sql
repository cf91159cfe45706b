-- A ledger as the first format had it: two rows acknowledged, and a run that was killed with a third one in flight.
CREATE TABLE held.meta (key VARCHAR, value VARCHAR);
CREATE TABLE held.field (position INTEGER, name VARCHAR, custom BOOLEAN, sql_type VARCHAR, since INTEGER, mapped BOOLEAN);
CREATE TABLE held.key_column (name VARCHAR, sql_type VARCHAR);
CREATE TABLE held.identifier (name VARCHAR);
CREATE TABLE held.entry (k1 VARCHAR, i1 VARCHAR, state VARCHAR, since TIMESTAMP, acked_at TIMESTAMP, keys VARCHAR[],
  owes INTEGER[], refused MAP(INTEGER, VARCHAR), remote_id VARCHAR, mapping INTEGER, full_number INTEGER, reason VARCHAR,
  request UBIGINT, v1 VARCHAR);
CREATE TABLE held.aside (key VARCHAR, identifier VARCHAR, reason VARCHAR);
CREATE TABLE held.request (number UBIGINT, run VARCHAR, call VARCHAR, method VARCHAR, url VARCHAR, records UBIGINT,
  status INTEGER, answer VARCHAR, noted_at TIMESTAMP);
CREATE TABLE held.delta (row UBIGINT, kind VARCHAR, k1 VARCHAR, keys VARCHAR[], i1 VARCHAR, which INTEGER, d1 VARCHAR,
  whole BOOLEAN, owed INTEGER[], remote_id VARCHAR, look_first BOOLEAN, reidentified BOOLEAN, mapping INTEGER,
  full_number INTEGER, clears INTEGER[]);
CREATE TABLE held.flight (row UBIGINT, request UBIGINT);
CREATE TABLE held.outcome (row UBIGINT, verdict VARCHAR, reason VARCHAR, warning BOOLEAN, remote_id VARCHAR,
  job_call VARCHAR, job_id VARCHAR, refused VARCHAR, sent_all BOOLEAN, unsent BOOLEAN, request UBIGINT, noted_at TIMESTAMP);

INSERT INTO held.meta VALUES
  ('format', '1'), ('baseline', 'closed'), ('mode', 'upsert'), ('holds_new_rows', 'false'), ('mapping_version', '1'),
  ('mapping_digest', '4e08421da700a5e584345bfb939f75224aa87570'), ('full_number', '0'), ('sequence', '2'),
  ('last_rows', '3'),
  ('target', '{"base_url":"URL/batch","destination":"batch","identifiers":"custom_id","key":"id","project_key":"project_1","service":"profiles"}'),
  ('open_run', '{"run":"20260101T070807-ba64","mode":"upsert","started":"2026-01-01 07:08:07.614063","full_number":0,"mapping_version":1,"clears":[],"identify_all":false,"unclear_waits":false,"keys":1,"identifiers":1}');
INSERT INTO held.field VALUES (1, 'city', true, 'VARCHAR', 1, true);
INSERT INTO held.key_column VALUES ('id', 'VARCHAR');
INSERT INTO held.identifier VALUES ('custom_id');
INSERT INTO held.entry VALUES
  ('c-00000', 'c-00000', 'synced', '2026-01-01 07:08:06', '2026-01-01 07:08:06', NULL, NULL, NULL, NULL, 1, 0, NULL, 1, 'Oslo'),
  ('c-00001', 'c-00001', 'synced', '2026-01-01 07:08:06', '2026-01-01 07:08:06', NULL, NULL, NULL, NULL, 1, 0, NULL, 1, 'Oslo');
INSERT INTO held.request VALUES
  (1, '20260101T070806-2bfd', 'mass_update', 'POST', 'URL/batch/profiles/mass-update', 2, 202, '{"code":"SUCCESS"}', '2026-01-01 07:08:06');
INSERT INTO held.delta VALUES
  (0, 'added', 'c-00002', NULL, 'c-00002', 0, 'Oslo', true, NULL, NULL, false, false, 1, 0, []);
INSERT INTO held.flight VALUES (0, 1);
