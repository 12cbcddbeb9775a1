//! Applications in the file, by their names.

use serde_json::Value;

use super::Resolving;
use crate::document::child;
use crate::domain::environment::{Application, Connection};
use crate::domain::field::FieldError;
use crate::domain::id::{ApplicationId, ConnectionId, EnvironmentId};
use crate::domain::verification::Strategy;
use crate::service::administration::ApplicationPatch;
use crate::service::directory::Contents;

impl Resolving<'_> {
    pub(super) fn applications(
        &mut self,
        pointer: &str,
        value: &Value,
        id: EnvironmentId,
        contents: &mut Contents,
    ) {
        let Some(applications) = value.as_object() else {
            self.refuse(pointer, "must be a table of applications by their names");
            return;
        };
        for (name, value) in applications {
            let pointer = child(pointer, name);
            let held = contents.applications.values().map(|held| &*held.row);
            let mut named = held.filter(|held| held.name == *name);
            let held = named.next().cloned();
            if named.next().is_some() {
                let detail = "is the name of more than one application; give them names of their own first";
                self.refuse(pointer, detail);
                continue;
            }
            let is_new = held.is_none();
            let base = held.unwrap_or_else(|| self.new_application(id, name));
            if let Some(application) = self.application(&pointer, value, base, &contents.connections, is_new)
            {
                contents.put_application(0, application);
            }
        }
    }

    fn new_application(&self, environment_id: EnvironmentId, name: &str) -> Application {
        let now = self.with.at;
        Application {
            id: ApplicationId::time_ordered(self.with.random, now),
            environment_id,
            name: name.to_owned(),
            autofill_domain: None,
            connections: Vec::new(),
            created_at: now,
            updated_at: now,
        }
    }

    fn application(
        &mut self,
        pointer: &str,
        value: &Value,
        base: Application,
        connections: &[Connection],
        is_new: bool,
    ) -> Option<Application> {
        let mut fields = self.table(
            value,
            pointer,
            &["autofill_domain", "connections"],
            &["autofill_domain"],
        );
        let switched_on = fields.remove("connections");
        let name = base.name.clone();
        let mut patch: ApplicationPatch = self.read(&fields.into(), pointer)?;
        if is_new {
            patch.name = Some(name.clone());
        }
        let read = patch.apply(base).map_err(|errors| {
            // The name is the table's own.
            let own = |mut error: FieldError| {
                if error.pointer == "/name" {
                    error.pointer.clear();
                }
                error
            };
            errors.into_iter().map(own).collect()
        });
        let mut application = self.sift(pointer, read)?;
        if application.name != name {
            self.refuse(pointer, "must not begin or end with a space");
        }
        if let Some(list) = switched_on {
            application.connections = self.switched_on(&child(pointer, "connections"), &list, connections)?;
        }
        Some(application)
    }

    fn switched_on(
        &mut self,
        pointer: &str,
        list: &Value,
        connections: &[Connection],
    ) -> Option<Vec<ConnectionId>> {
        let names: Vec<String> = self.read(list, pointer)?;
        let mut on = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let strategy = Strategy::parse(name);
            let found = connections.iter().find(|held| Some(held.strategy) == strategy);
            match found {
                Some(connection) if on.contains(&connection.id) => {}
                Some(connection) => on.push(connection.id),
                None => {
                    let known: Vec<_> = Strategy::ALL.iter().map(|one| format!("\"{one}\"")).collect();
                    let detail = format!("must be {}", known.join(" or "));
                    self.refuse(child(pointer, &index.to_string()), detail);
                }
            }
        }
        Some(on)
    }
}
