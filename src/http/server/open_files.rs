//! How many files the process may have open, which every connection is one of.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Raises the limit as far as the process may raise it itself, and says how many files that are now.
#[must_use]
pub fn raise_limit() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Where the system refuses, as some do when there is no hard limit, what was in force still is.
    let _ = setrlimit(Resource::Nofile, limit);
    limit_in_force()
}

/// How many files may be open.
pub(super) fn limit_in_force() -> usize {
    let files = getrlimit(Resource::Nofile).current;
    files.map_or(usize::MAX, |files| files.try_into().unwrap_or(usize::MAX))
}
