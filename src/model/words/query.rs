//! What is searched for.

use std::collections::{BTreeMap, BTreeSet};

use super::{Kind, Unit, Units, cut};

/// A search query, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Words that must occur.
    words: BTreeMap<String, usize>,
    /// What a word must begin with.
    prefix: Option<String>,
    /// What must occur one after the other: quoted phrases, and runs of scripts without spaces.
    phrases: Vec<Phrase>,
}

/// What the index is asked for; a message that matches has all of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    /// A token.
    Token(String),
    /// A token that begins so.
    Prefix(String),
}

/// Units in a row, and for each how many before it are a beginning of the phrase again (Knuth, Morris and Pratt: the
/// time is linear however text and phrase repeat themselves).
#[derive(Clone, Debug, PartialEq, Eq)]
struct Phrase {
    units: Vec<(Kind, String)>,
    borders: Vec<usize>,
}

impl Query {
    /// Takes a query apart; `None` if there is no word in it.
    ///
    /// What stands between `"` is a phrase, and so is what follows the last one that nothing closes. Of the rest every
    /// word must occur, the query's last one as the beginning of a word.
    pub fn parse(text: &str) -> Option<Self> {
        let mut query = Self::default();
        // The word that was taken last: it is the last one of the query unless something follows.
        let mut last: Option<String> = None;
        let mut is_quoted = true;
        for part in text.split('"') {
            is_quoted = !is_quoted;
            let units = Units::of(part);
            let are_together =
                |one: &Unit, next: &Unit| is_quoted || (one.kind, next.kind) == (Kind::Single, Kind::Single);
            for row in units.list.chunk_by(are_together).filter(|row| row.iter().any(|unit| unit.kind != Kind::Gap)) {
                last.take().into_iter().for_each(|word| query.word(word));
                match row {
                    [word] if word.kind == Kind::Word && !is_quoted => last = Some(units.text(word).to_owned()),
                    [word] if word.kind == Kind::Word => query.word(units.text(word).to_owned()),
                    row => query.phrase(row.iter().map(|unit| (unit.kind, units.text(unit).to_owned())).collect()),
                }
            }
        }
        match last {
            Some(word) if is_quoted => query.word(word),
            last => query.prefix = last,
        }
        let is_empty = query.words.is_empty() && query.prefix.is_none() && query.phrases.is_empty();
        (!is_empty).then_some(query)
    }

    fn word(&mut self, word: String) {
        let number = self.words.len();
        self.words.entry(word).or_insert(number);
    }

    fn phrase(&mut self, units: Vec<(Kind, String)>) {
        let phrase = Phrase::new(units);
        if !self.phrases.contains(&phrase) {
            self.phrases.push(phrase);
        }
    }

    /// What to ask the index for.
    pub fn wanted(&self) -> BTreeSet<Wanted> {
        let token = |text: &str| Wanted::Token(cut(text).to_owned());
        let prefix = self.prefix.iter().map(|prefix| Wanted::Prefix(cut(prefix).to_owned()));
        let mut wanted: BTreeSet<_> = self.words.keys().map(|word| token(word)).chain(prefix).collect();
        for Phrase { units, .. } in &self.phrases {
            let single = |at: usize| units.get(at).filter(|(kind, _)| *kind == Kind::Single).map(|(_, text)| text);
            for (at, (kind, text)) in units.iter().enumerate() {
                let before = at.checked_sub(1).and_then(single);
                match (kind, single(at + 1)) {
                    (Kind::Word, _) => drop(wanted.insert(token(text))),
                    (Kind::Single, Some(next)) => drop(wanted.insert(Wanted::Token(format!("{text}{next}")))),
                    // The two before say the same and more.
                    (Kind::Single, None) if before.is_none() => drop(wanted.insert(token(text))),
                    _ => {}
                }
            }
        }
        wanted
    }

    /// Where in `text` that stands which the query asks for, as `[start, length]` in code points, in order and apart;
    /// `None` unless all of it is there.
    pub fn find(&self, text: &str) -> Option<Vec<[usize; 2]>> {
        let units = Units::of(text);
        let mut found = Vec::new();
        let mut there = vec![false; self.words.len()];
        let mut begins = self.prefix.is_none();
        for unit in units.list.iter().filter(|unit| unit.kind == Kind::Word) {
            let word = units.text(unit);
            let number = self.words.get(word);
            if let Some(there) = number.and_then(|number| there.get_mut(*number)) {
                *there = true;
            }
            let is_begun = self.prefix.as_ref().is_some_and(|prefix| word.starts_with(prefix));
            begins |= is_begun;
            if number.is_some() || is_begun {
                found.push((unit.start, unit.end));
            }
        }
        if !begins || there.contains(&false) {
            return None;
        }
        for phrase in &self.phrases {
            let before = found.len();
            phrase.find(&units, &mut found);
            if found.len() == before {
                return None;
            }
        }
        found.sort_unstable();
        let mut ranges: Vec<[usize; 2]> = Vec::new();
        for (start, end) in found {
            match ranges.last_mut() {
                Some([first, length]) if start <= *first + *length => *length = (*length).max(end - *first),
                _ => ranges.push([start, end - start]),
            }
        }
        Some(ranges)
    }
}

impl Phrase {
    fn new(units: Vec<(Kind, String)>) -> Self {
        let mut borders = vec![0; units.len()];
        let mut border = 0;
        for at in 1..units.len() {
            while border > 0 && units.get(at) != units.get(border) {
                border = borders.get(border - 1).copied().unwrap_or(0);
            }
            border += usize::from(units.get(at) == units.get(border));
            if let Some(slot) = borders.get_mut(at) {
                *slot = border;
            }
        }
        Self { units, borders }
    }

    /// Adds where the phrase stands, in code points.
    fn find(&self, text: &Units, found: &mut Vec<(usize, usize)>) {
        let mut matched = 0;
        for (at, unit) in text.list.iter().enumerate() {
            let fits = |matched: usize| {
                let next = self.units.get(matched);
                next.is_some_and(|(kind, word)| *kind == unit.kind && word == text.text(unit))
            };
            while matched > 0 && !fits(matched) {
                matched = self.borders.get(matched - 1).copied().unwrap_or(0);
            }
            matched += usize::from(fits(matched));
            if matched == self.units.len() {
                let first = (at + 1).checked_sub(matched).and_then(|first| text.list.get(first));
                found.extend(first.map(|first| (first.start, unit.end)));
                // The next one may begin within this one: `fits` is false behind the end.
            }
        }
    }
}
