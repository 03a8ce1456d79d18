-- The store's schema, version 1 (PRAGMA user_version), to which schema-2.sql adds. Times are in ns: *_wall_ns of
-- CLOCK_REALTIME, others of CLOCK_MONOTONIC of the host, or, in setup, iteration and sample, of who measured: a VM's
-- clock leads to the host's. vm NULL: the host itself, or bare metal.

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

-- A fleet that was started once: the replicate.
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

-- A guest's clock = the host's + offset_ns, within error_ns.
CREATE TABLE clock (
  id INTEGER PRIMARY KEY,
  vm INTEGER NOT NULL REFERENCES vm (id),
  phase TEXT NOT NULL CHECK (phase IN ('before', 'after')), -- the measurement
  host_ns INTEGER NOT NULL,
  offset_ns INTEGER NOT NULL,
  error_ns INTEGER NOT NULL CHECK (error_ns >= 0)
) STRICT;

-- Guest RAM that is resident on a node in pages of one size.
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

-- What numavm-bench, or a workload, was asked, and what the machine is that it ran on.
CREATE TABLE setup (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES run (id),
  vm INTEGER REFERENCES vm (id),
  program TEXT,
  time TEXT, -- ISO 8601, UTC, of the machine that measured
  monotonic_ns INTEGER,
  record TEXT NOT NULL CHECK (json_valid (record)) -- whole
) STRICT;

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
  unit TEXT NOT NULL, -- 'bytes/s', 'ns', 'operations/s', or a metric's own
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

-- Results of which there is only STREAM's text.
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

-- Who sampled, how often, and the settings that its counters depend on.
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

-- A value is here only where it differs from the same counter's in the sample before of its run and VM; the first
-- sample has all. NULL: from here on the kernel did not show it. sample_full has all values of all samples.
CREATE TABLE sample_value (
  sample INTEGER NOT NULL REFERENCES sample (id),
  counter INTEGER NOT NULL REFERENCES counter (id),
  value ANY CHECK (typeof (value) IN ('integer', 'real', 'null')), -- counts are integers, ratios are real
  PRIMARY KEY (sample, counter)
) STRICT, WITHOUT ROWID;

CREATE VIEW sample_full AS
  SELECT sample.id AS sample, sample.run, sample.vm, monotonic_ns, wall_ns, sampler, name, node, zone, block_order, value
  FROM (SELECT counter, value, sample AS first,
               lead (sample, 1, 9223372036854775807) OVER (PARTITION BY counter ORDER BY sample) AS behind
        FROM sample_value) AS held
  JOIN counter ON counter.id = held.counter
  JOIN sample ON sample.id >= first AND sample.id < behind AND sample.run = counter.run AND sample.vm IS counter.vm
  WHERE value IS NOT NULL;

-- Files that were imported, each once.
CREATE TABLE source (
  id INTEGER PRIMARY KEY,
  run INTEGER REFERENCES run (id), -- that its rows are of; NULL: of several
  name TEXT NOT NULL,
  format TEXT NOT NULL,
  sha256 TEXT NOT NULL UNIQUE CHECK (length (sha256) = 64), -- of its bytes
  imported_wall_ns INTEGER NOT NULL
) STRICT;
