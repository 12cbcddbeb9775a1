//! Applications of an environment, and the connections that are switched on for each.

use serde_json::json;

use super::{ATTEMPTS, Actor, Administration, ApplicationPatch, ChangeError, patch, pinned};
use crate::domain::id::{ApplicationId, EnvironmentId};
use crate::store::directory::Expected;

impl Administration {
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
            after.updated_at = self.clock.now();
            let changes = json!({ "before": patch::application_fields(&before.row), "after": patch::application_fields(&after) });
            let audit = self.audit(
                actor,
                environment,
                "application.update",
                &id.to_string(),
                &changes,
            );
            let on = pinned(expected, before.version);
            let change = self.store.update_application(after, on, audit).await?;
            if !self.is_to_be_repeated(change, expected).await? {
                return self.finish(change).await;
            }
        }
        Err(ChangeError::VersionMismatch)
    }
}
