"""What the published tables look like, so that a copy whose last line was cut can be told from one that
merely lacks the final line end: digests only, no data."""

#: SHA-256 of all lines but the last (line ends normalised) -> SHA-256 of the last line, for the tables seen
#: so far.
LAST_LINES: dict[str, str] = {}
