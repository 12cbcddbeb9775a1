//! Who does what the audit log tells of.

use std::sync::Arc;

use serde_json::Value;

use crate::domain::environment::KeyRecord;
use crate::domain::id::{AuditId, EnvironmentId};
use crate::domain::random::Random;
use crate::domain::time::Timestamp;
use crate::store::audit::AuditEntry;

/// Who changes something, and from where.
#[derive(Debug, Clone, Default)]
pub struct Actor {
    /// The administrator's key; `None` where no key is asked for, as on the command line.
    pub key: Option<Arc<KeyRecord>>,
    /// The address it came from; `None` where it came over no network.
    pub remote_address: Option<String>,
}

impl Actor {
    /// What the audit log says of something that the actor does at `at`.
    pub fn entry(
        &self,
        random: &dyn Random,
        at: Timestamp,
        environment: Option<EnvironmentId>,
        (action, target): (&str, &dyn ToString),
        changes: &Value,
    ) -> AuditEntry {
        AuditEntry {
            id: AuditId::time_ordered(random, at),
            environment_id: environment,
            key_id: self.key.as_ref().map(|key| key.id),
            key_name: self.key.as_ref().map(|key| key.name.as_str().to_owned()),
            action: action.to_owned(),
            target: target.to_string(),
            changes: changes.to_string(),
            remote_address: self.remote_address.clone(),
            at,
        }
    }
}
