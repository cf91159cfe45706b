//! What a ledger gives back: rows to offer, jobs to ask after, what was rejected, one entry to explain.
