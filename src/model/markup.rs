//! What in a message's text is meant for the server: mentions, outside code. `tests/markdown.json` says by example what
//! both this parser and the client's renderer take for code and for a mention.

use std::collections::HashMap;

use super::{RoleId, UserId, limits};

/// Whom a text mentions, each once, in order; whether they exist and may be mentioned is for others to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    /// `<@user_id>`.
    pub users: Vec<UserId>,
    /// `<@&role_id>`.
    pub roles: Vec<RoleId>,
    /// `@everyone`.
    pub everyone: bool,
}

/// Finds the mentions of a text, at most [`limits::MENTIONS`] people and as many roles.
///
/// A run of backticks begins code if a run of the same length follows, which ends it. A backslash takes its meaning from
/// the punctuation behind it.
pub fn mentions(text: &str) -> Mentions {
    let mut found = Mentions::default();
    let closings = Closings::new(text);
    let mut before = None;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let at = text.len() - rest.len();
        let length = match first {
            '\\' => 1 + rest[1..].chars().next().filter(char::is_ascii_punctuation).map_or(0, char::len_utf8),
            '`' => {
                let run = run_length(rest);
                closings.after(at, run).map_or(run, |closing| closing + run - at)
            }
            '<' => mention(rest, &mut found).unwrap_or(1),
            '@' => everyone(before, rest, &mut found).unwrap_or(1),
            other => other.len_utf8(),
        };
        before = rest[..length].chars().next_back();
        rest = &rest[length..];
    }
    found
}

pub(super) fn run_length(text: &str) -> usize {
    text.bytes().take_while(|byte| *byte == b'`').count()
}

/// Where the runs of backticks stand, by their length. What stands within code cannot be escaped, so every run may close.
pub(super) struct Closings(HashMap<usize, Vec<usize>>);

impl Closings {
    pub(super) fn new(text: &str) -> Self {
        let mut runs = HashMap::<usize, Vec<usize>>::new();
        let mut at = 0;
        while let Some(next) = text[at..].find('`') {
            at += next;
            let run = run_length(&text[at..]);
            runs.entry(run).or_default().push(at);
            at += run;
        }
        Self(runs)
    }

    /// The run of this length that closes the one at `at`.
    pub(super) fn after(&self, at: usize, run: usize) -> Option<usize> {
        let starts = self.0.get(&run)?;
        starts.get(starts.partition_point(|start| *start < at + run)).copied()
    }
}

/// A mention at the beginning of `text`; its length.
fn mention(text: &str, found: &mut Mentions) -> Option<usize> {
    let (inside, _) = text.get(1..)?.split_once('>')?;
    if let Some(role) = inside.strip_prefix("@&").and_then(RoleId::parse) {
        add(&mut found.roles, role);
    } else {
        add(&mut found.users, inside.strip_prefix('@').and_then(UserId::parse)?);
    }
    Some(inside.len() + 2)
}

fn add<T: PartialEq>(list: &mut Vec<T>, one: T) {
    if list.len() < limits::MENTIONS && !list.contains(&one) {
        list.push(one);
    }
}

/// `@everyone` as a word of its own; its length.
fn everyone(before: Option<char>, text: &str, found: &mut Mentions) -> Option<usize> {
    const EVERYONE: &str = "@everyone";
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let behind = text.strip_prefix(EVERYONE)?.chars().next();
    if before.is_some_and(is_word) || behind.is_some_and(is_word) {
        return None;
    }
    found.everyone = true;
    Some(EVERYONE.len())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{RoleId, UserId, mentions};
    use crate::model::limits;

    #[test]
    fn the_examples_that_the_client_shares() {
        let examples: Vec<Value> = serde_json::from_str(include_str!("../../tests/markdown.json")).unwrap();
        assert!(examples.len() > 20);
        for example in examples {
            let found = mentions(example["text"].as_str().unwrap());
            let ids = |name: &str| -> Vec<i64> {
                let list = example[name].as_array().into_iter().flatten();
                list.map(|id| id.as_str().unwrap().parse().unwrap()).collect()
            };
            let users: Vec<_> = found.users.iter().map(|id| id.0).collect();
            let roles: Vec<_> = found.roles.iter().map(|id| id.0).collect();
            let everyone = example["everyone"].as_bool().unwrap_or(false);
            assert_eq!((users, roles, found.everyone), (ids("users"), ids("roles"), everyone), "{example}");
        }
    }

    #[test]
    fn no_text_takes_long_or_panics() {
        let many: String = (1..=limits::CONTENT).map(|n| format!("<@{n}>")).collect();
        assert_eq!(mentions(&many).users.len(), limits::MENTIONS);
        let runs: String = (1..200).map(|n| format!("{} ", "`".repeat(n))).collect();
        assert_eq!(mentions(&format!("{runs}<@1><@&2>")).users, [UserId(1)]);
        for hostile in
            ["<".repeat(4_000), "`".repeat(4_000), "\\".repeat(4_001), "<@".repeat(2_000), "é`<@1>`é\\é".into()]
        {
            mentions(&hostile);
        }
        assert_eq!(mentions("\\é<@&9>").roles, [RoleId(9)]);
    }
}
