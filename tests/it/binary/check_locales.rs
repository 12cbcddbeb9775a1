//! `otpost check-locales`, as a translator runs it.

use std::path::Path;

use super::installation::Installation;

#[tokio::test]
async fn it_needs_no_configuration_and_prints_what_the_documentation_shows() {
    let said = Installation::new()
        .with("OTPOST_NO__SUCH_KEY", "1")
        .run(&["check-locales"])
        .await;
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    // A heading of two lines, the rule below it, and a row for each language.
    assert_eq!(said.stdout.lines().count(), 3 + 43);
    let documentation = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/languages.md");
    let documentation = std::fs::read_to_string(documentation).unwrap();
    assert!(
        documentation.contains(&said.stdout),
        "docs/languages.md does not show this table:\n{}",
        said.stdout
    );
}

#[tokio::test]
async fn it_checks_a_directory_and_tells_all_faults_at_once() {
    let installation = Installation::new();
    let locales = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/locales");
    for entry in std::fs::read_dir(locales).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        installation.write(&format!("words/{name}"), &std::fs::read_to_string(&path).unwrap());
    }
    let said = installation.run(&["check-locales", "words"]).await;
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));

    installation.write("words/nl-BE.ftl", "sms-verification-code = Code{ $code }\n");
    installation.write("words/tlh.ftl", "");
    std::fs::remove_file(installation.path("words/sk.ftl")).unwrap();
    let said = installation.run(&["check-locales", "words"]).await;
    assert_eq!(said.code, Some(1));
    assert_eq!(
        said.stderr.lines().collect::<Vec<_>>(),
        [
            "otpost: tlh.ftl: there is no such language",
            "otpost: nl-BE.ftl:1: sms-verification-code: $code touches a letter or a placeholder: put a space between",
            "otpost: sk.ftl: there is no file for this language",
            "otpost: 3 faults in the files of languages",
        ]
    );
    assert_eq!(said.stdout.lines().count(), 3 + 43);

    let said = installation.run(&["check-locales", "nowhere"]).await;
    assert_eq!(said.code, Some(1));
    assert!(
        said.stderr.starts_with("otpost: nowhere cannot be read: "),
        "{}",
        said.stderr
    );
}
