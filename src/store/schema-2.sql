-- What version 2 adds: workloads. The record of one is a row of setup, and its matches are iterations.

-- What a run's metrics are. Of kernels that are none of these, ns are better lower, other units higher.
CREATE TABLE metric (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES run (id),
  kernel TEXT NOT NULL, -- its name in iteration and summary
  unit TEXT NOT NULL,
  better TEXT NOT NULL CHECK (better IN ('higher', 'lower')),
  UNIQUE (run, kernel, unit)
) STRICT;

-- What each run of a workload's program printed, and how it ended; times are of who measured.
CREATE TABLE output (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES run (id),
  vm INTEGER REFERENCES vm (id),
  setup INTEGER REFERENCES setup (id), -- NULL: it came without
  run_index INTEGER NOT NULL CHECK (run_index >= 0), -- of the program, in its setup
  start_ns INTEGER NOT NULL,
  time_ns INTEGER NOT NULL,
  exit_status INTEGER, -- NULL: a signal ended it
  signal INTEGER,
  timed_out INTEGER NOT NULL CHECK (timed_out IN (0, 1)),
  bytes INTEGER NOT NULL, -- that it printed
  text TEXT NOT NULL -- the end of it
) STRICT;
