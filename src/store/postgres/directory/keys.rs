//! Whether the keys file fits what is in the database.

use sqlx::{PgConnection, query_file};

use super::lock_installation;
use crate::domain::keyring::{Fingerprint, Fingerprints, GenerationId, KeysFit, KnownKeys};
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::directory::KeyNeeds;
use crate::store::postgres::fault::corrupt;

pub(super) async fn fit(
    connection: &mut PgConnection,
    keys: &Fingerprints,
    now: Timestamp,
) -> Result<Result<KeysFit, StoreError>, sqlx::Error> {
    // Of two processes that bring the first keys, the second must see those of the first.
    lock_installation(connection).await?;
    let known = match known_keys(connection).await? {
        Ok(known) => known,
        Err(error) => return Ok(Err(error)),
    };
    let fit = known.fit(keys);
    if matches!(fit, KeysFit::Fits { .. }) {
        let generations: Vec<_> = keys.generations.iter().map(|one| one.generation.get()).collect();
        let values: Vec<_> = keys.generations.iter().map(|one| one.value.to_vec()).collect();
        query_file!(
            "src/store/postgres/sql/record_keys.sql",
            &generations,
            &values,
            &keys.index[..],
            now.to_offset_date_time(),
            !known.content,
        )
        .execute(connection)
        .await?;
    }
    Ok(Ok(fit))
}

pub(super) async fn known_keys(
    connection: &mut PgConnection,
) -> Result<Result<KnownKeys, StoreError>, sqlx::Error> {
    let rows = query_file!("src/store/postgres/sql/known_keys.sql")
        .fetch_all(connection)
        .await?;
    let mut known = KnownKeys {
        index: None,
        generations: Vec::with_capacity(rows.len()),
        content: false,
    };
    for row in rows {
        known.content = row.content;
        known.index = match row.index_fingerprint.map(<[u8; 32]>::try_from).transpose() {
            Ok(index) => index,
            Err(_) => return Ok(Err(corrupt("installation", "index_fingerprint", 1))),
        };
        let (Some(key_id), Some(fingerprint)) = (row.key_id, row.fingerprint) else {
            continue;
        };
        match (GenerationId::new(key_id), <[u8; 32]>::try_from(fingerprint)) {
            (Some(generation), Ok(value)) => known.generations.push(Fingerprint { generation, value }),
            _ => return Ok(Err(corrupt("key_generations", "fingerprint", key_id))),
        }
    }
    Ok(Ok(known))
}

pub(super) async fn key_needs(connection: &mut PgConnection) -> Result<KeyNeeds, sqlx::Error> {
    let rows = query_file!("src/store/postgres/sql/key_needs.sql")
        .fetch_all(connection)
        .await?;
    let mut needs = KeyNeeds::default();
    for row in rows {
        needs.codes.extend(row.code_key_id);
        needs.sealed.extend(row.header);
        needs.oldest_recipients.extend(row.oldest_recipient);
    }
    Ok(needs)
}
