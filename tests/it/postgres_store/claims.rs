//! What a claim looks at, whatever waits in the other queues.

use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection};

use super::{on_postgres, run};
use crate::store_contract::fixture::{MINUTE, lease, now};
use otpost::domain::message::Channel;
use otpost::store::outbox::Queue;

const CLAIM: &str = include_str!("../../../src/store/postgres/sql/claim_due.sql");

/// How many pages a claim of 64 messages of `queue` looks at, planned as the service's connections plan.
async fn pages(beside: &mut PgConnection, queue: Queue) -> u64 {
    let explained = format!("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {CLAIM}");
    let query = sqlx::query_scalar::<_, Value>(AssertSqlSafe(explained))
        .bind(queue.as_str())
        .bind(now().to_offset_date_time())
        .bind(lease(now()).token)
        .bind((now() + MINUTE).to_offset_date_time())
        .bind(64_i64)
        .bind(200_i64);
    let plan = query.fetch_one(beside).await.unwrap();
    let plan = &plan[0]["Plan"];
    let count = |name: &str| plan[name].as_u64().unwrap();
    count("Shared Hit Blocks") + count("Shared Read Blocks")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_of_another_queue_costs_a_claim_nothing() {
    let Some((world, mut beside)) = on_postgres().await else {
        return;
    };
    for setting in ["enable_seqscan", "enable_hashjoin", "enable_mergejoin"] {
        run(&mut beside, format!("SET {setting} = off")).await;
    }
    run(&mut beside, "SET plan_cache_mode = force_generic_plan".to_owned()).await;
    let backlog = format!(
        "INSERT INTO outbox (queue, due_at, message_ids)
         SELECT 'email', '{}'::timestamptz - interval '1 hour', ARRAY[gen_random_uuid()] FROM generate_series(1, 100000)",
        now()
    );
    run(&mut beside, backlog).await;
    for queue in [Queue::Code(Channel::Sms), Queue::Notification] {
        let pages = pages(&mut beside, queue).await;
        assert!(pages < 20, "{queue:?}: {pages} pages");
    }
    let claimed = world
        .claim_due(Queue::Code(Channel::Sms), now(), lease(now() + MINUTE), 64)
        .await;
    assert!(claimed.unwrap().is_empty());
}
