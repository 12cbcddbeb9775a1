//! Environments: made with their connections, changed, and removed with all that is in them.

use serde_json::json;

use super::{ATTEMPTS, Actor, Administration, ChangeError, EnvironmentPatch, NewEnvironment, patch, pinned};
use crate::domain::environment::Connection;
use crate::domain::id::EnvironmentId;
use crate::store::directory::{Expected, Removal};

impl Administration {
    /// Makes an environment with its two connections and default settings, and without applications.
    pub async fn create_environment(
        &self,
        actor: &Actor,
        new: &NewEnvironment,
    ) -> Result<EnvironmentId, ChangeError> {
        let now = self.clock.now()?;
        let id = EnvironmentId::time_ordered(&*self.random, now);
        let environment = new.read(id, now).map_err(ChangeError::Invalid)?;
        let connections = Connection::of_new_environment(&*self.random, id).to_vec();
        let changes = json!({ "after": patch::environment_fields(&environment) });
        let audit = self.audit(actor, id, "environment.create", &id.to_string(), &changes)?;
        let change = self
            .store
            .create_environment(environment, connections, audit)
            .await?;
        self.finish(change).await?;
        Ok(id)
    }

    /// Removes an environment with all that is in it. The last one stays, and so does, unless `force`, one in which
    /// verifications are pending.
    pub async fn delete_environment(
        &self,
        actor: &Actor,
        id: EnvironmentId,
        expected: Expected,
        force: bool,
    ) -> Result<(), ChangeError> {
        for _ in 0..ATTEMPTS {
            let held = self.environment(id)?;
            let changes = json!({ "before": patch::environment_fields(&held.environment) });
            let audit = self.audit(actor, id, "environment.delete", &id.to_string(), &changes)?;
            let on = pinned(expected, held.version);
            let removal = self.store.delete_environment(id, on, force, audit).await?;
            if !self
                .is_overtaken(removal == Removal::VersionMismatch, expected)
                .await?
            {
                self.finish_removal(removal).await?;
                self.clear_removed().await;
                return Ok(());
            }
        }
        Err(ChangeError::VersionMismatch)
    }

    /// Changes an environment's own fields.
    pub async fn update_environment(
        &self,
        actor: &Actor,
        id: EnvironmentId,
        patch: &EnvironmentPatch,
        expected: Expected,
    ) -> Result<(), ChangeError> {
        for _ in 0..ATTEMPTS {
            let held = self.environment(id)?;
            let before = &held.environment;
            let mut after = patch
                .clone()
                .apply(before.clone())
                .map_err(ChangeError::Invalid)?;
            after.updated_at = self.clock.now()?;
            let changes = json!({ "before": patch::environment_fields(before), "after": patch::environment_fields(&after) });
            let audit = self.audit(actor, id, "environment.update", &id.to_string(), &changes)?;
            let on = pinned(expected, held.version);
            let change = self.store.update_environment(after, on, audit).await?;
            if !self.is_to_be_repeated(change, expected).await? {
                return self.finish(change).await;
            }
        }
        Err(ChangeError::VersionMismatch)
    }
}
