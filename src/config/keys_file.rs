//! The keys file: the index key and one or two generations of keys as TOML, newest first, readable by its owner alone. It is
//! written whole or not at all, for what is sealed in the database is lost with it.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::domain::keyring::{Generation, GenerationId, InvalidKeyRing, KEY_BYTES, Key, KeyRing};
use crate::domain::random::Random;
use crate::domain::secret::Secret;
use crate::domain::time::{Clock, Timestamp};

/// The generation to work with and the one before it.
const MOST_GENERATIONS: usize = 2;

/// What the file begins with.
const PREAMBLE: &str =
    "# The keys that otpost protects codes and stored secrets with, newest first. Keep a copy, apart from the
# database's. Without this file nothing sealed in the database can be read again.
";

/// A keys file that was read.
#[derive(Debug, Clone)]
pub struct KeysFile {
    /// The keys.
    pub ring: KeyRing,
    /// Whether users of the machine other than the owner and its group can read it. Worth a warning.
    pub readable_by_others: bool,
}

/// What [`init`] found or did.
#[derive(Debug, Clone)]
pub enum Init {
    /// There was no file; now there is one.
    Created(KeysFile),
    /// A valid file was there and was left alone.
    AlreadyThere(KeysFile),
}

impl Init {
    /// The file, made or found.
    #[must_use]
    pub fn into_file(self) -> KeysFile {
        match self {
            Self::Created(file) | Self::AlreadyThere(file) => file,
        }
    }
}

/// Why there is no key ring. Says nothing of what is in the file.
#[derive(Debug, thiserror::Error)]
pub enum KeysFileError {
    /// No file.
    #[error(
        "there is no keys file {path}: `otpost keys init` makes a new one; where the database has content, put its own keys file back instead"
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file that cannot be read.
    #[error("the keys file {path} cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of another form.
    #[error("the keys file {path} is damaged: {problem}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: Damage,
    },
    /// A file that cannot be written.
    #[error("the keys file {path} cannot be written: {source}")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// What is wrong with a keys file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// Not TOML, or with other entries than ours.
    #[error("line {0} is not as otpost writes it")]
    Line(usize),
    /// Made before there was an index key, or cut.
    #[error(
        "it has no index key; only `otpost keys init` makes one, in a new file, which fits an empty database alone"
    )]
    NoIndexKey,
    /// Not a key.
    #[error("`index` must be 32 bytes in base64")]
    IndexKey,
    /// No generation, or too many.
    #[error("it must hold one or two generations")]
    Generations,
    /// Not a generation's number.
    #[error("`id` must be a whole number from 1 on")]
    Id,
    /// Not a time.
    #[error("`created_at` of generation {0} must be an RFC 3339 time")]
    CreatedAt(GenerationId),
    /// Not a key.
    #[error("`{name}` of generation {generation} must be 32 bytes in base64")]
    Key {
        /// Whose.
        generation: GenerationId,
        /// `mac` or `seal`.
        name: &'static str,
    },
    /// Keys that make no ring.
    #[error("{0}")]
    Ring(#[from] InvalidKeyRing),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    index: Option<Secret>,
    generation: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: i32,
    created_at: String,
    mac: Secret,
    seal: Secret,
}

/// Reads a keys file.
pub fn read(path: &Path) -> Result<KeysFile, KeysFileError> {
    let unreadable = |source: io::Error| {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => KeysFileError::Missing { path },
            _ => KeysFileError::Unreadable { path, source },
        }
    };
    let text = Zeroizing::new(fs::read_to_string(path).map_err(unreadable)?);
    let readable_by_others = is_readable_by_others(&fs::metadata(path).map_err(unreadable)?);
    let ring = parse(&text).map_err(|problem| KeysFileError::Malformed {
        path: path.to_owned(),
        problem,
    })?;
    Ok(KeysFile {
        ring,
        readable_by_others,
    })
}

/// Makes a keys file with new keys and mode 0600, and the directory it lies in; leaves a valid one alone. Of several
/// processes that do this at once, one makes the file and all end with its keys.
pub fn init(path: &Path, random: &dyn Random, clock: &dyn Clock) -> Result<Init, KeysFileError> {
    match read(path) {
        Ok(file) => return Ok(Init::AlreadyThere(file)),
        Err(KeysFileError::Missing { .. }) => {}
        Err(other) => return Err(other),
    }
    let ring = KeyRing::generate(random, clock.now());
    match write(path, &ring, random, Existing::Keep) {
        Ok(()) => Ok(Init::Created(KeysFile {
            ring,
            readable_by_others: false,
        })),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read(path).map(Init::AlreadyThere),
        Err(source) => Err(unwritable(path, source)),
    }
}

/// Puts new keys before the newest ones and forgets those before them. Processes that still run with the old file go
/// on; what new ones make they cannot read, so they are to be started again soon.
pub fn rotate(path: &Path, random: &dyn Random, clock: &dyn Clock) -> Result<KeyRing, KeysFileError> {
    let ring = read(path)?.ring.rotated(random, clock.now());
    // A link is kept, and what it leads to replaced.
    fs::canonicalize(path)
        .and_then(|real| write(&real, &ring, random, Existing::Replace))
        .map_err(|source| unwritable(path, source))?;
    Ok(ring)
}

fn unwritable(path: &Path, source: io::Error) -> KeysFileError {
    let path = path.to_owned();
    KeysFileError::Unwritable { path, source }
}

fn parse(text: &str) -> Result<KeyRing, Damage> {
    let document: Document = toml::from_str(text).map_err(|error| {
        // The error's own words may quote a key.
        let offset = error.span().map_or(0, |span| span.start);
        let before = text.as_bytes().iter().take(offset);
        Damage::Line(before.filter(|&&byte| byte == b'\n').count() + 1)
    })?;
    let index = document.index.ok_or(Damage::NoIndexKey)?;
    let index = parse_key(index.expose()).ok_or(Damage::IndexKey)?;
    if document.generation.len() > MOST_GENERATIONS {
        return Err(Damage::Generations);
    }
    let mut entries = document.generation.iter().map(parse_entry);
    let newest = entries.next().ok_or(Damage::Generations)??;
    let previous = entries.next().transpose()?;
    Ok(KeyRing::new(index, newest, previous)?)
}

fn parse_entry(entry: &Entry) -> Result<Generation, Damage> {
    let id = GenerationId::new(entry.id).ok_or(Damage::Id)?;
    let created_at = Timestamp::parse(&entry.created_at).map_err(|_| Damage::CreatedAt(id))?;
    let key = |text: &Secret, name| parse_key(text.expose()).ok_or(Damage::Key { generation: id, name });
    Ok(Generation {
        id,
        created_at,
        mac: key(&entry.mac, "mac")?,
        seal: key(&entry.seal, "seal")?,
    })
}

fn parse_key(text: &str) -> Option<Key> {
    let bytes = Zeroizing::new(STANDARD.decode(text).ok()?);
    <[u8; KEY_BYTES]>::try_from(bytes.as_slice())
        .ok()
        .map(Zeroizing::new)
}

fn print(ring: &KeyRing) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(1024));
    text.push_str(PREAMBLE);
    let index = Zeroizing::new(STANDARD.encode(**ring.index()));
    // Writing to a String cannot fail.
    let _ = writeln!(text, "\nindex = \"{}\"", *index);
    for one in ring.generations() {
        let mac = Zeroizing::new(STANDARD.encode(*one.mac));
        let seal = Zeroizing::new(STANDARD.encode(*one.seal));
        let _ = write!(
            text,
            "\n[[generation]]\nid = {}\ncreated_at = \"{}\"\nmac = \"{}\"\nseal = \"{}\"\n",
            one.id, one.created_at, *mac, *seal
        );
    }
    text
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Existing {
    Keep,
    Replace,
}

/// Writes the file whole under another name and then gives it its own, so that no reader ever sees half of it.
fn write(path: &Path, ring: &KeyRing, random: &dyn Random, existing: Existing) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(directory)?;
    let mut suffix = [0; 8];
    random.fill(&mut suffix);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", hex::encode(suffix)));
    let draft = directory.join(name);
    let text = print(ring);
    let published = write_new(&draft, text.as_bytes()).and_then(|()| match existing {
        // Unlike a rename a link fails where another process was faster. Where the file system has no links, making
        // the file itself does too; then a crash may leave half a file, which is told as damaged.
        Existing::Keep => fs::hard_link(&draft, path).or_else(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Err(error),
            _ => write_new(path, text.as_bytes()),
        }),
        Existing::Replace => fs::rename(&draft, path),
    });
    if existing == Existing::Keep || published.is_err() {
        // What is left of the draft holds keys. It may be gone already; its own failure must not hide the first one.
        let _ = fs::remove_file(&draft);
    }
    published?;
    File::open(directory)?.sync_all()
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(unix)]
fn is_readable_by_others(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o007 != 0
}

#[cfg(not(unix))]
fn is_readable_by_others(_: &fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::random::OsRandom;
    use crate::domain::time::SystemClock;
    use std::collections::HashSet;

    fn init_in(directory: &tempfile::TempDir) -> (PathBuf, KeysFile) {
        let path = directory.path().join("data/keys.toml");
        match init(&path, &OsRandom, &SystemClock).unwrap() {
            Init::Created(file) => (path, file),
            Init::AlreadyThere(_) => panic!("the directory was empty"),
        }
    }

    fn problem(text: &str) -> String {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys.toml");
        fs::write(&path, text).unwrap();
        let error = read(&path).unwrap_err().to_string();
        error
            .strip_prefix(&format!("the keys file {} is damaged: ", path.display()))
            .unwrap_or_else(|| panic!("{error}"))
            .to_owned()
    }

    #[test]
    fn a_new_file_is_its_owners_alone_and_reads_back() {
        let directory = tempfile::tempdir().unwrap();
        let (path, made) = init_in(&directory);
        let found = read(&path).unwrap();
        assert_eq!(found.ring.fingerprints(), made.ring.fingerprints());
        assert!(!found.readable_by_others);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let permissions = fs::metadata(&path).unwrap().permissions();
            assert_eq!(permissions.mode() & 0o777, 0o600);
        }
        let files = fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(files, 1, "no draft is left");
    }

    #[test]
    fn init_leaves_a_valid_file_alone_and_refuses_a_damaged_one() {
        let directory = tempfile::tempdir().unwrap();
        let (path, _) = init_in(&directory);
        let before = fs::read_to_string(&path).unwrap();
        let again = init(&path, &OsRandom, &SystemClock).unwrap();
        assert!(matches!(again, Init::AlreadyThere(_)));
        assert_eq!(fs::read_to_string(&path).unwrap(), before);

        fs::write(&path, "").unwrap();
        let error = init(&path, &OsRandom, &SystemClock).unwrap_err();
        assert!(matches!(error, KeysFileError::Malformed { .. }));
        assert_eq!(fs::read_to_string(&path).unwrap(), "");
    }

    #[test]
    fn of_many_processes_that_begin_at_once_all_end_with_the_same_keys() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys.toml");
        let rings: HashSet<[u8; 32]> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..16)
                .map(|_| scope.spawn(|| init(&path, &OsRandom, &SystemClock).unwrap().into_file()))
                .collect();
            let made = starts.into_iter().map(|start| start.join().unwrap());
            made.map(|file| file.ring.fingerprints().index).collect()
        });
        assert_eq!(rings.len(), 1);
    }

    #[test]
    fn a_rotation_keeps_one_old_generation() {
        let directory = tempfile::tempdir().unwrap();
        let (path, first) = init_in(&directory);
        rotate(&path, &OsRandom, &SystemClock).unwrap();
        let second = read(&path).unwrap().ring;
        let (first, second) = (first.ring.fingerprints(), second.fingerprints());
        assert_eq!(second.generations[1], first.generations[0]);
        assert_eq!(second.index, first.index);
        rotate(&path, &OsRandom, &SystemClock).unwrap();
        let third = read(&path).unwrap();
        assert_eq!(third.ring.newest().get(), 3);
        assert_eq!(third.ring.fingerprints().generations.len(), 2);
        assert_eq!(third.ring.fingerprints().generations[1], second.generations[0]);
        assert!(!third.readable_by_others);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_told() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let (path, _) = init_in(&directory);
        for (mode, told) in [(0o644, true), (0o640, false), (0o400, false)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(read(&path).unwrap().readable_by_others, told, "{mode:o}");
        }
    }

    #[test]
    fn a_missing_file_and_one_that_is_a_directory_are_told_apart() {
        let directory = tempfile::tempdir().unwrap();
        let missing = read(&directory.path().join("keys.toml")).unwrap_err();
        assert!(matches!(missing, KeysFileError::Missing { .. }));
        let unreadable = read(directory.path()).unwrap_err();
        assert!(matches!(unreadable, KeysFileError::Unreadable { .. }));
        let under_a_file = directory.path().join("file");
        fs::write(&under_a_file, "").unwrap();
        let error = init(&under_a_file.join("keys.toml"), &OsRandom, &SystemClock).unwrap_err();
        assert!(matches!(error, KeysFileError::Unreadable { .. }), "{error}");
    }

    #[test]
    fn what_is_damaged_is_told_in_one_sentence_that_holds_no_key() {
        let ring = KeyRing::generate(&OsRandom, SystemClock.now());
        let good = print(&ring);
        let mac = STANDARD.encode(*ring.generations().next().unwrap().mac);
        let short = STANDARD.encode([7; 31]);
        let index = good.lines().find(|line| line.starts_with("index = ")).unwrap();
        for (text, expected) in [
            (String::new(), "line 1 is not as otpost writes it"),
            (
                good.replace(index, ""),
                "it has no index key; only `otpost keys init` makes one, in a new file, which fits an empty database alone",
            ),
            (
                good.replace(index, &format!("index = \"{short}\"")),
                "`index` must be 32 bytes in base64",
            ),
            (
                format!("{index}\ngeneration = []"),
                "it must hold one or two generations",
            ),
            (
                good.replace("id = 1", "id = 0"),
                "`id` must be a whole number from 1 on",
            ),
            (
                good.replace("id = 1", &format!("id = \"{mac}\"")),
                "line 7 is not as otpost writes it",
            ),
            (
                good.replace("created_at = \"2", "created_at = \"x"),
                "`created_at` of generation 1 must be an RFC 3339 time",
            ),
            (
                good.replace(&mac, "%%%"),
                "`mac` of generation 1 must be 32 bytes in base64",
            ),
            (
                good.replace(&mac, &short),
                "`mac` of generation 1 must be 32 bytes in base64",
            ),
            (
                good.replace("seal = ", "seal_ = "),
                "line 10 is not as otpost writes it",
            ),
            (
                format!("{}{}", *good, &good[good.find("[[").unwrap()..]),
                "the newest generation must come first and have the higher id",
            ),
            (
                good.replace("[[generation]]", "[[generation]"),
                "line 6 is not as otpost writes it",
            ),
        ] {
            assert_eq!(problem(&text), expected);
        }
    }
}
