//! Databases and keys that cannot be used: one clear line, exit code 1, and nothing changed.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use super::installation::{Installation, ignores_permissions};
use crate::support::reserved_address::ReservedAddress;

/// Serving must be refused in one line that holds all of `words`, and leave everything as it is.
async fn refuses(installation: &Installation, words: &[&str]) {
    let before = installation.contents();
    let said = installation.run(&["serve"]).await;
    assert_eq!(
        (said.code, said.stdout.as_str()),
        (Some(1), ""),
        "{}",
        said.stderr
    );
    assert_eq!(said.stderr.lines().count(), 1, "{}", said.stderr);
    assert!(said.stderr.starts_with("otpost: "), "{}", said.stderr);
    for word in words {
        assert!(said.stderr.contains(word), "{word} is not in {}", said.stderr);
    }
    assert!(before == installation.contents(), "something was changed");
}

/// An installation with one code sent, so that its database holds what its keys protect.
async fn used() -> Installation {
    let installation = Installation::new();
    let running = installation.start().await;
    let welcome = running.welcome().await;
    let body = json!({"connection_id": welcome.phone_connection, "to": "+61466043123"});
    let answer = running
        .call("POST /v1/otp/send", &welcome.application_key, &body, &[])
        .await;
    assert_eq!(answer.status, 201);
    running.interrupted().await;
    installation
}

#[tokio::test]
async fn a_directory_is_no_database() {
    let installation = Installation::new().with("DATABASE_URL", "sqlite://store");
    std::fs::create_dir(installation.path("store")).unwrap();
    refuses(&installation, &["database.url", "store is a directory"]).await;
}

#[tokio::test]
async fn a_file_of_another_kind_is_no_database() {
    let installation = Installation::new().with("DATABASE_URL", "sqlite://notes.txt");
    installation.write("notes.txt", &"What I did on my holidays. ".repeat(500));
    refuses(&installation, &["notes.txt is not a SQLite database"]).await;
}

#[tokio::test]
async fn a_read_only_directory_is_told_of() {
    let mut installation = Installation::new().with("DATABASE_URL", "sqlite://store/otpost.db");
    let directory = installation.path("store");
    std::fs::create_dir(&directory).unwrap();
    std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o555)).unwrap();
    if ignores_permissions(&directory) {
        // As root, only the kernel's own file system refuses.
        installation.set("DATABASE_URL", "sqlite:///proc/otpost.db");
        refuses(&installation, &["/proc/otpost.db cannot be created"]).await;
    } else {
        refuses(&installation, &["store/otpost.db cannot be created"]).await;
    }
}

#[tokio::test]
async fn a_database_server_that_is_away_is_told_of_without_its_password() {
    let nobody = ReservedAddress::new();
    let url = format!("postgres://otpost:hunter2@{}/otpost", nobody.get());
    let installation = Installation::new().with("DATABASE_URL", &url);
    assert_eq!(installation.run(&["keys", "init"]).await.code, Some(0));
    refuses(&installation, &["database.url", "Connection refused"]).await;
    let said = installation.run(&["serve"]).await;
    assert!(!said.stderr.contains("hunter2"), "{}", said.stderr);
    assert_eq!(
        said.stderr.matches("Connection refused").count(),
        1,
        "{}",
        said.stderr
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_with_content_wants_its_own_keys_file() {
    let installation = used().await;
    let (keys, aside) = (
        installation.path("data/keys.toml"),
        installation.path("aside.toml"),
    );
    std::fs::rename(&keys, &aside).unwrap();
    refuses(
        &installation,
        &["has content", "data/keys.toml is missing", "keys.file"],
    )
    .await;

    assert_eq!(installation.run(&["keys", "init"]).await.code, Some(0));
    refuses(
        &installation,
        &[
            "data/keys.toml",
            "are not those that the database was written with",
        ],
    )
    .await;

    installation.write("data/keys.toml", "nonsense");
    refuses(&installation, &["data/keys.toml is damaged"]).await;

    std::fs::rename(&aside, &keys).unwrap();
    let said = installation.start().await.interrupted().await;
    assert_eq!(said.stdout, "");
}
