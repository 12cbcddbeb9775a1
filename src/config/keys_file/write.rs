//! Writing a keys file: for its owner alone, whole under another name before it gets its own, so that no reader ever sees half
//! of it, and by one process at a time.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::domain::random::Random;
use crate::domain::time::Timestamp;

/// Backups that may be made within one second.
const MOST_AT_ONCE: u32 = 100;

/// Makes a file that is not there yet; of several processes that do, one does and the others are told that it is there.
pub(super) fn create(path: &Path, bytes: &[u8], random: &dyn Random) -> io::Result<()> {
    let directory = directory_of(path);
    fs::create_dir_all(directory)?;
    let draft = draft(path, bytes, random)?;
    // Unlike a rename a link fails where another process was faster. Where the file system has no links, making the file
    // itself does too; then a crash may leave half a file, which is told as damaged.
    let published = fs::hard_link(&draft, path).or_else(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Err(error),
        _ => write_new(path, bytes),
    });
    discard(&draft);
    published?;
    File::open(directory)?.sync_all()
}

/// The sole right to change a keys file, until it is dropped. A lock of the directory, for the file itself is replaced.
pub(super) struct Exclusive {
    /// Where a link leads, so that it is what is replaced and the link stays.
    path: PathBuf,
    directory: File,
}

impl Exclusive {
    /// Waits for it.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let path = fs::canonicalize(path)?;
        let directory = File::open(directory_of(&path))?;
        directory.lock()?;
        Ok(Self { path, directory })
    }

    /// Copies the file as it is, under a name with the time. Answers that.
    pub(super) fn back_up(&self, now: Timestamp) -> io::Result<PathBuf> {
        let bytes = zeroize::Zeroizing::new(fs::read(&self.path)?);
        // 2026-11-24T20:51:00.123456Z without what some file systems do not take.
        let mut time: String = now.to_string().chars().take(19).collect();
        time.retain(|c| c != '-' && c != ':');
        for count in 1..=MOST_AT_ONCE {
            let which = if count == 1 {
                String::new()
            } else {
                format!("-{count}")
            };
            let backup = beside(&self.path, &format!(".{time}Z{which}"));
            match write_new(&backup, &bytes) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                written => return written.and_then(|()| self.directory.sync_all()).map(|()| backup),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Replaces the file.
    pub(super) fn replace(&self, bytes: &[u8], random: &dyn Random) -> io::Result<()> {
        let draft = draft(&self.path, bytes, random)?;
        fs::rename(&draft, &self.path).inspect_err(|_| discard(&draft))?;
        self.directory.sync_all()
    }
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    directory_of(path).join(name)
}

fn draft(path: &Path, bytes: &[u8], random: &dyn Random) -> io::Result<PathBuf> {
    let mut suffix = [0; 8];
    random.fill(&mut suffix);
    let draft = beside(path, &format!(".{}.new", hex::encode(suffix)));
    write_new(&draft, bytes)?;
    Ok(draft)
}

/// What is left of a draft holds keys. It may be gone already; its own failure must not hide the first one.
fn discard(draft: &Path) {
    let _ = fs::remove_file(draft);
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.inspect_err(|_| discard(path))
}
