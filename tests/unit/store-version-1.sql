-- A store of version 1, as sqlite3's .dump gives it, which leaves out these two:
PRAGMA application_id = 1853189473; PRAGMA user_version = 1;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE run (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL UNIQUE CHECK (length (uuid) BETWEEN 1 AND 64),
  started_wall_ns INTEGER, -- NULL: imported from what does not say it
  started_ns INTEGER,
  finished_wall_ns INTEGER,
  status TEXT NOT NULL DEFAULT 'running', -- still so after its end: numavm was killed
  message TEXT,
  program TEXT NOT NULL,
  command TEXT,
  driver TEXT, -- NULL: no VMs
  uri TEXT,
  accel TEXT, -- 'tcg': emulated CPUs; 'kvm'; NULL: bare metal, or unknown
  emulated INTEGER CHECK (emulated IN (0, 1)), -- CPUs or NUMA nodes; NULL: unknown
  seed TEXT CHECK (seed NOT GLOB '*[^0-9]*'), -- in decimal, since it may be beyond 2^63
  plan TEXT CHECK (plan IS NULL OR json_valid (plan)),
  host TEXT CHECK (host IS NULL OR json_valid (host)),
  CHECK (status IN ('running', 'done', 'failed', 'interrupted'))
) STRICT;
INSERT INTO run VALUES(1,'af7342d3-e034-4b1c-a1d0-81f43fd6cbe9',NULL,NULL,NULL,'done',NULL,'numavm 0.1.0 import','numavm import ''vm0.expresult'' ''r.json''',NULL,NULL,NULL,NULL,NULL,'{"stream":"stock"}',NULL);
INSERT INTO run VALUES(2,'2abe9f29-c6ba-4bce-8c0f-ee0125c67d23',NULL,NULL,NULL,'done',NULL,'numavm 0.1.0 import','numavm import ''vm0.expresult'' ''r.json''',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE boot (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES run (id),
  block INTEGER NOT NULL CHECK (block >= 0),
  position INTEGER NOT NULL CHECK (position >= 0), -- within its block
  arm TEXT, -- what distinguishes it; NULL: imported
  seed TEXT CHECK (seed NOT GLOB '*[^0-9]*'),
  started_ns INTEGER,
  ready_ns INTEGER,
  go_ns INTEGER,
  spread_ns INTEGER CHECK (spread_ns >= 0), -- between the first VM's start to measure and the last one's
  finished_ns INTEGER,
  status TEXT NOT NULL DEFAULT 'running',
  message TEXT,
  counters TEXT CHECK (counters IS NULL OR json_valid (counters)) -- of the host: after measuring less before
) STRICT;
INSERT INTO boot VALUES(1,1,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'running',NULL,NULL);
CREATE TABLE vm (
  id INTEGER PRIMARY KEY,
  boot INTEGER NOT NULL REFERENCES boot (id),
  vm_index INTEGER NOT NULL CHECK (vm_index >= 0), -- in its fleet
  name TEXT NOT NULL CHECK (length (CAST (name AS BLOB)) BETWEEN 1 AND 255),
  uuid TEXT,
  vcpus INTEGER CHECK (vcpus > 0),
  memory_bytes INTEGER CHECK (memory_bytes > 0),
  placement TEXT CHECK (placement IS NULL OR json_valid (placement)), -- as declared
  hello TEXT CHECK (hello IS NULL OR json_valid (hello)), -- what its guest is
  started_ns INTEGER, -- its measurement
  status TEXT,
  message TEXT
) STRICT;
INSERT INTO vm VALUES(1,1,0,'vm0',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE clock (
  id INTEGER PRIMARY KEY,
  vm INTEGER NOT NULL REFERENCES vm (id),
  phase TEXT NOT NULL CHECK (phase IN ('before', 'after')), -- the measurement
  host_ns INTEGER NOT NULL,
  offset_ns INTEGER NOT NULL,
  error_ns INTEGER NOT NULL CHECK (error_ns >= 0)
) STRICT;
CREATE TABLE residence (
  id INTEGER PRIMARY KEY,
  vm INTEGER NOT NULL REFERENCES vm (id),
  phase TEXT NOT NULL CHECK (phase IN ('before', 'after')),
  host_ns INTEGER NOT NULL,
  node INTEGER NOT NULL CHECK (node >= 0),
  page_bytes INTEGER NOT NULL CHECK (page_bytes > 0),
  resident_bytes INTEGER NOT NULL CHECK (resident_bytes >= 0),
  holds TEXT NOT NULL CHECK (holds IN ('yes', 'no', 'nothing declared')) -- of the VM as a whole
) STRICT;
CREATE TABLE setup (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES run (id),
  vm INTEGER REFERENCES vm (id),
  program TEXT,
  time TEXT, -- ISO 8601, UTC, of the machine that measured
  monotonic_ns INTEGER,
  record TEXT NOT NULL CHECK (json_valid (record)) -- whole
) STRICT;
INSERT INTO setup VALUES(1,2,NULL,'numavm-bench 0.1.0','2026-11-24T10:00:00Z',4,'{"record":"setup","version":1,"program":"numavm-bench 0.1.0","time":"2026-11-24T10:00:00Z","monotonic_ns":4,"setup":{"mode":"kernels","kernels":["triad"],"access":"seq","iterations":2,"pages":"first-touch","page_kind":"4K","page_bytes":4096,"touch":"first","isa":"auto","store":"auto","prefetch":"auto","chases":1,"stride_bytes":64,"reads":1,"writes":1,"seed":1},"pinned":true,"threads":[{"cpu":0,"node":0}],"timer_tick_ns":20.0,"facts":{"kernel":"6.1"}}');
CREATE TABLE iteration (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES run (id),
  vm INTEGER REFERENCES vm (id),
  setup INTEGER REFERENCES setup (id), -- NULL: it came without
  kernel TEXT NOT NULL,
  iteration INTEGER NOT NULL CHECK (iteration >= 0),
  start_ns INTEGER NOT NULL,
  time_ns INTEGER NOT NULL,
  bytes INTEGER, -- that were moved
  operations INTEGER,
  value REAL, -- in its unit
  unit TEXT NOT NULL, -- 'bytes/s', 'ns', 'operations/s'
  handover_group INTEGER, -- of like hand-over times; NULL: it changed meanwhile
  changed INTEGER NOT NULL, -- 1: not in the summaries, since the host moved CPUs
  load TEXT, -- loaded latency: what ran beside it, how long it paused, what it moved
  delay_ns INTEGER,
  load_bytes_per_s REAL,
  cpu_node INTEGER, -- matrix: from where to where
  memory_node INTEGER,
  pages TEXT,
  handover_before_ns TEXT, -- JSON: of each pair of threads; null: unknown
  handover_after_ns TEXT
) STRICT;
INSERT INTO iteration VALUES(1,2,NULL,1,'triad',0,9007199254740993,20,30,NULL,0.10000000000000000555,'bytes/s',0,0,NULL,NULL,NULL,NULL,NULL,NULL,'[50.1,null]',NULL);
CREATE TABLE summary (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES run (id),
  vm INTEGER REFERENCES vm (id),
  setup INTEGER REFERENCES setup (id),
  kernel TEXT NOT NULL,
  unit TEXT NOT NULL,
  handover_group INTEGER,
  n INTEGER NOT NULL CHECK (n >= 0),
  minimum REAL, p5 REAL, median REAL, p95 REAL, maximum REAL, mean REAL, -- in its unit
  record TEXT NOT NULL CHECK (json_valid (record)) -- whole: path, times, residence of the arrays
) STRICT;
CREATE TABLE stream (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES run (id),
  vm INTEGER REFERENCES vm (id),
  sequence INTEGER NOT NULL CHECK (sequence >= 0), -- which run of the benchmark in its file
  kernel TEXT NOT NULL,
  best_rate_bytes_per_s REAL NOT NULL,
  average_s REAL NOT NULL,
  minimum_s REAL NOT NULL,
  maximum_s REAL NOT NULL,
  array_bytes INTEGER, -- of each array; NULL: unknown
  threads INTEGER
) STRICT;
INSERT INTO stream VALUES(1,1,1,0,'copy',1000000000.0,0.0020000000000000000416,0.0010000000000000000208,0.0040000000000000000832,NULL,NULL);
INSERT INTO stream VALUES(2,1,1,0,'scale',1000000000.0,0.0020000000000000000416,0.0010000000000000000208,0.0040000000000000000832,NULL,NULL);
INSERT INTO stream VALUES(3,1,1,0,'add',1000000000.0,0.0020000000000000000416,0.0010000000000000000208,0.0040000000000000000832,NULL,NULL);
INSERT INTO stream VALUES(4,1,1,0,'triad',1000000000.0,0.0020000000000000000416,0.0010000000000000000208,0.0040000000000000000832,NULL,NULL);
CREATE TABLE sample_header (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES run (id),
  vm INTEGER REFERENCES vm (id),
  record TEXT NOT NULL CHECK (json_valid (record))
) STRICT;
CREATE TABLE sample (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES run (id),
  vm INTEGER REFERENCES vm (id),
  header INTEGER REFERENCES sample_header (id),
  monotonic_ns INTEGER NOT NULL, -- a log without time stamps: since its first sample
  wall_ns INTEGER,
  missed INTEGER NOT NULL CHECK (missed >= 0) -- ticks since the sample before
) STRICT;
CREATE TABLE counter (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES run (id),
  vm INTEGER REFERENCES vm (id),
  sampler TEXT NOT NULL,
  name TEXT NOT NULL,
  node INTEGER, -- OS index; NULL: the machine's
  zone TEXT,
  block_order INTEGER -- of blocks of 2^order pages
) STRICT;
CREATE TABLE sample_value (
  sample INTEGER NOT NULL REFERENCES sample (id),
  counter INTEGER NOT NULL REFERENCES counter (id),
  value ANY CHECK (typeof (value) IN ('integer', 'real', 'null')), -- counts are integers, ratios are real
  PRIMARY KEY (sample, counter)
) STRICT, WITHOUT ROWID;
CREATE TABLE source (
  id INTEGER PRIMARY KEY,
  run INTEGER REFERENCES run (id), -- that its rows are of; NULL: of several
  name TEXT NOT NULL,
  format TEXT NOT NULL,
  sha256 TEXT NOT NULL UNIQUE CHECK (length (sha256) = 64), -- of its bytes
  imported_wall_ns INTEGER NOT NULL
) STRICT;
INSERT INTO source VALUES(1,1,'vm0.expresult','expresult','b372212820daae8ed3fa05ec757cbce5180d038e3664cf7acba0f7592419c0f0',1796062452204286000);
INSERT INTO source VALUES(2,2,'r.json','records','f5f5974041e6d17e346aebd3bf0ac0a8fe235189fa45f3c38d75512a76322ffe',1796062452204766000);
CREATE VIEW sample_full AS
  SELECT sample.id AS sample, sample.run, sample.vm, monotonic_ns, wall_ns, sampler, name, node, zone, block_order, value
  FROM (SELECT counter, value, sample AS first,
               lead (sample, 1, 9223372036854775807) OVER (PARTITION BY counter ORDER BY sample) AS behind
        FROM sample_value) AS held
  JOIN counter ON counter.id = held.counter
  JOIN sample ON sample.id >= first AND sample.id < behind AND sample.run = counter.run AND sample.vm IS counter.vm
  WHERE value IS NOT NULL;
COMMIT;
