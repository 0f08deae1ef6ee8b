//! The client in the binary, as the build script wrote it.

/// A file of the client.
pub(super) struct Asset {
    /// Its path below the assets' folder.
    pub(super) key: &'static str,
    /// Its `Content-Type`.
    pub(super) kind: &'static str,
    /// Its entity tag, without quotes.
    pub(super) tag: &'static str,
    /// Its content, compressed; the few who do not take it so get it unpacked.
    pub(super) gzip: &'static [u8],
}

/// The page, with the mark for the assets' address.
pub(super) fn page() -> &'static str {
    PAGE
}

/// A hash over the whole client: stands in the assets' address, so that an address never changes its content.
pub(super) fn version() -> &'static str {
    VERSION
}

/// The asset of exactly this key.
pub(super) fn asset(key: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.key == key)
}

include!(concat!(env!("OUT_DIR"), "/client.rs"));
