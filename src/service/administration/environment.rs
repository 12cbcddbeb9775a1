//! Environments: made with their connections, changed, and removed with all that is in them.

use std::sync::Arc;

use super::{Actor, Administration, ChangeError, Conflict, Expected};
use crate::document::Patch;
use crate::domain::environment::{Environment, EnvironmentFields};
use crate::domain::id::EnvironmentId;
use crate::service::directory::{EnvironmentSnapshot, Snapshot};

impl Administration {
    /// Makes an environment with its two connections and default settings, and without applications.
    pub async fn create_environment(
        &self,
        actor: &Actor,
        new: &EnvironmentFields,
    ) -> Result<EnvironmentId, ChangeError> {
        self.change(actor, |held, change| {
            let made = EnvironmentSnapshot::made(&*self.parts.random, change.at(), new.clone());
            refuse_taken_code(held, made.id(), new)?;
            change.create_environment(&made)?;
            Ok(made.id())
        })
        .await
    }

    /// Changes an environment's own fields.
    pub async fn update_environment(
        &self,
        actor: &Actor,
        id: EnvironmentId,
        patch: &Patch<EnvironmentFields>,
        expected: &Expected,
    ) -> Result<(), ChangeError> {
        self.change(actor, |held, change| {
            let environment = super::environment(held, id)?;
            expected.check(environment.version)?;
            let before = &environment.environment;
            let after = Environment {
                fields: patch.apply(&before.fields).finish()?,
                ..before.clone()
            };
            refuse_taken_code(held, id, &after.fields)?;
            Ok(change.update_environment(before, &after)?)
        })
        .await
    }

    /// Removes an environment with all that is in it. The last one stays, and so does, unless `force`, one in which
    /// verifications are pending.
    pub async fn delete_environment(
        &self,
        actor: &Actor,
        id: EnvironmentId,
        expected: &Expected,
        force: bool,
    ) -> Result<(), ChangeError> {
        removable(&self.parts.directory.current(), id, expected)?;
        if !force {
            let pending = self
                .parts
                .store
                .count_pending(id, self.parts.clock.now()?)
                .await?;
            if pending > 0 {
                return Err(Conflict::VerificationsPending(pending).into());
            }
        }
        self.change(actor, |held, change| {
            change.delete_environment(removable(held, id, expected)?);
            Ok(())
        })
        .await?;
        self.clear_removed().await;
        Ok(())
    }
}

fn removable<'a>(
    held: &'a Snapshot,
    id: EnvironmentId,
    expected: &Expected,
) -> Result<&'a Arc<EnvironmentSnapshot>, ChangeError> {
    let environment = super::environment(held, id)?;
    expected.check(environment.version)?;
    if held.is_last(id) {
        return Err(Conflict::Last.into());
    }
    Ok(environment)
}

fn refuse_taken_code(
    held: &Snapshot,
    id: EnvironmentId,
    fields: &EnvironmentFields,
) -> Result<(), ChangeError> {
    match held.id_of(fields.code.as_str()) {
        Some(other) if other != id => Err(Conflict::CodeTaken.into()),
        _ => Ok(()),
    }
}
