//! Why the service does not start, each in one sentence that says what to do.

use std::path::PathBuf;

use crate::config::keys_file::KeysFileError;
use crate::config::manifest::MistakeInFile;
use crate::service::key_pruning::PruningError;
use crate::service::manifest::{ExportError, ManifestError};
use crate::store::StoreError;

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be opened or used.
    #[error("the database cannot be used; check database.url and that the database is there and writable")]
    Database(#[source] StoreError),
    /// What is written now would be dated wrongly.
    #[error(
        "this machine's clock is more than 2 s off the database's; set it right (with NTP) before anything is written"
    )]
    ClockIsOff,
    /// A keys file that cannot be used.
    #[error(transparent)]
    KeysFile(#[from] KeysFileError),
    /// The database has content, and its keys are not there.
    #[error(
        "the database has content, but its keys file {} is missing; put the file back, or name it with keys.file",
        path.display()
    )]
    KeysMissing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The database was written under other keys.
    #[error("the keys in {} are not those that the database was written with; put the right file there", path.display())]
    KeysDoNotFit {
        /// The keys file.
        path: PathBuf,
    },
    /// It cannot be told which keys are needed.
    #[error(transparent)]
    Pruning(PruningError),
    /// A manifest with mistakes.
    #[error("{}", lines(.0))]
    Manifest(Vec<MistakeInFile>),
    /// Other changes kept coming between.
    #[error(transparent)]
    NotApplied(ManifestError),
    /// The database was only to be looked at.
    #[error(
        "the database cannot be read as it is; if its tables are not up to date, `otpost migrate` makes them so"
    )]
    NotReadable(#[source] StoreError),
    /// There is nothing to look at.
    #[error("there is no database yet; `otpost serve` or `otpost apply` makes it")]
    NoDatabase,
    /// The settings cannot be written as a file.
    #[error(transparent)]
    Export(ExportError),
    /// No client for outgoing connections.
    #[error("the client for outgoing connections cannot be made")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> Self {
        Self::Database(error)
    }
}

fn lines(errors: &[MistakeInFile]) -> String {
    let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
    lines.join("\n")
}
