//! Joins what the first screen needs into one module: the entry and all that it imports, and they in turn.
//!
//! Forty small files are good to read, and forty requests to wait for. Each module becomes a function of its own within
//! the joined one, so no name meets another; whoever is fetched later imports its old address, which hands out the same
//! things. It relies on how our modules are written (`tests/client/sources.test.mjs` sees to that): imports and exports
//! begin their lines, exports name what they declare, nothing exported is assigned anew, no text has several lines.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::bundle::{ASSETS_MARK, Bundle, ENTRY, File, imported, resolve};

/// The joined module. It stands among the modules that reach others by relative addresses.
pub const CORE: &str = "lib/core.js";

/// Puts the joined module into the bundle, and what hands out its things in the place of those that are in it.
pub fn join(bundle: &mut Bundle) {
    let mut core = Core::default();
    core.add(&bundle.files, ENTRY);
    let joined = core.finish();
    for file in &mut bundle.files {
        let Some(module) = core.modules.get(&file.key) else { continue };
        file.bytes = module.stand_in(&file.key).into_bytes();
    }
    bundle.files.retain(|file| !file.bytes.is_empty());
    bundle.files.push(File {
        key: CORE.to_owned(),
        kind: "text/javascript; charset=utf-8",
        bytes: joined.into_bytes(),
    });
    bundle.files.sort_by(|a, b| a.key.cmp(&b.key));
    let lines = bundle.page.split_inclusive('\n').filter(|line| !line.contains("rel=\"modulepreload\""));
    bundle.page =
        lines.collect::<String>().replace(&format!("{ASSETS_MARK}/{ENTRY}"), &format!("{ASSETS_MARK}/{CORE}"));
}

#[derive(Default)]
struct Core {
    modules: BTreeMap<String, Module>,
    text: String,
}

struct Module {
    /// What it is called in the joined one.
    name: String,
    exports: Vec<String>,
}

impl Core {
    /// Adds a module behind those that it imports.
    fn add(&mut self, files: &[File], key: &str) {
        let Some(file) = files.iter().find(|file| file.key == key) else { return };
        let source = String::from_utf8_lossy(&file.bytes);
        if self.modules.contains_key(key) {
            return;
        }
        for path in source.lines().filter_map(imported) {
            self.add(files, &resolve(key, path));
        }
        let name = format!("$module{}", self.modules.len());
        let (body, exports) = self.body(key, &source);
        if key == ENTRY {
            self.text.push_str(&body);
        } else {
            let handed = exports.join(", ");
            // Writing to a string does not fail.
            let _ = writeln!(self.text, "const {name} = (() => {{\n{body}return {{ {handed} }};\n}})();");
        }
        self.modules.insert(key.to_owned(), Module { name, exports });
    }

    /// A module's lines, without comments and indentation, with its imports taken from the others; and what it exports.
    fn body(&self, key: &str, source: &str) -> (String, Vec<String>) {
        let (mut body, mut exports) = (String::new(), Vec::new());
        let (mut import, mut in_comment) = (String::new(), false);
        for line in source.lines() {
            let start = line.trim_start();
            if in_comment || start.starts_with("/*") && !start.contains("*/ ") {
                in_comment = !line.trim_end().ends_with("*/");
            } else if !import.is_empty() || line.starts_with("import ") {
                import.push_str(line);
                if let Some(path) = imported(line) {
                    let module = self.modules.get(&resolve(key, path));
                    let names = import.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
                    if let (Some(module), Some((names, _))) = (module, names) {
                        let _ = writeln!(body, "const {{{}}} = {};", names.replace(" as ", ": "), module.name);
                    }
                    import.clear();
                }
            } else if let Some(declared) = line.strip_prefix("export ") {
                let words = declared.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'));
                let mut names = words.filter(|word| !["async", "function", "class", "const", ""].contains(word));
                exports.extend(names.next().map(str::to_owned));
                body.push_str(&without_types(declared));
                body.push('\n');
            } else if !start.is_empty() && !start.starts_with("//") {
                body.push_str(&without_types(start));
                body.push('\n');
            }
        }
        (body, exports)
    }

    fn finish(&mut self) -> String {
        let names = self.modules.iter().filter(|(key, module)| *key != ENTRY && !module.exports.is_empty());
        let names: Vec<_> = names.map(|(_, module)| module.name.as_str()).collect();
        format!("{}export {{ {} }};\n", self.text, names.join(", "))
    }
}

impl Module {
    /// What stands at its old address; nothing if nobody can import anything from it.
    fn stand_in(&self, key: &str) -> String {
        if self.exports.is_empty() {
            return String::new();
        }
        let up = "../".repeat(key.matches('/').count());
        let path = if up.is_empty() { format!("./{CORE}") } else { format!("{up}{CORE}") };
        let (name, exports) = (&self.name, self.exports.join(", "));
        format!("import {{ {name} }} from \"{path}\";\nexport const {{ {exports} }} = {name};\n")
    }
}

/// A line without the comments within it, which tell the type checker what things are.
fn without_types(line: &str) -> String {
    let mut rest = line;
    let mut kept = String::new();
    while let Some((before, behind)) = rest.split_once("/** ") {
        let Some((_, behind)) = behind.split_once("*/") else { break };
        kept.push_str(before);
        rest = behind.strip_prefix(' ').unwrap_or(behind);
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::super::bundle::{Bundle, File};
    use super::{CORE, join};

    fn bundle(files: &[(&str, &str)]) -> Bundle {
        let file = |(key, text): &(&str, &str)| File {
            key: (*key).to_owned(),
            kind: "text/javascript; charset=utf-8",
            bytes: text.as_bytes().to_vec(),
        };
        let page = "<link rel=\"modulepreload\" href=\"x\">\n<script src=\"{{assets}}/app.js\">\n".to_owned();
        Bundle { page, files: files.iter().map(file).collect() }
    }

    #[test]
    fn modules_become_one_and_their_old_addresses_hand_out_the_same() {
        let mut bundle = bundle(&[
            (
                "app.js",
                "/** The entry. */\nimport {\n  one as uno,\n} from \"./lib/one.js\";\nimport \"./components/a/a.js\";\nuno();\n",
            ),
            ("components/a/a.js", "import { Two } from \"../../lib/two.js\";\n// Why.\nnew Two();\n"),
            ("components/later/later.js", "import { Two } from \"../../lib/two.js\";\n"),
            (
                "lib/one.js",
                "import { Two } from \"./two.js\";\n/**\n * Long.\n */\nexport async function one() {\n  return new Two();\n}\n",
            ),
            (
                "lib/two.js",
                "const HIDDEN = 1;\nexport const SEEN = HIDDEN;\nexport class Two {\n  /** @type {number} */ value = 2;\n}\n",
            ),
        ]);
        join(&mut bundle);
        assert_eq!(bundle.page, "<script src=\"{{assets}}/lib/core.js\">\n");
        let text = |key: &str| {
            let file = bundle.files.iter().find(|file| file.key == key);
            file.map(|file| String::from_utf8(file.bytes.clone()).unwrap())
        };
        assert_eq!(
            text(CORE).unwrap(),
            "const $module0 = (() => {\nconst HIDDEN = 1;\nconst SEEN = HIDDEN;\nclass Two {\nvalue = 2;\n}\n\
             return { SEEN, Two };\n})();\n\
             const $module1 = (() => {\nconst { Two } = $module0;\nasync function one() {\nreturn new Two();\n}\n\
             return { one };\n})();\n\
             const $module2 = (() => {\nconst { Two } = $module0;\nnew Two();\nreturn {  };\n})();\n\
             const {  one: uno,} = $module1;\nuno();\nexport { $module1, $module0 };\n"
        );
        assert_eq!(
            text("lib/two.js").unwrap(),
            "import { $module0 } from \"../lib/core.js\";\nexport const { SEEN, Two } = $module0;\n"
        );
        assert_eq!((text("app.js"), text("components/a/a.js")), (None, None));
        assert!(text("components/later/later.js").unwrap().contains("two.js"), "what comes later stays as it is");
    }
}
