//! `bootstrap.file`: what the first start takes with it.

use serde_json::Value;

use super::site::Site;

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_takes_the_file_with_it_and_later_ones_do_not_look_at_it() {
    let mut site = Site::new().await;
    site.installation
        .set("OTPOST_BOOTSTRAP__FILE", "environment.toml");
    site.installation
        .set("OTPOST_BOOTSTRAP__BUSINESS_NAME", "Overruled");
    let running = site.installation.start().await;
    let welcome = running.welcome().await;
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
    running.interrupted().await;

    std::fs::remove_file(site.installation.path("environment.toml")).unwrap();
    let before = site.revision().await;
    let said = site.installation.start().await.interrupted().await;
    assert_eq!(said.stdout, "");
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
    assert_eq!(site.directory().await.records, []);
    site.installation
        .write("bootstrap.toml", "[environments.default.otp]\ndigits = 8\n");
    let running = site.installation.start().await;
    let welcome = running.welcome().await;
    let otp = site
        .read(&running, &welcome.admin_key, "default/settings/otp")
        .await;
    assert_eq!(otp["digits"], 8);
}
