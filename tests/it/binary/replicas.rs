//! Two processes that start together on one empty database.

use serde_json::Value;

use super::installation::{Installation, Running, Welcome, call};
use crate::support::database::EmptyDatabase;

/// Waits until both are ready; answers what the one that founded the environment shows.
async fn founder(running: &mut [Running; 2]) -> Welcome {
    for one in running.iter_mut() {
        one.become_ready().await;
    }
    let [first, second] = running;
    tokio::select! {
        welcome = first.welcome() => welcome,
        welcome = second.welcome() => welcome,
    }
}

/// Both serve the one environment.
async fn both_serve(installations: [&Installation; 2], welcome: &Welcome) {
    for installation in installations {
        let answer = call(
            installation.api,
            "GET /admin/v1/environments",
            &welcome.admin_key,
            &Value::Null,
            &[],
        )
        .await;
        assert_eq!(
            answer.json()["data"].as_array().unwrap().len(),
            1,
            "{}",
            answer.body
        );
        let answer = call(
            installation.api,
            "GET /v1/connections",
            &welcome.application_key,
            &Value::Null,
            &[],
        )
        .await;
        assert_eq!(
            (answer.status, answer.json()["data"].as_array().unwrap().len()),
            (200, 2)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_start_together_on_an_empty_database_end_with_one_environment() {
    let database = EmptyDatabase::create().await;
    let [first, second] = [(); 2].map(|()| Installation::new().with("DATABASE_URL", &database.url()));
    let keys = first.path("shared/keys.toml");
    let [first, second] = [first, second].map(|one| one.with("OTPOST_KEYS__FILE", keys.to_str().unwrap()));
    if database.wants_keys() {
        let said = first.run(&["serve"]).await;
        assert_eq!(said.code, Some(1));
        assert!(said.stderr.contains("otpost keys init"), "{}", said.stderr);
        assert_eq!(first.run(&["keys", "init"]).await.code, Some(0));
    }
    let mut running = [first.start_unready(), second.start_unready()];
    let welcome = founder(&mut running).await;
    both_serve([&first, &second], &welcome).await;
    let mut shown = Vec::new();
    for one in running {
        shown.push(one.interrupted().await.stdout);
    }
    shown.retain(|stdout| !stdout.is_empty());
    assert_eq!(shown.len(), 1, "one of them founds the environment: {shown:?}");
}
