//! What the server says of its own routes.

use serde_json::Value;

use crate::harness::World;

/// A route, as the OpenAPI document has it.
pub struct Operation {
    /// In capitals.
    pub method: String,
    /// The path, with `{parameters}`; without the prefix of the API, as the tables name it.
    pub path: String,
    /// The path whole.
    pub full_path: String,
    /// Whether it needs no access token.
    pub is_public: bool,
    /// Whether it must have a body.
    pub needs_body: bool,
    /// The statuses that it may answer.
    pub statuses: Vec<String>,
}

impl Operation {
    /// As the tables name it.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The names in braces.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }
}

/// Every route that the server has.
pub fn operations(world: &World) -> Vec<Operation> {
    let document = world.request("GET", "/openapi.json", None).expect(200);
    let mut operations = Vec::new();
    for (full_path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect();
            // An empty list asks for nothing, and so does an empty requirement in it.
            let security = operation["security"].as_array().unwrap();
            operations.push(Operation {
                method: method.to_uppercase(),
                path: full_path.strip_prefix("/api/rest").unwrap_or(full_path).to_owned(),
                full_path: full_path.clone(),
                is_public: security.iter().all(|one| one.get("accessToken").is_none()) || security.len() > 1,
                needs_body: operation["requestBody"]["required"] == true,
                statuses: keys(&operation["responses"]),
            });
        }
    }
    operations
}
