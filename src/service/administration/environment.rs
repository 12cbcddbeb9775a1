//! Environments: made with their connections, changed, and removed with all that is in them.

use serde_json::json;

use super::{ATTEMPTS, Actor, Administration, ChangeError, EnvironmentPatch, patch, pinned};
use crate::domain::id::EnvironmentId;
use crate::store::directory::Expected;

impl Administration {
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
            after.updated_at = self.clock.now();
            let changes = json!({ "before": patch::environment_fields(before), "after": patch::environment_fields(&after) });
            let audit = self.audit(actor, id, "environment.update", &id.to_string(), &changes);
            let on = pinned(expected, held.version);
            let change = self.store.update_environment(after, on, audit).await?;
            if !self.is_to_be_repeated(change, expected).await? {
                return self.finish(change).await;
            }
        }
        Err(ChangeError::VersionMismatch)
    }
}
