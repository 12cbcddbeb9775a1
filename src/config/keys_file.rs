//! The keys file: the index key and the generations of keys as TOML, newest first, readable by its owner alone. What is sealed in
//! the database is lost with it, so it is written whole or not at all, and not without a backup of what it was.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::domain::keyring::{
    Generation, GenerationId, InvalidKeyRing, KEY_BYTES, Key, KeyRing, MOST_GENERATIONS,
};
use crate::domain::random::Random;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;

mod write;

use write::Exclusive;

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

/// What [`rotate`] or [`prune`] did.
#[derive(Debug, Clone)]
pub struct Changed {
    /// The keys that are in the file now.
    pub ring: KeyRing,
    /// Where the file is kept as it was before.
    pub backup: PathBuf,
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
    /// A file without room for a further generation.
    #[error(
        "the keys file {path} holds {MOST_GENERATIONS} generations, the most that it may; `otpost keys prune` drops those that nothing needs any more"
    )]
    Full {
        /// The file.
        path: PathBuf,
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
    /// Not a generation's number.
    #[error("`id` must be a whole number from 1 on")]
    Id,
    /// Not a time.
    #[error("`created_at` of generation {0} must be an RFC 3339 time")]
    CreatedAt(GenerationId),
    /// Not a time.
    #[error("`use_from` of generation {0} must be an RFC 3339 time")]
    UseFrom(GenerationId),
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
    use_from: String,
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
pub fn init(path: &Path, random: &dyn Random, now: Timestamp) -> Result<Init, KeysFileError> {
    match read(path) {
        Ok(file) => return Ok(Init::AlreadyThere(file)),
        Err(KeysFileError::Missing { .. }) => {}
        Err(other) => return Err(other),
    }
    let ring = KeyRing::generate(random, now);
    match write::create(path, print(&ring).as_bytes(), random) {
        Ok(()) => Ok(Init::Created(KeysFile {
            ring,
            readable_by_others: false,
        })),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read(path).map(Init::AlreadyThere),
        Err(source) => Err(unwritable(path, source)),
    }
}

/// Puts a new generation before the others, to be used from `use_from` on. Until then a process that has it accepts it, and
/// one that does not is not harmed. No generation is dropped.
pub fn rotate(
    path: &Path,
    random: &dyn Random,
    now: Timestamp,
    use_from: Timestamp,
) -> Result<Changed, KeysFileError> {
    change(path, random, now, |ring| {
        let full = || KeysFileError::Full {
            path: path.to_owned(),
        };
        ring.rotated(random, now, use_from).ok_or_else(full)
    })
}

/// Drops generations. What is sealed under them, or hashed, is lost but for the backup.
pub fn prune(
    path: &Path,
    random: &dyn Random,
    now: Timestamp,
    dropped: &BTreeSet<GenerationId>,
) -> Result<Changed, KeysFileError> {
    change(path, random, now, |ring| {
        ring.without(dropped).map_err(|problem| KeysFileError::Malformed {
            path: path.to_owned(),
            problem: problem.into(),
        })
    })
}

/// Changes the keys of a file, one process at a time, and keeps the file as it was beside it.
fn change(
    path: &Path,
    random: &dyn Random,
    now: Timestamp,
    make: impl FnOnce(&KeyRing) -> Result<KeyRing, KeysFileError>,
) -> Result<Changed, KeysFileError> {
    // A damaged file, or none, is told before anything of it is looked at.
    read(path)?;
    let failed = |source| unwritable(path, source);
    let exclusive = Exclusive::of(path).map_err(failed)?;
    let ring = make(&read(path)?.ring)?;
    let backup = exclusive.back_up(now).map_err(failed)?;
    exclusive
        .replace(print(&ring).as_bytes(), random)
        .map_err(failed)?;
    Ok(Changed { ring, backup })
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
    let generations = document.generation.iter().map(parse_entry);
    Ok(KeyRing::new(index, generations.collect::<Result<_, _>>()?)?)
}

fn parse_entry(entry: &Entry) -> Result<Generation, Damage> {
    let id = GenerationId::new(entry.id).ok_or(Damage::Id)?;
    let key = |text: &Secret, name| parse_key(text.expose()).ok_or(Damage::Key { generation: id, name });
    Ok(Generation {
        id,
        created_at: Timestamp::parse(&entry.created_at).map_err(|_| Damage::CreatedAt(id))?,
        use_from: Timestamp::parse(&entry.use_from).map_err(|_| Damage::UseFrom(id))?,
        mac_key: key(&entry.mac, "mac")?,
        seal_key: key(&entry.seal, "seal")?,
    })
}

fn parse_key(text: &str) -> Option<Key> {
    let bytes = Zeroizing::new(STANDARD.decode(text).ok()?);
    <[u8; KEY_BYTES]>::try_from(bytes.as_slice())
        .ok()
        .map(Zeroizing::new)
}

fn print(ring: &KeyRing) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(8 * 1024));
    text.push_str(PREAMBLE);
    let index = Zeroizing::new(STANDARD.encode(**ring.index()));
    // Writing to a String cannot fail.
    let _ = writeln!(text, "\nindex = \"{}\"", *index);
    for one in ring.generations() {
        let mac = Zeroizing::new(STANDARD.encode(*one.mac_key));
        let seal = Zeroizing::new(STANDARD.encode(*one.seal_key));
        let _ = write!(
            text,
            "\n[[generation]]\nid = {}\ncreated_at = \"{}\"\nuse_from = \"{}\"\nmac = \"{}\"\nseal = \"{}\"\n",
            one.id, one.created_at, one.use_from, *mac, *seal
        );
    }
    text
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
    use crate::domain::time::{Clock as _, SystemClock};
    use std::collections::HashSet;
    use std::time::Duration;

    fn init_in(directory: &tempfile::TempDir) -> (PathBuf, KeysFile) {
        let path = directory.path().join("data/keys.toml");
        match init(&path, &OsRandom, SystemClock.now()).unwrap() {
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
        let again = init(&path, &OsRandom, SystemClock.now()).unwrap();
        assert!(matches!(again, Init::AlreadyThere(_)));
        assert_eq!(fs::read_to_string(&path).unwrap(), before);

        fs::write(&path, "").unwrap();
        let error = init(&path, &OsRandom, SystemClock.now()).unwrap_err();
        assert!(matches!(error, KeysFileError::Malformed { .. }));
        assert_eq!(fs::read_to_string(&path).unwrap(), "");
    }

    #[test]
    fn of_many_processes_that_begin_at_once_all_end_with_the_same_keys() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys.toml");
        let rings: HashSet<[u8; 32]> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..16)
                .map(|_| scope.spawn(|| init(&path, &OsRandom, SystemClock.now()).unwrap().into_file()))
                .collect();
            let made = starts.into_iter().map(|start| start.join().unwrap());
            made.map(|file| file.ring.fingerprints().index).collect()
        });
        assert_eq!(rings.len(), 1);
    }

    fn rotate_in(path: &Path, delay: Duration) -> Result<Changed, KeysFileError> {
        let now = SystemClock.now();
        rotate(path, &OsRandom, now, now + delay)
    }

    #[test]
    fn a_rotation_drops_nothing_keeps_a_backup_and_is_not_used_before_its_time() {
        let directory = tempfile::tempdir().unwrap();
        let (path, first) = init_in(&directory);
        let before = fs::read(&path).unwrap();
        let changed = rotate_in(&path, Duration::from_hours(1)).unwrap();
        assert_eq!(fs::read(&changed.backup).unwrap(), before);
        assert_eq!(changed.backup.parent(), path.parent());
        assert!(!read(&changed.backup).unwrap().readable_by_others);

        let second = read(&path).unwrap();
        assert!(!second.readable_by_others);
        let in_use = |after| second.ring.in_use(SystemClock.now() + after).id.get();
        assert_eq!(in_use(Duration::ZERO), 1);
        assert_eq!(in_use(Duration::from_hours(1)), 2);
        let (first, second) = (first.ring.fingerprints(), second.ring.fingerprints());
        assert_eq!(second.generations[1], first.generations[0]);
        assert_eq!(second.index, first.index);

        let again = rotate_in(&path, Duration::ZERO).unwrap();
        assert_ne!(again.backup, changed.backup);
        let third = read(&path).unwrap().ring;
        assert_eq!(third.fingerprints(), again.ring.fingerprints());
        assert_eq!(third.fingerprints().generations[1..], second.generations);
        assert_eq!(third.in_use(SystemClock.now()).id.get(), 3);
    }

    #[test]
    fn a_full_file_is_not_rotated_until_it_was_pruned() {
        let directory = tempfile::tempdir().unwrap();
        let (path, _) = init_in(&directory);
        for _ in 1..MOST_GENERATIONS {
            rotate_in(&path, Duration::ZERO).unwrap();
        }
        let full = fs::read(&path).unwrap();
        let files = || fs::read_dir(path.parent().unwrap()).unwrap().count();
        let before = files();
        let error = rotate_in(&path, Duration::ZERO).unwrap_err();
        assert!(matches!(error, KeysFileError::Full { .. }));
        assert!(error.to_string().contains("otpost keys prune"), "{error}");
        assert_eq!((fs::read(&path).unwrap(), files()), (full.clone(), before));

        let generation = |id| GenerationId::new(id).unwrap();
        let pruned = prune(
            &path,
            &OsRandom,
            SystemClock.now(),
            &BTreeSet::from([generation(3)]),
        )
        .unwrap();
        assert_eq!(fs::read(pruned.backup).unwrap(), full);
        let left: Vec<_> = pruned.ring.generations().iter().map(|one| one.id.get()).collect();
        assert_eq!(left, (1..=16).rev().filter(|id| *id != 3).collect::<Vec<_>>());
        rotate_in(&path, Duration::ZERO).unwrap();
        assert_eq!(read(&path).unwrap().ring.generations()[0].id.get(), 17);

        let all = (1..=17).map(generation).collect();
        assert!(prune(&path, &OsRandom, SystemClock.now(), &all).is_err());
        assert_eq!(read(&path).unwrap().ring.generations().len(), 16);
    }

    #[test]
    fn rotations_at_once_come_one_after_the_other() {
        let directory = tempfile::tempdir().unwrap();
        let (path, _) = init_in(&directory);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| rotate_in(&path, Duration::ZERO).unwrap());
            }
        });
        assert_eq!(read(&path).unwrap().ring.generations().len(), 9);
        let files = fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(files, 9, "the file and a backup of each that it was");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_the_file_stays_a_link() {
        let directory = tempfile::tempdir().unwrap();
        let (path, _) = init_in(&directory);
        let link = directory.path().join("keys.toml");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        rotate_in(&link, Duration::ZERO).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(read(&path).unwrap().ring.generations().len(), 2);
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
        let error = init(&under_a_file.join("keys.toml"), &OsRandom, SystemClock.now()).unwrap_err();
        assert!(matches!(error, KeysFileError::Unreadable { .. }), "{error}");
    }

    #[test]
    fn what_is_damaged_is_told_in_one_sentence_that_holds_no_key() {
        let ring = KeyRing::generate(&OsRandom, SystemClock.now());
        let good = print(&ring);
        let mac = STANDARD.encode(*ring.generations()[0].mac_key);
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
                "it must hold 1 to 16 generations",
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
                good.replace("use_from = \"2", "use_from = \"x"),
                "`use_from` of generation 1 must be an RFC 3339 time",
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
                "line 11 is not as otpost writes it",
            ),
            (
                format!("{}{}", *good, &good[good.find("[[").unwrap()..]),
                "the newest generation must come first, and each have a higher id than the next",
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
