//! Applications of an environment, and the connections that are switched on for each.

use serde_json::json;

use super::{ATTEMPTS, Actor, Administration, ApplicationPatch, ChangeError, NewApplication, patch, pinned};
use crate::domain::id::{ApplicationId, ConnectionId, EnvironmentId};
use crate::store::directory::{Expected, Removal, Switch};

impl Administration {
    /// Makes an application. Every connection is off for it.
    pub async fn create_application(
        &self,
        actor: &Actor,
        environment: EnvironmentId,
        new: &NewApplication,
    ) -> Result<ApplicationId, ChangeError> {
        let now = self.clock.now()?;
        let id = ApplicationId::time_ordered(&*self.random, now);
        let application = new.read(environment, id, now).map_err(ChangeError::Invalid)?;
        let changes = json!({ "after": patch::application_fields(&application) });
        let audit = self.audit(
            actor,
            environment,
            "application.create",
            &id.to_string(),
            &changes,
        )?;
        let change = self.store.create_application(application, audit).await?;
        self.finish(change).await?;
        Ok(id)
    }

    /// Removes an application with its keys. Its pending verifications are canceled; its messages stay listed.
    pub async fn delete_application(
        &self,
        actor: &Actor,
        (environment, id): (EnvironmentId, ApplicationId),
        expected: Expected,
    ) -> Result<(), ChangeError> {
        for _ in 0..ATTEMPTS {
            let held = self.environment(environment)?;
            let before = held.application(id).ok_or(ChangeError::NotFound)?;
            let changes = json!({ "before": patch::application_fields(&before.row) });
            let audit = self.audit(
                actor,
                environment,
                "application.delete",
                &id.to_string(),
                &changes,
            )?;
            let on = pinned(expected, before.version);
            let removal = self.store.delete_application(environment, id, on, audit).await?;
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

    /// Switches a connection of the environment on or off for one of its applications. Nothing is changed, and nothing
    /// audited, where it was so before.
    pub async fn switch_connection(
        &self,
        actor: &Actor,
        (environment, id): (EnvironmentId, ApplicationId),
        connection: ConnectionId,
        on: bool,
    ) -> Result<(), ChangeError> {
        let held = self.environment(environment)?;
        held.application(id).ok_or(ChangeError::NotFound)?;
        held.connection(connection).ok_or(ChangeError::NotFound)?;
        let changes =
            json!({ "application_id": id, "before": { "enabled": !on }, "after": { "enabled": on } });
        let action = if on {
            "connection.enable"
        } else {
            "connection.disable"
        };
        let audit = self.audit(actor, environment, action, &connection.to_string(), &changes)?;
        match self.store.switch_connection(id, connection, on, audit).await? {
            Switch::Switched => Ok(self.directory.reload().await?),
            Switch::Unchanged => Ok(()),
            Switch::NotFound => Err(ChangeError::NotFound),
        }
    }

    /// Changes an application's own fields.
    pub async fn update_application(
        &self,
        actor: &Actor,
        (environment, id): (EnvironmentId, ApplicationId),
        patch: &ApplicationPatch,
        expected: Expected,
    ) -> Result<(), ChangeError> {
        for _ in 0..ATTEMPTS {
            let held = self.environment(environment)?;
            let before = held.application(id).ok_or(ChangeError::NotFound)?;
            let mut after = patch
                .clone()
                .apply(before.row.clone())
                .map_err(ChangeError::Invalid)?;
            after.updated_at = self.clock.now()?;
            let changes = json!({ "before": patch::application_fields(&before.row), "after": patch::application_fields(&after) });
            let audit = self.audit(
                actor,
                environment,
                "application.update",
                &id.to_string(),
                &changes,
            )?;
            let on = pinned(expected, before.version);
            let change = self.store.update_application(after, on, audit).await?;
            if !self.is_to_be_repeated(change, expected).await? {
                return self.finish(change).await;
            }
        }
        Err(ChangeError::VersionMismatch)
    }
}
