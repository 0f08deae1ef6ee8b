//! The OpenAPI 3.1 document, made from the route table: what it says is what the table does.

use std::collections::BTreeMap;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::problem::Problem;
use super::query::{Kind, Parameter};
use super::route::{Access, Answer, Body, Rate, Route};
use super::routes::ROUTES;
use crate::model::{Code, UserId, limits};

/// Errors that may answer any request, from the network edge or when the server is in trouble.
const ALWAYS: [Code; 7] = [
    Code::BadRequest,
    Code::MethodNotAllowed,
    Code::RequestTimeout,
    Code::TargetTooLong,
    Code::HeadTooLarge,
    Code::Internal,
    Code::Unavailable,
];

const PROBLEM: &str = "application/problem+json";

/// The document for an instance under `base` (empty, or like `/chat`) whose options are as they come.
pub fn document(base: &str) -> Value {
    document_with(base, limits::PASSWORD_MIN)
}

/// The document for an instance under `base` that asks for passwords of `password_min` characters.
pub fn document_with(base: &str, password_min: usize) -> Value {
    let mut schemas = Schemas::new();
    let problem = schemas.answers.subschema_for::<Problem>().to_value();
    let mut paths = Map::new();
    for route in ROUTES {
        let operation = operation(route, &mut schemas, &problem);
        let path = paths.entry(route.full_path()).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(format!("{:?}", route.verb).to_lowercase(), operation);
        }
    }
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "chatd",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "AGPL-3.0-only", "identifier": "AGPL-3.0-only"},
            "description": description(),
        },
        "paths": paths,
        "components": {
            "schemas": schemas.collect(password_min),
            "headers": headers(),
            "responses": always(&problem),
            "securitySchemes": {
                "accessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                    "description": "From `POST /auth/login`, `/auth/register` or `/auth/refresh`; good for 15 minutes."}
            },
        },
    });
    if !base.is_empty()
        && let Some(document) = document.as_object_mut()
    {
        document.insert("servers".to_owned(), json!([{"url": base}]));
    }
    document
}

fn description() -> String {
    let rate = |(many, time): (u32, std::time::Duration)| format!("{many} in {} s", time.as_secs());
    format!(
        "JSON in UTF-8 (RFC 8259), at most {} bytes and {} levels deep; duplicate keys, U+0000 and lone surrogates are \
         400. Unknown fields and query parameters are ignored. IDs are opaque, times RFC 3339 in UTC. Errors are \
         problem documents (RFC 9457) whose `code` is stable. Checks come in this order: 405, 401, 429, 404 and 403 \
         by what the path names, 415, 413, 400, 409. `@me` stands for the caller wherever a path has `user_id`. HEAD \
         is answered as GET, OPTIONS by 204 with `Allow`. In a PATCH what is absent stays, and `null` clears where \
         null is allowed.\n\nRate limits, unless configured otherwise: reads {} and writes {} per user; messages {} \
         per user and channel; sign-ins {}, registrations {} ({} with a valid invite) and wrong invite codes {} per \
         address.",
        limits::BODY_BYTES,
        limits::JSON_DEPTH,
        rate(limits::RATE_READ),
        rate(limits::RATE_WRITE),
        rate(limits::RATE_MESSAGE),
        rate(limits::RATE_SIGN_IN),
        rate(limits::RATE_REGISTER),
        rate(limits::RATE_REGISTER_INVITED),
        rate(limits::RATE_INVITE_GUESS),
    )
}

/// Schemas under `components/schemas`. What may be left out differs between what comes in and what goes out, so each
/// direction has its generator; the few types that do both look the same.
struct Schemas {
    requests: SchemaGenerator,
    answers: SchemaGenerator,
}

impl Schemas {
    fn new() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = "/components/schemas".into();
                settings.meta_schema = None;
            })
        };
        Self {
            requests: settings().for_deserialize().into_generator(),
            answers: settings().for_serialize().into_generator(),
        }
    }

    fn collect(mut self, password_min: usize) -> Map<String, Value> {
        let mut all = self.requests.take_definitions(true);
        all.extend(self.answers.take_definitions(true));
        // The minimum is an option of the owner's, so the type does not know it.
        for (request, field) in [("Register", "password"), ("ChangePassword", "new_password")] {
            let schema = all.get_mut(request).and_then(|schema| schema.pointer_mut(&format!("/properties/{field}")));
            if let Some(schema) = schema.and_then(Value::as_object_mut) {
                schema.insert("minLength".to_owned(), json!(password_min));
            }
        }
        all
    }
}

fn operation(route: &Route, schemas: &mut Schemas, problem: &Value) -> Value {
    let mut operation = json!({
        "operationId": route.name,
        "summary": route.summary,
        "tags": [tag(route)],
        "security": security(route),
        "parameters": parameters(route, schemas),
        "responses": responses(route, schemas, problem),
    });
    if let (Some(body), Some(operation)) = (&route.body, operation.as_object_mut()) {
        operation.insert("requestBody".to_owned(), request_body(body, schemas));
    }
    operation
}

fn tag(route: &Route) -> &'static str {
    let has = |part: &str| route.path.contains(part);
    match route.path {
        _ if has("/auth/") => "Authentication",
        _ if has("/invites") => "Invites",
        _ if has("/members") => "Members",
        _ if has("/messages") => "Messages",
        _ if has("/channels") => "Channels",
        _ if has("/servers") => "Servers",
        _ if has("/users") => "Users and DMs",
        _ => "The instance",
    }
}

fn security(route: &Route) -> Value {
    match route.access {
        Access::SignedIn => json!([{"accessToken": []}]),
        // An empty requirement makes the other one optional.
        Access::Anyone if matches!(route.name, "logOut" | "getMetrics") => json!([{}, {"accessToken": []}]),
        Access::Anyone => json!([]),
    }
}

fn parameters(route: &Route, schemas: &mut Schemas) -> Vec<Value> {
    let id = schemas.requests.subschema_for::<UserId>().to_value();
    let in_path = route.parameters().map(|name| {
        let (schema, description) = match name {
            "user_id" => (json!({"anyOf": [id, {"const": "@me"}]}), "A person; `@me` is the caller."),
            "code" => (json!({"type": "string", "minLength": 1}), "The code of an invite."),
            _ => (id.clone(), "Which one; 404 for what is no ID."),
        };
        json!({"name": name, "in": "path", "required": true, "schema": schema, "description": description})
    });
    let in_query = route.query.iter().map(|parameter| query_parameter(parameter, &id));
    in_path.chain(in_query).collect()
}

fn query_parameter(parameter: &Parameter, id: &Value) -> Value {
    let schema = match parameter.kind {
        Kind::Limit => json!({"type": "integer", "minimum": 1, "maximum": limits::PAGE,
            "default": limits::PAGE_DEFAULT}),
        Kind::Id => id.clone(),
        Kind::Ids => json!({"type": "array", "items": id, "minItems": 1, "maxItems": limits::PAGE}),
        Kind::Text => json!({"type": "string", "maxLength": limits::NAME}),
        Kind::Flag => json!({"type": "boolean", "default": false}),
    };
    let mut described =
        json!({"name": parameter.name, "in": "query", "schema": schema, "description": parameter.meaning});
    if parameter.kind == Kind::Ids
        && let Some(described) = described.as_object_mut()
    {
        described.insert("style".to_owned(), json!("form"));
        described.insert("explode".to_owned(), json!(false));
    }
    described
}

fn request_body(body: &Body, schemas: &mut Schemas) -> Value {
    let schema = (body.schema)(&mut schemas.requests).to_value();
    json!({
        "required": !body.optional,
        "description": format!("At most {} bytes.", body.limit),
        "content": {"application/json": {"schema": schema}},
    })
}

fn responses(route: &Route, schemas: &mut Schemas, problem: &Value) -> Value {
    let mut responses = Map::new();
    for answer in route.answers.iter().flatten() {
        responses.insert(answer.status.to_string(), success(route, answer, schemas));
    }
    for (status, codes) in errors(route) {
        // What every path shares is described once, unless this one has more reasons for the same status.
        let shared = codes.iter().all(|code| ALWAYS.contains(code));
        let response = match codes.first() {
            Some(code) if shared => json!({"$ref": format!("#/components/responses/{code:?}")}),
            _ => failure(status, &codes, route.rate != Rate::Free, problem),
        };
        responses.insert(status.to_string(), response);
    }
    Value::Object(responses)
}

fn success(route: &Route, answer: &Answer, schemas: &mut Schemas) -> Value {
    let mut names = Vec::new();
    if route.rate != Rate::Free {
        names.extend(RATE_HEADERS);
    }
    if route.paged {
        names.push("Link");
    }
    if route.sets_cookie {
        names.push("Set-Cookie");
    }
    let mut response = json!({"description": answer.meaning, "headers": header_refs(&names)});
    if let (Some((media_type, schema)), Some(response)) = (answer.content, response.as_object_mut()) {
        let schema = match schema {
            Some(schema) => schema(&mut schemas.answers).to_value(),
            None if media_type == "application/json" => json!({"type": "object"}),
            None => json!({"type": "string"}),
        };
        response.insert("content".to_owned(), json!({media_type: {"schema": schema}}));
    }
    response
}

/// Every error that the row can lead to, by status.
fn errors(route: &Route) -> BTreeMap<u16, Vec<Code>> {
    let mut codes: Vec<Code> = ALWAYS.to_vec();
    if route.access == Access::SignedIn {
        codes.extend([Code::Unauthenticated, Code::TokenExpired]);
    }
    if route.parameters().next().is_some() {
        codes.push(Code::NotFound);
    }
    if route.body.is_some() {
        codes.extend([Code::InvalidJson, Code::InvalidField, Code::TooLarge, Code::UnsupportedMediaType]);
    } else if !route.query.is_empty() {
        codes.push(Code::InvalidField);
    }
    // Whoever waits for argon2 behind too many others is sent away as well, but only on counted routes.
    if route.rate != Rate::Free {
        codes.push(Code::RateLimited);
    }
    // A DM's recipient is the one object that a body names and that can be hidden; its path has a parameter anyway.
    codes.extend(route.errors);
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes {
        let same = by_status.entry(code.status()).or_default();
        if !same.contains(&code) {
            same.push(code);
        }
    }
    by_status
}

fn failure(status: u16, codes: &[Code], limited: bool, problem: &Value) -> Value {
    let mut names = match status {
        401 => vec!["WWW-Authenticate"],
        405 => vec!["Allow"],
        429 | 503 => vec!["Retry-After"],
        _ => Vec::new(),
    };
    if limited && status == 429 {
        names.extend(RATE_HEADERS);
    }
    let meanings: Vec<_> = codes.iter().map(|code| format!("`{}`: {}", code.as_str(), code.meaning())).collect();
    let texts: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
    json!({
        "description": meanings.join("\n\n"),
        "headers": header_refs(&names),
        "content": {PROBLEM: {"schema": {"allOf": [
            problem,
            {"properties": {"status": {"const": status}, "code": {"enum": texts}}},
        ]}}},
    })
}

fn always(problem: &Value) -> Map<String, Value> {
    let response = |code: Code| (format!("{code:?}"), failure(code.status(), &[code], false, problem));
    ALWAYS.into_iter().map(response).collect()
}

const RATE_HEADERS: [&str; 3] = ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset-After"];

fn header_refs(names: &[&str]) -> Map<String, Value> {
    let reference = |name: &&str| ((*name).to_owned(), json!({"$ref": format!("#/components/headers/{name}")}));
    names.iter().map(reference).collect()
}

fn headers() -> Value {
    let text = |meaning: &str| json!({"description": meaning, "schema": {"type": "string"}});
    let number = |meaning: &str, minimum: u32| json!({"description": meaning, "schema": {"type": "integer", "minimum": minimum}});
    json!({
        "Allow": text("The methods that the path knows."),
        "Link": text("`<path>; rel=\"next\"` while there is a next page; the path is absolute."),
        "Retry-After": number("Seconds after which a retry makes sense.", 1),
        "Set-Cookie": text("In cookie mode: `chatd_refresh`, which no script can read."),
        "WWW-Authenticate": text("`Bearer`."),
        "X-RateLimit-Limit": number("How many fit in a window.", 0),
        "X-RateLimit-Remaining": number("How many more fit now.", 0),
        "X-RateLimit-Reset-After": number("Seconds after which all fit again.", 0),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::Value;

    use super::{Schemas, document, document_with};
    use crate::rest::routes::ROUTES;

    fn references<'a>(value: &'a Value, found: &mut HashSet<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document("");
        let mut found = HashSet::new();
        references(&document, &mut found);
        assert!(found.len() > 20);
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn every_row_of_the_table_is_there_with_all_its_parameters() {
        let document = document("");
        let mut operations = 0;
        for (path, item) in document["paths"].as_object().unwrap() {
            for operation in item.as_object().unwrap().values() {
                operations += 1;
                let declared: HashSet<&str> = operation["parameters"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|p| p["in"] == "path")
                    .map(|p| p["name"].as_str().unwrap())
                    .collect();
                let named: HashSet<&str> =
                    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
                assert_eq!(declared, named, "{path}");
                let statuses = operation["responses"].as_object().unwrap();
                assert!(statuses.keys().any(|status| status.starts_with('2')));
                let has = |status: &str| statuses.contains_key(status);
                let takes_body = operation.get("requestBody").is_some();
                assert!(!takes_body || (has("400") && has("413") && has("415")), "{path}");
                assert!(named.is_empty() || has("404"), "{path}");
            }
        }
        assert_eq!(operations, ROUTES.len());
    }

    #[test]
    fn what_goes_in_and_out_looks_the_same() {
        let mut schemas = Schemas::new();
        for route in ROUTES {
            super::operation(route, &mut schemas, &Value::Null);
        }
        let (requests, answers) = (schemas.requests.definitions(), schemas.answers.definitions());
        for (name, schema) in requests {
            assert!(answers.get(name).is_none_or(|other| other == schema), "{name}");
        }
    }

    #[test]
    fn what_may_be_left_out_is_not_required() {
        let document = document_with("/chat", 12);
        assert_eq!(document["servers"][0]["url"], "/chat");
        let schemas = &document["components"]["schemas"];
        assert_eq!(schemas["Register"]["required"], serde_json::json!(["username", "password"]));
        assert_eq!(schemas["Register"]["properties"]["password"]["minLength"], 12);
        assert!(schemas["UserPatch"].get("required").is_none());
        let signed_in = schemas["SignedIn"]["required"].as_array().unwrap();
        assert!(signed_in.contains(&"user".into()) && !signed_in.contains(&"refresh_token".into()));
    }

    /// It is made on a connection's thread.
    #[test]
    fn a_connections_stack_carries_it() {
        let stack = crate::model::limits::CONNECTION_STACK;
        let thread = std::thread::Builder::new().stack_size(stack).spawn(|| document("").to_string());
        assert!(thread.unwrap().join().unwrap().len() > 10_000);
    }
}
