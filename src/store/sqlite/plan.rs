//! How SQLite means to carry a statement out, for tests that hold a statement to an index.

use sqlx::{AssertSqlSafe, Row};

use super::connection::DatabaseFile;

/// The plan of a statement on tables that are up to date, a step a line. Fails on a step that walks a whole table or sorts.
pub(super) async fn plan_of(statement: &str) -> String {
    let place = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/otpost.db", place.path().display());
    let file = DatabaseFile::named(&url).unwrap();
    let mut connection = file.open_up_to_date().await.unwrap();
    let rows = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}")))
        .fetch_all(&mut connection)
        .await
        .unwrap();
    let steps: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
    let plan = steps.join("\n");
    assert!(
        !plan.contains("SCAN") && !plan.contains("TEMP B-TREE"),
        "{statement}\n{plan}"
    );
    plan
}
