//! Clearing away what removed environments and applications have left, one of them at a time.

use sqlx::{PgConnection, query_file};

use crate::domain::time::Timestamp;
use crate::store::REMOVAL_GRACE;

/// A batch of the one that is due; `false` when none is.
pub(super) async fn clear_next(
    connection: &mut PgConnection,
    now: Timestamp,
    limit: u32,
) -> Result<bool, sqlx::Error> {
    let next = query_file!(
        "src/store/postgres/sql/next_removal.sql",
        now.to_offset_date_time()
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(next) = next else {
        return Ok(false);
    };
    let (owner, limit) = (next.owner_id, i64::from(limit));
    let messages = query_file!("src/store/postgres/sql/clear_messages.sql", owner, limit)
        .fetch_one(&mut *connection)
        .await?;
    let counters = query_file!("src/store/postgres/sql/clear_counters.sql", owner, limit)
        .fetch_one(&mut *connection)
        .await?;
    if messages.removed + counters.removed > 0 {
        return Ok(true);
    }
    let last_look = Timestamp::new(next.removed_at) + REMOVAL_GRACE;
    if now < last_look {
        let due_at = last_look.to_offset_date_time();
        query_file!("src/store/postgres/sql/postpone_removal.sql", owner, due_at)
            .execute(connection)
            .await?;
    } else {
        query_file!("src/store/postgres/sql/forget_removal.sql", owner)
            .execute(connection)
            .await?;
    }
    Ok(true)
}
