//! Words: how a text is taken apart for the search, and what a search query asks of a text.
//!
//! A word is a run of letters and digits, in lower case and without marks (NFKD). Scripts that put no spaces between
//! words are taken apart into single characters: a run of them in a query is found anywhere. The index only proposes
//! messages, by [`tokens`]; [`Query::find`] decides.

mod query;

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

pub use query::{Query, Wanted};

/// Longer words are cut to this many characters in the index.
const TOKEN: usize = 40;

/// What a text is made of, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A word.
    Word,
    /// A character of a script without spaces.
    Single,
    /// What parts two such characters.
    Gap,
}

#[derive(Clone, Copy, Debug)]
struct Unit {
    kind: Kind,
    /// Where it stands in [`Units::folded`].
    from: usize,
    to: usize,
    /// Where it stands in the text, in code points.
    start: usize,
    end: usize,
}

/// A text, taken apart.
#[derive(Debug, Default)]
struct Units {
    folded: String,
    list: Vec<Unit>,
    /// The last unit is a word that goes on with the next character.
    open: bool,
    /// Something stood between the last unit and what comes.
    parted: bool,
}

impl Units {
    fn of(text: &str) -> Self {
        let mut units = Self { folded: String::with_capacity(text.len()), ..Self::default() };
        for (at, c) in text.chars().enumerate() {
            if c.is_ascii() {
                units.take(c.to_ascii_lowercase(), at);
            } else {
                // Lower case first, for capitals that fall apart, and last, for what NFKD makes capitals of.
                c.to_lowercase().nfkd().flat_map(char::to_lowercase).for_each(|c| units.take(c, at));
            }
        }
        units
    }

    /// Takes in what the character at `at` has become.
    fn take(&mut self, c: char, at: usize) {
        if is_combining_mark(c) {
            // A mark belongs to what it stands on.
            if let Some(last) = self.list.last_mut().filter(|last| last.end == at && !self.parted) {
                last.end = at + 1;
            }
        } else if !c.is_alphanumeric() {
            (self.open, self.parted) = (false, true);
        } else if is_without_spaces(c) {
            if self.parted && self.list.last().is_some_and(|last| last.kind == Kind::Single) {
                self.add(Kind::Gap, "", at, at);
            }
            self.add(Kind::Single, c.encode_utf8(&mut [0; 4]), at, at + 1);
            (self.open, self.parted) = (false, false);
        } else {
            if !self.open {
                self.add(Kind::Word, "", at, at);
            }
            match c {
                // What has a capital that is folded otherwise.
                'ß' => self.folded.push_str("ss"),
                'ς' => self.folded.push('σ'),
                'ı' => self.folded.push('i'),
                other => self.folded.push(other),
            }
            if let Some(last) = self.list.last_mut() {
                (last.to, last.end) = (self.folded.len(), at + 1);
            }
            (self.open, self.parted) = (true, false);
        }
    }

    fn add(&mut self, kind: Kind, text: &str, start: usize, end: usize) {
        let from = self.folded.len();
        self.folded.push_str(text);
        self.list.push(Unit { kind, from, to: self.folded.len(), start, end });
    }

    fn text(&self, unit: &Unit) -> &str {
        self.folded.get(unit.from..unit.to).unwrap_or_default()
    }

    /// A character and the next one, where both stand together.
    fn pair(&self, two: &[Unit]) -> Option<&str> {
        match two {
            [one, next] if one.kind == Kind::Single && next.kind == Kind::Single => self.folded.get(one.from..next.to),
            _ => None,
        }
    }
}

/// What the index has of a text: its words, and of scripts without spaces each character and each two neighbours.
/// All are made of letters and digits alone.
pub fn tokens(text: &str) -> BTreeSet<String> {
    let units = Units::of(text);
    let each = units.list.iter().filter(|unit| unit.kind != Kind::Gap).map(|unit| cut(units.text(unit)));
    let pairs = units.list.windows(2).filter_map(|two| units.pair(two));
    each.chain(pairs).map(str::to_owned).collect()
}

/// A word as the index has it.
fn cut(word: &str) -> &str {
    word.char_indices().nth(TOKEN).map_or(word, |(end, _)| &word[..end])
}

/// Han, Hiragana, Katakana, Thai, Lao, Khmer, Myanmar.
fn is_without_spaces(c: char) -> bool {
    matches!(u32::from(c),
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x2E80..=0x2FDF | 0x3005..=0x3007 | 0x3021..=0x3029
        | 0x3031..=0x303C | 0x3041..=0x30FF | 0x31F0..=0x31FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xA9E0..=0xA9FF
        | 0xAA60..=0xAA7F | 0xF900..=0xFAFF | 0xFF66..=0xFF9F | 0x1AFF0..=0x1B16F | 0x20000..=0x3FFFF)
}

#[cfg(test)]
mod tests;
