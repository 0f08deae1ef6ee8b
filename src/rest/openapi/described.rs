//! How the table's types are described. Only tests make the document out of the types: the program carries what they
//! wrote, `openapi.json`, and neither schemars nor a schema's code. So a type has a schema under `cfg(test)` alone.

#[cfg(test)]
pub use schemars::JsonSchema as Described;

/// A type that the document describes: any, outside tests.
#[cfg(not(test))]
pub trait Described {}

#[cfg(not(test))]
impl<T> Described for T {}

/// Makes a type's schema; nothing, outside tests.
#[derive(Clone, Copy)]
pub struct SchemaOf {
    /// With a generator that collects what it refers to.
    #[cfg(test)]
    pub make: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
}

impl SchemaOf {
    /// The one of `T`.
    pub const fn of<T: Described>() -> Self {
        Self {
            #[cfg(test)]
            make: schemars::SchemaGenerator::subschema_for::<T>,
        }
    }
}
