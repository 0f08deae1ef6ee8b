//! A message as one line of plain words, for where there is no markup: mentions by name, spoilers covered.

use super::markup::{Closings, run_length};
use super::{RoleId, UserId};

/// What stands in a spoiler's place, in any language.
const COVERED: &str = "▮▮▮";

/// How mentions are called; none if nobody knows.
pub trait Names {
    /// A person.
    fn user(&self, user: UserId) -> Option<&str>;
    /// A role.
    fn role(&self, role: RoleId) -> Option<&str>;
}

/// The text in plain words, cut to `length` characters.
pub fn plain(text: &str, names: &impl Names, length: usize) -> String {
    let mut writer = Writer { text, closings: Closings::new(text), names, plain: String::new(), in_spoiler: false };
    writer.write();
    shorten(&writer.plain.split_whitespace().collect::<Vec<_>>().join(" "), length)
}

/// At most `length` characters; what is cut ends in an ellipsis.
pub fn shorten(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        None => text.to_owned(),
        Some(_) => {
            let kept = text.chars().take(length.saturating_sub(1)).collect::<String>();
            format!("{}…", kept.trim_end())
        }
    }
}

struct Writer<'a, N> {
    text: &'a str,
    closings: Closings,
    names: &'a N,
    plain: String,
    in_spoiler: bool,
}

impl<'a, N: Names> Writer<'a, N> {
    fn write(&mut self) {
        let mut at = 0;
        let mut before = '\n';
        while let Some(rest) = self.text.get(at..).filter(|rest| !rest.is_empty()) {
            let (length, written) = self.piece(before, at, rest);
            if !self.in_spoiler {
                self.plain.push_str(&written);
            }
            before = self.text.get(at..at + length).and_then(|piece| piece.chars().next_back()).unwrap_or(before);
            at += length;
        }
    }

    /// How long the next piece is, and what it is in plain words.
    fn piece(&mut self, before: char, at: usize, rest: &'a str) -> (usize, String) {
        let first = rest.chars().next().unwrap_or_default();
        let nothing = |length| (length, String::new());
        match first {
            '\\' => match rest.chars().nth(1).filter(char::is_ascii_punctuation) {
                Some(escaped) => (2, escaped.to_string()),
                None => (1, "\\".to_owned()),
            },
            '`' => {
                let run = run_length(rest);
                let Some(closing) = self.closings.after(at, run) else { return (run, "`".repeat(run)) };
                let inside = self.text.get(at + run..closing).unwrap_or_default();
                (closing + run - at, format!(" {} ", without_language(inside, run)))
            }
            '|' if rest.starts_with("||") => {
                let ends = std::mem::take(&mut self.in_spoiler);
                // One that nothing ends is none; the search looks through code too, so it rather covers too much.
                self.in_spoiler = !ends && rest.get(2..).is_some_and(|behind| behind.contains("||"));
                let written = if ends { "" } else { "||" };
                if self.in_spoiler {
                    self.plain.push_str(COVERED);
                }
                (2, written.to_owned())
            }
            '<' => self.mention(rest).unwrap_or_else(|| (1, "<".to_owned())),
            '[' => link(rest).unwrap_or_else(|| (1, "[".to_owned())),
            '>' | '#' | '-' if before == '\n' => {
                let marks = rest.len() - rest.trim_start_matches(first).len();
                let is_mark = rest.get(marks..).is_some_and(|behind| behind.starts_with(' '));
                if is_mark { nothing(marks) } else { (marks, first.to_string().repeat(marks)) }
            }
            '*' | '_' | '~' => {
                let marks = rest.len() - rest.trim_start_matches(first).len();
                let behind = rest.get(marks..).and_then(|behind| behind.chars().next()).unwrap_or('\n');
                let is_word = |c: char| c.is_alphanumeric();
                // Beside a word, not within one and not between two spaces.
                let between_spaces = before.is_whitespace() && behind.is_whitespace();
                let within_word = is_word(before) && is_word(behind) && first == '_';
                let is_mark = !between_spaces && !within_word && (marks > 1 || first != '~');
                if is_mark { nothing(marks) } else { (marks, first.to_string().repeat(marks)) }
            }
            other => (other.len_utf8(), other.to_string()),
        }
    }

    fn mention(&self, rest: &str) -> Option<(usize, String)> {
        let (inside, _) = rest.get(1..)?.split_once('>')?;
        let name = match inside.strip_prefix("@&").and_then(RoleId::parse) {
            Some(role) => self.names.role(role),
            None => self.names.user(inside.strip_prefix('@').and_then(UserId::parse)?),
        };
        Some((inside.len() + 2, format!("@{}", name.unwrap_or("…"))))
    }
}

/// What stands in a block of code; its first line may be a language's name.
fn without_language(inside: &str, run: usize) -> &str {
    match inside.split_once('\n') {
        Some((language, code)) if run >= 3 && !language.contains(char::is_whitespace) => code,
        _ => inside,
    }
}

/// The words of `[words](https://…)`.
fn link(rest: &str) -> Option<(usize, String)> {
    let (words, behind) = rest.get(1..)?.split_once("](")?;
    let (address, _) = behind.split_once(')')?;
    let is_link =
        !words.contains(['\n', '[', '|', '`']) && address.starts_with("http") && !address.contains([' ', '\n']);
    is_link.then(|| (words.len() + address.len() + 4, words.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::limits;

    struct Known;

    impl Names for Known {
        fn user(&self, user: UserId) -> Option<&str> {
            (user.0 == 1).then_some("alice")
        }
        fn role(&self, role: RoleId) -> Option<&str> {
            (role.0 == 3).then_some("helpers")
        }
    }

    #[test]
    fn markup_becomes_words() {
        for (text, expected) in [
            ("hello", "hello"),
            ("hello <@1>, <@2> and <@&3>", "hello @alice, @… and @helpers"),
            ("**bold** *it* __under__ ~~gone~~ _it_", "bold it under gone it"),
            ("2 * 3 = 6, snake_case and ~5", "2 * 3 = 6, snake_case and ~5"),
            ("> quoted\n# head\n- one\n-1", "quoted head one -1"),
            ("look: `<@1> **x**`!", "look: <@1> **x** !"),
            ("```rust\nlet a = 1;\n``` done", "let a = 1; done"),
            ("a [link](https://x.example/y) here", "a link here"),
            ("not [a](link)", "not [a](link)"),
            ("\\*as it is\\*", "*as it is*"),
            ("the end is ||everybody dies|| yes", "the end is ▮▮▮ yes"),
            ("||a `x|| y` b||", "▮▮▮"),
            ("||not closed", "||not closed"),
            ("||one|| and ||two||", "▮▮▮ and ▮▮▮"),
            ("  many \n\n lines\t", "many lines"),
            ("<@1", "<@1"),
            ("a < b", "a < b"),
            ("`not closed", "`not closed"),
        ] {
            assert_eq!(plain(text, &Known, 100), expected, "{text}");
        }
    }

    #[test]
    fn what_is_long_is_cut_and_no_text_panics() {
        assert_eq!(plain("héllo wörld", &Known, 7), "héllo…");
        assert_eq!(plain("héllo", &Known, 5), "héllo");
        assert_eq!(shorten("abc", 0), "…");
        for hostile in ["|", "`", "*", "<@", "[", "](", "\\", "é||", ">", "||`"] {
            let text = hostile.repeat(limits::CONTENT / hostile.len());
            assert!(plain(&text, &Known, 300).chars().count() <= 300, "{hostile}");
        }
    }
}
