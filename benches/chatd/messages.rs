//! Many messages of words, written into the database by chatd's own library while no server runs on it: senders would
//! take an hour for a million.

use std::ops::Range;
use std::path::Path;

use chatd::bench::Outcome;
use chatd::model::object::{Author, Message};
use chatd::model::{ChannelId, MessageId, Timestamp, UserId};
use chatd::store;

use crate::crowd;

/// Messages written in one job.
const AT_ONCE: u64 = 500;
/// Words that are said at all.
const VOCABULARY: f64 = 50_000.0;

/// Writes messages with these numbers and of this length, and indexes them; `whose` says in which channel and by whom.
/// Their IDs.
pub fn write(
    data: &Path,
    numbers: Range<u64>,
    length: usize,
    whose: impl Fn(u64) -> (ChannelId, UserId),
) -> Outcome<Vec<MessageId>> {
    eprintln!("  writing {} messages", numbers.end - numbers.start);
    let chat = crowd::open(data)?;
    let mut ids = Vec::new();
    for from in numbers.clone().step_by(AT_ONCE as usize) {
        let some = from..numbers.end.min(from + AT_ONCE);
        let messages: Vec<_> = some.map(|number| message(whose(number), content(number, length))).collect();
        let written = chat.store().write(move |tx| {
            let mut ids = Vec::with_capacity(messages.len());
            for message in messages {
                let message = Message { message_id: MessageId(tx.next_id()), timestamp: tx.now, ..message };
                store::messages::add(tx.db, &message, None)?;
                tx.reindex(message.channel_id, message.message_id)?;
                ids.push(message.message_id);
            }
            Ok(ids)
        });
        ids.extend(written.map_err(|error| error.to_string())?);
    }
    chat.store().close();
    Ok(ids)
}

fn message((channel_id, user_id): (ChannelId, UserId), content: String) -> Message {
    Message {
        message_id: MessageId(0),
        channel_id,
        author: Author { user_id, username: String::new(), display_name: None, avatar_url: None },
        content,
        timestamp: Timestamp(0),
        edited_at: None,
        reply_to: None,
        mentions: Vec::new(),
        mentioned_users: Vec::new(),
        mention_roles: Vec::new(),
        mention_everyone: false,
        attachments: Vec::new(),
        reactions: None,
        pinned: false,
        nonce: None,
    }
}

/// A text of words, of which few are said often and many seldom (Zipf's law).
pub fn content(number: u64, length: usize) -> String {
    let mut text = String::new();
    let mut seed = number;
    while text.len() < length {
        seed = mix(seed);
        let share = (seed >> 11) as f64 / (1_u64 << 53) as f64;
        text.push_str(&word(VOCABULARY.powf(share) as u64));
        text.push(' ');
    }
    text.truncate(length);
    text
}

/// A step of SplitMix64.
pub fn mix(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The word of this rank: syllables, the more the rarer.
pub fn word(rank: u64) -> String {
    const SYLLABLES: [&str; 16] =
        ["the", "an", "to", "in", "ver", "sch", "ma", "ro", "li", "que", "st", "po", "de", "ka", "un", "by"];
    let mut word = String::new();
    let mut rest = rank;
    while word.is_empty() || rest > 0 {
        word.push_str(SYLLABLES[(rest % 16) as usize]);
        rest /= 16;
    }
    word
}
