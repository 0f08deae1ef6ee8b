//! What the client consists of: its files, the joined style sheets, and the page with its marks filled.
//!
//! The build script runs this over `static/` for what is embedded, and `--static` at each request, so that both serve
//! the same keys.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

/// Where the page's assets stand; filled when the base path is known.
pub const ASSETS_MARK: &str = "{{assets}}";
/// Where the page names all modules, so that the browser fetches them in one go instead of level by level.
const PRELOAD_MARK: &str = "<!-- modulepreload -->";
/// The page itself: the one file that is no asset.
const PAGE: &str = "index.html";
/// The module that the page starts.
pub const ENTRY: &str = "app.js";
/// The style sheet that the page waits for: that of the first screen.
const SHEET: &str = "app.css";
/// The style sheet of the components that are fetched later; the first of them brings it along.
const LATER_SHEET: &str = "later.css";
/// These style sheets come first, in this order: the others build on them.
const FIRST_SHEETS: [&str; 3] = ["styles/reset.css", "styles/tokens.css", "styles/base.css"];
/// The manual's folder: pages of their own, with a style sheet of their own.
const MANUAL: &str = "help/";
/// Folders within folders; `static/components/NAME/` is two.
const DEPTH_MAX: usize = 8;

/// One asset.
pub struct File {
    /// Its path below the assets' folder, with `/`.
    pub key: String,
    /// Its `Content-Type`.
    pub kind: &'static str,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// The whole client.
pub struct Bundle {
    /// The page; [`ASSETS_MARK`] stands for the address of the assets.
    pub page: String,
    /// All assets, sorted by key.
    pub files: Vec<File>,
}

/// The `Content-Type` by file name; `None` for what is not served.
fn kind(name: &str) -> Option<&'static str> {
    if name.starts_with('.') || name.ends_with(".d.ts") || name.contains(".test.") {
        return None;
    }
    Some(match name.rsplit_once('.')?.1 {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        _ => return None,
    })
}

/// Reads the client from its folder.
///
/// # Errors
/// What reading files gives; a missing page.
pub fn read(folder: &Path) -> io::Result<Bundle> {
    let mut files = Vec::new();
    walk(folder, "", DEPTH_MAX, &mut files)?;
    files.sort_by(|a, b| a.key.cmp(&b.key));
    let (sheets, mut files): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|file| file.key.ends_with(".css") && !file.key.starts_with(MANUAL));
    let needed = needed_at_once(&files);
    let (now, later): (Vec<_>, Vec<_>) = sheets.into_iter().partition(|sheet| {
        sheet.key.starts_with("styles/") || needed.contains(&format!("{}.js", sheet.key.trim_end_matches(".css")))
    });
    files.extend([join(SHEET, now), join(LATER_SHEET, later)]);
    files.sort_by(|a, b| a.key.cmp(&b.key));
    let page = files.iter().position(|file| file.key == PAGE).map(|at| files.remove(at));
    let page =
        page.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("no {PAGE} in {}", folder.display())))?;
    let page = String::from_utf8(page.bytes).map_err(io::Error::other)?;
    Ok(Bundle { page: page.replace(PRELOAD_MARK, &preloads(&needed)), files })
}

/// Collects the files below `folder`. Symbolic links are not followed: nothing outside the folder is ever served.
fn walk(folder: &Path, prefix: &str, depth: usize, files: &mut Vec<File>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let key = format!("{prefix}{name}");
        let file_type = entry.file_type()?;
        if file_type.is_dir() && depth > 0 {
            walk(&entry.path(), &format!("{key}/"), depth - 1, files)?;
        } else if file_type.is_file()
            && let Some(kind) = kind(&name)
        {
            files.push(File { key, kind, bytes: std::fs::read(entry.path())? });
        }
    }
    Ok(())
}

/// One style sheet of many: one request, and an order that does not depend on which component loads first.
fn join(key: &str, mut sheets: Vec<File>) -> File {
    let rank = |key: &str| FIRST_SHEETS.iter().position(|first| *first == key).unwrap_or(FIRST_SHEETS.len());
    sheets.sort_by(|a, b| (rank(&a.key), &a.key).cmp(&(rank(&b.key), &b.key)));
    let mut bytes = Vec::new();
    for sheet in &sheets {
        bytes.extend_from_slice(&sheet.bytes);
        if !sheet.bytes.ends_with(b"\n") {
            bytes.push(b'\n');
        }
    }
    File { key: key.to_owned(), kind: "text/css; charset=utf-8", bytes }
}

/// The modules that the entry imports, and they in turn; what is imported later, when it is needed, is not among them.
fn needed_at_once(files: &[File]) -> BTreeSet<String> {
    let mut needed = BTreeSet::new();
    let mut waiting = vec![ENTRY.to_owned()];
    while let Some(key) = waiting.pop() {
        let Some(file) = files.iter().find(|file| file.key == key) else { continue };
        if needed.insert(key.clone()) {
            let text = String::from_utf8_lossy(&file.bytes);
            waiting.extend(text.lines().filter_map(imported).map(|path| resolve(&key, path)));
        }
    }
    needed
}

/// A link for each module that the first screen needs.
fn preloads(needed: &BTreeSet<String>) -> String {
    let modules = needed.iter().filter(|key| *key != ENTRY);
    let links = modules.map(|key| format!("<link rel=\"modulepreload\" href=\"{ASSETS_MARK}/{key}\">"));
    links.collect::<Vec<_>>().join("\n")
}

/// The path that a line imports from, as our modules write it: `import … from "path";` or `import "path";`.
pub fn imported(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("import ").or_else(|| line.strip_prefix("} from "))?;
    rest.strip_suffix("\";")?.rsplit_once('"').map(|(_, path)| path)
}

/// Where a relative path leads to from a module.
pub fn resolve(from: &str, path: &str) -> String {
    let mut parts: Vec<_> = from.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}
