//! Who may read what commands write: ledgers, what DuckDB keeps and spills beside them, histories. Customers stand in them.
//! Home of rustix.

/// From here on files that this process makes are its user's alone. Files that are there keep the rights they were given.
#[cfg(unix)]
pub fn keep() {
    use rustix::fs::Mode;
    let before = rustix::process::umask(Mode::RWXG | Mode::RWXO);
    // Who denies more keeps doing so.
    rustix::process::umask(before | Mode::RWXG | Mode::RWXO);
}

#[cfg(not(unix))]
pub fn keep() {}
