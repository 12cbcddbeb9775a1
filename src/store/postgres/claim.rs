//! Taking what is due from the outbox. A message that this release cannot read holds up nobody: it is put back as it was, as if it
//! had not been claimed, and comes again when the lease would have ended.

use futures_util::future::BoxFuture;
use sqlx::query_file;
use sqlx::types::Uuid;

use super::{Lent, StoreError};
use crate::domain::id::MessageId;
use crate::store::outbox::{Lease, log_unreadable};

/// An outbox entry as it was before it was claimed.
pub(super) struct Entry {
    pub(super) message_id: MessageId,
    pub(super) former_token: Option<Uuid>,
    pub(super) taken_over_before: bool,
}

/// Claims until `limit` messages are there that can be read, or nothing more is due. `fetch` claims at most as many as it is asked
/// for, and `read` reads one of them.
pub(super) async fn claim<Row, Claimed>(
    lent: &mut Lent,
    lease: Lease,
    limit: u32,
    fetch: impl for<'l> Fn(&'l mut Lent, u32) -> BoxFuture<'l, Result<Vec<Row>, StoreError>>,
    read: impl Fn(Row) -> (Entry, Result<Claimed, StoreError>),
) -> Result<Vec<Claimed>, StoreError> {
    let mut claimed = Vec::new();
    let mut wanted = limit;
    while wanted > 0 {
        let rows = match fetch(lent, wanted).await {
            Ok(rows) => rows,
            Err(error) if claimed.is_empty() => return Err(error),
            // What is held already is not to wait for its lease's end.
            Err(_) => break,
        };
        let is_all = rows.len() < usize::try_from(wanted).unwrap_or(usize::MAX);
        let mut unreadable = Vec::new();
        for row in rows {
            match read(row) {
                (_, Ok(message)) => {
                    claimed.push(message);
                    wanted -= 1;
                }
                (entry, Err(error)) => {
                    log_unreadable(entry.message_id, &error);
                    unreadable.push(entry);
                }
            }
        }
        if !unreadable.is_empty() {
            put_back(lent, lease, &unreadable).await;
        }
        if is_all {
            break;
        }
    }
    Ok(claimed)
}

async fn put_back(lent: &mut Lent, lease: Lease, entries: &[Entry]) {
    let ids: Vec<Uuid> = entries.iter().map(|entry| entry.message_id.0).collect();
    let tokens: Vec<Option<Uuid>> = entries.iter().map(|entry| entry.former_token).collect();
    let marked_now = entries
        .iter()
        .filter(|entry| entry.former_token.is_some() && !entry.taken_over_before);
    let marked_now: Vec<Uuid> = marked_now.map(|entry| entry.message_id.0).collect();
    let put_back = lent
        .ask(async |connection| {
            query_file!(
                "src/store/postgres/sql/put_back.sql",
                lease.token,
                &ids,
                &tokens as &[Option<Uuid>],
                &marked_now,
            )
            .execute(connection)
            .await
        })
        .await;
    if let Err(error) = put_back {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "unreadable messages could not be put back; they will count as taken over"
        );
    }
}
