//! The schemas as clients are made of them: under names that a person would choose, pages that refer to what is on them, and
//! answers in which everything is there.

use std::collections::BTreeSet;

use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, Schema};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr};

const PLACE: &str = "#/components/schemas/";

/// Members that an answer leaves out where there is nothing to tell; all others it always has.
const LEFT_OUT: &[(&str, &str)] = &[
    ("ApiKey", "key"),
    ("Connection", "default_country"),
    ("EmailTexts", "body"),
    ("EmailTexts", "disclaimer"),
    ("EmailTexts", "subject"),
    ("SecretHint", "hint"),
];

/// Arranges the schemas of the whole document.
pub fn arrange(document: &mut OpenApi) {
    refer_to_parts(document);
    rename(document);
    complete_answers(document);
}

/// What a generic type is made of stands written out in it, and under its own name as well: one of the two is enough.
fn refer_to_parts(document: &mut OpenApi) {
    let schemas = &mut document.components.get_or_insert_default().schemas;
    let known = schemas.clone();
    let mut refer = |part: &mut RefOr<Schema>| {
        if let Some((name, _)) = known.iter().find(|(_, known)| *known == part) {
            *part = Ref::from_schema_name(name).into();
        }
    };
    for schema in schemas.values_mut() {
        if let RefOr::T(schema) = schema {
            parts(schema).for_each(|part| each(part, &mut refer));
        }
    }
}

/// What is generic in the code has names made of two there.
fn rename(document: &mut OpenApi) {
    let schemas = &mut document.components.get_or_insert_default().schemas;
    *schemas = std::mem::take(schemas)
        .into_iter()
        .map(|(name, schema)| (name_for_people(&name), schema))
        .collect();
    let mut change = |place: &mut String| {
        if let Some(name) = place.strip_prefix(PLACE) {
            *place = format!("{PLACE}{}", name_for_people(name));
        }
    };
    for schema in schemas.values_mut() {
        each_reference(schema, &mut change);
    }
    for operation in operations(document) {
        requests(operation).for_each(|schema| each_reference(schema, &mut change));
        answers(operation).for_each(|schema| each_reference(schema, &mut change));
    }
}

fn name_for_people(name: &str) -> String {
    match name.split_once('_') {
        Some(("Page", item)) => format!("{item}Page"),
        Some((name, "SecretHint")) => name.to_owned(),
        Some((name, "SecretInput")) => format!("{name}Input"),
        _ => name.to_owned(),
    }
}

/// Requires in answers what they always have. Where a request may leave it out, it has a schema of its own.
fn complete_answers(document: &mut OpenApi) {
    let (asked, answered) = (reached(document, requests), reached(document, answers));
    let schemas = &mut document.components.get_or_insert_default().schemas;
    let mut inputs = BTreeSet::new();
    for name in answered {
        let Some(schema) = schemas.get_mut(&name) else {
            continue;
        };
        let before = schema.clone();
        each(schema, &mut |part| require_all(&name, part));
        if asked.contains(&name) && *schema != before {
            schemas.insert(format!("{name}Input"), before);
            inputs.insert(format!("{PLACE}{name}"));
        }
    }
    let mut change = |place: &mut String| {
        if inputs.contains(place) {
            place.push_str("Input");
        }
    };
    for operation in operations(document) {
        requests(operation).for_each(|schema| each_reference(schema, &mut change));
    }
    let answered = reached(document, answers);
    let schemas = &mut document.components.get_or_insert_default().schemas;
    for (_, schema) in schemas.iter_mut().filter(|(name, _)| !answered.contains(*name)) {
        each_reference(schema, &mut change);
    }
}

/// The schemas that what `choose` takes of each operation is made of.
fn reached<'d, S: Iterator<Item = &'d mut RefOr<Schema>>>(
    document: &'d mut OpenApi,
    choose: fn(&'d mut Operation) -> S,
) -> BTreeSet<String> {
    let mut next = Vec::new();
    let mut note = |place: &mut String| next.push(place.trim_start_matches(PLACE).to_owned());
    let OpenApi {
        paths, components, ..
    } = document;
    for operation in paths.paths.values_mut().flat_map(super::operations) {
        choose(operation).for_each(|schema| each_reference(schema, &mut note));
    }
    let schemas = &mut components.get_or_insert_default().schemas;
    let mut seen = BTreeSet::new();
    while let Some(name) = next.pop() {
        if let Some(schema) = schemas.get_mut(&name)
            && seen.insert(name)
        {
            let mut note = |place: &mut String| next.push(place.trim_start_matches(PLACE).to_owned());
            each_reference(schema, &mut note);
        }
    }
    seen
}

fn require_all(name: &str, schema: &mut RefOr<Schema>) {
    let RefOr::T(Schema::Object(object)) = schema else {
        return;
    };
    for member in object.properties.keys() {
        if !object.required.contains(member) && !LEFT_OUT.contains(&(name, member)) {
            object.required.push(member.clone());
        }
    }
}

fn operations(document: &mut OpenApi) -> impl Iterator<Item = &mut Operation> {
    document.paths.paths.values_mut().flat_map(super::operations)
}

fn requests(operation: &mut Operation) -> impl Iterator<Item = &mut RefOr<Schema>> {
    match &mut operation.request_body {
        Some(RefOr::T(body)) => Some(body.content.values_mut()),
        _ => None,
    }
    .into_iter()
    .flatten()
    .filter_map(schema_of)
}

/// What the operation answers when it succeeds.
fn answers(operation: &mut Operation) -> impl Iterator<Item = &mut RefOr<Schema>> {
    let responses = operation.responses.responses.iter_mut();
    responses
        .filter(|(status, _)| status.starts_with('2'))
        .filter_map(|(_, response)| match response {
            RefOr::T(response) => Some(response.content.values_mut()),
            RefOr::Ref(_) => None,
        })
        .flatten()
        .filter_map(schema_of)
}

fn schema_of(content: &mut RefOr<Content>) -> Option<&mut RefOr<Schema>> {
    match content {
        RefOr::T(content) => content.schema.as_mut(),
        RefOr::Ref(_) => None,
    }
}

/// The schema, and then all that it is made of.
fn each(schema: &mut RefOr<Schema>, visit: &mut dyn FnMut(&mut RefOr<Schema>)) {
    visit(schema);
    if let RefOr::T(schema) = schema {
        parts(schema).for_each(|part| each(part, visit));
    }
}

fn each_reference(schema: &mut RefOr<Schema>, visit: &mut dyn FnMut(&mut String)) {
    each(schema, &mut |part| {
        if let RefOr::Ref(reference) = part {
            visit(&mut reference.ref_location);
        }
    });
}

/// The schemas that one is directly made of.
fn parts(schema: &mut Schema) -> Box<dyn Iterator<Item = &mut RefOr<Schema>> + '_> {
    match schema {
        Schema::Object(object) => {
            let others = match object.additional_properties.as_deref_mut() {
                Some(AdditionalProperties::RefOr(others)) => Some(others),
                _ => None,
            };
            Box::new(object.properties.values_mut().chain(others))
        }
        Schema::Array(array) => match &mut array.items {
            ArrayItems::RefOrSchema(items) => Box::new(std::iter::once(&mut **items)),
            ArrayItems::False => Box::new(std::iter::empty()),
        },
        Schema::OneOf(choice) => Box::new(choice.items.iter_mut()),
        Schema::AnyOf(choice) => Box::new(choice.items.iter_mut()),
        Schema::AllOf(whole) => Box::new(whole.items.iter_mut()),
        _ => Box::new(std::iter::empty()),
    }
}
