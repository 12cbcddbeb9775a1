//! Issuing and resending: a send is counted against every limit, and its message made, or nothing of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::{find_all, of_application, read_requests, read_stored};
use crate::domain::country::Country;
use crate::domain::id::VerificationId;
use crate::domain::idempotency::{KeyedHash, KeyedResend};
use crate::domain::locale::LanguageTag;
use crate::domain::purpose::MessagePurpose;
use crate::domain::time::Timestamp;
use crate::store::sqlite::StoreError;
use crate::store::sqlite::bulk::{Write, key_list};
use crate::store::sqlite::limit::{CountedSend, Tally};
use crate::store::sqlite::message::{MessageRow, insert_messages};
use crate::store::sqlite::row::{Fields, id_of};
use crate::store::verification::{
    Issue, KeyedRequests, NewSend, NewVerification, Resend, StoredVerification,
};

pub(in crate::store::sqlite) async fn issue(
    db: &mut SqliteConnection,
    batch: Vec<Arc<NewVerification>>,
) -> Result<Vec<Result<Issue, StoreError>>, StoreError> {
    let made_before = made_before(db, &batch).await?;
    let keys = batch.iter().flat_map(|new| [Some(new.recipient_key), new.ip_key]);
    let quotas = batch
        .iter()
        .filter_map(|new| Some((new.environment_id, new.message.quota?)));
    let mut tally = Tally::load(db, keys.flatten().collect(), quotas.collect()).await?;
    let mut issued = Vec::new();
    let outcomes = batch.iter().map(|new| {
        if let Some(body_hash) = made_before.get(&new.id) {
            return Ok(if *body_hash == new.body_hash {
                Issue::Repeated
            } else {
                Issue::KeyReused
            });
        }
        let send = CountedSend {
            environment_id: new.environment_id,
            recipient_key: new.recipient_key,
            ip_key: new.ip_key,
            limits: new.limits,
            quota: new.message.quota,
            now: new.created_at,
        };
        if let Some(refused) = tally.count_send(&send)? {
            return Ok(Issue::Refused(refused));
        }
        issued.push(&**new);
        Ok(Issue::Issued)
    });
    let outcomes = outcomes.collect();
    insert_verifications(db, &issued).await?;
    let messages: Vec<_> = issued.iter().map(|new| first_message(new)).collect();
    insert_messages(db, &messages).await?;
    tally.save(db).await?;
    Ok(outcomes)
}

/// The hash of the body of each verification that was made under the key of one of the batch.
async fn made_before(
    db: &mut SqliteConnection,
    batch: &[Arc<NewVerification>],
) -> Result<HashMap<VerificationId, Option<KeyedHash>>, StoreError> {
    let keyed = batch.iter().filter(|new| new.body_hash.is_some());
    let ids: Vec<_> = keyed.map(|new| new.id.0.as_bytes()).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let statement =
        "SELECT id, body_hash FROM verifications WHERE id IN (SELECT unhex(value) FROM json_each(?1))";
    let rows = sqlx::query(statement).bind(key_list(ids)).fetch_all(db).await?;
    let hashes = rows.iter().map(|row| {
        let id = VerificationId(id_of(row, "verifications", "id")?);
        Ok((id, Fields::of(row, "verifications", id).hash_if_any("body_hash")?))
    });
    hashes.collect()
}

const INSERT: Write = Write {
    before: "INSERT INTO verifications (id, environment_id, application_id, connection_id, created_at, expires_at,
                                        code_key_id, code_digits, max_guesses, max_sends, code_mac, recipient_key,
                                        sealed_recipient, ip_key, body_hash, purpose, channel, country, locale,
                                        masked_recipient, message_id, resend_at, sealed_code)
             VALUES",
    row: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    after: "",
};

async fn insert_verifications(
    db: &mut SqliteConnection,
    issued: &[&NewVerification],
) -> Result<(), StoreError> {
    INSERT
        .execute(&mut *db, issued, |statement, new| {
            statement
                .bind(new.id.0)
                .bind(new.environment_id.0)
                .bind(new.application_id.0)
                .bind(new.connection_id.0)
                .bind(new.created_at.unix_micros())
                .bind(new.expires_at.unix_micros())
                .bind(new.code_mac.generation.get())
                .bind(new.code_digits)
                .bind(new.max_guesses)
                .bind(new.max_sends)
                .bind(&new.code_mac.mac[..])
                .bind(&new.recipient_key[..])
                .bind(&new.sealed_recipient[..])
                .bind(new.ip_key.as_ref().map(|key| &key[..]))
                .bind(new.body_hash.as_ref().map(|hash| &hash[..]))
                .bind(new.purpose.as_str())
                .bind(new.channel.as_str())
                .bind(new.country.as_ref().map(Country::as_str))
                .bind(new.locale.as_ref().map(LanguageTag::as_str))
                .bind(new.masked_recipient.as_str())
                .bind(new.message.id.0)
                .bind(new.resend_at.unix_micros())
                .bind(&new.sealed_code[..])
        })
        .await?;
    insert_expiries(db, issued).await
}

/// Those that live equally long die together.
async fn insert_expiries(db: &mut SqliteConnection, issued: &[&NewVerification]) -> Result<(), StoreError> {
    let mut expiries: BTreeMap<Duration, (Timestamp, Vec<u8>)> = BTreeMap::new();
    for new in issued {
        let life = new.created_at.until(new.expires_at);
        let (due_at, ids) = expiries.entry(life).or_insert((new.expires_at, Vec::new()));
        *due_at = new.expires_at.max(*due_at);
        ids.extend(new.id.0.into_bytes());
    }
    for (due_at, ids) in expiries.into_values() {
        sqlx::query("INSERT INTO expiries (due_at, verification_ids) VALUES (?1, ?2)")
            .bind(due_at.unix_micros())
            .bind(ids)
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

fn first_message(new: &NewVerification) -> MessageRow<'_> {
    MessageRow {
        environment_id: new.environment_id,
        application_id: new.application_id,
        verification_id: Some(new.id),
        notification_id: None,
        channel: new.channel,
        purpose: MessagePurpose::Code(new.purpose),
        country: new.country.as_ref().map(Country::as_str),
        recipient_key: new.recipient_key,
        masked_recipient: &new.masked_recipient,
        created_at: new.created_at,
        id: new.message.id,
        lease: new.message.lease,
        language: new.message.language,
        decision: &new.message.decision,
        quota: new.message.quota,
    }
}

/// A verification that only limits can keep from being sent again, and then as it is once it was.
struct Target {
    stored: StoredVerification,
    requests: KeyedRequests,
    ip_key: Option<KeyedHash>,
    country: Option<String>,
}

pub(in crate::store::sqlite) async fn resend(
    db: &mut SqliteConnection,
    batch: Vec<Arc<NewSend>>,
) -> Result<Vec<Result<Resend, StoreError>>, StoreError> {
    let ids = batch.iter().map(|again| again.verification_id);
    let rows = find_all(db, ids.collect()).await?;
    let targets: Vec<_> = batch.iter().map(|again| read_target(&rows, again)).collect();
    let mut tally = load_tally(db, &batch, &targets).await?;
    let mut resent = Vec::new();
    let outcomes = batch.iter().zip(targets).map(|(again, target)| match target? {
        Ok(target) => count(again, target, &mut tally, &mut resent),
        Err(refused) => Ok(refused),
    });
    let outcomes = outcomes.collect();
    update_verifications(db, &resent).await?;
    let messages: Vec<_> = resent.iter().map(further_message).collect();
    insert_messages(db, &messages).await?;
    tally.save(db).await?;
    Ok(outcomes)
}

type Targets = Vec<Result<Result<Target, Resend>, StoreError>>;

fn read_target(
    rows: &HashMap<VerificationId, SqliteRow>,
    again: &NewSend,
) -> Result<Result<Target, Resend>, StoreError> {
    let Some(row) = of_application(rows, again.verification_id, again.application_id) else {
        return Ok(Err(Resend::NotFound));
    };
    let (stored, requests) = (read_stored(row)?, read_requests(row)?);
    let refused = again.made_by(&requests.resends);
    if let Some(refused) = refused.or_else(|| again.refusal(&stored.verification)) {
        return Ok(Err(refused));
    }
    let fields = Fields::of(row, "verifications", again.verification_id);
    Ok(Ok(Target {
        stored,
        requests,
        ip_key: fields.hash_if_any("ip_key")?,
        country: fields.value("country")?,
    }))
}

async fn load_tally(
    db: &mut SqliteConnection,
    batch: &[Arc<NewSend>],
    targets: &Targets,
) -> Result<Tally, StoreError> {
    let targets = batch.iter().zip(targets).filter_map(|(again, target)| {
        let target = target.as_ref().ok()?.as_ref().ok()?;
        Some((again, target))
    });
    let keys = targets
        .clone()
        .flat_map(|(_, target)| [Some(target.stored.recipient_key), target.ip_key]);
    let quotas =
        targets.filter_map(|(again, target)| Some((target.stored.environment_id, again.message.quota?)));
    Tally::load(db, keys.flatten().collect(), quotas.collect()).await
}

/// Counts a further send, and notes it down where no limit refuses it.
fn count<'a>(
    again: &'a NewSend,
    mut target: Target,
    tally: &mut Tally,
    resent: &mut Vec<(&'a NewSend, Target)>,
) -> Result<Resend, StoreError> {
    let send = CountedSend {
        environment_id: target.stored.environment_id,
        recipient_key: target.stored.recipient_key,
        ip_key: target.ip_key,
        limits: again.limits,
        quota: again.message.quota,
        now: again.now,
    };
    if let Some(refused) = tally.count_send(&send)? {
        return Ok(Resend::Refused(refused));
    }
    target.stored = again.applied_to(target.stored);
    target.requests.resends.extend(again.keyed_resend());
    let stored = Box::new(target.stored.clone());
    resent.push((again, target));
    Ok(Resend::Resent(stored))
}

const UPDATE: Write = Write {
    before: "WITH resent (id, sends, resend_at, message_id, keyed_resends) AS (VALUES",
    row: "(?, ?, ?, ?, nullif(?, x''))",
    after: ") UPDATE verifications
             SET sends = resent.sends, resend_at = resent.resend_at, message_id = resent.message_id,
                 keyed_resends = resent.keyed_resends
             FROM resent WHERE verifications.id = resent.id",
};

async fn update_verifications(
    db: &mut SqliteConnection,
    resent: &[(&NewSend, Target)],
) -> Result<(), StoreError> {
    UPDATE
        .execute(db, resent, |statement, (again, target)| {
            let verification = &target.stored.verification;
            let keyed_resends = target.requests.resends.iter().copied();
            statement
                .bind(verification.id.0)
                .bind(verification.sends)
                .bind(verification.resend_at.unix_micros())
                .bind(again.message.id.0)
                .bind(keyed_resends.flat_map(KeyedResend::to_bytes).collect::<Vec<u8>>())
        })
        .await
}

fn further_message<'a>((again, target): &'a (&NewSend, Target)) -> MessageRow<'a> {
    let stored = &target.stored;
    MessageRow {
        environment_id: stored.environment_id,
        application_id: stored.application_id,
        verification_id: Some(stored.verification.id),
        notification_id: None,
        channel: stored.verification.channel,
        purpose: MessagePurpose::Code(stored.verification.purpose),
        country: target.country.as_deref(),
        recipient_key: stored.recipient_key,
        masked_recipient: &stored.verification.masked_recipient,
        created_at: again.now,
        id: again.message.id,
        lease: again.message.lease,
        language: again.message.language,
        decision: &again.message.decision,
        quota: again.message.quota,
    }
}

#[cfg(test)]
mod tests {
    use super::UPDATE;
    use crate::store::sqlite::plan::plan_of;

    #[tokio::test]
    async fn what_is_sent_again_is_found_by_its_id() {
        let plan = plan_of(&UPDATE.of(2)).await;
        assert!(
            plan.contains(
                "SEARCH verifications USING COVERING INDEX sqlite_autoindex_verifications_1 (id=?)"
            ),
            "{plan}"
        );
    }
}
