//! `otpost check-locales`: for whoever changes the words of a language. Tells every fault at once, and what the text
//! messages cost.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use super::{complain, print};
use crate::domain::catalogue::check::{Fault, check, cost};
use crate::domain::catalogue::{self, Catalogue};
use crate::domain::locale::Locale;
use crate::domain::text::Wording;

/// The form of a file's name.
const EXTENSION: &str = ".ftl";

/// Checks the files of a directory, or those in the program.
pub fn check_locales(directory: Option<&Path>) -> ExitCode {
    let faults = match directory {
        None => tell(catalogue::embedded(), Vec::new()),
        Some(directory) => match read(directory) {
            Ok((catalogue, faults)) => tell(&catalogue, faults),
            Err(error) => {
                complain(&format!("{} cannot be read: {error}", directory.display()));
                return ExitCode::FAILURE;
            }
        },
    };
    if faults == 0 {
        return ExitCode::SUCCESS;
    }
    complain(&format!("{faults} faults in the files of languages"));
    ExitCode::FAILURE
}

/// Prints the table, then every fault; answers how many there are.
fn tell(catalogue: &Catalogue<'_>, mut faults: Vec<Fault>) -> usize {
    faults.extend(check(catalogue));
    let _ = print(&table(catalogue));
    for fault in &faults {
        complain(&fault.to_string());
    }
    faults.len()
}

/// The files of the languages that are there, and what else is in the directory.
fn read(directory: &Path) -> std::io::Result<(Catalogue<'static>, Vec<Fault>)> {
    let (mut files, mut faults) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let mut fault = |what: String| {
            faults.push(Fault {
                file: name.clone(),
                line: None,
                string: None,
                what,
            });
        };
        let Some(tag) = name.strip_suffix(EXTENSION) else {
            continue;
        };
        match (Locale::parse(tag), std::fs::read_to_string(&path)) {
            (Some(locale), Ok(text)) => files.push((locale, Cow::Owned(text))),
            (Some(_), Err(error)) => fault(error.to_string()),
            (None, _) => fault("there is no such language".to_owned()),
        }
    }
    faults.sort_by(|a, b| a.file.cmp(&b.file));
    Ok((Catalogue::new(files), faults))
}

/// What the text messages of every language cost, as a table of Markdown that also reads well in a terminal.
fn table(catalogue: &Catalogue<'_>) -> String {
    const COSTS: &str = "encoding, digits 6 10, with domain 6 10";
    let mut table = String::new();
    for [language, sign_in, code] in [
        ["language", "to sign in", "verification code"],
        ["", COSTS, COSTS],
    ] {
        // Writing to a String cannot fail.
        let _ = writeln!(table, "| {language:<8} | {sign_in:<39} | {code:<39} |");
    }
    let _ = writeln!(table, "|{:-<10}|{:-<41}|{:-<41}|", "", "", "");
    for &locale in Locale::ALL {
        let _ = write!(table, "| {:<8} |", locale.tag());
        for &wording in Wording::ALL {
            let _ = write!(table, " {:<39} |", costs(catalogue, locale, wording));
        }
        table.push('\n');
    }
    table
}

fn costs(catalogue: &Catalogue<'_>, locale: Locale, wording: Wording) -> String {
    let cases = [(false, false), (false, true), (true, false), (true, true)];
    let costs = cases.map(|(autofill, long)| cost(catalogue, locale, wording, autofill, long));
    match costs {
        [Ok(plain), Ok(long), Ok(autofill), Ok(long_autofill)] => format!(
            "{}, {} {}, {} {}",
            plain.encoding, plain.segments, long.segments, autofill.segments, long_autofill.segments
        ),
        _ => "missing".to_owned(),
    }
}
