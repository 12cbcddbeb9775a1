//! The rules of the house that no compiler checks: which layer may use which, what stays inside which layer, and how files
//! look. Every exception stands here by name with its reason, and one that is no longer needed fails the test.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

mod circles;
mod path_of_a_send;
mod source;

use source::Source;

/// Who may use whom. A layer may always use itself.
const DIRECTIONS: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    (
        "cli",
        &[
            "app",
            "config",
            "domain",
            "http",
            "lifecycle",
            "service",
            "store",
            "telemetry",
        ],
    ),
    (
        "app",
        &[
            "config",
            "domain",
            "http",
            "lifecycle",
            "provider",
            "service",
            "store",
        ],
    ),
    // Telemetry holds the names of what is measured, and how the log is configured.
    ("http", &["service", "document", "domain", "telemetry"]),
    ("service", &["store", "provider", "document", "domain"]),
    ("document", &[]),
    ("store", &["domain"]),
    ("provider", &["domain"]),
    ("config", &["document", "domain", "telemetry"]),
    ("lifecycle", &[]),
    ("telemetry", &[]),
    ("domain", &[]),
];

/// `(file, what it uses, why)`: one path of a layer that the file's own layer may not use in general.
const DIRECTION_EXCEPTIONS: &[(&str, &str, &str)] = &[
    (
        "http/dev_inbox.rs",
        "provider::console",
        "it shows what that one sender keeps, and is mounted only where it exists",
    ),
    (
        "http/last_used.rs",
        "store",
        "collects what authentication sees, and writes it now and then",
    ),
    (
        "http/state.rs",
        "store",
        "carries the handle to those handlers that read",
    ),
    ("http/otp.rs", "store", "maps the one error of the store"),
    (
        "http/otp/verify.rs",
        "store",
        "tells that nobody here can say whether a guess is right",
    ),
    (
        "http/admin/audit.rs",
        "store::audit",
        "a plain read, which no rule stands before",
    ),
    (
        "http/admin/messages.rs",
        "store::message",
        "a plain read, which no rule stands before",
    ),
    (
        "http/admin/messages/timeline.rs",
        "store::message",
        "a plain read, which no rule stands before",
    ),
    (
        "http/admin/usage.rs",
        "store::outbox",
        "a plain read, which no rule stands before",
    ),
];

/// `(library, where it may be used)`.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("sqlx", &["store"]),
    ("axum", &["http", "app.rs"]),
    ("hyper", &["http"]),
    ("hyper_util", &["http"]),
    ("tower", &["http"]),
    ("utoipa_axum", &["http", "app.rs"]),
    ("reqwest", &["provider"]),
    ("lettre", &["provider"]),
    ("rand", &["domain/random.rs"]),
    ("clap", &["cli.rs", "cli"]),
];

/// What only the composition root and the commands name, beside the layers it stands in.
const CONCRETE: &[&str] = &[
    "store::postgres",
    "store::sqlite",
    "provider::breaker",
    "provider::console",
    "provider::kinde",
    "provider::smtp",
    "provider::twilio",
];

/// Files without their tests are at most this long.
const MOST_LINES: usize = 400;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    let sources = source::read_all(&root().join("src"));
    assert!(sources.len() > 100, "the sources were not found");
    sources
}

fn report(violations: &[String]) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

/// Every use of another layer against the table, without those excepted; exceptions that were met are put into `met`.
fn wrong_directions<'a>(source: &Source, met: &mut BTreeSet<(&'a str, &'a str)>) -> Vec<String> {
    let directions: BTreeMap<_, _> = DIRECTIONS.iter().copied().collect();
    let layer = source.layer();
    let Some(allowed) = directions.get(layer) else {
        // `lib.rs` is the map, and uses nothing.
        return if source.uses().is_empty() || layer == "lib" {
            Vec::new()
        } else {
            vec![format!("{}: the layer {layer} is not in the table", source.name)]
        };
    };
    let mut wrong = Vec::new();
    for path in source.uses() {
        let used = path.split("::").next().unwrap_or_default();
        if used == layer || allowed.contains(&used) {
            continue;
        }
        let exception = DIRECTION_EXCEPTIONS
            .iter()
            .find(|(file, excepted, _)| *file == source.name && is_or_is_in(&path, excepted));
        match exception {
            Some((file, excepted, _)) => {
                met.insert((file, excepted));
            }
            None => wrong.push(format!(
                "{}: {layer} does not use {used} (crate::{path})",
                source.name
            )),
        }
    }
    wrong
}

/// Whether a `path` is `of` itself or an item of it. A bare layer stands only for its own items, such as `store::StoreError`.
fn is_or_is_in(path: &str, of: &str) -> bool {
    let Some(rest) = path.strip_prefix(of) else {
        return false;
    };
    match rest.strip_prefix("::") {
        None => rest.is_empty(),
        Some(item) if of.contains("::") => !item.is_empty(),
        Some(item) => item.starts_with(char::is_uppercase),
    }
}

#[test]
fn no_layer_uses_another_that_it_must_not_know() {
    let mut met = BTreeSet::new();
    let wrong: Vec<String> = sources()
        .iter()
        .flat_map(|source| wrong_directions(source, &mut met))
        .collect();
    report(&wrong);
    let unused: Vec<String> = DIRECTION_EXCEPTIONS
        .iter()
        .filter(|(file, excepted, _)| !met.contains(&(*file, *excepted)))
        .map(|(file, excepted, _)| format!("{file} no longer uses {excepted}: take the exception away"))
        .collect();
    report(&unused);
}

#[test]
fn concrete_stores_and_senders_are_named_only_where_everything_is_put_together() {
    let mut wrong = Vec::new();
    for source in sources() {
        if matches!(source.layer(), "app" | "cli") || source.name == "http/dev_inbox.rs" {
            continue;
        }
        for path in source.uses() {
            for concrete in CONCRETE {
                let home = concrete.split("::").next().unwrap_or_default();
                if is_or_is_in(&path, concrete) && source.layer() != home {
                    wrong.push(format!("{}: crate::{path}", source.name));
                }
            }
        }
    }
    report(&wrong);
}

#[test]
fn libraries_stay_in_their_layers() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (library, layers) in LIBRARIES {
            let at_home = layers
                .iter()
                .any(|layer| source.layer() == *layer || source.name == *layer);
            if !at_home && source.names(library) {
                wrong.push(format!("{}: {library} belongs into {layers:?}", source.name));
            }
        }
    }
    report(&wrong);
}

#[test]
fn the_environment_is_read_in_one_layer() {
    let readers = ["env::var", "env::vars", "env::var_os", "env::vars_os"];
    let wrong: Vec<String> = sources()
        .iter()
        .filter(|source| source.layer() != "config")
        .filter(|source| readers.iter().any(|reader| source.names(reader)))
        .map(|source| format!("{} reads the environment", source.name))
        .collect();
    report(&wrong);
}

/// A clock that is off must not act, and the guarded one is the only one that knows.
#[test]
fn services_and_endpoints_have_no_clock_but_the_guarded_one() {
    let clocks = ["domain::time::Clock", "domain::time::SystemClock"];
    let sources = sources();
    let holders: Vec<&str> = sources
        .iter()
        .filter(|source| matches!(source.layer(), "service" | "http"))
        .filter(|source| clocks.iter().any(|clock| source.uses().contains(*clock)))
        .map(|source| source.name.as_str())
        .collect();
    assert_eq!(holders, ["service/clock.rs"]);
}

#[test]
fn files_are_short_and_say_first_what_they_are_for() {
    let mut wrong = Vec::new();
    let tests = source::read_all(&root().join("tests"));
    for source in sources().iter().chain(&tests) {
        let lines = source.code.lines().count();
        if lines > MOST_LINES {
            wrong.push(format!("{}: {lines} lines are two things; split it", source.name));
        }
        if !source.code.starts_with("//! ") {
            wrong.push(format!("{}: does not say what it is for", source.name));
        }
        if source.name.ends_with("mod.rs") {
            wrong.push(format!("{}: name it after its folder, beside it", source.name));
        }
    }
    report(&wrong);
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |database: &str| -> BTreeSet<String> {
        let files = std::fs::read_dir(root().join("migrations").join(database)).unwrap();
        files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    assert!(!names("postgres").is_empty());
    assert_eq!(names("postgres"), names("sqlite"));
}

/// What the rules say of a file of this text.
fn judged(name: &str, text: &str) -> Vec<String> {
    wrong_directions(&Source::parse(Path::new(name), text), &mut BTreeSet::new())
}

#[test]
fn the_rules_find_what_is_wrong() {
    for (name, text) in [
        ("domain/id.rs", "use crate::store::StoreError;"),
        (
            "service/otp.rs",
            "fn f() { let _ = crate::http::problem::Problem::new; }",
        ),
        (
            "store/sqlite.rs",
            "use crate::{\n    domain::id::KeyId,\n    service::{otp::Service},\n};",
        ),
        ("provider/smtp.rs", "use super::super::config::Config;"),
        ("http/otp.rs", "use crate::provider::console::Inbox;"),
        ("new_layer.rs", "use crate::domain::id::KeyId;"),
    ] {
        assert_eq!(judged(name, text).len(), 1, "{name}: {text}");
    }
    for (name, text) in [
        ("domain/id.rs", "use crate::domain::time::Clock;"),
        ("service/otp.rs", "use crate::store::{SharedStore, StoreError};"),
        (
            "service/otp.rs",
            "// as crate::http::problem has it\n/// See `crate::http`.",
        ),
        (
            "service/otp.rs",
            "#[cfg(test)]\nmod tests {\n    use crate::http::problem::Problem;\n}",
        ),
    ] {
        assert_eq!(judged(name, text), Vec::<String>::new(), "{name}: {text}");
    }
}
