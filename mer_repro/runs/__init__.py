"""One run and many of them: studies, sweeps, workers, Slurm, records and their evidence, verifying, re-stamping."""
