//! Emoji that people react with.

use unicode_properties::UnicodeEmoji;
use unicode_segmentation::UnicodeSegmentation;

use super::limits;

/// One emoji: a grapheme cluster (UAX #29) that Unicode calls one (UTS #51).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emoji(String);

/// Asks for an emoji's colourful form. Keyboards give it or not: with it and without it is the same kind.
const VARIATION: char = '\u{fe0f}';
/// Makes a key of the digit before it.
const KEYCAP: &str = "\u{20e3}";

impl Emoji {
    /// One emoji of at most [`limits::EMOJI_BYTES`].
    pub fn parse(text: &str) -> Option<Self> {
        let mut clusters = text.graphemes(true);
        let is_one = clusters.next().is_some() && clusters.next().is_none();
        (is_one && text.len() <= limits::EMOJI_BYTES && is_emoji(text)).then(|| Self(text.to_owned()))
    }

    /// As it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is the same for all forms of it.
    pub fn kind(text: &str) -> String {
        text.chars().filter(|c| *c != VARIATION).collect()
    }
}

fn is_emoji(cluster: &str) -> bool {
    let mut chars = cluster.chars();
    let Some(first) = chars.next() else { return false };
    match first {
        '0'..='9' | '#' | '*' => Emoji::kind(chars.as_str()) == KEYCAP,
        // A flag is two of them.
        '\u{1f1e6}'..='\u{1f1ff}' => chars.next().is_some_and(|second| ('\u{1f1e6}'..='\u{1f1ff}').contains(&second)),
        _ => first.is_emoji_char() && chars.all(continues),
    }
}

/// What may follow in a cluster: other emoji, joined; skin, form and tags. No other combining marks.
fn continues(c: char) -> bool {
    c.is_emoji_char() || matches!(c, VARIATION | '\u{200d}' | '\u{e0020}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::Emoji;

    #[test]
    fn one_emoji_is_one() {
        for good in ["👍", "❤", "❤️", "👍🏽", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "1️⃣", "#⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "©", "🫠"]
        {
            assert!(Emoji::parse(good).is_some(), "{good}");
        }
        let long = format!("👩{}", "\u{200d}👩".repeat(20));
        for bad in [
            "",
            "a",
            "1",
            "#",
            "👍👍",
            "👍a",
            "é",
            "e\u{301}",
            "\u{fe0f}",
            "\u{200d}",
            "🇩",
            " ",
            "👍\u{301}",
            "<3",
            &long,
        ] {
            assert!(Emoji::parse(bad).is_none(), "{bad:?}");
        }
        assert_eq!(Emoji::kind("❤️"), Emoji::kind("❤"));
        assert_ne!(Emoji::kind("👍"), Emoji::kind("👍🏽"));
    }
}
