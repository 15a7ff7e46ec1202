"""The critique across papers: what ledgers, audits, verdicts and run records say when they are laid side by side.

``rooms``       what is known of one paper: ledger, audit, records, verdicts
``curated``     what people decided by reading, in YAML files here: each with the place that anyone can look up
``effects``     what a leak or an advantage was measured to be worth, from run records
``precision``   what a stated test size could have shown
``chapter``     the tables, figures and numbers of the page
"""
