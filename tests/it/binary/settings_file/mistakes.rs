//! What is wrong with a file: told with its line, all at once, and nothing of the file is taken.

use super::site::Site;

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
    let stored = site.directory().await.records;
    for gone in ["smtp.acme", "Your code for"] {
        let holds = |document: &String| document.contains(gone);
        let held = stored
            .iter()
            .any(|record| record.document.as_ref().is_some_and(holds));
        assert!(!held, "{stored:?}");
    }
}
