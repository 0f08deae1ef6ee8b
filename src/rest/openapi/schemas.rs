//! The schemas of bodies, made from the types that are read and written.

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// Schemas under `components/schemas`. What may be left out differs between what comes in and what goes out, so each
/// direction has its generator; the few types that do both look the same.
pub(super) struct Schemas {
    pub(super) requests: SchemaGenerator,
    pub(super) answers: SchemaGenerator,
}

impl Schemas {
    pub(super) fn new() -> Self {
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

    /// All that was referred to.
    pub(super) fn collect(mut self, password_min: usize) -> Map<String, Value> {
        let mut all = self.requests.take_definitions(true);
        all.extend(self.answers.take_definitions(true));
        // The minimum is an option of the owner's, so the type does not know it.
        for (request, field) in
            [("Register", "password"), ("ChangePassword", "new_password"), ("ResetPassword", "new_password")]
        {
            let schema = all.get_mut(request).and_then(|schema| schema.pointer_mut(&format!("/properties/{field}")));
            if let Some(schema) = schema.and_then(Value::as_object_mut) {
                schema.insert("minLength".to_owned(), json!(password_min));
            }
        }
        all
    }
}
