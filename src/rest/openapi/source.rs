//! The document, made from the route table: what it says is what the table does.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::responses;
use super::schemas::Schemas;
use crate::model::{UserId, limits};
use crate::rest::problem::Problem;
use crate::rest::query::{Kind, Parameter};
use crate::rest::refresh_cookie;
use crate::rest::route::{Access, Body, REASON, Rate, Route};
use crate::rest::routes::ROUTES;

/// The document for an instance at the root whose options are as they come.
pub(super) fn document() -> Value {
    document_with("", limits::PASSWORD_MIN)
}

/// The document for an instance under `base` that asks for passwords of `password_min` characters.
pub(super) fn document_with(base: &str, password_min: usize) -> Value {
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
            "headers": responses::headers(),
            "responses": responses::always(&problem),
            "securitySchemes": {
                "accessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                    "description": "From `POST /auth/login`, `/auth/register` or `/auth/refresh`; good for 15 minutes."},
                "refreshCookie": {"type": "apiKey", "in": "cookie", "name": refresh_cookie::NAME,
                    "description": "Set where `cookie` was true at sign-in. Counts only with an `Origin` or \
                        `Sec-Fetch-Site` of the instance's own."},
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
    format!(
        "JSON in UTF-8 (RFC 8259), at most {} bytes and {} levels deep; duplicate keys, U+0000 and lone surrogates are \
         400. Unknown fields and query parameters are ignored. IDs are opaque, times RFC 3339 in UTC; characters are \
         Unicode code points. Errors are problem documents (RFC 9457) whose `code` is stable. Checks come in this \
         order: 405, 401, 429, 404 and 403 by what the path names, 415, 413, 400, 409; what is hidden is 404 whatever \
         the body. `@me` stands for the caller wherever a path has `user_id`. HEAD is answered as GET, OPTIONS by 204 \
         with `Allow`. In a PATCH what is absent stays, and `null` clears where null is allowed. A write that was \
         answered 2xx is on disk.\n\nEvents come by WebSocket at `/api/ws`; `/help/gateway` describes it. All limits of \
         the instance stand in `GET /api/rest/instance`.",
        limits::BODY_BYTES,
        limits::JSON_DEPTH,
    )
}

/// What an operation is counted as, unless the instance is configured otherwise.
fn rate_limit(route: &Route) -> Option<String> {
    let so_many = |(many, time): (u32, Duration)| format!("{many} in {} s", time.as_secs());
    let per_address = |rate, what: &str| format!("{what}: {} per address.", so_many(rate));
    Some(match route.rate {
        Rate::Free => return None,
        Rate::Read => format!("Reads: {} per user.", so_many(limits::RATE_READ)),
        Rate::Write => format!("Writes: {} per user.", so_many(limits::RATE_WRITE)),
        Rate::Message => format!("Messages: {} per user and channel.", so_many(limits::RATE_MESSAGE)),
        Rate::SignIn => {
            per_address(limits::RATE_SIGN_IN, "Sign-ins") + " Wrong passwords for one account take longer and longer."
        }
        Rate::Registration => format!(
            "{} With a valid invite {}.",
            per_address(limits::RATE_REGISTER, "Registrations"),
            so_many(limits::RATE_REGISTER_INVITED)
        ),
        Rate::InviteGuess => per_address(limits::RATE_INVITE_GUESS, "Wrong invite codes"),
    })
}

pub(super) fn operation(route: &Route, schemas: &mut Schemas, problem: &Value) -> Value {
    let mut operation = json!({
        "operationId": route.name,
        "summary": route.summary,
        "tags": [tag(route)],
        "security": security(route),
        "parameters": parameters(route, schemas),
        "responses": responses::responses(route, schemas, problem),
    });
    let Some(fields) = operation.as_object_mut() else { return operation };
    if let Some(limit) = rate_limit(route) {
        fields.insert("description".to_owned(), json!(limit));
    }
    if let Some(body) = &route.body {
        fields.insert("requestBody".to_owned(), request_body(body, schemas));
    }
    operation
}

fn tag(route: &Route) -> &'static str {
    let has = |part: &str| route.path.contains(part);
    match route.path {
        _ if has("/admin/") => "Administration",
        _ if has("/auth/") => "Authentication",
        _ if has("/invites") => "Invites",
        _ if has("/members") || has("/bans") => "Members",
        _ if has("/roles") || has("/overrides") => "Roles",
        _ if has("/messages") || has("/pins") => "Messages",
        _ if has("/channels") => "Channels",
        _ if has("/servers") => "Servers",
        _ if has("/users") => "Users and DMs",
        _ if has("/uploads") || has("/files") => "Files",
        _ => "The instance",
    }
}

fn security(route: &Route) -> Value {
    match route.access {
        Access::SignedIn => json!([{"accessToken": []}]),
        // An empty requirement makes the others optional.
        Access::Anyone if route.name == "logOut" => json!([{}, {"accessToken": []}, {"refreshCookie": []}]),
        Access::Anyone if route.name == "refresh" => json!([{}, {"refreshCookie": []}]),
        Access::Anyone if route.name == "getMetrics" => json!([{}, {"accessToken": []}]),
        Access::Anyone => json!([]),
    }
}

fn parameters(route: &Route, schemas: &mut Schemas) -> Vec<Value> {
    let id = schemas.requests.subschema_for::<UserId>().to_value();
    let in_path = route.parameters().map(|name| {
        let (schema, description) = match name {
            "user_id" => (json!({"anyOf": [id, {"const": "@me"}]}), "A person; `@me` is the caller."),
            "emoji" => (json!({"type": "string", "minLength": 1, "maxLength": limits::EMOJI_BYTES}), "One emoji."),
            "secret" | "filename" => (json!({"type": "string", "minLength": 1}), "As in the file's `url`."),
            "code" => (json!({"type": "string", "minLength": 1}), "The code of an invite."),
            _ => (id.clone(), "Which one; 404 for what is no ID."),
        };
        json!({"name": name, "in": "path", "required": true, "schema": schema, "description": description})
    });
    let in_query = route.query.iter().map(|parameter| query_parameter(parameter, &id));
    let in_head = route.audited.then(|| {
        json!({"name": REASON, "in": "header", "required": false, "schema": {"type": "string"},
            "description": format!("Why, for the audit log: percent-encoded UTF-8 of up to {} characters.",
                limits::REASON)})
    });
    in_path.chain(in_query).chain(in_head).collect()
}

fn query_parameter(parameter: &Parameter, id: &Value) -> Value {
    let schema = match parameter.kind {
        Kind::Limit(default) => json!({"type": "integer", "minimum": 1, "maximum": limits::PAGE, "default": default}),
        Kind::Id => id.clone(),
        Kind::Ids => json!({"type": "array", "items": id, "minItems": 1, "maxItems": limits::PAGE}),
        Kind::FileName => json!({"type": "string", "minLength": 1, "maxLength": limits::FILE_NAME_BYTES}),
        Kind::Point => json!({"anyOf": [id, {"type": "string", "format": "date-time"}]}),
        Kind::Text(length) => json!({"type": "string", "maxLength": length}),
        Kind::OneOf(names) => json!({"type": "string", "enum": names}),
        Kind::Flag => json!({"type": "boolean", "default": false}),
    };
    let mut described =
        json!({"name": parameter.name, "in": "query", "schema": schema, "description": parameter.meaning});
    if parameter.kind == Kind::FileName
        && let Some(described) = described.as_object_mut()
    {
        described.insert("required".to_owned(), json!(true));
    }
    if parameter.kind == Kind::Ids
        && let Some(described) = described.as_object_mut()
    {
        described.insert("style".to_owned(), json!("form"));
        described.insert("explode".to_owned(), json!(false));
    }
    described
}

fn request_body(body: &Body, schemas: &mut Schemas) -> Value {
    if body.is_raw {
        return json!({
            "required": true,
            "description": format!("At most {} bytes, unless configured otherwise.", body.limit),
            "content": {"*/*": {"schema": {}}},
        });
    }
    let schema = (body.schema.make)(&mut schemas.requests).to_value();
    json!({
        "required": !body.optional,
        "description": format!("At most {} bytes.", body.limit),
        "content": {"application/json": {"schema": schema}},
    })
}
