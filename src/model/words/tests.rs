use std::collections::BTreeSet;

use super::{Query, Wanted, tokens};

/// Where the query stands in the text; none if it does not match.
fn found(query: &str, text: &str) -> Option<Vec<[usize; 2]>> {
    Query::parse(query).unwrap().find(text)
}

#[track_caller]
fn matches(query: &str, texts: &[&str]) {
    for text in texts {
        assert!(found(query, text).is_some(), "{query} must be found in {text}");
        proposed(query, text);
    }
}

#[track_caller]
fn misses(query: &str, texts: &[&str]) {
    for text in texts {
        assert_eq!(found(query, text), None, "{query} in {text}");
    }
}

/// What is found must have been proposed by the index.
#[track_caller]
fn proposed(query: &str, text: &str) {
    let tokens = tokens(text);
    for wanted in Query::parse(query).unwrap().wanted() {
        let is_there = match &wanted {
            Wanted::Token(token) => tokens.contains(token),
            Wanted::Prefix(prefix) => tokens.iter().any(|token| token.starts_with(prefix)),
        };
        assert!(is_there, "{query} wants {wanted:?}, {text} has {tokens:?}");
    }
}

#[test]
fn every_word_must_occur_and_the_last_one_may_go_on() {
    matches("cake recipe", &["The recipe for cake", "CAKE, recipes!", "(cake)/recipe's"]);
    misses("cake recipe", &["cake", "recipe", "cakes recipe", "cake precipice"]);
    matches("rec", &["recipe", "REC", "a rec"]);
    misses("rec", &["direct"]);
    // Behind quotes, or within them, nothing goes on.
    matches("\"rec\"", &["rec"]);
    misses("\"rec\"", &["recipe"]);
    misses("\"rec", &["recipe"]);
    misses("cake \"", &["cakes"]);
    misses("rec \"cake\"", &["recipe cake"]);
    matches("\"cake\" rec", &["recipe of cake"]);
    // Said twice: once as a word, once as its beginning.
    matches("cake cake", &["cake"]);
    misses("cake cake", &["cakes"]);
    matches("a_b", &["b a"]);
}

#[test]
fn phrases_stand_in_order() {
    matches("\"sour cream\"", &["Sour cream", "sour, cream", "sour sour cream"]);
    misses("\"sour cream\"", &["cream sour", "sour whipped cream", "sour creams", "sourcream"]);
    assert_eq!(found("\"sour cream\"", "some sour – cream."), Some(vec![[5, 12]]));
    assert_eq!(found("\"a b a\"", "a b a b a"), Some(vec![[0, 9]]));
    assert_eq!(found("\"a a b\"", "a a a b"), Some(vec![[2, 5]]));
    assert_eq!(found("\"a b\" c", "c a b"), Some(vec![[0, 1], [2, 3]]));
}

#[test]
fn case_and_marks_do_not_matter() {
    matches("uber", &["Über", "u\u{308}ber", "UBER", "ÜBERALL"]);
    matches("Über", &["uber"]);
    matches("straße", &["STRASSE", "Straße", "STRAẞE", "strasse"]);
    matches("strasse", &["Straße"]);
    matches("istanbul", &["İstanbul", "ISTANBUL", "ıstanbul"]);
    matches("IĞDIR", &["ığdır", "Iğdır"]);
    matches("ΟΔΟΣ", &["οδός", "οδοσ"]);
    matches("file x2", &["ﬁle x²", "ｆｉｌｅ ｘ２"]);
    matches("ёлка", &["елка", "ЁЛКА"]);
    // In code points, marks with what they stand on.
    assert_eq!(found("naive", "so nai\u{308}ve\u{301}!"), Some(vec![[3, 7]]));
    assert_eq!(found("b", "👩\u{200D}👧 b"), Some(vec![[4, 1]]));
    assert_eq!(found("c", "👍a c"), Some(vec![[3, 1]]));
}

#[test]
fn scripts_without_spaces_are_found_anywhere() {
    matches("京都", &["私は東京都に住んでいます", "京都"]);
    misses("京都", &["東京 都", "京と都", "都京"]);
    assert_eq!(found("京都", "東京都と京都"), Some(vec![[1, 2], [4, 2]]));
    matches("都", &["東京都", "都"]);
    matches("カメラ", &["デジカメラマン", "ｶﾒﾗ"]);
    matches("がく", &["かくかく"]);
    matches("ไทย", &["ภาษาไทยง่าย"]);
    matches("ຂອບ", &["ສະບາຍດີຂອບໃຈ"]);
    matches("ខ្មែរ", &["ភាសាខ្មែរ"]);
    matches("မြန်မာ", &["ကျွန်တော်မြန်မာစာ"]);
    // Hangul has spaces.
    matches("한국", &["한국어 공부"]);
    misses("국어", &["한국어 공부"]);
    // Mixed: each by its own rule.
    matches("rust言語", &["言語 RUST", "Rust言語で"]);
    misses("rust言語", &["trust言語"]);
    matches("\"rust 言語\"", &["Rust言語で", "rust 言語"]);
    misses("\"rust 言語\"", &["言語 rust"]);
    misses("\"東 京\"", &["東京"]);
    assert_eq!(tokens("東京a"), ["a", "京", "東", "東京"].map(str::to_owned).into());
}

#[test]
fn without_a_word_there_is_no_query() {
    for nothing in ["", " ", "\"\"", "!?", "👍", "\u{301}", "\" - \"", "*", "\0"] {
        assert_eq!(Query::parse(nothing), None, "{nothing:?}");
    }
}

#[test]
fn the_index_is_asked_for_little_and_for_nothing_but_words() {
    let token = |text: &str| Wanted::Token(text.to_owned());
    let wanted = |query: &str| Query::parse(query).unwrap().wanted();
    assert_eq!(wanted("b a"), BTreeSet::from([token("b"), Wanted::Prefix("a".to_owned())]));
    assert_eq!(wanted("東京都"), BTreeSet::from([token("東京"), token("京都")]));
    assert_eq!(wanted("都"), BTreeSet::from([token("都")]));
    assert_eq!(wanted("\"a 東京b\""), BTreeSet::from([token("a"), token("東京"), token("b")]));
    let hostile = "a\" OR b* NEAR(c) -d ^e (f) {g}:h \u{FDFA} _1s ½";
    for wanted in wanted(hostile) {
        let (Wanted::Token(text) | Wanted::Prefix(text)) = wanted;
        assert!(!text.is_empty() && text.chars().all(char::is_alphanumeric), "{text:?}");
    }
}

#[test]
fn no_text_takes_long_or_panics() {
    let long = "x".repeat(4_000);
    matches(&long[..256], &[&long]);
    matches(&"あ".repeat(256), &[&"あ".repeat(4_000)]);
    misses(&format!("\"{}い\"", "あ".repeat(250)), &[&"あ".repeat(4_000)]);
    misses(&format!("\"{}b\"", "a ".repeat(120)), &[&"a ".repeat(2_000)]);
    let hostile = [
        "\u{FDFA}".repeat(4_000),
        "\u{301}".repeat(4_000),
        "a\u{301}".repeat(2_000),
        "é\u{200D}👩".repeat(1_000),
        "ß".repeat(4_000),
        "½東ﬁ\u{3099}".repeat(1_000),
        "\"".repeat(4_000),
        (0..4_000).filter_map(|n| char::from_u32(n * 271)).collect(),
    ];
    for text in &hostile {
        let length = text.chars().count();
        let start: String = text.chars().take(256).collect();
        for query in [start.as_str(), "a", "東", "\"1 2\"", "ﷺ"] {
            let ranges = Query::parse(query).and_then(|query| query.find(text)).unwrap_or_default();
            assert!(ranges.iter().all(|[start, count]| *count > 0 && start + count <= length), "{query} {ranges:?}");
            assert!(ranges.is_sorted_by(|[start, count], [next, _]| start + count <= *next), "{ranges:?}");
        }
        tokens(text);
    }
}
