//! How SQLite means to carry a statement out, for tests that hold a statement to an index.

use sqlx::{AssertSqlSafe, Row};

use super::connection::DatabaseFile;

/// How a plan names rows that come with the statement.
const GIVEN: [&str; 5] = [
    "SCAN json_each VIRTUAL TABLE",
    "SCAN guessed",
    "SCAN resent",
    "SCAN settled",
    "SCAN 2 CONSTANT ROWS",
];

/// The plan of a statement on tables that are up to date, a step a line. Fails on a step that walks a whole table or sorts.
pub(super) async fn plan_of(statement: &str) -> String {
    let steps = explain(statement).await;
    let walks_given_rows = |step: &String| GIVEN.iter().any(|given| step.starts_with(given));
    let is_costly = |step: &String| step.contains("SCAN") || step.contains("TEMP B-TREE");
    let plan = steps.join("\n");
    assert!(
        !steps
            .iter()
            .any(|step| is_costly(step) && !walks_given_rows(step)),
        "{statement}\n{plan}"
    );
    plan
}

/// The steps of a statement on tables that are up to date.
pub(super) async fn explain(statement: &str) -> Vec<String> {
    let place = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/otpost.db", place.path().display());
    let file = DatabaseFile::named(&url).unwrap();
    let mut connection = file.open_up_to_date().await.unwrap();
    let rows = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}")))
        .fetch_all(&mut connection)
        .await
        .unwrap();
    rows.iter().map(|row| row.get("detail")).collect()
}
