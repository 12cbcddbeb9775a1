//! `otpost apply`, `otpost export` and `bootstrap.file`: settings as a file, with the real program on either database.

use std::time::Duration;

use otpost::store::directory::DirectoryRows;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::installation::{Installation, Running, Said, Welcome};
use crate::support::database::EmptyDatabase;

/// What the documentation tells people to begin with.
const EXAMPLE: &str = include_str!("../../../config/example-environment.toml");
const TOKEN: &str = "0123456789abcdef-the-auth-token";
const PASSWORD: &str = "the password of the mail server";

/// An installation on a database that nobody has written to.
struct Site {
    installation: Installation,
    database: EmptyDatabase,
}

impl Site {
    /// With the secrets that the example refers to.
    async fn new() -> Self {
        let database = EmptyDatabase::create().await;
        let installation = Installation::new()
            .with("OTPOST_DATABASE__URL", &database.url())
            .with("OTPOST_KEYS__FILE", "keys.toml")
            .with("TWILIO_AUTH_TOKEN", TOKEN);
        assert_eq!(installation.run(&["keys", "init"]).await.code, Some(0));
        installation.write("smtp_password", &format!("{PASSWORD}\n"));
        installation.write(
            "environment.toml",
            &EXAMPLE.replace("/run/secrets/smtp_password", "smtp_password"),
        );
        Self {
            installation,
            database,
        }
    }

    /// The same, with the example applied.
    async fn applied() -> Self {
        let site = Self::new().await;
        site.apply("environment.toml").await;
        site
    }

    async fn run(&self, arguments: &[&str]) -> Said {
        let said = self.installation.run(arguments).await;
        for secret in [TOKEN, PASSWORD] {
            assert!(
                !said.stdout.contains(secret) && !said.stderr.contains(secret),
                "a secret is told"
            );
        }
        said
    }

    /// Applies a file that is good.
    async fn apply(&self, file: &str) -> String {
        let said = self.run(&["apply", file]).await;
        assert_eq!(
            (said.code, said.stderr.as_str()),
            (Some(0), ""),
            "{}",
            said.stdout
        );
        said.stdout
    }

    /// Applies a text that is bad: nothing is changed, and each mistake has its line.
    async fn refuses(&self, text: &str) -> Vec<String> {
        self.installation.write("bad.toml", text);
        let before = self.revision().await;
        let said = self.run(&["apply", "bad.toml"]).await;
        assert_eq!(
            (said.code, said.stdout.as_str()),
            (Some(2), ""),
            "{}",
            said.stderr
        );
        assert_eq!(self.revision().await, before);
        said.stderr.lines().map(str::to_owned).collect()
    }

    async fn directory(&self) -> DirectoryRows {
        let store = otpost::store::open(&self.database.url(), 2)
            .await
            .unwrap()
            .unwrap();
        let rows = store.load_directory().await.unwrap();
        store.close().await;
        rows
    }

    /// Every change of settings raises it.
    async fn revision(&self) -> i64 {
        self.directory().await.revision
    }

    /// Is served with the administrator's key that was shown at first.
    async fn read(&self, running: &Running, key: &str, path: &str) -> Value {
        let request = format!("GET /admin/v1/environments/{path}");
        let answer = running.call(&request, key, &Value::Null, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }
}

/// The key that follows `label` in what a first start shows.
fn shown<'a>(stdout: &'a str, label: &str) -> &'a str {
    let line = stdout.lines().find(|line| line.trim_start().starts_with(label));
    line.unwrap().split_whitespace().last().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_file_describes_is_made_so_and_applying_it_again_changes_nothing() {
    let site = Site::new().await;
    let first = site.apply("environment.toml").await;
    assert!(first.contains("  sms.twilio.auth_token: changed\n"), "{first}");
    assert!(first.contains("environment staging: new\n"), "{first}");
    let before = site.directory().await;
    let again = site.apply("environment.toml").await;
    assert_eq!(
        again,
        "nothing to change: everything is as environment.toml says\n"
    );
    let after = site.directory().await;
    assert_eq!(
        (after.revision, &after.settings),
        (before.revision, &before.settings)
    );

    let key = shown(&first, "administrator key");
    let running = site.installation.start().await;
    assert_eq!(running.stdout(), "", "the first start was that of apply");
    let default = site.read(&running, key, "default").await;
    assert_eq!(
        (&default["name"], &default["default_country"]),
        (&json!("Production"), &json!("au"))
    );
    let sms = site.read(&running, key, "default/settings/sms").await;
    assert_eq!(
        sms["twilio"]["auth_token"],
        json!({ "set": true, "hint": "…oken" })
    );
    assert_eq!(
        (&sms["fallback"], &sms["allowed_countries"]),
        (&json!(true), &json!(["au", "nz"]))
    );
    let email = site.read(&running, key, "default/settings/email").await;
    assert_eq!(email["custom_sender"]["password"], json!({ "set": true }));
    let content = site.read(&running, key, "default/settings/email/content").await;
    assert_eq!(
        content["en"]["sign_in"]["subject"],
        "Your code for {{ business_name }}"
    );
    let otp = site.read(&running, key, "default/settings/otp").await;
    assert_eq!(
        (&otp["life_seconds"], &otp["email_life_seconds"]["verify"]),
        (&json!(300), &json!(86_400))
    );
    let applications = site.read(&running, key, "staging/applications").await;
    let app = &applications["data"][0];
    assert_eq!(
        (applications["data"].as_array().unwrap().len(), &app["name"]),
        (1, &json!("Web shop"))
    );
    let path = format!("staging/applications/{}/connections", app["id"].as_str().unwrap());
    let on = site.read(&running, key, &path).await;
    assert_eq!(
        (on["data"].as_array().unwrap().len(), &on["data"][0]["strategy"]),
        (1, &json!("email:otp"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_tells_what_would_change_and_changes_nothing() {
    let site = Site::new().await;
    let files = site.installation.contents();
    let said = site.run(&["apply", "environment.toml", "--dry-run"]).await;
    if site.database.wants_keys() {
        // Its tables are not there yet, and a dry run makes none.
        assert_eq!(said.code, Some(1));
        assert!(said.stderr.contains("otpost migrate"), "{}", said.stderr);
    } else {
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        assert!(
            said.stdout.contains("environment default would be made first"),
            "{}",
            said.stdout
        );
    }
    assert_eq!(site.installation.contents(), files);

    site.apply("environment.toml").await;
    let text = String::from_utf8(site.installation.read("environment.toml")).unwrap();
    let changed = text
        .replace("default_country = \"au\"", "default_country = \"\"")
        .replace("digits = 6", "digits = 8")
        .replace("fallback = true", "fallback = false");
    site.installation.write("changed.toml", &changed);
    let before = site.revision().await;
    let said = site.run(&["apply", "changed.toml", "--dry-run"]).await;
    assert_eq!(
        (said.code, said.stdout.as_str()),
        (
            Some(0),
            "environment default\n  default_country: \"au\" → none\n  sms.fallback: true → false\n  \
             sms.twilio.auth_token: kept\n  otp.digits: 6 → 8\n\n\
             3 changes; this was a dry run, and nothing was changed\n"
        )
    );
    assert_eq!(site.revision().await, before);
    let told = site.apply("changed.toml").await;
    assert!(told.ends_with("  otp.digits: 6 → 8\n\n3 changes\n"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exported_changes_nothing_here_and_makes_the_same_elsewhere() {
    let site = Site::applied().await;
    let exported = site.run(&["export"]).await;
    assert_eq!((exported.code, exported.stderr.as_str()), (Some(0), ""));
    site.installation.write("exported.toml", &exported.stdout);
    let before = site.revision().await;
    assert!(site.apply("exported.toml").await.starts_with("nothing to change"));
    assert_eq!(site.revision().await, before);

    let other = Site::new().await;
    let told = other.refuses(&exported.stdout).await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told.iter()
            .all(|line| line.contains("to be kept, but none is stored")),
        "{told:?}"
    );
    let filled = exported
        .stdout
        .replace(
            "auth_token = { keep = true }",
            "auth_token = { env = \"TWILIO_AUTH_TOKEN\" }",
        )
        .replace(
            "password = { keep = true }",
            "password = { file = \"smtp_password\" }",
        );
    other.installation.write("filled.toml", &filled);
    other.apply("filled.toml").await;
    assert_eq!(other.run(&["export"]).await.stdout, exported.stdout);
    other.installation.write(
        "environment.toml",
        &EXAMPLE.replace("/run/secrets/smtp_password", "smtp_password"),
    );
    assert!(
        other
            .apply("environment.toml")
            .await
            .starts_with("nothing to change"),
        "secrets included"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_compared_with_the_stored_one_and_one_that_cannot_be_read_is_a_mistake() {
    let mut site = Site::applied().await;
    site.installation.write("smtp_password", "another password");
    let told = site.apply("environment.toml").await;
    assert_eq!(
        told,
        "environment default\n  email.custom_sender.password: changed\n\n1 change\n"
    );

    site.installation.set("TWILIO_AUTH_TOKEN", "");
    std::fs::remove_file(site.installation.path("smtp_password")).unwrap();
    let text = String::from_utf8(site.installation.read("environment.toml")).unwrap();
    let line = |of: &str| text.lines().position(|line| line.starts_with(of)).unwrap() + 1;
    let told = site.refuses(&text).await;
    assert_eq!(told.len(), 2, "{told:?}");
    let expected = format!(
        "otpost: environments.default.sms.twilio.auth_token: refers to the environment variable TWILIO_AUTH_TOKEN, \
         which is empty (bad.toml, line {}, column 1)",
        line("auth_token")
    );
    assert_eq!(told[0], expected);
    assert!(
        told[1].contains("password: refers to smtp_password, which cannot be read"),
        "{told:?}"
    );
    assert!(
        told[1].ends_with(&format!("(bad.toml, line {}, column 1)", line("password"))),
        "{told:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mistake_is_told_with_its_line_and_nothing_is_half_applied() {
    let site = Site::applied().await;
    let told = site
        .refuses(
            "[environments.default]\nname = \"Live\"\ncolour = \"red\"\n\
             [environments.default.otp]\ndigits = 5\nmax_sends = \"many\"\n\
             [environments.default.sms]\nprovider = \"pigeon\"\nallowed_countries = [\"au\", \"XX\"]\n\
             [environments.default.sms.twilio]\naccount_sid = \"AC1\"\nauth_token = \"hunter2\"\nsource = \"phone_number\"\n\
             [environments.other]\nname = \"Other\"\nmfa.sms = 1\n\
             [environments.other.content.en.sign_in]\nbody = \"x\"\n\
             [environments.other.applications.web]\nconnections = [\"phone\"]\n",
        )
        .await;
    let keys: Vec<_> = told
        .iter()
        .map(|line| {
            let (key, rest) = line.strip_prefix("otpost: ").unwrap().split_once(": ").unwrap();
            let place = rest.rsplit_once("(bad.toml, line ").unwrap().1;
            format!("{key} {}", place.split_once(',').unwrap().0)
        })
        .collect();
    assert_eq!(
        keys,
        [
            "environments.default.colour 3",
            "environments.default.otp.digits 5",
            "environments.default.otp.max_sends 6",
            "environments.default.sms.provider 8",
            "environments.default.sms.allowed_countries[1] 9",
            "environments.default.sms.twilio.phone_number 10",
            "environments.default.sms.twilio.account_sid 11",
            "environments.default.sms.twilio.auth_token 12",
            "environments.other.business_name 14",
            "environments.other.business_url 14",
            "environments.other.mfa.sms 16",
            "environments.other.applications.web.connections[0] 20",
        ],
        "{told:#?}"
    );
    assert!(
        !told.concat().contains("hunter2") && !told.concat().contains("pigeon"),
        "{told:?}"
    );

    let told = site.refuses("[environments.default\nname = 1\n").await;
    assert!(
        told[0].starts_with("otpost: bad.toml, line 1, column "),
        "{told:?}"
    );
    let told = site
        .refuses("[environments.default.content.en.sign_in]\nbody = \"{{ name }}\"\n")
        .await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("otpost: environments.default.content.en.sign_in.body: "),
        "{told:?}"
    );
    let said = site.run(&["apply", "nowhere.toml"]).await;
    assert_eq!(said.code, Some(2));
    assert!(said.stderr.contains("nowhere.toml"), "{}", said.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_need_a_custom_sender_and_go_with_it() {
    let site = Site::applied().await;
    let content = "[environments.staging.content.en.sign_in]\nsubject = \"Hello\"\n";
    let told = site.refuses(content).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("environments.staging.content: needs email.custom_sender"),
        "{told:?}"
    );

    site.installation.write(
        "plain.toml",
        "[environments.default.email]\nsender_name = \"Acme\"\n",
    );
    let told = site.apply("plain.toml").await;
    assert!(
        told.contains("  email.custom_sender.password: removed\n"),
        "{told}"
    );
    assert!(
        told.contains("  content.en.sign_in.subject: \"Your code for {{ business_name }}\" → none\n"),
        "{told}"
    );
    let stored = site.directory().await.settings;
    assert!(
        stored.iter().all(|held| !held.row.document.contains("smtp.acme")),
        "{stored:?}"
    );
    assert!(
        stored
            .iter()
            .all(|held| !held.row.document.contains("Your code for")),
        "{stored:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_applied_while_a_server_runs_is_in_force_within_two_seconds() {
    let site = Site::new().await;
    let running = site.installation.start().await;
    let welcome = Welcome::read(&running.stdout());
    let country = async || {
        let answer = running
            .call("GET /v1/connections", &welcome.application_key, &Value::Null, &[])
            .await;
        answer.json()["data"][0]["default_country"].clone()
    };
    assert_eq!(country().await, Value::Null);
    let told = site.apply("environment.toml").await;
    assert!(!told.contains("application key"), "no second first start: {told}");
    let applied = Instant::now();
    while country().await != json!("au") {
        assert!(
            applied.elapsed() < Duration::from_secs(2),
            "not in force after 2 s"
        );
        sleep(Duration::from_millis(20)).await;
    }
    let body = json!({ "connection_id": welcome.email_connection, "to": "jo@example.com" });
    let sms = json!({ "connection_id": welcome.phone_connection, "to": "+4915112345678" });
    let answer = running
        .call("POST /v1/otp/send", &welcome.application_key, &sms, &[])
        .await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (403, &json!("country_not_allowed"))
    );
    // The server goes on writing to the same database.
    let answer = running
        .call(
            "POST /v1/otp/send",
            &welcome.application_key,
            &body,
            &["Prefer: respond-async"],
        )
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert!(
        site.apply("environment.toml")
            .await
            .starts_with("nothing to change")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_takes_the_file_with_it_and_later_ones_do_not_look_at_it() {
    let mut site = Site::new().await;
    site.installation
        .set("OTPOST_BOOTSTRAP__FILE", "environment.toml");
    site.installation
        .set("OTPOST_BOOTSTRAP__BUSINESS_NAME", "Overruled");
    let running = site.installation.start().await;
    let welcome = Welcome::read(&running.stdout());
    let default = site.read(&running, &welcome.admin_key, "default").await;
    assert_eq!(default["business_name"], "Acme");
    let staging = site.read(&running, &welcome.admin_key, "staging").await;
    assert_eq!(staging["name"], "Staging");
    let answer = running
        .call("GET /v1/connections", &welcome.application_key, &Value::Null, &[])
        .await;
    assert_eq!(
        answer.json()["data"].as_array().unwrap().len(),
        2,
        "what the file does not mention stays on"
    );
    running.signal("INT");
    assert_eq!(running.ended().await.code, Some(0));

    std::fs::remove_file(site.installation.path("environment.toml")).unwrap();
    let before = site.revision().await;
    let running = site.installation.start().await;
    assert_eq!(running.stdout(), "");
    assert_eq!(site.revision().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_with_a_bad_file_leaves_the_database_for_the_next_one() {
    let mut site = Site::new().await;
    site.installation.set("OTPOST_BOOTSTRAP__FILE", "bootstrap.toml");
    site.installation.write(
        "bootstrap.toml",
        "[environments.default]\nname = \"Live\"\n[environments.default.otp]\ndigits = 5\nmax_sends = 11\n",
    );
    let said = site.run(&["serve"]).await;
    assert_eq!(
        (said.code, said.stdout.as_str()),
        (Some(2), ""),
        "{}",
        said.stderr
    );
    let told: Vec<_> = said
        .stderr
        .lines()
        .filter(|line| line.starts_with("otpost: "))
        .collect();
    assert_eq!(
        told,
        [
            "otpost: environments.default.otp.digits: must be 6 to 10 (bootstrap.toml, line 4, column 1)",
            "otpost: environments.default.otp.max_sends: must be 1 to 10 (bootstrap.toml, line 5, column 1)",
        ]
    );
    assert_eq!(site.directory().await.environments, []);
    site.installation
        .write("bootstrap.toml", "[environments.default.otp]\ndigits = 8\n");
    let running = site.installation.start().await;
    let welcome = Welcome::read(&running.stdout());
    let otp = site
        .read(&running, &welcome.admin_key, "default/settings/otp")
        .await;
    assert_eq!(otp["digits"], 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_applied_at_once_are_all_applied() {
    let site = Site::applied().await;
    let texts = [
        "[environments.default.otp]\ndigits = 8\n",
        "[environments.default.mfa]\nsms = false\n",
        "[environments.default]\nname = \"Live\"\n",
        "[environments.staging]\nname = \"Stage\"\n",
    ];
    let names: Vec<_> = (0..texts.len()).map(|n| format!("{n}.toml")).collect();
    for (name, text) in names.iter().zip(texts) {
        site.installation.write(name, text);
    }
    futures_util::future::join_all(names.iter().map(|name| site.apply(name))).await;
    for name in &names {
        assert!(site.apply(name).await.starts_with("nothing to change"), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_database_there_is_nothing_to_export() {
    let installation = Installation::new();
    let said = installation.run(&["export"]).await;
    assert_eq!((said.code, said.stdout.as_str()), (Some(1), ""));
    assert!(said.stderr.contains("no database yet"), "{}", said.stderr);
    assert!(installation.contents().is_empty());
}
