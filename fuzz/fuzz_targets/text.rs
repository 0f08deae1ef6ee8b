//! What people write: mentions in messages, what they search for, emoji, IDs, times, and what is percent-encoded in a URL.
#![no_main]

use chatd::model::emoji::Emoji;
use chatd::model::words::{Query, tokens};
use chatd::model::{MessageId, Timestamp, limits, markup, percent};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    // What is searched for, and in what.
    let (other, text) = input.split_once('\n').unwrap_or((input, input));
    let found = markup::mentions(text);
    assert!(found.users.len() <= limits::MENTIONS && found.roles.len() <= limits::MENTIONS);
    assert!(found.users.iter().all(|user| text.contains(&format!("<@{user}>"))));
    assert!(found.roles.iter().all(|role| text.contains(&format!("<@&{role}>"))));
    assert!(!found.everyone || text.contains("@everyone"));

    tokens(text);
    if let Some(query) = Query::parse(other) {
        query.wanted();
        let most = text.chars().count();
        let mut last = 0;
        for [start, length] in query.find(text).unwrap_or_default() {
            assert!(start >= last && length > 0 && start + length <= most);
            last = start + length;
        }
    }

    // What is read has one form only, or is understood when it is written.
    if let Some(id) = MessageId::parse(other) {
        assert_eq!(id.to_string(), other);
    }
    if let Some(time) = Timestamp::parse(other) {
        assert_eq!(Timestamp::parse(&time.to_string()), Some(time));
    }
    if let Some(emoji) = Emoji::parse(other) {
        assert_eq!(Emoji::parse(emoji.as_str()).as_ref().map(Emoji::as_str), Some(emoji.as_str()));
    }
    assert_eq!(percent::decode(&percent::encode(text)).as_deref(), Some(text));
    percent::decode(other);
});
