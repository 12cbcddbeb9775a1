//! `otpost apply`: makes the settings as a file describes them, and tells field by field what that changes.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use super::print_done;
use super::serve::shown_once;
use crate::app;
use crate::config::Config;
use crate::service::manifest::{Changed, Plan, What};

/// Applies the file, or tells what that would change.
pub fn apply(config: &Config, path: &Path, dry_run: bool) -> ExitCode {
    if dry_run {
        return print_done(app::plan(config, path), |(plan, is_empty)| {
            let first = if is_empty {
                "the database is empty: the environment default would be made first, with its keys\n\n"
            } else {
                ""
            };
            let last = "; this was a dry run, and nothing was changed";
            format!("{first}{}", told(&plan, path, last))
        });
    }
    print_done(app::apply(config, path), |applied| {
        let first = applied
            .welcome
            .map(|welcome| format!("{}\n", shown_once(&welcome)));
        let told = told(&applied.plan, path, "");
        format!("{}{told}", first.unwrap_or_default())
    })
}

fn told(plan: &Plan, path: &Path, last: &str) -> String {
    if plan.is_empty() {
        return format!("nothing to change: everything is as {} says\n", path.display());
    }
    let mut text = String::new();
    let mut environment = "";
    for changed in &plan.changes {
        if environment != changed.environment {
            environment = &changed.environment;
            let is_new = changed.field.is_empty() && changed.what == What::New;
            let _ = writeln!(
                text,
                "environment {environment}{}",
                if is_new { ": new" } else { "" }
            );
        }
        if !changed.field.is_empty() {
            let _ = writeln!(text, "  {}", line(changed));
        }
    }
    let kept = |changed: &&Changed| changed.what != What::SecretKept;
    let count = plan.changes.iter().filter(kept).count();
    let noun = if count == 1 { "change" } else { "changes" };
    let _ = writeln!(text, "\n{count} {noun}{last}");
    text
}

fn line(changed: &Changed) -> String {
    let field = &changed.field;
    let value = |value: &serde_json::Value| {
        if value.is_null() {
            "none".to_owned()
        } else {
            value.to_string()
        }
    };
    match &changed.what {
        What::New => format!("{field}: new"),
        What::Value { before, after } => format!("{field}: {} → {}", value(before), value(after)),
        What::SecretChanged => format!("{field}: changed"),
        What::SecretKept => format!("{field}: kept"),
        What::SecretRemoved => format!("{field}: removed"),
    }
}
