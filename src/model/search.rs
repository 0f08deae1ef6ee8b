//! What a search asks for beside its words, and what there is of a message to compare it with.

use super::file::PICTURES;
use super::object::{Attachment, Message};
use super::words::Query;
use super::{ChannelId, ServerId, UserId};

/// Something that a message may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Has {
    /// A link to a page.
    Link,
    /// A file.
    File,
    /// A picture.
    Image,
}

impl Has {
    /// The names of all.
    pub const NAMES: &[&str] = &["link", "file", "image"];

    /// The one of this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Link, Self::File, Self::Image].into_iter().find(|has| has.as_str() == name)
    }

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::File => "file",
            Self::Image => "image",
        }
    }
}

/// Where to search.
#[derive(Clone, Copy, Debug, Default)]
pub struct Where {
    /// In this server alone.
    pub server_id: Option<ServerId>,
    /// In this channel alone.
    pub channel_id: Option<ChannelId>,
}

/// What to search for.
#[derive(Clone, Debug)]
pub struct Search {
    /// The words.
    pub query: Query,
    /// By this person.
    pub author: Option<UserId>,
    /// Mentioning this person.
    pub mentions: Option<UserId>,
    /// Holding this.
    pub has: Option<Has>,
    /// Only messages with lower IDs.
    pub before: i64,
    /// Only messages with higher IDs.
    pub after: i64,
    /// How many.
    pub limit: usize,
}

/// What a search may ask for of a message, beside its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// By whom.
    pub author: UserId,
    /// Who is mentioned by name.
    pub mentions: Vec<UserId>,
    /// What it holds.
    pub has: Vec<Has>,
}

impl Facts {
    /// The facts of a message: what the index has of it, and what a search compares.
    pub fn of(message: &Message) -> Self {
        let is_picture = |file: &Attachment| PICTURES.contains(&file.content_type.as_str());
        let has = [
            (Has::Link, has_link(&message.content)),
            (Has::File, !message.attachments.is_empty()),
            (Has::Image, message.attachments.iter().any(is_picture)),
        ];
        let has = has.into_iter().filter_map(|(has, holds)| holds.then_some(has)).collect();
        Self { author: message.author.user_id, mentions: message.mentions.clone(), has }
    }

    /// Whether a message of which this is so is asked for.
    pub fn fit(&self, search: &Search) -> bool {
        search.author.is_none_or(|author| author == self.author)
            && search.mentions.is_none_or(|user| self.mentions.contains(&user))
            && search.has.is_none_or(|has| self.has.contains(&has))
    }
}

/// Whether there is an address of a page in the text.
fn has_link(text: &str) -> bool {
    text.match_indices("://").any(|(at, separator)| {
        let (before, behind) = (&text[..at], &text[at + separator.len()..]);
        let ends_with = |scheme: &str| {
            before.len().checked_sub(scheme.len()).and_then(|from| before.get(from..)).is_some_and(|end| {
                let starts_word = !before[..before.len() - scheme.len()].ends_with(char::is_alphanumeric);
                starts_word && end.eq_ignore_ascii_case(scheme)
            })
        };
        behind.starts_with(|c: char| c.is_alphanumeric() || c == '[') && (ends_with("https") || ends_with("http"))
    })
}

#[cfg(test)]
mod tests {
    use super::has_link;

    #[test]
    fn links() {
        for text in ["https://a.example", "see (HTTP://localhost:80/)", "äöü http://[::1]/", "<https://x>"] {
            assert!(has_link(text), "{text}");
        }
        for text in ["", "://", "http://", "ftp://a", "xhttp://a", "https:// a", "http:/a", "é://a"] {
            assert!(!has_link(text), "{text}");
        }
    }
}
