//! `otpost export`: writes the settings as a file that `otpost apply` takes, without secrets.

use std::process::ExitCode;

use super::{block_on, fail, fail_to_start, print};
use crate::app;
use crate::config::{Config, manifest};

/// Writes the file to standard output.
pub fn export(config: &Config) -> ExitCode {
    match block_on(app::export(config)) {
        Ok(Ok(document)) => print(&manifest::print(&document)),
        Ok(Err(error)) => fail_to_start(&error),
        Err(error) => fail(&error),
    }
}
