//! Embeds the web client: reads `static/`, names it by its content, compresses it, and writes the table that
//! `src/web/embedded.rs` includes. Compresses the list of common passwords and the OpenAPI document, too.

use std::error::Error;
use std::fmt::Write as _;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use hmac_sha256::Hash;

#[path = "src/web/bundle.rs"]
mod bundle;
#[path = "src/web/joined.rs"]
mod joined;

const PASSWORDS: &str = "src/auth/common-passwords.txt";
const OPENAPI: &str = "src/rest/openapi/openapi.json";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=static");
    println!("cargo:rerun-if-changed={OPENAPI}");
    println!("cargo:rerun-if-changed=src/web/bundle.rs");
    println!("cargo:rerun-if-changed=src/web/joined.rs");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={PASSWORDS}");
    let is = |what: &str, value: &str| std::env::var(what).is_ok_and(|found| found == value);
    if is("CARGO_CFG_TARGET_ARCH", "x86_64") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        // Addresses that the loader fills in are listed in a tenth of the room; glibc 2.36 and later know how. A linker
        // that does not goes without.
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    let mut bundle = bundle::read(Path::new("static"))?;
    joined::join(&mut bundle);
    let mut whole = Hash::new();
    whole.update(&bundle.page);
    let mut table = format!("static PAGE: &str = {:?};\nstatic ASSETS: &[Asset] = &[\n", bundle.page);
    for (at, file) in bundle.files.iter().enumerate() {
        for part in [file.key.as_bytes(), &file.bytes.len().to_be_bytes(), &file.bytes] {
            whole.update(part);
        }
        let packed = gzip(&file.bytes)?;
        let path = out.join(format!("asset-{at}"));
        std::fs::write(&path, packed)?;
        let (key, kind, tag) = (&file.key, file.kind, hex(&Hash::hash(&file.bytes)));
        let fields = format!("key: {key:?}, kind: {kind:?}, tag: {tag:?}, gzip: include_bytes!({path:?})");
        writeln!(table, "    Asset {{ {fields} }},")?;
    }
    writeln!(table, "];\nstatic VERSION: &str = {:?};", hex(&whole.finalize()))?;
    std::fs::write(out.join("client.rs"), table)?;
    std::fs::write(out.join("common-passwords.gz"), gzip(&std::fs::read(PASSWORDS)?)?)?;
    std::fs::write(out.join("openapi.gz"), gzip(&std::fs::read(OPENAPI)?)?)?;
    Ok(())
}

/// Compressed as well as gzip can be, 5 % better than `gzip -9`: it happens once per build instead of at each request.
fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    // Fifteen rounds, zopfli's own number, save 0.04 % more; with what is large and repeats itself, as the OpenAPI
    // document does, they take half a minute.
    let iteration_count = if bytes.len() > 512 * 1024 { NonZeroU64::MIN } else { NonZeroU64::MIN.saturating_add(4) };
    let options = zopfli::Options { iteration_count, ..zopfli::Options::default() };
    let mut packed = Vec::new();
    zopfli::compress(options, zopfli::Format::Gzip, bytes, &mut packed)?;
    Ok(packed)
}

/// 64 bits of a hash: nobody chooses the content, so they only have to differ.
fn hex(hash: &[u8; 32]) -> String {
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
