//! Whether the keys file fits what is in the database.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use crate::domain::keyring::{Fingerprint, Fingerprints, GenerationId, KeysFit, KnownKeys};
use crate::domain::time::Timestamp;
use crate::store::directory::KeyNeeds;
use crate::store::sqlite::StoreError;
use crate::store::sqlite::bulk::ids_in;
use crate::store::sqlite::row::Fields;

pub(super) async fn fit_keys(
    db: &mut SqliteConnection,
    keys: Fingerprints,
    now: Timestamp,
) -> Result<KeysFit, StoreError> {
    let known = known_keys(db).await?;
    let fit = known.fit(&keys);
    if fit == KeysFit::Differs {
        return Ok(fit);
    }
    if !known.content {
        // Keys that nothing was made with may be lost.
        sqlx::query("DELETE FROM key_generations")
            .execute(&mut *db)
            .await?;
    }
    for fingerprint in &keys.generations {
        sqlx::query(
            "INSERT INTO key_generations (key_id, fingerprint, first_seen_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (key_id) DO NOTHING",
        )
        .bind(fingerprint.generation.get())
        .bind(&fingerprint.value[..])
        .bind(now.unix_micros())
        .execute(&mut *db)
        .await?;
    }
    sqlx::query("UPDATE installation SET index_fingerprint = ?1 WHERE id = 1")
        .bind(&keys.index[..])
        .execute(&mut *db)
        .await?;
    Ok(fit)
}

pub(super) async fn known_keys(db: &mut SqliteConnection) -> Result<KnownKeys, StoreError> {
    let generations = sqlx::query("SELECT key_id, fingerprint FROM key_generations")
        .fetch_all(&mut *db)
        .await?;
    let installation = sqlx::query(
        "SELECT index_fingerprint,
             EXISTS (SELECT 1 FROM records) OR EXISTS (SELECT 1 FROM verifications)
                 OR EXISTS (SELECT 1 FROM notifications) AS content
         FROM installation WHERE id = 1",
    )
    .fetch_one(db)
    .await?;
    let fields = Fields::of(&installation, "installation", 1);
    Ok(KnownKeys {
        index: fields.hash_if_any("index_fingerprint")?,
        generations: generations
            .iter()
            .map(read_fingerprint)
            .collect::<Result<_, _>>()?,
        content: fields.value("content")?,
    })
}

fn read_fingerprint(row: &SqliteRow) -> Result<Fingerprint, StoreError> {
    let key_id: i32 = row.try_get("key_id")?;
    let fields = Fields::of(row, "key_generations", key_id);
    let generation = GenerationId::new(key_id).ok_or_else(|| fields.corrupt("key_id"))?;
    let value = fields.hash("fingerprint")?;
    Ok(Fingerprint { generation, value })
}

pub(super) async fn key_needs(db: &mut SqliteConnection) -> Result<KeyNeeds, StoreError> {
    let rows = sqlx::query(concat!(
        ids_in!("expiries", "verification_ids", "true"),
        "SELECT DISTINCT code_key_id, substr(sealed_code, 1, 5) AS header
         FROM verifications WHERE id IN (SELECT id FROM ids) AND sealed_code IS NOT NULL
         UNION
         SELECT NULL, substr(sealed_data, 1, 5) FROM notifications WHERE sealed_data IS NOT NULL"
    ))
    .fetch_all(&mut *db)
    .await?;
    let mut needs = KeyNeeds::default();
    for row in rows {
        let key_id: Option<i32> = row.try_get("code_key_id")?;
        let header: Option<Vec<u8>> = row.try_get("header")?;
        needs.codes.extend(key_id);
        needs.sealed.extend(header);
    }
    let recipients = sqlx::query_scalar(
        "SELECT substr(v.sealed_recipient, 1, 5)
         FROM (SELECT verification_id FROM messages ORDER BY id LIMIT 100) m JOIN verifications v ON v.id = m.verification_id
         UNION
         SELECT substr(r.sealed_recipient, 1, 5)
         FROM (SELECT id FROM notifications ORDER BY id LIMIT 100) n
              JOIN notification_recipients r ON r.notification_id = n.id",
    );
    let headers: Vec<Vec<u8>> = recipients.fetch_all(db).await?;
    needs.oldest_recipients.extend(headers);
    Ok(needs)
}
